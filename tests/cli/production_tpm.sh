#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An appliance with a TPM, by the commands that people use: enrolment, order, production package with its refill.
# Arguments: the windlass program, the windlassd program.
set -u
windlass=$1
windlassd=$2
. "$(dirname "$0")/lib.sh"

image() {
    python3 -c 'import struct,sys
n = int(sys.argv[1])
sys.stdout.buffer.write(struct.pack("<II", int(sys.argv[2], 0), int(sys.argv[3], 0)) + bytes(i * 7 & 255 for i in range(n - 8)))' \
        "$2" "$3" "$4" >"$1"
}

# tpm_make NAME: a TPM with an EK certificate of the CA in ca/; tpm_start NAME: switches it on.
tpm_make() {
    mkdir -p ca "$1"
    printf 'statedir = %s/ca\nsigningkey = %s/ca/key.pem\nissuercert = %s/ca/issuer.pem\ncertserial = %s/ca/serial\n' \
        "$folder" "$folder" "$folder" "$folder" >localca.conf
    : >localca.options
    printf 'create_certs_tool = swtpm_localca\ncreate_certs_tool_config = %s/localca.conf\ncreate_certs_tool_options = %s/localca.options\nactive_pcr_banks = sha256\n' \
        "$folder" "$folder" >setup.conf
    swtpm_setup --tpm2 --tpmstate "$folder/$1" --create-ek-cert --pcr-banks sha256 --config "$folder/setup.conf" >setup.log 2>&1 ||
        failed "swtpm_setup: $(tail -3 setup.log)"
    cat ca/swtpm-localca-rootca-cert.pem ca/issuer.pem >ca.pem
}
tpm_start() {
    swtpm socket --tpm2 --tpmstate "dir=$folder/$1" --server "type=unixio,path=$folder/$1.sock" \
        --ctrl "type=unixio,path=$folder/$1.sock.ctrl" --flags not-need-init,startup-clear >"$1.log" 2>&1 &
    tpms="$tpms $!"
    for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        [ -S "$1.sock" ] && break
        sleep 0.1
    done
}
tpms=
trap 'for pid in $tpms; do kill "$pid" 2>/dev/null; done; clean_up' EXIT

production() {
    number=$1
    shift
    "$windlass" master production --project p --appliance factory-1 --number "$number" --bl1 bl1.bin --sbm sbm.suit \
        --app v1.suit --out "run$number.wpp" "$@"
}

echo "the maker's project and firmware"
run 0 "$windlass" init p --product sensor
run 0 "$windlass" pki create --project p
image bl1.bin 2000 0x38020000 0x10000101
image sbm-a.bin 9000 0x38020000 0x10021101
image sbm-b.bin 9000 0x38020000 0x10051101
image app.bin 20000 0x28400000 0x00080009
run 0 "$windlass" master package --project p --component sbm --input sbm-a.bin --input-b sbm-b.bin --sequence 1 --out sbm.suit
run 0 "$windlass" master package --project p --input app.bin --sequence 1 --out v1.suit

echo "an appliance with a TPM is certified"
tpm_make tpm1
tpm_start tpm1
run 0 "$windlassd" init a --oem p/pki/public.pem --tpm "swtpm:path=$folder/tpm1.sock"
run 1 "$windlass" pki appliance --project p --request a/request.pem --name factory-1 --host 127.0.0.1
says "--tpm-ca is missing"
holds ! -e p/pki/appliances
run 0 "$windlass" pki appliance --project p --request a/request.pem --name factory-1 --host 127.0.0.1 --tpm-ca ca.pem
run 0 openssl verify -x509_strict -CAfile p/pki/root.crt p/pki/appliances/factory-1/grant.crt
run 0 "$windlassd" enrol a p/pki/appliances/factory-1.pem
run 0 cmp a/pki/grant.crt p/pki/appliances/factory-1/grant.crt

echo "no package without an order, no order twice"
run 1 production 1 --quota 3
says "its order is needed"
run 0 "$windlassd" order a --out order.cbor
run 0 production 1 --quota 3 --order order.cbor
run 0 "$windlassd" load a run1.wpp
run 0 "$windlassd" load a run1.wpp
run 0 production 2 --quota 1000 --order order.cbor
run 1 "$windlassd" load a run2.wpp

echo "another TPM is not the one that was certified"
tpm_make tpm2
tpm_start tpm2
sed -i 's/tpm1\.sock/tpm2.sock/' a/appliance.yaml
run 1 "$windlassd" load a run1.wpp
run 1 "$windlassd" order a --out other.cbor
sed -i 's/tpm2\.sock/tpm1.sock/' a/appliance.yaml
run 0 "$windlassd" order a --out order3.cbor
run 0 production 3 --quota 4 --block 2 --order order3.cbor
run 0 "$windlassd" load a run3.wpp
says "quota            4"
finish
