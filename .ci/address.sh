# Sourced: `address FD` prints the address that a server says on FD it serves on, and shows what it says till then.
address() {
    local line url=
    while [ -z "$url" ] && read -r line <&"$1"; do
        echo "$line" >&2
        url=$(grep -o 'http://[0-9.:]*[0-9]' <<< "$line" || true)
    done
    [ -n "$url" ] && echo "$url"
}
