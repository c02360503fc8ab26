#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each fraud that somebody can plant who owns the database, found by the real command; and what other programs make of the
# exports. Arguments: the windlass program, ledger_scene, json_ok. WINDLASS_LEDGER: a database of PostgreSQL; else SQLite.
set -u
windlass=$1
scene=$2
json_ok=$3
here=$(cd "$(dirname "$0")" && pwd)
. "$(dirname "$0")/lib.sh"
place=${WINDLASS_LEDGER:-product/ledger.db}
ledger() {
    verb=$1
    shift
    "$windlass" ledger "$verb" --project product --ledger "$place" "$@"
}
plant() {
    python3 "$here/ledger_fraud.py" "$place" "$1" kept.json || failed "cannot plant $1"
}
# found FRAUD TEXT [OPTION...]: planted, it is found and said so.
found() {
    plant "$1"
    text=$2
    shift 2
    run 1 ledger verify "$@"
    says "$text"
}

run 0 "$windlass" init product --product product --organisation Example --vendor-domain example.com
run 0 "$scene" product 4 1 "$place"
python3 "$here/ledger_fraud.py" "$place" save kept.json || failed "cannot read the ledger"
mv product/ledger.head head # the maker keeps it elsewhere
run 0 ledger export --format pem --out bundle.pem
run 0 ledger verify --head head --count 4 --final

echo "what is put back as it was is sound"
plant none
run 0 ledger verify --head head --count 4 --final

echo "a dropped record"
found dropped "events were dropped or moved"
run 1 ledger verify --json
"$json_ok" <out || failed "verify --json"
says '"sound":false'
found dropped-fitted "was signed over another chain"
echo "a reordered one"
found reordered "events were dropped or moved"
found reordered-fitted "was signed over another chain"
echo "a changed one"
found changed "the chain is broken"
found changed-fitted "was signed over another chain"
echo "a restored old database is a sound one of yesterday, but for its head and the TPM's count"
plant older
run 0 ledger verify
found older "an older copy was put back" --head head
found older "an older copy was put back, or units are missing" --count 4
echo "a certificate without a record"
awk '/BEGIN/ { n++ } n == 4' bundle.pem >met.crt
found older "a certificate without a record" --cert met.crt
plant none
run 0 ledger verify --cert met.crt
echo "a record without a receipt"
found unreceipted "its record has no receipt" --final
run 0 ledger verify
run 0 ledger report --json
says '"done":3,"open":1'
plant none

echo "other programs read the exports: CSV by sqlite3, JSON lines by jq, certificates by openssl"
run 0 ledger export --format csv --out units.csv
run 0 ledger export --format ndjson --out units.ndjson
run 0 sqlite3 :memory: -cmd ".mode csv" -cmd ".import units.csv units" \
    "SELECT count(*), count(DISTINCT uid), sum(state = 'done'), min(length(device_certificate)) FROM units"
says "4,4,4,64"
run 0 jq -s -c '[length, ([.[].unit] | add), (map(select(.token)) | length), .[2].uid]' units.ndjson
says '[4,10,4,"03000000000000000000000000000000"]'
awk '/BEGIN/ { n++ } { print >"one" n ".crt" }' bundle.pem
for i in 1 2 3 4; do
    run 0 openssl verify -CAfile product/pki/root.crt -untrusted product/pki/appliances/one/issuing.crt "one$i.crt"
    run 0 openssl x509 -in "one$i.crt" -noout -fingerprint -sha256
    fingerprint=$(sed 's/.*=//' out | tr -d ':' | tr 'A-F' 'a-f')
    run 0 jq -r "select(.unit == $i) | .device_certificate" units.ndjson
    says "$fingerprint"
done
finish
