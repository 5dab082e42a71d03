# Sourced: `served URL FOLDER` asks a host of the portable component at URL, and holds its answers to what `cutout run` writes.
served() {
    local url=$1 work=$2 photo=fixtures/photos/rocket.jpg cutout=${CUTOUT:-target/release/cutout}
    "$cutout" run "$photo" -o "$work/run.png"
    "$cutout" run "$photo" -o "$work/run-mask.png" --mask
    curl -sS --fail --data-binary "@$photo" "$url/" -o "$work/served.png"
    cmp "$work/run.png" "$work/served.png"
    curl -sS --fail --data-binary "@$photo" "$url/v1/remove?output=mask" -o "$work/served-mask.png"
    cmp "$work/run-mask.png" "$work/served-mask.png"
    status() { curl -sS -o /dev/null -w '%{http_code}' "$@"; }
    [ "$(status --data-binary 'no image' "$url/")" = 415 ]
    [ "$(status "$url/")" = 200 ]
    [ "$(status "$url/v1/remove")" = 405 ]
    [ "$(status --data-binary "@$photo" "$url/elsewhere")" = 404 ]
    head -c 70000000 /dev/zero > "$work/long"
    [ "$(status --data-binary "@$work/long" "$url/")" = 413 ]
    echo '7 passed, 0 failed'
}
