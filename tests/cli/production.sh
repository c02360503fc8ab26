#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A production package from key ceremony to load, by the commands that people use; and opened by a tool that is not ours.
# Arguments: the windlass program, the windlassd program.
set -u
windlass=$1
windlassd=$2
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

# image FILE BYTES STACK ENTRY: a raw image with a vector table.
image() {
    python3 -c 'import struct,sys
n = int(sys.argv[1])
sys.stdout.buffer.write(struct.pack("<II", int(sys.argv[2], 0), int(sys.argv[3], 0)) + bytes(i * 7 & 255 for i in range(n - 8)))' \
        "$2" "$3" "$4" >"$1"
}

# software_request FILE: a request as an appliance makes it, with the transport key in a file: transport.key.
software_request() {
    for key in issuing provisioner records appliance channel; do
        openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=$key -keyout /dev/null 2>/dev/null
    done >"$1"
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out transport.key 2>/dev/null
    openssl pkey -in transport.key -pubout >>"$1"
}

# production NUMBER OUT [OPTION...]: masters for factory-1.
production() {
    number=$1
    out=$2
    shift 2
    "$windlass" master production --project p --appliance factory-1 --quota 3 --number "$number" --bl1 bl1.bin \
        --sbm sbm.suit --app v1.suit --out "$out" "$@"
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
run 1 production 1 run.wpp
says "there is no appliance 'factory-1'"

echo "an appliance is made, certified and enrolled"
run 0 "$windlassd" init a --oem p/pki/public.pem --no-tpm
says "$(sha256sum <a/request.pem | cut -d' ' -f1)"
run 1 "$windlass" pki appliance --project p --request a/request.pem --name factory-1 --host 127.0.0.1 --tpm-ca p/pki/root.crt
says "of an appliance without TPM"
run 0 "$windlass" pki appliance --project p --request a/request.pem --name factory-1 --host 127.0.0.1
says "$(sha256sum <a/request.pem | cut -d' ' -f1)"
run 0 "$windlassd" enrol a p/pki/appliances/factory-1.pem
run 0 "$windlassd" init b --oem p/pki/public.pem --no-tpm
run 0 "$windlass" pki appliance --project p --request b/request.pem --name factory-2 --host 127.0.0.1
run 1 "$windlassd" enrol b p/pki/appliances/factory-1.pem
says "is not the certified one"
run 0 "$windlassd" enrol b p/pki/appliances/factory-2.pem

echo "a package is made once, and loaded by the one that it is for"
run 2 "$windlass" master production --project p --appliance factory-1 --quota 0 --number 1
run 2 production 1 run.wpp --block 1001
run 0 production 1 run.wpp
run 0 "$windlass" master inspect run.wpp
says "production package"
says "quota               3"
says "$(sha256sum <run.wpp | cut -d' ' -f1)"
run 0 "$windlass" master inspect --json run.wpp
says '"number": 1'
run 1 production 1 again.wpp
says "'factory-1' was given package 1 already"
holds ! -e again.wpp
holds "$(cut -d' ' -f1,2 p/pki/appliances/factory-1/packages.txt)" = "1 3"
holds "$(cut -d' ' -f3 p/pki/appliances/factory-1/packages.txt)" = "$(sha256sum <run.wpp | cut -d' ' -f1)"
run 1 production 2 run.wpp
says "exists already"
run 1 "$windlassd" load b run.wpp
says "is for another appliance"
run 0 "$windlassd" load a run.wpp
run 0 "$windlassd" load a run.wpp
mv p/pki/appliances/factory-1/packages.txt kept.txt
run 0 production 1 same-number.wpp
mv kept.txt p/pki/appliances/factory-1/packages.txt
run 1 "$windlassd" load a same-number.wpp
says "another one with it was loaded"
run 0 production 2 next.wpp
run 0 "$windlassd" load a next.wpp
run 1 "$windlassd" load a run.wpp
says "number 2 was loaded already"

echo "what was revoked counts no more"
run 0 production 3 third.wpp
run 0 "$windlass" pki revoke mastering --project p
cp p/pki/stations.crl a/pki/stations.crl
run 1 "$windlassd" load a third.wpp
says "not signed by a mastering key"
run 0 "$windlass" pki revoke factory-1 --project p
run 1 production 4 fourth.wpp
says "was revoked"

echo "opened from the standards alone"
software_request soft.pem
run 0 "$windlass" pki appliance --project p --request soft.pem --name soft-1 --host 127.0.0.1
run 0 "$windlass" master production --project p --appliance soft-1 --quota 5 --block 2 --days 9 --number 4 --bl1 bl1.bin \
    --sbm sbm.suit --app v1.suit --key mastering-next --out soft.wpp
mkdir parts
run 0 python3 "$here/open_production.py" soft.wpp p/pki/mastering-next.crt transport.key parts
says "number 4 quota 5 block 2 tpm 0 days 9"
says "issuing $(openssl x509 -in p/pki/appliances/soft-1/issuing.crt -outform DER | sha256sum | cut -d' ' -f1) refill  grant"
run 0 cmp parts/bl1 bl1.bin
run 0 cmp parts/sbm sbm.suit
run 0 cmp parts/app v1.suit
run 0 cmp parts/profile p/product.yaml
openssl x509 -in p/pki/root.crt -outform DER >root.der
run 0 cmp parts/root root.der
run 1 python3 "$here/open_production.py" soft.wpp p/pki/mastering.crt transport.key parts
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out other.key 2>/dev/null
run 1 python3 "$here/open_production.py" soft.wpp p/pki/mastering-next.crt other.key parts
says "for another appliance"

echo "a desk: who may make one, and where it listens"
user=
if [ "$(id -u)" -eq 0 ]; then
    user="--user nobody"
    chmod 711 "$folder"
    run 1 "$windlass" pki desk desk --project p
    says "never runs as root"
    run 1 "$windlass" pki desk desk --project p --user root
    says "is root, too"
fi
for listen in 7443 127.0.0.1: 127.0.0.1:http 127.0.0.1:70000 '[]:1'; do
    run 1 "$windlass" pki desk desk --project p $user --listen "$listen"
    says "is not ADDRESS:PORT"
done
run 1 "$windlass" pki desk desk --project p $user --listen 0.0.0.0:7443
says "none that a station can call"
run 2 "$windlass" pki desk --project p
holds ! -e desk

echo "a desk that was killed at any moment is made whole by the next run"
# A kill within the token library's own call leaves a token that only its tool can remove: then the hint must help.
desk() {
    "$windlass" pki desk "$1" --project p --name "$1" --listen '[::1]:7443' $user >out 2>&1 && return
    way_out=$(sed -n 's/^hint: .*\(SOFTHSM2_CONF=.* softhsm2-util --delete-token --token [a-z-]*\)$/\1/p' out)
    [ -n "$way_out" ] || failed "$(cat out)"
    sh -c "$way_out" >/dev/null 2>&1
    run 0 "$windlass" pki desk "$1" --project p --name "$1" --listen '[::1]:7443' $user
}
number=20
for at in 0.02 0.1 0.25 0.5; do
    name=desk-$number
    (timeout -s KILL $at "$windlass" pki desk $name --project p --name $name --listen '[::1]:7443' $user) >/dev/null 2>&1
    for try in 1 2 3 4 5 6 7 8 9 10; do # the killed one may still be on its way out, with its lock
        desk $name
        grep -q "under way" out || break
        sleep 0.5
    done
    holds "$(stat -c %a $name/appliance)" = 700
    holds "$(stat -c %a $name/station/station.key)" = 600
    run 0 openssl verify -x509_strict -CAfile $name/station/root.crt $name/station/station.crt
    rm -rf before
    cp -r $name before
    run 0 "$windlass" pki desk $name --project p --name $name --listen '[::1]:7443' $user
    run 0 diff -r $name/station before/station
    run 0 diff -r -x channel.cwt $name/appliance/pki before/appliance/pki
    run 0 "$windlass" master production --project p --appliance $name --quota 1 --number $number --bl1 bl1.bin \
        --sbm sbm.suit --app v1.suit --out $name.wpp
    run 0 "$windlassd" load $name/appliance $name.wpp
    says "ready"
    number=$((number + 1))
done

if [ -n "$user" ]; then
    chmod 700 "$folder"
    run 1 "$windlassd" load desk-20/appliance desk-20.wpp
    says "must be able to enter all folders above it"
    run 1 "$windlassd" run desk-20/appliance
    says "must be able to enter all folders above it"
fi

echo "no firmware can be read in the package"
# readable FILE...: how many of the secret files show in them.
readable() {
    python3 -c 'import sys
whole = b"".join(open(f, "rb").read() for f in sys.argv[1:])
print(sum(open(f, "rb").read()[100:132] in whole for f in ("bl1.bin", "sbm-a.bin", "v1.suit", "p/product.yaml")))' "$@"
}
holds "$(readable soft.wpp)" = 0
holds "$(readable parts/*)" = 4
finish
