#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The night shift: chips that are off, wrong folders and files, cables pulled, runs interrupted anywhere, two chips at
# once, chips that are done already. Arguments: the windlass program, the folder of the built firmware, json_ok.
set -u
windlass=$1
firmware=$2
json_ok=$3
. "$(dirname "$0")/lib.sh"

provision() {
    chip=$1
    shift
    "$windlass" provision --project "line 1" --chip "$chip" --bl1 "$firmware/bl1.bin" --sbm sbm.suit --app v1.suit \
        --block v1.block "$@"
}
master() {
    "$windlass" master package --project "$@"
}
units() {
    "$windlass" ledger list --project "line 1" --json | grep -o '"unit"' | wc -l
}
chip_on() {
    run 0 "$windlass" chip new "$1"
    run 0 "$windlass" chip run "$1"
}

run 0 "$windlass" init "line 1" --product sensor
run 0 "$windlass" pki create --project "line 1"
run 0 master "line 1" --component sbm --input "$firmware/sbm-a.elf" --input-b "$firmware/sbm-b.elf" --sequence 1 --out sbm.suit
for n in 1 2; do
    run 0 master "line 1" --input "$firmware/app-v$n.elf" --sequence $n --out v$n.suit \
        --block-for "line 1/pki/transport.crt:v$n.block"
done

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

echo "wrong files are refused before the chip is touched"
chip_on one
before=$(sha256sum one/flash.bin)
for wrong in "--bl1 $firmware/bl1.elf" "--bl1 sbm.suit" "--sbm v1.suit" "--app sbm.suit" "--app v2.suit" "--block v2.block" \
    "--block v1.suit" "--sbm empty" "--app missing"; do
    run 1 provision one $wrong
    says "hint: "
done
run 0 "$windlass" init other --product sensor
run 0 "$windlass" pki create --project other
run 1 "$windlass" provision --project other --chip one --bl1 "$firmware/bl1.bin" --sbm sbm.suit --app v1.suit --block v1.block
says "a key that this device does not trust"
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

echo "a chip that is done is told from one that is new, and from another project's"
run 0 provision one
says "unit "
holds "$(units)" -eq 5
run 1 "$windlass" provision --project other --chip one --bl1 "$firmware/bl1.bin" --sbm sbm.suit --app v1.suit --block v1.block
says "does not trust"

# interrupted SIGNAL SECONDS: a run that ends early in this way; the next one makes the unit, and counts it once.
interrupted() {
    had=$(units)
    chip_on again
    "$windlass" provision --project "line 1" --chip again --bl1 "$firmware/bl1.bin" --sbm sbm.suit --app v1.suit \
        --block v1.block >interrupted 2>&1 &
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
[ "$("$windlass" ledger list --project "line 1" | grep -c ' done ')" -eq 11 ] || failed "$("$windlass" ledger list --project "line 1")"

echo "an auditor who may only read can list the units"
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
    chmod 755 "$folder"
    cp -r "line 1" "audit 100%"
    chown -R 65534 "audit 100%"
    chmod -R a-w "audit 100%"
    run 0 setpriv --reuid=65534 --regid=65534 --clear-groups "$windlass" ledger list --project "audit 100%" --json
    holds "$(grep -o '"unit"' out | wc -l)" -eq "$(units)"
    "$json_ok" <out || failed "not JSON: $(cat out)"
fi

echo "no PIN was shown, nothing is left over"
for pin in "line 1"/hsm/*.pin; do
    grep -qF "$(cat "$pin")" all && failed "the PIN of $pin was shown"
done
[ -z "$(find "line 1" -name '*.tmp')" ] || failed "left: $(find "line 1" -name '*.tmp')"
finish
