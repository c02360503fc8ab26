#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The commands init and pki: exit codes, messages, what is on disk, and that no PIN is ever shown.
# Argument: the windlass program.
set -u
windlass=$1
. "$(dirname "$0")/lib.sh"

echo "help is there, and wrong usage is exit 2"
for command in "init" "pki" "pki create" "pki show" "pki check" "pki server"; do
    run 0 "$windlass" $command --help
    says "usage: windlass $command"
done
run 2 "$windlass" init --colour
says "there is no option"
run 2 "$windlass" init a b
run 2 "$windlass" init --product
run 2 "$windlass" pki
run 2 "$windlass" pki destroy
run 2 "$windlass" pki create --json
run 2 "$windlass" pki show here

echo "init makes a whole project, once"
run 0 "$windlass" init sensor --organisation 'Müller "and" Sons' --vendor-domain devices.example
says "project ready"
for file in product.yaml .gitignore pki/dev-root.crt pki/dev-firmware.crt pki/dev-mastering.crt \
    pki/dev-distribution.crt; do
    holds -s sensor/$file
done
holds "$(stat -c %a sensor/hsm)" = 700
holds "$(stat -c %a sensor/hsm/development.pin)" = 600
grep -q '^/hsm/$' sensor/.gitignore || failures=$((failures + 1))
cp -r sensor before
run 1 "$windlass" init sensor
says "exists already"
diff -r sensor before >/dev/null || { echo "FAILED: a refused init changed something"; failures=$((failures + 1)); }
rm -rf before

echo "bad names are refused and leave nothing"
run 1 "$windlass" init bad --product 'green house'
says "not a product name"
holds ! -e bad
run 1 "$windlass" init bad --vendor-domain localhost
says "not a domain name"
run 1 "$windlass" init no/such/folder
says "No such file"

echo "before the ceremony, check says what is missing"
run 1 "$windlass" pki check --project sensor
says "windlass pki create"
run 0 "$windlass" pki check --project sensor --development
run 1 "$windlass" pki check --project nowhere
says "nowhere"

echo "the ceremony survives a pipe that breaks"
"$windlass" pki create --project sensor 2>/dev/null | head -n 5 >/dev/null
run 0 "$windlass" pki create --project sensor
run 0 "$windlass" pki create --project sensor
says "nothing was left to do"
run 0 "$windlass" pki check --project sensor
run 0 "$windlass" pki show --project sensor
says "distribution"
run 0 "$windlass" pki show --project sensor --json
says '"label": "root"'
says '"state": "ok"'

echo "init and the ceremony, killed at any moment, go on where they stopped"
# A kill within the token library's own call leaves a token that only its tool can remove: then the hint must help.
# The killed process may still be on its way out, with its lock: that is waited for.
go_on() {
    for wait in 1 2 3 4 5 6 7 8 9 10; do
        "$windlass" "$@" >out 2>&1
        went=$?
        grep -q "another ceremony is under way" out || break
        sleep 0.5
    done
    way_out=$(sed -n 's/^hint: .*\(SOFTHSM2_CONF=.* softhsm2-util --delete-token --token [a-z-]*\)$/\1/p' out)
    if [ -n "$way_out" ]; then
        (cd killed && sh -c "$way_out" >/dev/null 2>&1)
        run 0 "$windlass" "$@"
    else
        [ $went -eq 0 ] || failed "$*: $(cat out)"
    fi
}
for at in 010 020 030 040 050 060 080 100 120 150 180 210; do
    rm -rf killed
    (timeout -s KILL 0.$at "$windlass" init killed --product killed) >/dev/null 2>&1
    [ -e killed/product.yaml ] || go_on init killed --product killed
    (timeout -s KILL 0.$at "$windlass" pki create --project killed) >/dev/null 2>&1
    go_on pki create --project killed
    run 0 "$windlass" pki check --project killed
done

echo "a PIN file and a token that were there before are taken"
run 0 "$windlass" init begun --product begun
echo 'my own PIN' >begun/hsm/oem.pin
chmod 600 begun/hsm/oem.pin
run 0 "$windlass" pki create --project begun
holds "$(cat begun/hsm/oem.pin)" = "my own PIN"
run 0 "$windlass" init there --product there
SOFTHSM2_CONF=there/hsm/softhsm2.conf softhsm2-util --init-token --free --label windlass-oem --so-pin 12345678 \
    --pin 12345678 >/dev/null 2>&1
echo 12345678 >there/hsm/oem.pin
chmod 600 there/hsm/oem.pin
run 0 "$windlass" pki create --project there
run 0 "$windlass" pki check --project there

echo "the openssl command agrees"
for key in root firmware mastering distribution quota; do
    run 0 openssl verify -x509_strict -CAfile sensor/pki/root.crt sensor/pki/$key.crt
done

echo "a project that moved still works"
mv sensor moved
run 0 "$windlass" pki check --project moved

echo "a PIN file for others, a wrong PIN, a missing token"
chmod 644 moved/hsm/oem.pin
run 1 "$windlass" pki check --project moved
says "chmod 600"
chmod 600 moved/hsm/oem.pin
cp moved/hsm/oem.pin pin
echo 123456789 >moved/hsm/oem.pin
run 1 "$windlass" pki check --project moved
says "the PIN is wrong"
cp pin moved/hsm/oem.pin
sed -i 's/windlass-oem/other-oem/' moved/product.yaml
run 1 "$windlass" pki check --project moved
says "there is no token 'other-oem'"
sed -i 's/other-oem/windlass-oem/' moved/product.yaml

echo "mistakes in the profile name file, line and mend"
sed -i 's/^chip:/chpi:/' moved/product.yaml
run 1 "$windlass" pki show --project moved
says "did you mean 'chip'?"
says "product.yaml:"
sed -i 's/^chpi:/chip:/' moved/product.yaml
run 0 "$windlass" pki check --project moved

echo "a server is certified by its request, once, and is noted"
csr() {
    openssl req -new -nodes -newkey "$1" $2 -subj /CN=x -keyout server.key -out server.csr 2>/dev/null
}
csr ec "-pkeyopt ec_paramgen_curve:P-256"
run 2 "$windlass" pki server --project moved --request server.csr --name fleet.example
run 2 "$windlass" pki server --project moved --request server.csr --name fleet.example --out server.crt --years 51
for name in 'fleet example' '*.example' '-a.example' 'a..example' '' '999'; do
    run 1 "$windlass" pki server --project moved --request server.csr --name "$name" --out server.crt
done
holds ! -e server.crt
run 1 "$windlass" pki server --project moved --request none.csr --name fleet.example --out server.crt
says "none.csr"
run 1 "$windlass" pki server --project moved --request moved/pki/root.crt --name fleet.example --out server.crt
says "not a certificate request"
run 0 "$windlass" pki server --project moved --request server.csr --name fleet.example --out server.crt
run 0 openssl verify -x509_strict -purpose sslserver -verify_hostname fleet.example -CAfile moved/pki/root.crt server.crt
run 2 openssl verify -verify_hostname other.example -CAfile moved/pki/root.crt server.crt
run 0 "$windlass" pki server --project moved --request server.csr --name 192.0.2.7 --out address.crt
run 0 openssl verify -verify_ip 192.0.2.7 -CAfile moved/pki/root.crt address.crt
run 1 "$windlass" pki server --project moved --request server.csr --name fleet.example --out server.crt
says "exists already"
holds "$(grep -c 'issued a server certificate' moved/pki/servers.txt)" = 2
sed -i '2s/^./X/' server.csr
run 1 "$windlass" pki server --project moved --request server.csr --name fleet.example --out again.crt
csr rsa:2048 ""
run 1 "$windlass" pki server --project moved --request server.csr --name fleet.example --out again.crt
says "P-256"
holds ! -e again.crt

echo "stations: certified for calling, and taken back"
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x -keyout /dev/null -out station.csr 2>/dev/null
run 2 "$windlass" pki station --project moved --request station.csr
says "needs a NAME"
run 2 "$windlass" pki station line-1 --project moved --request station.csr --years 0
run 1 "$windlass" pki station Line_1 --project moved --request station.csr
says "is not a name for a machine"
run 0 "$windlass" pki station line-1 --project moved --request station.csr
run 0 "$windlass" pki station line-1 --project moved --request station.csr
holds "$(grep -c 'issued pki/stations/line-1.crt' moved/pki/stations.txt)" = 1
run 0 openssl verify -x509_strict -purpose sslclient -CAfile moved/pki/root.crt moved/pki/stations/line-1.crt
run 1 "$windlass" pki revoke line-2 --project moved
run 0 "$windlass" pki revoke line-1 --project moved
run 2 openssl verify -crl_check -CRLfile moved/pki/stations.crl -CAfile moved/pki/root.crt moved/pki/stations/line-1.crt

echo "appliances: certified from the request that they wrote"
for key in issuing provisioner records appliance channel; do
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=$key -keyout /dev/null 2>/dev/null
done >request.pem
run 1 "$windlass" pki appliance --project moved --request request.pem --name factory-1 --host 192.0.2.10
says "does not ask for a certificate for 'transport'"
holds ! -e moved/pki/appliances
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 2>/dev/null | openssl pkey -pubout >>request.pem
run 2 "$windlass" pki appliance --project moved --request request.pem --name factory-1
says "needs --request and --host"
run 1 "$windlass" pki appliance --project moved --request request.pem --name factory-1 --host -bad-
says "neither a DNS name nor an IP address"
run 0 "$windlass" pki appliance --project moved --request request.pem --name factory-1 --host 192.0.2.10
says "$(sha256sum <request.pem | cut -d' ' -f1)"
holds "$(grep -c 'BEGIN CERTIFICATE' moved/pki/appliances/factory-1.pem)" = 7
holds "$(grep -c 'BEGIN WINDLASS CHANNEL CREDENTIAL' moved/pki/appliances/factory-1.pem)" = 1

echo "no PIN was ever shown"
for pin in moved/hsm/*.pin; do
    if grep -qF "$(cat "$pin")" all || grep -rqF "$(cat "$pin")" moved/pki; then
        echo "FAILED: the PIN of $pin was shown"
        failures=$((failures + 1))
    fi
done

finish
