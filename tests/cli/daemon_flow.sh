#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A line as it stands in a factory: the daemon confined and with its own user, a station, virtual chips with the real
# firmware. The daemon is killed and stopped in the middle. Arguments: the windlass and the windlassd program, the folder
# of the built firmware.
set -u
windlass=$1
windlassd=$2
firmware=$3
. "$(dirname "$0")/lib_daemon.sh"

# units_in_hand N: waits until the ledger has reserved so many.
units_in_hand() {
    tries=0
    until [ "$(member reserved)" = "$1" ]; do
        tries=$((tries + 1))
        [ $tries -gt 600 ] && failed "unit $1 was never reserved" && break
        sleep 0.05
    done
}

run 0 "$windlass" init p --product sensor
run 0 "$windlass" pki create --project p
run 0 "$windlassd" init A --oem p/pki/public.pem --listen 127.0.0.1:0 --no-tpm
run 0 "$windlass" pki appliance --project p --request A/request.pem --name line-a --host 127.0.0.1
run 0 "$windlassd" enrol A p/pki/appliances/line-a.pem
run 0 "$windlass" provision --make-identity st
run 0 "$windlass" pki station line-1 --project p --request st/station.csr
cp p/pki/stations/line-1.crt st/station.crt
cp p/pki/root.crt st/root.crt
run 0 "$windlass" master package --project p --component sbm --input "$firmware/sbm-a.elf" --input-b "$firmware/sbm-b.elf" \
    --sequence 1 --out sbm.suit
run 0 "$windlass" master package --project p --input "$firmware/app-v1.elf" --sequence 1 --out v1.suit
run 0 "$windlass" master production --project p --appliance line-a --quota 4 --number 1 --bl1 "$firmware/bl1.bin" \
    --sbm sbm.suit --app v1.suit --out run1.wpp
give_folder

echo "without a package no chip is made"
start_daemon --token-needed --dashboard 127.0.0.1:0
chip_on c1
run 1 provision --chip c1
run 0 "$windlassd" load A run1.wpp
says "ready"
holds "$(member quota)" = 4

echo "two chips at once, at a station whose disk is full: they are devices, on record, and it says what it could not file"
chip_on c2
mood=$(dirname "$windlass")/../tests/days/days_mood.so
if [ -e "$mood" ]; then
    printf '%-64s' full >full
    run 1 env WINDLASS_MOOD=full LD_PRELOAD="$mood" timeout 200 "$windlass" provision --appliance "127.0.0.1:$port" --identity st \
        --chip c1 --chip c2 --devices filed
    holds "$(grep -c 'the device is made and recorded, but its certificates are not filed: .*device.crt: .*No space left on device' out)" = 2
    says "hint: make room, or name another --devices, and run the same command again: the chip is not counted again"
    says "failed: file its certificates"
    holds "$(member done)" = 2
    holds -z "$(find filed -type f)"
fi
run 0 provision --chip c1 --chip c2 --devices filed
says "2 of 2 done"
holds "$(find filed -name '*.crt' -size +0 | wc -l)" = 4
holds "$(member done)" = 2
provision --chip c1 >/dev/full 2>out && failed "a lost answer is called done"
says "cannot write the output: No space left on device"
says "hint: what the command does is done; only what it says is lost"
provision --chip c1 2>/dev/full >out || failed "progress that cannot be written stops the work"
says "unit "
holds "$(member reserved)" = 2

echo "the daemon is killed with a chip in hand: the next one goes on, and counts it once"
chip_on c3
provision --chip c3 >killed 2>&1 &
station=$!
units_in_hand 3
kill -KILL "$daemon"
wait "$daemon" 2>/dev/null
wait "$station" && failed "a station was told done by a dead daemon"
start_daemon --token-needed --dashboard 127.0.0.1:0
holds "$(member state)" = ready
run 0 provision --chip c3
holds "$(member reserved)" = 3
holds "$(member done)" = 3

echo "the daemon is stopped with a chip in hand: the same"
chip_on c4
provision --chip c4 >stopped 2>&1 &
station=$!
units_in_hand 4
run 0 "$windlassd" stop A
wait "$daemon" || failed "exit code after stop"
wait "$station" && failed "a station was told done by a stopped daemon"
start_daemon --token-needed --dashboard 127.0.0.1:0
run 0 provision --chip c4
holds "$(member reserved)" = 4
holds "$(member done)" = 4

# shown TEXT [PATH]: the dashboard's line has it, or what is at that path.
shown() {
    python3 - "$(member dashboard_port)" "$(cat A/dashboard.token)" "${2:-line}" >out 2>&1 <<'END'
import sys, urllib.request
ask = urllib.request.Request(f"http://127.0.0.1:{sys.argv[1]}/api/{sys.argv[3]}", headers={"Authorization": "Bearer " + sys.argv[2]})
print(urllib.request.urlopen(ask, timeout=10).read().decode())
END
    says "$1"
}

echo "the fifth is refused"
chip_on c5
run 1 provision --chip c5
says "quota of 4 units is used up"
shown '"quota":4,"made":4,"under_way":0'
shown '"product":"sensor","appliance":"line-a"'
shown 'quota of 4 units is used up'
shown '"step":'
grep -q '"event":"letter_refused","station":"line-1"' log || failed "no refusal in the log"
holds "$(grep -c '"event":"unit_done"' log)" -ge 4
run 0 "$windlassd" metrics A
grep -q '^windlass_failures_recorded_total [1-9]' out || failed "no failure was counted"
says 'windlass_failures_left_out_total 0'

echo "a unit is scrapped by its maker's order for this appliance, once; then there is room for one more"
uid4=$(od -An -tx1 -j 32 -N 16 c4/fuses.bin | tr -d ' \n')
run 0 "$windlassd" init B --oem p/pki/public.pem --listen 127.0.0.1:0 --no-tpm
run 0 "$windlass" pki appliance --project p --request B/request.pem --name line-b --host 127.0.0.1
run 0 "$windlass" init q --product sensor
run 0 "$windlass" pki create --project q
run 0 "$windlass" pki appliance --project q --request B/request.pem --name line-a --host 127.0.0.1
scrap_order() {
    run 0 "$windlass" master scrap --project "$1" --appliance "$2" --uid "$3" --out "$4"
}
scrap_order p line-a "$uid4" scrap.order
scrap_order p line-b "$uid4" elsewhere.order
scrap_order q line-a "$uid4" stranger.order
scrap_order p line-a 000102030405060708090a0b0c0d0e0f nobody.order
run 1 "$windlass" master scrap --project p --appliance line-c --uid "$uid4" --out c.order
run 2 "$windlass" master scrap --project p --appliance line-a --uid 12 --out c.order
head -c 60 scrap.order >short.order
python3 -c 'import sys
order = bytearray(open("scrap.order", "rb").read())
order[-9] ^= 4
open("changed.order", "wb").write(order)'
for refused in "elsewhere: for another appliance" "stranger: key" "nobody: does not know the device" "short: scrap order" "changed: signature"; do
    run 1 "$windlassd" record A "${refused%%:*}.order"
    says "${refused#*: }"
done
holds "$(member reserved)" = 4
run 1 provision --chip c5
for again in 1 2; do
    run 0 "$windlassd" record A scrap.order
    says "room for one more"
    holds "$(member reserved)" = 3
done
grep -q "order to scrap the chip $uid4 of 'line-a'" p/pki/appliances.txt || failed "the maker did not note the order"
run 0 provision --chip c5
holds "$(member reserved)" = 4
run 1 provision --chip c4
chip_on c6
run 1 provision --chip c6

echo "the maker opens a device's debug port, and ends the device; its own word goes into the ledger"
uid=$(od -An -tx1 -j 32 -N 16 c1/fuses.bin | tr -d ' \n')
run 0 "$windlass" device debug c1 --project p --rights non-secure --out open.proof --wait 30
holds -e c1/gdb.port
run 0 "$windlass" device reset c1
run 0 "$windlass" device debug c1 --project p --rights secure --out wide.proof --wait 30
run 0 "$windlass" device reset c1
for proof in open wide wide; do # the last one again is done already
    run 0 "$windlassd" record A $proof.proof
    says "debug rights"
done
shown '"debugged_at":"20' "unit?uid=$uid"
head -c 100 open.proof >half.proof
run 1 "$windlassd" record A half.proof
says "windlass device debug --out"
run 0 "$windlass" device decommission c1 --project p --uid "$uid" --out end.proof --wait 30
run 0 "$windlassd" record A end.proof
says "decommissioned"
run 0 "$windlassd" record A end.proof

echo "the appliance's certificates are renewed: same name, same keys; the next package is for the new ones"
end_daemon
run 1 "$windlass" pki appliance --project p --request B/request.pem --name line-a --host 127.0.0.1 --renew
says "for another key"
run 0 "$windlass" pki appliance --project p --request A/request.pem --name line-a --host 127.0.0.1 --years 5 --renew
run 0 "$windlassd" enrol A p/pki/appliances/line-a.pem
start_daemon --token-needed --dashboard 127.0.0.1:0
grep -q '"event":"package_refused".*issuing certificate' log || failed "the package for the old certificate was taken"
run 1 provision --chip c6
run 0 "$windlass" master production --project p --appliance line-a --quota 2 --number 2 --bl1 "$firmware/bl1.bin" \
    --sbm sbm.suit --app v1.suit --out run2.wpp
run 0 "$windlassd" load A run2.wpp
run 0 provision --chip c6
says "unit                6"
run 0 "$windlass" device attest c6 --project p --ledger A --wait 30
run 0 "$windlass" device attest c2 --project p --ledger A --wait 30

echo "the books are right"
end_daemon
cp A/ledger.db* A/ledger.head .
run 0 "$windlass" ledger verify --project p --ledger ledger.db --final
run 0 "$windlass" ledger report --project p --ledger ledger.db
says "debug rights given     2"
says "given debug rights     1"
says "scrapped               1"
run 0 "$windlass" ledger show "$uid" --project p --ledger ledger.db
says "debug rights given   20"
run 0 "$windlass" ledger export --project p --ledger ledger.db --format csv --out units.csv
holds "$(tr -d '\r' <units.csv | awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "debugged_at") at = i } $at ~ /^20/ { print $2 }')" = "$uid"

echo "the appliance is revoked and does not hear of it: what it made before is sound, what it makes after is found"
run 0 "$windlass" pki revoke line-a --project p
run 0 "$windlass" ledger verify --project p --ledger ledger.db --final
start_daemon --token-needed --dashboard 127.0.0.1:0
chip_on c7
run 0 provision --chip c7
end_daemon
run 1 "$windlass" ledger verify --project p --ledger A
says "unit 7: its appliance certified it after it was revoked"
says "1 finding"
finish
