#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The night shift: chips that are off, wrong folders and files, cables pulled, runs interrupted anywhere, two chips at
# once, chips that are done already. Arguments: the windlass and the windlassd program, the folder of the built firmware,
# json_ok.
set -u
windlass=$1
windlassd=$2
firmware=$3
json_ok=$4
top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/tests/cli/lib.sh"
. "$top/tools/desk"
trap 'clean_up; desk_remove' EXIT
project="line 1"

provision() {
    chip=$1
    shift
    desk_make --chip "$chip" "$@"
}
master() {
    "$windlass" master package --project "$@"
}
units() {
    "$windlass" ledger list --ledger "$desk/appliance" --json | grep -o '"unit"' | wc -l
}
chip_on() {
    run 0 "$windlass" chip new "$1"
    run 0 "$windlass" chip run "$1"
}

run 0 "$windlass" init "line 1" --product sensor
run 0 "$windlass" pki create --project "line 1"
run 0 master "line 1" --component sbm --input "$firmware/sbm-a.elf" --input-b "$firmware/sbm-b.elf" --sequence 1 --out sbm.suit
run 0 master "line 1" --input "$firmware/app-v1.elf" --sequence 1 --out v1.suit
run 0 desk_load sbm.suit v1.suit

echo "a chip that is not there, off, or no chip at all"
run 0 "$windlass" chip new off
run 1 provision off
says "the chip in off is off"
says "windlass chip run off"
mkdir empty
run 1 provision empty
says "empty: flash.bin"
run 1 provision nowhere
says "folder of a virtual chip"
run 1 provision 127.0.0.1:1
says "Connection refused"
holds ! -s "line 1/devices"

echo "wrong files, and those of another maker, make no production package"
production() {
    at=$1
    shift
    "$windlass" master production --project "$at" --appliance desk --quota 1 --number 9 --bl1 "$firmware/bl1.bin" \
        --sbm sbm.suit --app v1.suit --out wrong.wpp "$@"
}
for wrong in "--bl1 $firmware/bl1.elf" "--bl1 sbm.suit" "--sbm v1.suit" "--app sbm.suit" "--app missing" "--sbm empty"; do
    run 1 production "line 1" $wrong
    says "hint: "
done
run 0 "$windlass" init other --product sensor
run 0 "$windlass" pki create --project other
run 0 "$windlass" pki desk theirs --project other $desk_user
run 1 production other
says "a key that this device does not trust"
holds ! -e wrong.wpp

echo "a station of another maker is not served, nor serves it another maker's appliance"
chip_on one
before=$(sha256sum one/flash.bin)
run 1 "$windlass" provision --appliance "127.0.0.1:$desk_port" --identity theirs/station --chip one
says "hint: "
cp "$desk/station/root.crt" theirs/station/root.crt
run 1 "$windlass" provision --appliance "127.0.0.1:$desk_port" --identity theirs/station --chip one
says "hint: "
holds "$(sha256sum one/flash.bin)" = "$before"
holds "$(units)" -eq 0

echo "two chips at once, one ledger"
chip_on two
provision one --json >one.json 2>one.err &
first=$!
provision two --json >two.json 2>two.err || failed "the second of two at once: $(cat two.err)"
wait $first || failed "the first of two at once: $(cat one.err)"
for chip in one two; do
    "$json_ok" <$chip.json || failed "$chip.json: $(cat $chip.json)"
done
holds "$(units)" -eq 2

echo "a gang: three chips at once by one station; one that is off fails alone"
for chip in left middle right; do
    chip_on $chip
done
provision left --chip middle --chip right --chip off --json >gang.json 2>gang.err
holds $? -eq 1
"$json_ok" <gang.json || failed "gang.json: $(cat gang.json)"
holds "$(grep -o '"result":"done"' gang.json | wc -l)" -eq 3
holds "$(grep -o '"result":"failed"' gang.json | wc -l)" -eq 1
grep -q "error: off: the chip in off is off" gang.err || failed "gang.err: $(cat gang.err)"
holds "$(units)" -eq 5
run 0 provision left --chip middle --chip right
says "3 of 3 done"
holds "$(units)" -eq 5
run 2 provision left --chip left
says "named twice"

echo "a chip that is done is told from one that is new"
run 0 provision one
says "unit "
holds "$(units)" -eq 5

# interrupted SIGNAL SECONDS: a run that ends early in this way; the next one makes the unit, and counts it once.
interrupted() {
    had=$(units)
    chip_on again
    "$windlass" provision --appliance "127.0.0.1:$desk_port" --identity "$desk/station" --chip again >interrupted 2>&1 &
    pid=$!
    sleep "$2"
    if [ "$1" = cut ]; then
        "$windlass" chip cut again >/dev/null 2>&1
        wait $pid && failed "a run without its chip ended well"
        grep -q '^hint: ' interrupted || failed "no hint: $(cat interrupted)"
        run 0 "$windlass" chip run again
    else
        kill -"$1" $pid
        wait $pid 2>/dev/null
    fi
    run 0 provision again
    holds "$(units)" -eq $((had + 1))
    run 0 "$windlass" chip stop again
    rm -r again
}
echo "interrupted anywhere, the next run makes the unit and counts it once"
interrupted KILL 0.05
interrupted INT 0.1
interrupted cut 0.15
interrupted TERM 0.3
interrupted cut 0.4
interrupted KILL 0.6
[ "$("$windlass" ledger list --ledger "$desk/appliance" | grep -c ' done ')" -eq 11 ] ||
    failed "$("$windlass" ledger list --ledger "$desk/appliance")"

echo "an auditor who may only read can list the units"
desk_off
cp "$desk"/appliance/ledger.db* "line 1"
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
    chmod 755 "$folder"
    cp -r "line 1" "audit 100%"
    chown -R 65534 "audit 100%"
    chmod -R a-w "audit 100%"
    run 0 setpriv --reuid=65534 --regid=65534 --clear-groups "$windlass" ledger list --project "audit 100%" --json
    holds "$(grep -o '"unit"' out | wc -l)" -eq 11
    "$json_ok" <out || failed "not JSON: $(cat out)"
fi

echo "no PIN was shown, nothing is left over"
for pin in "line 1"/hsm/*.pin "$desk"/appliance/hsm/*.pin; do
    grep -qF "$(cat "$pin")" all && failed "the PIN of $pin was shown"
done
[ -z "$(find "line 1" "$desk" -name '*.tmp')" ] || failed "left: $(find "line 1" "$desk" -name '*.tmp')"
finish
