#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A whole factory on the real firmware: maker, appliance with a TPM, station and four chips. Three units were ordered:
# three chips become devices, the fourth is refused by the TPM; the maker reconciles, and finds what somebody planted.
# Argument: the tree's top folder.
top=$(cd "$1" && pwd)
. "$top/tests/system/lib_line.sh"

echo "the maker"
project_make
expect 0 "$windlass" master package --project project --input "$firmware/app-v1.elf" --sequence 1 --out v1.suit

echo "a TPM with a certificate of its maker"
expect 0 line_tpm_start

echo "the appliance is made, certified, enrolled, and ordered for"
expect 0 line_appliance_make factory-1
expect 0 line_appliance_start --token-needed
expect 0 line_package_load 1 3 sbm.suit v1.suit

echo "a station"
expect 0 line_station_make line-1

echo "the line: four chips, three units"
for chip in c1 c2 c3 c4; do
    "$windlass" chip new "$chip" >/dev/null
    "$windlass" chip run "$chip" >/dev/null
done
expect 0 line_provision line-1 --chip c1 --chip c2
says "2 of 2 done"
expect 0 line_provision line-1 --chip c3
expect 1 line_provision line-1 --chip c4
says "used up"
expect 0 line_provision line-1 --chip c2 # the same chip again: what was stored, uncounted
expect 0 "$windlassd" status line/a
says "reserved         3"

echo "the devices are real: they attest, and take an update made for them"
expect 0 "$windlass" device status c3 --wait 30
says "secured"
expect 0 "$windlass" master package --project project --input "$firmware/app-v2.elf" --sequence 2 --out v2.suit
package_to() {
    "$windlass" master block --project project --package v2.suit --to "project/devices/$(uid_of "$1")/update.crt" --out v2.block &&
        "$windlass" master update --package v2.suit --block v2.block --out v2.update &&
        "$windlass" device update "$1" v2.update
}
expect 0 package_to c3

echo "the maker reconciles"
expect 0 line_stop
cp -r line/a copy
expect 0 "$windlass" ledger verify --project project --ledger copy --count 3 --final
expect 0 "$windlass" ledger report --project project --ledger copy
says "done                   3"
expect 0 openssl verify -x509_strict -CAfile project/pki/root.crt -untrusted project/pki/appliances/factory-1/issuing.crt \
    "project/devices/$(uid_of c1)/device.crt"

echo "a record that was changed is found"
expect 0 python3 -c 'import sqlite3
db = sqlite3.connect("copy/ledger.db")
for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = ?", ("trigger",)).fetchall():
    db.execute(f"DROP TRIGGER {name}")
body = bytearray(db.execute("SELECT body FROM events WHERE kind = 4 ORDER BY seq LIMIT 1").fetchone()[0])
body[20] ^= 1
db.execute("UPDATE events SET body = ? WHERE seq = (SELECT min(seq) FROM events WHERE kind = 4)", (bytes(body),))
db.commit()'
expect 1 "$windlass" ledger verify --project project --ledger copy --count 3 --final
says "the chain is broken"
echo "a unit more than the TPM counted is found"
expect 1 "$windlass" ledger verify --project project --ledger line/a --count 4 --final
says "units are missing"
echo "factory: done"
