# Sourced by .ci/run: steps with their times, one after the other or side by side.
#
#   step NAME COMMAND…   runs a step and shows what it says
#   beside COMMAND…      starts a command, as a rule a function of steps, beside what follows; shows what it says at its end
#   rejoin               waits for that
#
# Where a step fails, the run ends and what goes on beside it is stopped. A table of all steps comes last in any case.

notes=$(mktemp -d)
lane=main
count=0
aside=
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

step() {
    local name=$1 note
    shift
    note=$notes/$lane-$((++count))
    printf '%s\n' "$name" > "$note.name"
    echo "$SECONDS" > "$note.start"
    printf '\n== %s (%ss)\n' "$name" "$SECONDS"
    ("$@" 9>&-) 2>&1 | tee "$note.said" # 9 is the lock of what is kept
    echo "$SECONDS" > "$note.end"
    printf '== %s: %s s\n' "$name" $(($(< "$note.end") - $(< "$note.start")))
}

beside() {
    set -m # in a process group of its own, which can be stopped as a whole
    (
        lane=aside-$(($(ls "$notes" | wc -l)))
        "$@"
    ) > "$notes/aside.out" 2>&1 &
    set +m
    aside=$!
}

rejoin() {
    local status=0
    wait "$aside" || status=$?
    aside=
    cat "$notes/aside.out"
    return "$status"
}

finish() {
    local status=$? note end failed=
    trap - EXIT
    if [ -n "$aside" ]; then
        kill -- "-$aside" 2> /dev/null || true
        wait "$aside" || true
        cat "$notes/aside.out"
    fi
    printf '\n%7s %7s %7s  %s\n' begun took passed step
    for note in $(grep -H '' "$notes"/*.start | sort -t : -k 2n | cut -d : -f 1); do
        note=${note%.start}
        end=$(cat "$note.end" 2> /dev/null) || failed=' failed or stopped' end=$SECONDS
        printf '%6ss %6ss %7s  %s%s\n' "$(< "$note.start")" $((end - $(< "$note.start"))) "$(passed "$note.said")" \
            "$(< "$note.name")" "$failed"
        failed=
    done
    printf '%7s %6ss %7s  all\n' '' "$SECONDS" "$(cat "$notes"/*.said | passed -)"
    rm -rf "$notes"
    exit "$status"
}

# How many tests and checks a step counted.
passed() {
    sed -nE 's/^(test result: ok\. )?([0-9]+) passed[,;].*/\2/p' "$1" 2> /dev/null | awk '{ sum += $1 } END { print sum + 0 }'
}
