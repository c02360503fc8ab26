#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A line whose quota is in a TPM: the daemon confined and with its own user, a station, virtual chips with the real
# firmware. The TPM loses its power in between. Arguments: the windlass and the windlassd program, the folder of the
# built firmware.
set -u
windlass=$1
windlassd=$2
firmware=$3
. "$(dirname "$0")/lib_daemon.sh"
tpm=
end_tpm() {
    [ -n "$tpm" ] && kill "$tpm" 2>/dev/null && wait "$tpm"
}
trap 'end_daemon; end_tpm; clean_up' EXIT

tpm_make() {
    mkdir ca tpm
    printf 'statedir = %s/ca\nsigningkey = %s/ca/key.pem\nissuercert = %s/ca/issuer.pem\ncertserial = %s/ca/serial\n' \
        "$folder" "$folder" "$folder" "$folder" >localca.conf
    : >localca.options
    printf 'create_certs_tool = swtpm_localca\ncreate_certs_tool_config = %s/localca.conf\ncreate_certs_tool_options = %s/localca.options\nactive_pcr_banks = sha256\n' \
        "$folder" "$folder" >setup.conf
    swtpm_setup --tpm2 --tpmstate "$folder/tpm" --create-ek-cert --pcr-banks sha256 --config "$folder/setup.conf" >setup.log 2>&1 ||
        failed "swtpm_setup: $(tail -3 setup.log)"
    cat ca/swtpm-localca-rootca-cert.pem ca/issuer.pem >ca.pem
}
tpm_on() {
    rm -f tpm.sock
    swtpm socket --tpm2 --tpmstate "dir=$folder/tpm" --server "type=unixio,path=$folder/tpm.sock,mode=0666" \
        --ctrl "type=unixio,path=$folder/tpm.sock.ctrl,mode=0666" --flags not-need-init,startup-clear >tpm.log 2>&1 &
    tpm=$!
    tries=0
    until [ -S tpm.sock ]; do
        tries=$((tries + 1))
        [ $tries -gt 100 ] && failed "no TPM" && break
        sleep 0.05
    done
}
tpm_off() {
    kill -KILL "$tpm"
    wait "$tpm" 2>/dev/null
    tpm=
}
# keep NAME, put_back NAME: the ledger, as somebody does who owns the computer.
keep() {
    mkdir "$1" && cp -p A/ledger.* "$1/"
}
put_back() {
    rm -f A/ledger.*
    cp -p "$1"/ledger.* A/
}
production() {
    number=$1
    shift
    run 0 "$windlass" master production --project p --appliance line-a --number "$number" --bl1 "$firmware/bl1.bin" \
        --sbm sbm.suit --app v1.suit --out "run$number.wpp" --order "order$number.cbor" "$@"
}

run 0 "$windlass" init p --product sensor
run 0 "$windlass" pki create --project p
tpm_make
tpm_on
run 0 "$windlassd" init A --oem p/pki/public.pem --listen 127.0.0.1:0 --tpm "swtpm:path=$folder/tpm.sock"
run 0 "$windlass" pki appliance --project p --request A/request.pem --name line-a --host 127.0.0.1 --tpm-ca ca.pem
run 0 "$windlassd" enrol A p/pki/appliances/line-a.pem
run 0 "$windlass" provision --make-identity st
run 0 "$windlass" pki station line-1 --project p --request st/station.csr
cp p/pki/stations/line-1.crt st/station.crt
cp p/pki/root.crt st/root.crt
run 0 "$windlass" master package --project p --component sbm --input "$firmware/sbm-a.elf" --input-b "$firmware/sbm-b.elf" \
    --sequence 1 --out sbm.suit
run 0 "$windlass" master package --project p --input "$firmware/app-v1.elf" --sequence 1 --out v1.suit
run 0 "$windlassd" order A --out order1.cbor
production 1 --quota 3
run 0 "$windlassd" load A run1.wpp
give_folder

echo "two chips at once"
keep old
start_daemon --token-needed
chip_on c1
chip_on c2
run 0 provision --chip c1 --chip c2
says "2 of 2 done"
run 0 provision --chip c1
holds "$(member done)" = 2

echo "without its TPM the appliance makes none, and says so; with it, it goes on"
tpm_off
chip_on c3
run 1 provision --chip c3
says "TPM"
tpm_on
run 0 provision --chip c3
holds "$(member done)" = 3

echo "the fourth is refused, and by the TPM when an old ledger was put back"
chip_on c4
run 1 provision --chip c4
says "quota of 3 units is used up"
end_daemon
keep good
put_back old
start_daemon --token-needed
run 1 provision --chip c4
says "the TPM has counted 3 of 3 units"
end_daemon
put_back good
start_daemon --token-needed

echo "an order of the running daemon, and its answer"
run 0 "$windlassd" order A --out order2.cbor
production 2 --quota 2
cp run2.wpp A/
run 0 "$windlassd" load A A/run2.wpp
run 0 provision --chip c4
says "unit                4"

echo "a unit that got no grant before its package ended is counted in the next one"
tpm_off
chip_on c5
run 1 provision --chip c5
says "TPM"
tpm_on
holds "$(member reserved)" = 2

echo "units that are left are void when the next package is loaded, and on record as that"
next_package() {
    run 0 "$windlassd" order A --out "order$1.cbor"
    production "$1" --quota "$2"
    cp "run$1.wpp" A/
    run 0 "$windlassd" load A "A/run$1.wpp"
}
next_package 3 3
holds "$(member reserved)" = 0
run 0 provision --chip c5
says "unit                5"
holds "$(member reserved)" = 1
next_package 4 1
chip_on c6
run 0 provision --chip c6
chip_on c7
run 1 provision --chip c7

echo "a scrapped unit comes back with the next package only: the TPM counts on"
run 0 "$windlass" master scrap --project p --appliance line-a --uid "$(od -An -tx1 -j 32 -N 16 c6/fuses.bin | tr -d ' \n')" --out scrap.order
run 0 "$windlassd" record A scrap.order
says "the TPM's count does not go back"
run 1 provision --chip c7
says "TPM"
next_package 5 1
run 0 provision --chip c7

echo "the books are right, by the TPM's own word, too"
run 0 "$windlassd" order A --out order6.cbor
end_daemon
cp A/ledger.db* A/ledger.head .
run 0 "$windlass" ledger verify --project p --ledger ledger.db
run 0 "$windlass" ledger report --project p --ledger ledger.db
says "TPM operations lost    3"
says "TPM operations missing 0"
holds "$(grep -c 'moved to a later one   1' out)" = 2
run 0 "$windlass" ledger verify --project p --ledger ledger.db --order order6.cbor --final
run 0 "$windlass" ledger verify --project p --ledger good/ledger.db
run 1 "$windlass" ledger verify --project p --ledger good/ledger.db --order order6.cbor
says "an older copy was put back"
run 0 "$windlass" ledger verify --project p --ledger ledger.db --order order2.cbor
python3 -c 'import sys
order = bytearray(open("order6.cbor", "rb").read())
order[-1] ^= 1
open("forged.cbor", "wb").write(order)'
run 1 "$windlass" ledger verify --project p --ledger ledger.db --order forged.cbor
says "order"
finish
