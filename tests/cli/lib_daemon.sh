# SPDX-License-Identifier: Apache-2.0
# lib_daemon: lib.sh, and the daemon of folder A with its station st. Needs $windlass and $windlassd.
. "$(dirname "$0")/lib.sh"
chmod 711 "$folder"
daemon=
# As root the daemon runs as nobody, to whom its folder belongs; as somebody else it runs as he is.
user=
[ "$(id -u)" -eq 0 ] && user="--user nobody"

end_daemon() {
    [ -n "$daemon" ] && kill "$daemon" 2>/dev/null && wait "$daemon"
    daemon=
}
trap 'end_daemon; clean_up' EXIT

give_folder() {
    [ -n "$user" ] && chown -R nobody A
}
# wait_for COMMAND...: until it says yes.
wait_for() {
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ $tries -gt 200 ] && { failed "never: $*: $(tail -n 3 log)" && return 1; }
        sleep 0.05
    done
}
# start_daemon OPTION...: its port is $port.
start_daemon() {
    "$windlassd" run A $user "$@" 2>>log &
    daemon=$!
    wait_for "$windlassd" status A
    port=$(member port)
}
# member NAME: of the daemon's status.
member() {
    "$windlassd" status A | sed -n "s/^$1 *//p"
}
provision() {
    timeout 200 "$windlass" provision --appliance "127.0.0.1:$port" --identity st "$@"
}
chip_on() {
    run 0 "$windlass" chip new "$1"
    run 0 "$windlass" chip run "$1"
}
