#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The command master: exit codes, messages, and what is on disk afterwards. Argument: the windlass program.
set -u
windlass=$1
. "$(dirname "$0")/lib.sh"

echo "help is there, and wrong usage is exit 2"
for command in "master" "master package" "master block" "master update" "master inspect" "master anchor" \
    "master retire"; do
    run 0 "$windlass" $command --help
    says "usage: windlass $command"
done
run 2 "$windlass" master
run 2 "$windlass" master sign
says "there is no 'sign'"
run 2 "$windlass" master package --input a.bin --out a.suit
says "--sequence is missing"
run 2 "$windlass" master package --input a.bin --out a.suit --sequence -1
says "not a whole number"
run 2 "$windlass" master package --input a.bin --out a.suit --sequence 99999999999999999999
for number in 0 4294967296; do
    run 2 "$windlass" master package --input a.bin --out a.suit --sequence $number
    says "--sequence is 1 to 4294967295"
done
run 2 "$windlass" master package --input a.bin --out a.suit --sequence 2 --format srec
says "must be elf, hex or bin"
run 2 "$windlass" master package --input a.bin --out a.suit --sequence 2 --component radio
says "must be app or sbm"
run 2 "$windlass" master package --input a.bin --out a.suit --sequence 2 --to x.crt
says "does not belong to"
run 2 "$windlass" master package --input a.bin --out a.suit --sequence 2 --block-for x.crt
says "must be CERTIFICATE:OUTPUT"
run 2 "$windlass" master package --input a.bin --out a.suit --sequence 2 --no-slot-check
says "needs --format bin"
run 2 "$windlass" master package --input a.bin --out a.suit --sequence 2 --max-size 2000000
run 2 "$windlass" master package --component sbm --input a.bin --out a.suit --sequence 2
says "--input-b is missing"
run 2 "$windlass" master package --input a.bin --input-b b.bin --out a.suit --sequence 2
says "--input-b is for --component sbm"
run 2 "$windlass" master package --component sbm --input a.bin --input-b b.bin --out a.suit --sequence 2 --base 0x10021000
says "are for --component app"
for needs in app:2 sbm sbm: sbm:x sbm:-1 sbm:2x; do
    run 2 "$windlass" master package --input a.bin --out a.suit --sequence 2 --needs $needs
    says "must be sbm:N"
done
for needs in sbm:0 sbm:4294967296 sbm:99999999999999999999; do
    run 2 "$windlass" master package --input a.bin --out a.suit --sequence 2 --needs $needs
    says "is 1 to 4294967295"
done
run 2 "$windlass" master package --component sbm --input a.bin --input-b b.bin --out a.suit --sequence 2 --needs sbm:2
says "must be app:N"
run 2 "$windlass" master retire --out a.command
says "--retire is missing"
run 2 "$windlass" master retire --retire firmware --out a.command --development
says "does not belong to"
run 2 "$windlass" master inspect

echo "outside a project, or without production keys, the way on is shown"
# A vector table for 0x00080000, stack 0x28400000, and some code.
printf '\000\000\100\050\021\000\010\000' >app.bin
head -c 100000 /dev/zero >>app.bin
run 1 "$windlass" master package --input app.bin --sequence 2 --out a.suit
says "hint: "
run 0 "$windlass" init product
run 1 "$windlass" master package --project product --input app.bin --sequence 2 --out a.suit
says "windlass pki create"
holds ! -e a.suit

echo "development: package, key block, update, anchor page"
run 0 "$windlass" master package --project product --development --input app.bin --sequence 2 --out a.suit
holds -f a.suit.key
run 0 "$windlass" master inspect a.suit
says "sequence            2"
says "image_size          100008"
run 0 "$windlass" master inspect a.suit.key --json
says '"type": "key block"'
run 0 "$windlass" master block --project product --development --package a.suit --to product/pki/dev-distribution.crt --out d.block
run 0 "$windlass" master update --package a.suit --block d.block --out u.bin
run 0 "$windlass" master inspect u.bin
says "together            yes"
run 0 "$windlass" master anchor --project product --development --out anchor.bin
holds "$(wc -c <anchor.bin)" -eq 4096

echo "nothing is overwritten unless --force is given"
cp a.suit before
run 1 "$windlass" master package --project product --development --input app.bin --sequence 3 --out a.suit
says "exists already"
run 1 cmp -s /dev/null a.suit
run 0 cmp a.suit before
run 0 "$windlass" master package --project product --development --input app.bin --sequence 3 --out a.suit --force
run 1 "$windlass" master update --package a.suit --block d.block --out u2.bin
says "belongs to another package"
holds ! -e u2.bin

echo "production: both firmware keys sign, and one retires the other"
run 0 "$windlass" pki create --project product
user=
[ "$(id -u)" -ne 0 ] || user="--user nobody"
run 0 "$windlass" pki desk desk --project product $user
transport=product/pki/appliances/desk/transport.crt
run 0 "$windlass" master package --project product --input app.bin --sequence 2 --key firmware-next --needs sbm:7 --out next.suit
run 0 "$windlass" master inspect next.suit
says "needs               sbm:7"
run 1 "$windlass" master package --project product --input app.bin --sequence 2 --key mastering --out x.suit
says "it is signed with firmware or firmware-next"
run 1 "$windlass" master block --project product --package next.suit --to $transport --key firmware --out x.block
says "it is signed with mastering or mastering-next"
run 0 "$windlass" master block --project product --package next.suit --to $transport --key mastering-next --out next.block
run 0 "$windlass" master retire --project product --retire firmware --signed-by firmware-next --out r.command
holds "$(wc -c <r.command)" -eq 136
run 0 "$windlass" master inspect r.command --json
says '"order": "retire a key"'
run 1 "$windlass" master retire --project product --retire firmware --out r.command
says "exists already"
run 1 "$windlass" master retire --project product --retire firmware-next --signed-by firmware-next --out x.command
says "cannot retire itself"
run 1 "$windlass" master retire --project product --retire distribution --out x.command
says "is not a key that devices know"
run 1 "$windlass" master retire --project product --retire mastering --signed-by mastering-next --out x.command
says "it is signed with firmware or firmware-next"
holds ! -e x.suit
holds ! -e x.block
holds ! -e x.command

echo "several at once find their token"
for round in 1 2 3 4 5; do
    for who in a b c d; do
        { "$windlass" master retire --project product --retire firmware --out "at-once-$who" >"log-$who" 2>&1 || cat "log-$who" >>late; } &
    done
    wait
    rm -f at-once-*
done
[ ! -e late ] || failed "at once: $(cat late)"

echo "what is no package is refused"
run 1 "$windlass" master inspect app.bin
says "not a package, key block, update, command or production package"
head -c 300 a.suit >cut.suit
run 1 "$windlass" master inspect cut.suit
says "the data ends too early"
run 1 "$windlass" master block --project product --development --package app.bin --to product/pki/dev-distribution.crt --out x.block
holds ! -e x.block

echo "an interrupted run leaves nothing behind"
head -c 60000000 /dev/zero >big.bin
"$windlass" master package --project product --development --input big.bin --format bin --no-slot-check --sequence 4 --out big.suit >out 2>&1 &
pid=$!
sleep 0.04
kill -TERM "$pid" 2>/dev/null
wait "$pid"
left=$(ls | grep -c 'tmp$')
holds "$left" -eq 0

finish
