#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The maker's view of a ledger: verify, report, search, export; an honest one, and one with planted frauds. Arguments: the
# windlass program, ledger_scene, json_ok.
set -u
windlass=$1
scene=$2
json_ok=$3
. "$(dirname "$0")/lib.sh"
ledger() {
    verb=$1
    shift
    "$windlass" ledger "$verb" --project product "$@"
}

run 0 "$windlass" init product --product product --organisation Example --vendor-domain example.com
run 0 "$scene" product 4 1

echo "an honest ledger is sound"
run 0 ledger verify --count 4 --final
says "sound: 22 events, 22 checkpoints, 1 appliances, 4 units"
run 0 ledger verify --json
"$json_ok" <out || failed "verify --json"
says '"sound":true'
run 0 ledger report
says "quota                  4"
says "done                   4"
says "counted by the TPM, unit by unit"
says "the ledger is sound"
run 0 ledger report --json
"$json_ok" <out || failed "report --json"
says '"counted_by":"tpm"'

echo "units are found by number, unique ID, key and certificate"
run 0 ledger search 02000000
says "     2  02000000000000000000000000000000  done"
key=$(ledger show 02000000000000000000000000000000 --json | sed 's/.*"update_key":"\([0-9a-f]*\)".*/\1/')
holds ${#key} -eq 128
run 0 ledger search "$(echo "$key" | cut -c9-40)" --json
"$json_ok" <out || failed "search --json"
says '"unit":2'
holds "$(grep -c '"unit"' out)" -eq 1
run 0 ledger search 3 --state quarantined
says "no such unit"
run 2 ledger search
run 2 ledger search x --state nonsense
run 2 ledger list --head x

echo "a token finds its unit"
# token NUMBER: what closed that unit's record; the last field of its DONE event.
token() {
    python3 -c 'import sqlite3, sys
body = sqlite3.connect("product/ledger.db").execute("SELECT body FROM events JOIN units ON position = done WHERE number = ?", sys.argv[1:]).fetchone()[0]
sys.stdout.buffer.write(body[body.index(b"\xd2\x84"):])' "$1"
}
token 3 >token
run 0 ledger show --token token
says "unit                 3"
says "the token says       secured"
run 0 ledger show --token token --json
"$json_ok" <out || failed "show --token --json"
says '"uid":"03000000000000000000000000000000"'
python3 -c 'import sys
t = bytearray(open("token", "rb").read())
t[-1] ^= 1
open("forged", "wb").write(t)'
run 1 ledger show --token forged
says "signature"
head -c 20 token >short
run 1 ledger show --token short
says "the token"
run 2 ledger show 03000000000000000000000000000000 --token token
run 2 ledger show

echo "exports: CSV, JSON lines, PEM"
run 0 ledger export --format csv
holds "$(wc -l <out)" -eq 5
holds "$(tr -d '\r' <out | awk -F, 'NF != 16' | wc -l)" -eq 0
run 0 ledger export --format ndjson --out units.ndjson
holds "$(wc -l <units.ndjson)" -eq 4
while read -r line; do
    echo "$line" | "$json_ok" || failed "a line of units.ndjson"
done <units.ndjson
run 0 ledger export --format pem --out bundle.pem --package 1
holds "$(grep -c 'BEGIN CERTIFICATE' bundle.pem)" -eq 4
run 0 ledger export --format pem --package 2
[ -s out ] && failed "units of another package"
run 1 ledger export
says "give --format"
run 1 ledger export --format xml

echo "a certificate that was met belongs to a record"
sed -n '/BEGIN/,/END/p' bundle.pem | awk '/BEGIN/ { n++ } n == 1' >met.crt
run 0 ledger verify --cert met.crt
run 1 ledger verify --cert product/pki/mastering.crt
says "a certificate without a record"

echo "the ledger is read where it lies: a copy, an appliance's folder"
mkdir copy
cp product/ledger.db product/ledger.head copy
run 0 ledger verify --ledger copy
run 0 ledger verify --ledger copy/ledger.db

echo "an older copy is found by the head and by the TPM's count"
rm copy/ledger.db*
mkdir older
run 0 "$windlass" init older/p --product product --organisation Example --vendor-domain example.com
run 1 ledger verify --head nothing
says "nothing"
run 1 ledger verify --count 5
says "the TPM's count is 5, the ledger knows of 4"
run 1 ledger report --ledger nowhere.db
says "nowhere.db"

echo "a maker trusts only its own appliances"
run 0 "$scene" older/p 1 1
run 1 ledger verify --ledger older/p/ledger.db
says "of no appliance of this maker"
run 1 ledger verify --head older/p/ledger.head
says "signed by no appliance of this ledger"

finish
