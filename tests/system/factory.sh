#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A whole factory on the real firmware: maker, appliance with a TPM, station and four chips. Three units were ordered:
# three chips become devices, the fourth is refused by the TPM; the maker reconciles, and finds what somebody planted.
# Argument: the tree's top folder.
top=$(cd "$1" && pwd)
. "$top/tests/system/lib.sh"
windlassd=$top/build/host/bin/windlassd
cd "$work"
chmod 711 "$work"

# As root the daemon runs as nobody, to whom its folder belongs.
user=
[ "$(id -u)" -eq 0 ] && user="--user nobody"
own() {
    [ -z "$user" ] || chown -R nobody "$@"
}
children=
stop_all() {
    "$windlassd" stop a >/dev/null 2>&1 || true
    for pid in $children; do kill "$pid" 2>/dev/null || true; done
    clean_up
}
trap stop_all EXIT

expect() {
    wanted=$1
    shift
    local code=0
    "$@" >out 2>&1 || code=$?
    [ "$code" -eq "$wanted" ] || fail "exit $code, not $wanted: $* $(cat out)"
}
says() {
    grep -qF -- "$1" out || fail "'$1' is not in: $(cat out)"
}

echo "the maker"
project_make
expect 0 "$windlass" master package --project project --input "$firmware/app-v1.elf" --sequence 1 --out v1.suit

echo "a TPM with a certificate of its maker"
mkdir ca tpm1
printf 'statedir = %s/ca\nsigningkey = %s/ca/key.pem\nissuercert = %s/ca/issuer.pem\ncertserial = %s/ca/serial\n' \
    "$work" "$work" "$work" "$work" >localca.conf
: >localca.options
printf 'create_certs_tool = swtpm_localca\ncreate_certs_tool_config = %s/localca.conf\ncreate_certs_tool_options = %s/localca.options\nactive_pcr_banks = sha256\n' \
    "$work" "$work" >setup.conf
expect 0 swtpm_setup --tpm2 --tpmstate "$work/tpm1" --create-ek-cert --pcr-banks sha256 --config "$work/setup.conf"
cat ca/swtpm-localca-rootca-cert.pem ca/issuer.pem >ca.pem
swtpm socket --tpm2 --tpmstate "dir=$work/tpm1" --server "type=unixio,path=$work/tpm1/sock" \
    --ctrl "type=unixio,path=$work/tpm1/sock.ctrl" --flags not-need-init,startup-clear >tpm.log 2>&1 &
children="$children $!"
for tries in $(seq 50); do
    [ -S tpm1/sock ] && [ -S tpm1/sock.ctrl ] && break
    sleep 0.1
done
chmod 711 tpm1
chmod 666 tpm1/sock tpm1/sock.ctrl

echo "the appliance is made, certified, enrolled, and ordered for"
port=$((20000 + $$ % 20000))
expect 0 "$windlassd" init a --oem project/pki/public.pem --tpm "swtpm:path=$work/tpm1/sock" --listen "127.0.0.1:$port"
expect 0 "$windlass" pki appliance --project project --request a/request.pem --name factory-1 --host 127.0.0.1 --tpm-ca ca.pem
expect 0 "$windlassd" enrol a project/pki/appliances/factory-1.pem
expect 0 "$windlassd" order a --out order.cbor
expect 0 "$windlass" master production --project project --appliance factory-1 --order order.cbor --quota 3 --number 1 \
    --bl1 "$firmware/bl1.bin" --sbm sbm.suit --app v1.suit --out run1.wpp
expect 0 "$windlassd" load a run1.wpp
own a

echo "a station"
expect 0 "$windlass" provision --make-identity station
expect 0 "$windlass" pki station line-1 --project project --request station/station.csr
cp project/pki/stations/line-1.crt station/station.crt
cp project/pki/root.crt station/root.crt

echo "the line: four chips, three units"
"$windlassd" run a $user --token-needed >daemon.log 2>&1 &
for tries in $(seq 100); do
    grep -q '"event":"started"' daemon.log && break
    sleep 0.1
done
for chip in c1 c2 c3 c4; do
    "$windlass" chip new "$chip" >/dev/null
    "$windlass" chip run "$chip" >/dev/null
done
line() {
    "$windlass" provision --appliance "127.0.0.1:$port" --identity station --devices project/devices "$@"
}
expect 0 line --chip c1 --chip c2
says "2 of 2 done"
expect 0 line --chip c3
expect 1 line --chip c4
says "used up"
expect 0 line --chip c2 # the same chip again: what was stored, uncounted
expect 0 "$windlassd" status a
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
expect 0 "$windlassd" stop a
cp -r a copy
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
expect 1 "$windlass" ledger verify --project project --ledger a --count 4 --final
says "units are missing"
echo "factory: done"
