#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# crash_line: appliance, station or chip dies at sampled messages of a station, with the real firmware on virtual chips; the same chip is brought again
# and finished, the next one is made, the books are right. tests/crash does it at every step with simulated chips. Arguments: top folder, every how many
# messages (default: one for each victim).
top=$1
every=${2:-}
. "$top/tests/system/lib.sh"
line=$(mktemp -d /tmp/windlass-crash-line-XXXXXX)
chmod 711 "$line"
trap 'line_stop; rm -rf "$line"; clean_up' EXIT
. "$top/tools/line"
wall=$top/build/host/tests/crash/libcrash_wall.so
made=0

# cut_write AT PREY: the page of tests/crash/cut.h; AT 0 only counts.
cut_write() {
    python3 -c 'import struct, sys
place = 14 # CUT_SENDS
sys.stdout.buffer.write(struct.pack("<6I", place, 0, int(sys.argv[1]), 0, 0, int(sys.argv[2])) + bytes(4072))' "$1" "$2" >"$work/cut"
}
# cut_field INDEX
cut_field() {
    od -An -tu4 -j $((4 * $1)) -N 4 "$work/cut" | tr -d ' '
}

# chip_on CHIP: new when it is not there.
chip_on() {
    [ -e "$work/$1" ] || "$windlass" chip new "$work/$1" >/dev/null
    "$windlass" chip run "$work/$1" >/dev/null 2>&1 || true
}

# visit CHIP: under the wall.
visit() {
    env LD_PRELOAD="$wall" WINDLASS_CRASH_CUT="$work/cut" "$windlass" provision --appliance "127.0.0.1:$(line_status port)" \
        --identity "$line/station" --chip "$work/$1" >"$work/log" 2>&1
}

appliance_on() {
    line_appliance_start --token-needed
    [ "$(line_status state)" = ready ] || fail "the appliance is not ready"
}

# point VICTIM AT
point() {
    local chip=c-$1-$2 prey=0
    chip_on "$chip"
    [ "$1" != appliance ] || prey=$(cat "$line/daemon.pid")
    [ "$1" != chip ] || prey=$(cat "$work/$chip/run.pid")
    cut_write "$2" "$prey"
    visit "$chip" && [ "$1" != station ] && [ "$1" != appliance ] && fail "$1 died at message $2, and the station was told done"
    [ "$(cut_field 3)" = 1 ] || fail "nobody died at message $2"
    if [ "$1" = appliance ]; then
        while kill -0 "$prey" 2>/dev/null; do sleep 0.05; done
        appliance_on
    fi
    chip_on "$chip"
    line_provision station --chip "$work/$chip" >"$work/log" 2>&1 || line_provision station --chip "$work/$chip" >"$work/log" 2>&1 ||
        { cat "$work/log" && fail "$1 died at message $2, and the chip is lost"; }
    made=$((made + 1))
    [ "$(line_status reserved) $(line_status "done")" = "$made $made" ] || fail "$1 died at message $2: not $made units"
    "$windlass" chip stop "$work/$chip" >/dev/null
    rm -rf "$work/$chip"
}

project_make
package v1 "$firmware/app-v1.elf" 1
{
    line_tpm_start
    line_appliance_make line-a
    line_station_make station
    line_appliance_start --token-needed
    line_package_load 1 200 "$work/sbm.suit" "$work/v1.suit"
} >"$work/setup.log" 2>&1 || { cat "$work/setup.log" && fail "the line cannot be made"; }

chip_on whole
cut_write 0 0
visit whole || { cat "$work/log" && fail "nobody died, and the chip was not made"; }
made=1
total=$(cut_field 1)
echo "provisioning takes $total messages of the station"
for victim in appliance station chip; do
    if [ -n "$every" ]; then
        for at in $(seq 1 "$every" "$total"); do point "$victim" "$at"; done
    else
        point "$victim" $((total * 3 / 4 + made))
    fi
    echo "$victim: ok"
done
count=$(line_status tpm_count)
line_stop
"$windlass" ledger verify --project "$project" --ledger "$line/a" --final --count "$count"
echo "$made units, $count operations of the TPM"
