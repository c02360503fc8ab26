#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Nothing leaks on the line: two chips with the real firmware are provisioned by appliance and station, and all that the station's process sees, holds and
# writes is recorded (witness.c), with what the appliance writes and says; then it is searched for the application's plaintext, for every secret of the chips, for session keys, and for PINs.
# BL1 and SBM are signed and not secret. Argument: the tree's top folder.
top=$(cd "$1" && pwd)
. "$top/tests/system/lib_line.sh"
tools=$top/build/host/tests/system
windlassd=$tools/windlassd_told # but that it tells its session keys, it is the one that is shipped
export WINDLASS_TOLD=$work/told

# station FOLDER OPTION...: the station as it is; the folder gets what it saw.
station() {
    local folder=$1 port
    shift
    mkdir -p "seen/$folder"
    port=$(line_status port)
    env HOME="$work/home" TMPDIR="$work/home" WITNESS="$work/seen/$folder" WITNESS_MARK="$mark" LD_PRELOAD="$tools/witness.so" \
        "$windlass" provision --appliance "127.0.0.1:$port" --identity home/line-1 --devices home/devices "$@"
}
chip_on() {
    "$windlass" chip new "$1" >/dev/null
    "$windlass" chip run "$1" >/dev/null
}
dashboard() {
    python3 - "$(line_status dashboard_port)" "$(cat line/a/dashboard.token)" "$1" <<'END'
import sys, urllib.request
ask = urllib.request.Request(f"http://127.0.0.1:{sys.argv[1]}{sys.argv[3]}", headers={"Authorization": "Bearer " + sys.argv[2]})
print(urllib.request.urlopen(ask, timeout=10).read().decode())
END
}

echo "a line"
project_make
# The example application, and much behind it that is nowhere else.
arm-none-eabi-objcopy -O binary "$firmware/app-v1.elf" app.bin
head -c 65536 /dev/urandom >>app.bin
expect 0 "$windlass" master package --project project --input app.bin --sequence 1 --out v1.suit
expect 0 line_appliance_make factory-1
expect 0 line_appliance_start --token-needed --dashboard 127.0.0.1:0
expect 0 line_package_load 1 2 sbm.suit v1.suit
expect 0 line_station_make line-1
mkdir home seen secrets places
mv line/line-1 home/

echo "two chips become devices, one comes again, a third is refused; all of it is recorded"
mark=$(od -An -tx1 -N 16 /dev/urandom | tr -d ' \n')
for chip in c1 c2 c3; do
    chip_on $chip
done
expect 0 station first --chip c1 --chip c2
says "2 of 2 done"
cp out home/printed-first
expect 0 station again --chip c2 --json
cp out home/printed-again
expect 1 station refused --chip c3
says "used up"
cp out home/printed-refused
for chip in c1 c2; do
    "$windlass" device status $chip --wait 30 >/dev/null
done

echo "what the appliance says and keeps"
mkdir -p places/{memory,letters,wires,station,log,control,dashboard,ledger,backup,appliance,consoles}
"$windlassd" status line/a --json >places/control/status
"$windlassd" metrics line/a >places/control/metrics
for page in /api/line "/api/unit?uid=$(uid_of c1)" "/api/certificate?uid=$(uid_of c1)"; do
    dashboard "$page" >>places/dashboard/pages
done
grep -q '"made":2' places/dashboard/pages || fail "the dashboard was not read: $(cat places/dashboard/pages)"
grep -q '^Max core file size *0 *0 ' "/proc/$(cat line/daemon.pid)/limits" || fail "the appliance may write core files"
cp line/a/ledger.* places/backup/
expect 0 line_stop
cp -r line/a/. places/appliance/
rm -f places/appliance/hsm/*.pin places/appliance/dashboard.token
mv places/appliance/ledger.* places/ledger/
for format in csv ndjson pem; do
    "$windlass" ledger export --project project --ledger line/a --format $format >places/ledger/$format
done
cp line/daemon.log places/log/
cp -r home/. places/station/
for run in first again refused; do
    for kind in memory letters; do
        cp seen/$run/$kind places/$kind/$run
    done
    for wire in seen/$run/wire.*; do
        cp "$wire" "places/wires/$run.$(basename "$wire")"
    done
done
for chip in c1 c2 c3; do
    "$windlass" chip stop $chip >/dev/null
    cp $chip/console.log places/consoles/$chip
done

echo "the secrets: of both chips, and PINs"
for chip in c1 c2; do
    mkdir $chip.secrets
    "$tools/chip_secrets" $chip $chip.secrets
    for secret in $chip.secrets/*; do
        mv "$secret" "secrets/$chip-$(basename "$secret")"
    done
done
cmp -s secrets/c1-application app.bin && cmp -s secrets/c2-application app.bin || fail "another application was installed"
rm secrets/c2-application
for pin in line/a/hsm/*.pin project/hsm/*.pin; do
    tr -d '\n' <"$pin" >"secrets/pin-$(basename "$pin")"
done
echo "the session keys: of the package, its content, and each key block"
"$top/tests/system/told.py" told secrets agreed kek package content
public="$firmware/bl1.bin sbm.suit $windlass $(ldd "$windlass" | sed -n 's/.* => \(\/[^ ]*\).*/\1/p')"

echo "the search finds what is there: what is public, and what was put there"
mkdir controls
cp "$firmware/bl1.bin" controls/bootloader
printf %s "$mark" >controls/mark
xxd -r -p <<<"$(uid_of c1)" >controls/unique-id
openssl ec -in home/line-1/station.key -noout -text 2>/dev/null | sed -n '/priv:/,/pub:/p' | tr -d ' :\n' | sed 's/priv//;s/pub//' | tail -c 64 |
    xxd -r -p >controls/station-key
expect 1 "$tools/secret_search" controls places
for found in "bootloader in memory" "bootloader in letters" "bootloader in wires" "mark in memory" "unique-id in wires" "unique-id in letters" \
    "unique-id in memory" "unique-id in ledger" "unique-id in backup" "unique-id in log" "unique-id in dashboard" "station-key in memory" "station-key in station"; do
    says "^found: $found"
done
echo "the search finds each secret in each place, in each form"
expect 0 "$tools/secret_search" --plant secrets places
says "planted"
cat out

echo "and it finds no secret"
expect 0 "$tools/secret_search" secrets places $public
cat out
du -sb places/* | sed "s|places/||"
