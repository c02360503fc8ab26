#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes a factory for the crash matrix in the present folder: project p, station st, and the appliance A as it stands
# with its production package loaded. Arguments: the windlass program, the windlassd program, the quota, the units for
# one operation of the TPM (0: no TPM), and the kind: open, secure (chips with a key of their vendor's: what the vendor
# needs is left in vendor/ and boot.bin), postgres (the database is left in pg/in/data, its socket was in pg). The TPM's
# state is left in tpm/, its socket was tpm.sock.
set -eu
windlass=$1
windlassd=$2
quota=$3
block=$4
kind=$5
unset SOFTHSM2_CONF WINDLASS_PIN_FD
here=$(pwd)

# An image that could speak the secure channel: it ends with what each such has.
image() {
    python3 -c 'import struct, sys
n = int(sys.argv[1])
sys.stdout.buffer.write(struct.pack("<II", int(sys.argv[2], 0), int(sys.argv[3], 0)) + bytes(i * 7 & 255 for i in range(n - 24)) + bytes.fromhex("8368456e63727970743044a101181840"))' \
        "$2" "$3" "$4" >"$1"
}

tpm=
postgres=
end() {
    [ -z "$tpm" ] || kill "$tpm"
    [ -z "$postgres" ] || { kill -INT "$postgres" && wait "$postgres"; }
}
trap end EXIT
tpm_make() {
    mkdir -p ca tpm
    printf 'statedir = %s/ca\nsigningkey = %s/ca/key.pem\nissuercert = %s/ca/issuer.pem\ncertserial = %s/ca/serial\n' \
        "$here" "$here" "$here" "$here" >localca.conf
    : >localca.options
    printf 'create_certs_tool = swtpm_localca\ncreate_certs_tool_config = %s/localca.conf\ncreate_certs_tool_options = %s/localca.options\nactive_pcr_banks = sha256\n' \
        "$here" "$here" >setup.conf
    swtpm_setup --tpm2 --tpmstate "$here/tpm" --create-ek-cert --pcr-banks sha256 --config "$here/setup.conf" >setup.log
    cat ca/swtpm-localca-rootca-cert.pem ca/issuer.pem >ca.pem
    swtpm socket --tpm2 --tpmstate "dir=$here/tpm" --server "type=unixio,path=$here/tpm.sock" \
        --ctrl "type=unixio,path=$here/tpm.sock.ctrl" --flags not-need-init,startup-clear >tpm.log 2>&1 &
    tpm=$!
    while [ ! -S tpm.sock ]; do sleep 0.05; done
}

# A PostgreSQL server; it refuses to run as root.
postgres_make() {
    programs=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
    as=
    mkdir -p pg/in
    if [ "$(id -u)" -eq 0 ]; then
        as="setpriv --reuid=nobody --regid=nogroup --clear-groups"
        chown -R nobody pg
    fi
    (cd / && $as "$programs/initdb" -D "$here/pg/in/data" -U windlass -A trust -N --locale=C)
    (cd / && exec $as "$programs/postgres" -D "$here/pg/in/data" -k "$here/pg" -c listen_addresses=) >pg.log 2>&1 &
    postgres=$!
    until "$programs/pg_isready" -q -h "$here/pg"; do
        kill -0 "$postgres"
        sleep 0.1
    done
}

# A silicon vendor, and what the maker gives it: BL1 with its anchor pages.
vendor_make() {
    "$windlass" master anchor --project p --least-sequence 1 --out anchor
    "$windlass" chip new sample --boot bl1.bin --anchor anchor --vendor vendor
    head -c 32768 sample/flash.bin >boot.bin
    cp vendor/ca.crt p/pki/chip-vendors.pem
    echo 'chip_vendors: pki/chip-vendors.pem' >>p/product.yaml
}

"$windlass" init p --product sensor
"$windlass" pki create --project p
image bl1.bin 2000 0x38020000 0x10000101
[ "$kind" != secure ] || vendor_make
image sbm-a.bin 9000 0x38020000 0x10021101
image sbm-b.bin 9000 0x38020000 0x10051101
image app.bin 20000 0x28400000 0x00080009
"$windlass" master package --project p --component sbm --input sbm-a.bin --input-b sbm-b.bin --sequence 1 --out sbm.suit
"$windlass" master package --project p --input app.bin --sequence 1 --out v1.suit
"$windlass" provision --make-identity st
"$windlass" pki station line-1 --project p --request st/station.csr
cp p/pki/stations/line-1.crt st/station.crt
cp p/pki/root.crt st/root.crt

order=
ledger=
if [ "$kind" = postgres ]; then
    postgres_make
    ledger="--ledger postgresql:///postgres?host=$here/pg&user=windlass"
fi
if [ "$block" -gt 0 ]; then
    tpm_make
    "$windlassd" init A --oem p/pki/public.pem --listen 127.0.0.1:0 --tpm "swtpm:path=$here/tpm.sock" $ledger
    "$windlass" pki appliance --project p --request A/request.pem --name line-a --host 127.0.0.1 --tpm-ca ca.pem
else
    "$windlassd" init A --oem p/pki/public.pem --listen 127.0.0.1:0 --no-tpm $ledger
    "$windlass" pki appliance --project p --request A/request.pem --name line-a --host 127.0.0.1
fi
"$windlassd" enrol A p/pki/appliances/line-a.pem
if [ "$block" -gt 0 ]; then
    "$windlassd" order A --out order.cbor
    order="--order order.cbor --block $block"
fi
"$windlass" master production --project p --appliance line-a --quota "$quota" --number 1 --bl1 bl1.bin --sbm sbm.suit \
    --app v1.suit --out run1.wpp $order
"$windlassd" load A run1.wpp
