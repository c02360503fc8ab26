#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a pipeline does to a program: closed descriptors, full disks, broken pipes, limits, hostile names; and that every
# command answers wrong use alike. Arguments: the windlass program, the json_ok program.
set -u
windlass=$1
json_ok=$2
. "$(dirname "$0")/lib.sh"

commands="init|pki|pki create|pki show|pki check|pki server|master|master package|master block|master update|master inspect
master anchor|provision|device|device status|device attest|device tls|device update|device confirm|device reset|device echo
device peek|ledger|ledger list|ledger show|ledger search|ledger verify|ledger report|ledger export|chip|chip new|chip run|chip stop|chip cut|chip cut-at|chip reset|chip status
chip console"

echo "every command has help, by both names, and one way to refuse"
echo "$commands" | tr '|' '\n' >names
while read -r name; do
    run 0 "$windlass" $name --help
    says "usage: windlass"
    says "windlass $name"
    says "xample"
    cp out help
    run 0 "$windlass" help $name
    cmp -s out help || failed "help $name is not $name --help"
    run 0 "$windlass" $name -h
    cmp -s out help || failed "$name -h is not $name --help"
    for wrong in --nonsense -xyz --project; do
        "$windlass" $name $wrong >out 2>err </dev/null
        code=$?
        [ $code -eq 2 ] && [ ! -s out ] || failed "$name $wrong: exit $code"
        grep -q "^windlass ${name%% *}.*: error: " err || failed "$name $wrong: no error"
        grep -q "^hint: windlass .*--help" err || failed "$name $wrong: no hint"
    done
done <names
run 2 "$windlass"
run 2 "$windlass" nonsense
says "there is no command 'nonsense'"
run 2 "$windlass" help nonsense
run 0 "$windlass" --version
says "windlass 0.1.0"
run 2 "$windlass" pki create --json -xyz
says "'--json'"
run 2 "$windlass" pki create -xyz
says "'-x'"
run 2 "$windlass" pki show --json=1
says "takes no value"
run 2 "$windlass" chip stop --uid 11 here
says "'--uid'"

run 0 "$windlass" init 'my product' --product sensor
run 0 "$windlass" pki create --project 'my product'
printf '\000\000\100\050\021\000\010\000' >app.bin
head -c 100000 /dev/zero >>app.bin
package() {
    "$windlass" master package --project 'my product' --input app.bin "$@"
}
run 0 package --sequence 1 --out a.suit

echo "JSON is JSON"
"$windlass" pki show --project 'my product' --json | "$json_ok" || failed "pki show --json"
"$windlass" master inspect a.suit --json | "$json_ok" || failed "master inspect --json"
"$windlass" ledger list --project 'my product' --json >out 2>err && failed "a ledger that is not there was listed"
[ ! -s out ] && grep -q "^hint: " err || failed "ledger list without a ledger"

echo "closed descriptors do not end up in files"
package --sequence 2 --out b.suit <&- >&- 2>&- || failed "master package with closed descriptors"
run 0 "$windlass" master inspect b.suit
says "sequence            2"
"$windlass" pki check --project 'my product' <&- >&- 2>&- || failed "pki check with closed descriptors"
"$windlass" init closed --product closed <&- >&- 2>&- || failed "init with closed descriptors"
run 0 "$windlass" pki check --project closed --development

echo "output that cannot be written is a failure"
for ask in "master inspect a.suit" "pki --help" "--version" "pki check --project closed --development"; do
    "$windlass" $ask >/dev/full 2>err && failed "$ask: full disk not noticed"
    [ "$(grep -c 'cannot write the output' err)" -eq 1 ] || failed "$ask: $(cat err)"
done

echo "a reader that leaves does not stop the work"
"$windlass" init piped --product piped | true
run 0 "$windlass" pki check --project piped --development

echo "a file that gets too large leaves nothing"
(ulimit -f 20 && package --sequence 3 --out c.suit) >out 2>&1 && failed "a limit was not noticed"
says "cannot write: File too large"
says "hint: make room"
[ -z "$(ls | grep -e 'c\.suit' -e 'tmp$')" ] || failed "left: $(ls)"

echo "two ceremonies at once: one goes through, nothing is made twice"
run 0 "$windlass" init twice --product twice
"$windlass" pki create --project twice >one 2>&1 &
"$windlass" pki create --project twice >two 2>&1
wait
run 0 "$windlass" pki create --project twice
run 0 "$windlass" pki check --project twice
[ "$(grep -c "made key 'root'" twice/pki/transcript.txt)" -eq 1 ] || failed "the root key was made twice"

echo "no core file can hold a key"
"$windlass" device status "$folder" --wait 5 >/dev/null 2>&1 &
pid=$!
sleep 0.3
grep -q '^Max core file size *0 ' /proc/$pid/limits || failed "core files are allowed"
kill "$pid"
wait "$pid"

echo "names that steer a terminal are shown, not obeyed"
escape=$(printf '\033')
name=$(printf 'x\033[31m\302\233\342\200\256')
for ask in "master inspect" "device status" "chip run" "ledger list --project" "nonsense"; do
    "$windlass" $ask "$name" >out 2>&1
    grep -q "$escape" out && failed "$ask: an escape sequence was printed"
    grep -q "$(printf '\302\233')" out && failed "$ask: a C1 control character was printed"
done
"$windlass" "$name" >out 2>&1
grep -q "$escape" out && failed "an escape sequence was printed"
sed -i 's/^organisation: .*/organisation: "x\\x9b31m"/' closed/product.yaml
run 1 "$windlass" pki check --project closed
says "control character"

echo "who may only read can still read"
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
    chmod 755 "$folder"
    cp -r piped still
    chown -R 65534 still
    chmod -R a-w still
    mv still 'still there'
    as_nobody() {
        setpriv --reuid=65534 --regid=65534 --clear-groups "$windlass" "$@"
    }
    run 1 as_nobody pki check --project 'still there' --development
    says "softhsm2.conf: cannot write"
    run 1 as_nobody ledger list --project 'still there'
    says "windlass provision"
    run 1 as_nobody init 'still there/new'
    says "Permission denied"
fi

echo "long paths are refused with the reason"
long=$(head -c 3000 /dev/zero | tr '\0' a)
run 1 "$windlass" master inspect "$long"
says "File name too long"

echo "nothing else changed"
[ -z "$(find . -name '*.tmp' -o -name core)" ] || failed "left: $(find . -name '*.tmp')"
finish
