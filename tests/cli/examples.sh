#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every example that --help prints is run as it stands, in the order of a product's life; and no example is left out.
# Arguments: the windlass and the windlassd program, the folder of the built firmware.
set -u
windlass=$1
windlassd=$2
firmware=$3
. "$(dirname "$0")/lib.sh"
trap '"$windlassd" stop "$folder/greenhouse-sensor/desk/appliance" >/dev/null 2>&1; clean_up' EXIT
chmod 711 "$folder"
user=
[ "$(id -u)" -ne 0 ] || user="--user nobody"
# The examples name the usual port, which somebody may be using.
port=$((20000 + $$ % 10000))
PATH=$(dirname "$windlass"):$PATH
uid=00112233445566778899aabbccddeeff

# Lines "  windlass ..." below "example:", joined where they end in a backslash, without what belongs to a shell.
examples_of() {
    "$windlass" "$@" --help | sed -e ':a' -e '/\\$/N; s/ *\\\n */ /; ta' | sed -n '/^[Ee]xamples\{0,1\}:/,$p' |
        sed -n 's/^  *\(windlass .*\)/\1/p'
}
{
    "$windlass" --help | sed -n 's/^  \([a-z]*\)  *.*/\1/p' | grep -v '^windlass' | while read -r command; do
        examples_of $command
        for verb in $("$windlass" $command --help | sed -n 's/^  \([a-z-]*\)  *[a-z].*/\1/p' | grep -v '^windlass'); do
            "$windlass" $command $verb --help >/dev/null 2>&1 && examples_of $command $verb
        done
    done
    examples_of
} | sort -u >printed
: >tried

# example COMMAND: runs it as a person would, and remembers that it was run.
example() {
    echo "$1" >>tried
    run 0 sh -c "$(echo "$1" | sed "s/127.0.0.1:7443/127.0.0.1:$port/")"
}

example 'windlass init greenhouse-sensor'
mkdir other
(cd other && run 0 sh -c 'windlass init --product valve --organisation "Example Devices" --vendor-domain devices.example')
echo 'windlass init --product valve --organisation "Example Devices" --vendor-domain devices.example' >>tried
# The examples work in the project's folder and beside it: here both are the same.
cd greenhouse-sensor || exit 1
ln -s . greenhouse-sensor
cp "$firmware/bl1.bin" bl1.bin
cp "$firmware/app-tls.elf" app.elf
cp "$firmware/sbm-a.elf" "$firmware/sbm-b.elf" .
example 'windlass pki create --project greenhouse-sensor'
example 'windlass pki show --project greenhouse-sensor --json'
example 'windlass pki check --project greenhouse-sensor'
example 'windlass master package --component sbm --input sbm-a.elf --input-b sbm-b.elf --sequence 1 --out sbm.suit'
run 0 windlass master package --input "$firmware/app-v1.elf" --sequence 1 --out v1.suit
example 'windlass master package --input app.elf --sequence 2 --out v2.suit'
example 'windlass master inspect v2.suit'
example 'windlass master anchor --out anchor.bin --least-sequence 1'
example 'windlass chip new chip1 && windlass chip run chip1'
example 'windlass chip stop chip1'
rm -r chip1
example "windlass chip new chip1 --uid $uid"
example 'windlass chip run chip1'
example 'windlass chip status chip1 --json'
run 0 windlass pki desk desk --project greenhouse-sensor --listen "127.0.0.1:$port" $user
echo 'windlass pki desk desk --project greenhouse-sensor' >>tried
run 0 windlass master production --appliance desk --quota 1 --number 1 --bl1 bl1.bin --sbm sbm.suit --app v1.suit --out desk.wpp
run 0 "$windlassd" load desk/appliance desk.wpp
"$windlassd" run desk/appliance --token-needed 2>desk.log &
run 0 "$windlassd" status desk/appliance --wait 30
example 'windlass provision --appliance 127.0.0.1:7443 --identity desk/station --chip chip1 --devices devices'
run 0 "$windlassd" stop desk/appliance
cp desk/appliance/ledger.db .
example 'windlass ledger list --project greenhouse-sensor'
example "windlass ledger show $uid --json"
mkdir copy
cp desk/appliance/ledger.db desk/appliance/ledger.head copy
example 'windlass ledger verify --project greenhouse-sensor --ledger copy/ledger.db --final'
example 'windlass ledger export --project greenhouse-sensor --format csv --out units.csv'
holds "$(wc -l <units.csv)" -eq 2
example 'windlass device status chip1 --wait 30'
example 'windlass device status chip1'
run 0 sh -c 'echo status | windlass chip console chip1'
says "lifecycle          secured"
example 'windlass device attest chip1 --project greenhouse-sensor --ledger desk/appliance --expect v1.suit'
example 'windlass device echo chip1 hello'
example 'windlass device peek chip1 0x28200000'
example "windlass master block --package v2.suit --to devices/$uid/update.crt --out v2.block"
example 'windlass master update --package v2.suit --block v2.block --out v2.update'
example 'windlass device update chip1 v2.update'
run 0 windlass device reset chip1
run 0 windlass device status chip1 --wait 30
run 0 windlass device confirm chip1
example 'windlass device update chip1 v2.update && windlass device reset chip1'
run 0 windlass device status chip1 --wait 30
example 'windlass device confirm chip1'
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=server -keyout server.key -out server.csr 2>/dev/null
for key in issuing provisioner records appliance channel; do
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=$key -keyout /dev/null 2>/dev/null
done >request.pem
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 | openssl pkey -pubout >>request.pem
example 'windlass pki appliance --request request.pem --name factory-1 --host 192.0.2.10'
example 'windlass master production --appliance factory-1 --quota 1000 --number 1 --bl1 bl1.bin --sbm sbm.suit --app v1.suit --out run1.wpp'
example "windlass master scrap --appliance factory-1 --uid $uid --out scrap.order"
mkdir line-1
cp server.csr line-1/station.csr
example 'windlass pki station line-1 --request line-1/station.csr'
example 'windlass pki revoke line-1'
example 'windlass pki server --project greenhouse-sensor --request server.csr --name fleet.example --out server.crt'
: >server.log
openssl s_server -accept 127.0.0.1:14433 -key server.key -cert server.crt -CAfile pki/root.crt -Verify 2 -verify_return_error -tls1_3 -rev >server.log 2>&1 &
server=$!
for try in 1 2 3 4 5 6 7 8 9 10; do
    grep -q ACCEPT server.log && break
    sleep 0.1
done
example 'windlass device tls chip1 --connect 127.0.0.1:14433 --name fleet.example'
kill $server
run 0 windlass master package --input app.elf --sequence 3 --key firmware-next --out v3.suit
run 0 windlass master block --package v3.suit --to devices/$uid/update.crt --out v3.block
run 0 windlass master update --package v3.suit --block v3.block --out v3.update
run 0 windlass master package --component sbm --input sbm-a.elf --input-b sbm-b.elf --sequence 2 --key firmware-next --out sbm2.suit
for update in v3.update sbm2.suit; do
    run 0 windlass device update chip1 $update
    run 0 windlass device reset chip1
    run 0 windlass device status chip1 --wait 30
    run 0 windlass device confirm chip1
done
example 'windlass master retire --retire firmware --signed-by firmware-next --out retire.command'
example 'windlass device command chip1 retire.command'
example 'windlass device log chip1'
example 'windlass device recovery chip1'
run 0 windlass device status chip1 --wait 30
example 'windlass device reset chip1'
run 0 windlass device status chip1 --wait 30
example 'windlass device debug chip1 --project greenhouse-sensor --rights non-secure --out debug.proof'
run 0 windlass device reset chip1
run 0 windlass device status chip1 --wait 30
sh -c 'windlass chip console chip1' >console 2>&1 &
echo 'windlass chip console chip1' >>tried
sleep 0.5
example 'windlass chip reset chip1'
for tries in $(seq 100); do
    grep -q . console && break
    sleep 0.1
done
holds -s console
example 'windlass chip cut-at chip1 3 torn 100'
example 'windlass chip cut chip1'
wait
run 0 windlass chip run chip1
run 0 windlass device status chip1 --wait 30
run 1 windlass device decommission chip1
example "windlass device decommission chip1 --uid $uid --out scrap.proof"
holds -s scrap.proof
run 0 windlass chip stop chip1

echo "examples printed: $(wc -l <../printed), run: $(sort -u ../tried tried | wc -l)"
sort -u ../tried tried >all-tried
comm -23 ../printed all-tried | sed 's/^/FAILED: printed and not run: /' | tee missing
comm -13 ../printed all-tried | sed 's/^/FAILED: run and not printed: /' | tee -a missing
failures=$((failures + $(wc -l <missing)))
finish
