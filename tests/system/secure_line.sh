#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A line for chips that left their silicon vendor with a key, BL1's agent in locked boot flash and a closed debug port: maker, appliance with SoftHSM and a
# TPM, station, and the real firmware. All goes to the chips end to end encrypted; what the station sees is recorded and searched. Then who is not to be
# believed: clones, strangers, an appliance that the chip refuses, somebody on the line; and a power cut. Argument: the tree's top folder.
top=$(cd "$1" && pwd)
. "$top/tests/system/lib_line.sh"
tools=$top/build/host/tests/system
windlassd=$tools/windlassd_told # but that it tells its session keys, it is the one that is shipped
export WINDLASS_TOLD=$work/told
proxy=
trap '[ -z "$proxy" ] || kill "$proxy" 2>/dev/null || true; line_stop; clean_up' EXIT

# chip NAME ANCHOR OPTION...: as it comes from its silicon vendor.
chip() {
    local name=$1 anchor=$2
    shift 2
    "$windlass" chip new "$name" --boot "$firmware/bl1-agent.bin" --anchor "$anchor" "$@" >/dev/null
}
line_station() {
    "$windlass" provision --secure --appliance "127.0.0.1:$(line_status port)" --identity home/line-1 --devices project/devices "$@"
}
# told CHIP TEXT: why this one of several chips was not made.
told() {
    python3 -c 'import json, sys
row = [r for r in json.load(open("rows")) if r["chip"] == sys.argv[1]][0]
sys.exit(0 if sys.argv[2] in json.dumps(row) else f"{sys.argv[2]} is not in {row}")' "$1" "$2" || fail "$1"
}
# SBM's slots hold what chips come with: nothing.
untouched() {
    python3 -c 'import sys; sys.exit(set(open(sys.argv[1] + "/flash.bin", "rb").read()[0x20000:]) != {0xFF})' "$1" || fail "something was written into $1"
}

echo "a product whose chips have a key of their vendor"
"$windlass" init project --product test --organisation Test --vendor-domain test.example >/dev/null
"$windlass" pki create --project project >/dev/null
"$windlass" master anchor --project project --least-sequence 1 --out anchor >/dev/null
chip c1 anchor --vendor vendor
cp vendor/ca.crt project/pki/chip-vendors.pem
echo 'chip_vendors: pki/chip-vendors.pem' >>project/product.yaml
"$windlass" master package --project project --component sbm --input "$firmware/sbm-line-a.elf" --input-b "$firmware/sbm-line-b.elf" --sequence 1 --out sbm.suit >/dev/null
"$windlass" master package --project project --input "$firmware/app-v1.elf" --sequence 1 --out v1.suit >/dev/null

echo "a line with a TPM"
expect 0 line_tpm_start
expect 0 line_appliance_make factory-1
expect 0 line_appliance_start --token-needed
line_bl1=$firmware/bl1-agent.bin
expect 0 line_package_load 1 2 sbm.suit v1.suit
expect 0 line_station_make line-1

echo "chips that are not to be believed, and appliances that chips do not believe"
chip clone anchor --vendor vendor
cp c1/vendor.bin clone/vendor.bin
chip stranger anchor
chip pageless anchor --vendor vendor
rm pageless/vendor.bin
# Made after the appliance's credential ended, as far as this chip can know.
chip later anchor --vendor vendor
printf '\377\377\377\377' | dd of=later/vendor.bin conv=notrunc status=none
"$windlass" init other --product other --organisation Test --vendor-domain test.example >/dev/null
"$windlass" pki create --project other >/dev/null
"$windlass" master anchor --project other --least-sequence 1 --out other.anchor >/dev/null
chip foreign other.anchor --vendor vendor
for chip in c1 clone stranger pageless later foreign; do
    "$windlass" chip run $chip >/dev/null
    [ ! -e $chip/gdb.port ] || fail "the debug port of $chip is open"
done

echo "one good chip among them becomes a device, and all that its station sees is recorded"
mkdir home seen secrets places
mv line/line-1 home/
began=$(date +%s%3N)
env HOME="$work/home" TMPDIR="$work/home" WITNESS="$work/seen" LD_PRELOAD="$tools/witness.so" "$windlass" provision --secure \
    --appliance "127.0.0.1:$(line_status port)" --identity home/line-1 --devices home/devices --chip c1 >home/printed 2>&1 &
good=$!
# A chip that does not answer is waited for, half a minute as a new one and again as a finished device: beside what follows.
"$windlass" provision --secure --appliance "127.0.0.1:$(line_status port)" --identity home/line-1 --json \
    --chip clone --chip stranger --chip pageless --chip later --chip foreign >rows 2>errors &
bad=$!
bad_ones_end() {
    local code=0 chip
    wait $bad || code=$?
    [ $code -eq 1 ] || fail "exit $code: $(cat rows errors)"
    told clone "does not prove its certificate"
    told clone "a cloned chip has the certificate of another one"
    told stranger "leads to no silicon vendor that this appliance takes"
    told pageless "neither as a new one nor as a finished device"
    told pageless "gave no certificate"
    told later "status 113"
    told later "the maker renews it"
    told foreign "for another product or another maker"
    for chip in clone stranger pageless later foreign; do
        "$windlass" chip stop $chip >/dev/null
        untouched $chip
    done
}
expect 2 "$windlass" provision --secure --chip c1
wait $good || fail "the good chip: $(cat home/printed)"
echo "from power-on to locked, beside five others: $((($(date +%s%3N) - began) / 1000)) seconds"
[ "$(line_status done)" = 1 ] && [ "$(line_status tpm_count)" = 1 ] || fail "one unit is not counted once: $("$windlassd" status line/a)"

echo "the station cannot have the open channel instead"
"$windlass" chip new blank >/dev/null
"$windlass" chip run blank >/dev/null
expect 1 "$windlass" provision --appliance "127.0.0.1:$(line_status port)" --identity home/line-1 --chip blank
says "over the secure channel only"

echo "a recorded run makes nothing of another chip"
chip c2 anchor --vendor vendor
"$windlass" chip run c2 >/dev/null
console c2 "waits for the appliance"
recorded=$(ls -S seen/wire.*.out | while read -r wire; do head -c 2 "$wire" | grep -q WL && echo "$wire" && break; done)
[ -n "$recorded" ] || fail "no line was recorded: $(ls seen)"
head -c 8192 "$recorded" | python3 -c 'import socket, sys, time
line = socket.socket(socket.AF_UNIX)
line.connect("c2/link.sock")
line.sendall(sys.stdin.buffer.read())
line.settimeout(3)
heard = b""
try:
    while piece := line.recv(4096):
        heard += piece
except TimeoutError:
    pass
sys.exit(0 if heard[:2] == b"WL" else "the chip did not even answer the recorded beginning")' || fail "replay"
untouched c2

echo "the power of a chip goes in the middle, on a line with somebody who repeats and changes; then again, and it is one unit"
python3 "$top/tests/system/line_proxy.py" "$work/c2/link.sock" >proxy.port &
proxy=$!
line_wait test -s proxy.port
line_station --chip "127.0.0.1:$(cat proxy.port)" >out 2>&1 &
cut=$!
for tries in $(seq 1200); do
    [ "$(line_status reserved)" = 2 ] && break
    sleep 0.1
done
"$windlass" chip cut-at c2 40 torn >/dev/null
wait $cut && fail "a chip without power was made"
says "line has ended|started anew in the middle|did not answer"
bad_ones_end
[ "$(line_status reserved)" = 2 ] && [ "$(line_status done)" = 1 ] || fail "the unit is not reserved: $("$windlassd" status line/a)"
echo "the appliance's credential is renewed meanwhile, under the same name"
expect 0 "$windlass" pki appliance --project project --request line/a/request.pem --name factory-1 --host 127.0.0.1 --tpm-ca line/ca.pem --channel-days 2
grep -q credential_ends line/daemon.log && fail "it is told to end before its time"
expect 0 "$windlassd" stop line/a
expect 0 "$windlassd" enrol line/a project/pki/appliances/factory-1.pem
expect 0 line_appliance_start --token-needed
grep -q credential_ends line/daemon.log || fail "nobody is told that it ends in two days"
began=$(date +%s%3N)
"$windlass" chip run c2 >/dev/null
expect 0 line_station --chip "127.0.0.1:$(cat proxy.port)"
says "^unit +2$"
echo "from power-on to locked, on the disturbed line: $((($(date +%s%3N) - began) / 1000)) seconds"
kill "$proxy" 2>/dev/null || true
proxy=
[ "$(line_status done)" = 2 ] && [ "$(line_status reserved)" = 2 ] && [ "$(line_status tpm_count)" = 2 ] ||
    fail "two units are not counted twice: $("$windlassd" status line/a)"
"$top/tests/system/told.py" told secrets agreed prk handshake records kek package content
line_station --chip c2 >again 2>&1 & # half a minute, in which it does not answer as a new chip
again=$!

echo "nothing of firmware and keys is in what the station saw: its memory, letters, line, files"
"$windlass" chip stop c1 >/dev/null
"$tools/chip_secrets" c1 secrets
cp "$firmware/sbm-line-a.bin" "$firmware/sbm-line-b.bin" secrets/
mkdir -p places/{memory,letters,wires,station}
mv seen/memory places/memory/
mv seen/letters places/letters/
mv seen/wire.* places/wires/
cp -r home/. places/station/
public="$firmware/bl1-agent.bin $windlass $(ldd "$windlass" | sed -n 's/.* => \(\/[^ ]*\).*/\1/p')"
mkdir controls
xxd -r -p <<<"$(uid_of c1)" >controls/unique-id
expect 1 "$tools/secret_search" controls places
says "^found: unique-id in memory"
says "^found: unique-id in letters"
expect 0 "$tools/secret_search" --plant secrets places $public
says "planted"
expect 0 "$tools/secret_search" secrets places $public
cat out
du -sb places/* | sed "s|places/||"

echo "a chip that comes again gets what was stored, uncounted"
wait $again || fail "$(cat again)"
says "^unit +2$" again
[ "$(line_status tpm_count)" = 2 ] || fail "a chip that came again was counted"
expect 0 "$windlass" device status c2 --wait 30
says secured

echo "the maker reconciles"
expect 0 line_stop
cp -r line/a copy
expect 0 "$windlass" ledger verify --project project --ledger copy --count 2 --final

echo "secure_line: done"
