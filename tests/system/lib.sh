# SPDX-License-Identifier: Apache-2.0
# lib: what the system test scripts share. Source it with the tree's top folder in $top; it makes a project in a temporary folder and cleans up.
set -eu -o pipefail
windlass=$top/build/host/bin/windlass
windlassd=$top/build/host/bin/windlassd
firmware=$top/build/target
work=$(mktemp -d)
project=$work/project
. "$top/tools/desk"

clean_up() {
    local pid
    for pid in "$work"/*/run.pid; do
        [ -e "$pid" ] && "$windlass" chip stop "$(dirname "$pid")" >/dev/null 2>&1
    done
    desk_remove
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

project_make() {
    "$windlass" init "$project" --product test --organisation Test --vendor-domain test.example >/dev/null
    "$windlass" pki create --project "$project" >/dev/null
    "$windlass" master package --project "$project" --component sbm --input "$firmware/sbm-a.elf" --input-b "$firmware/sbm-b.elf" --sequence 1 --out "$work/sbm.suit" >/dev/null
}

# package NAME ELF SEQUENCE: $work/NAME.suit
package() {
    "$windlass" master package --project "$project" --input "$2" --sequence "$3" --out "$work/$1.suit" >/dev/null
}

# provision CHIP NAME: with package NAME as the application.
provision() {
    desk_on || return
    [ "$desk_app" = "$work/$2.suit" ] || desk_load "$work/sbm.suit" "$work/$2.suit" || return
    desk_make --chip "$work/$1"
}

uid_of() {
    od -An -tx1 -j 32 -N 16 "$work/$1/fuses.bin" | tr -d ' \n'
}

# update CHIP NAME: sends package NAME with a key block for the chip; not yet installed.
update() {
    "$windlass" master block --project "$project" --package "$work/$2.suit" --to "$project/devices/$(uid_of "$1")/update.crt" \
        --out "$work/$2.$1.block" >/dev/null
    "$windlass" master update --package "$work/$2.suit" --block "$work/$2.$1.block" --out "$work/$2.$1.update" >/dev/null
    "$windlass" device update "$work/$1" "$work/$2.$1.update" >/dev/null
}

# console CHIP TEXT: waits up to 30 seconds until the console has TEXT.
console() {
    local tries
    for tries in $(seq 300); do
        grep -qF "$2" "$work/$1/console.log" && return 0
        sleep 0.1
    done
    tail -n 30 "$work/$1/console.log" >&2
    fail "the console of $1 does not show: $2"
}

field() {
    "$windlass" device status "$work/$1" --json --wait 30 | tr -d ' \n' | sed -n "s/.*\"$2\":\"\{0,1\}\([^,\"}]*\).*/\1/p"
}
