# Sourced: `need PROGRAM…` ends the check with a visible line when a program is not here; Chromium is installed if it can be.
need() {
    local program
    for program in "$@"; do
        if [ "$program" = chromium ] && ! command -v chromium > /dev/null && [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
            { apt-get update -qq && apt-get install -qq --no-install-recommends chromium; } > /dev/null ||
                echo 'chromium could not be installed'
        fi
        if ! command -v "$program" > /dev/null; then
            echo "skip: $program is not here"
            exit 0
        fi
    done
}

# `need_node VERSION`: npm, and Node of that version or later.
need_node() {
    need node npm
    local here
    here=$(node --version)
    if ! printf '%s\n' "v$1" "$here" | sort -CV; then
        echo "skip: Node $here is here, and $1 or later is needed"
        exit 0
    fi
}
