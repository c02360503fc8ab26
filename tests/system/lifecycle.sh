#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# lifecycle: the maker opens the debug port of a locked device until its next reset, and ends a device for good, on the real firmware with a real
# debugger. Nobody else does, and no order counts twice.
top=$1
. "$top/tests/system/lib.sh"

# shows TEXT COMMAND...: the debugger prints TEXT when it is given these commands.
shows() {
    local arguments=() command text=$1
    shift
    for command; do arguments+=(-ex "$command"); done
    gdb-multiarch -nx -batch -ex "target remote 127.0.0.1:$(cat "$work/chip/gdb.port")" "${arguments[@]}" -ex detach >"$work/gdb" 2>&1 || true
    grep -q "$text" "$work/gdb"
}
device() {
    "$windlass" device "$@" >"$work/log" 2>&1
}
# says TEXT: what the last one said.
says() {
    grep -q "$1" "$work/log" || fail "not '$1', but: $(cat "$work/log")"
}
locked() {
    [ ! -e "$work/chip/gdb.port" ] || fail "the debug port is open"
}
reset() {
    "$windlass" device reset "$work/chip" >/dev/null
    "$windlass" device status "$work/chip" --wait 60 >/dev/null
    locked
    device attest "$work/chip" --project "$project" --ledger "$desk/appliance" || fail "$(cat "$work/log")"
    says secured
}

project_make
package v1 "$firmware/app-v1.elf" 1
"$windlass" chip new "$work/chip" >/dev/null
"$windlass" chip run "$work/chip" >/dev/null
"$windlass" chip status "$work/chip" | grep -q '^lifecycle *open' || fail "a new chip is not open"
[ -e "$work/chip/gdb.port" ] || fail "a new chip has no debug port"
device attest "$work/chip" --project "$project" --ledger "$desk/appliance" && fail "a chip in assembly and test made a token"
provision chip v1 >/dev/null
console chip "version 1"
locked
echo "in assembly and test the debug port is open and there is no token; the lock closes it"

# token_of PROOF TEXT: the device's token in a proof says so, by the ledger's word on the unit.
token_of() {
    python3 -c 'import sys
proof = open(sys.argv[1], "rb").read()
sys.stdout.buffer.write(proof[proof.rindex(b"\xd2\x84"):])' "$1" >"$work/token"
    "$windlass" ledger show --token "$work/token" --project "$project" --ledger "$desk/appliance" >"$work/log" 2>&1 || fail "$(cat "$work/log")"
    says "the token says .*$2"
}

device debug "$work/chip" --project "$project" --rights everything && fail "unknown rights were given"
says "are no rights"
"$windlass" init "$work/other" --product test --organisation Test --vendor-domain test.example >/dev/null
"$windlass" pki create --project "$work/other" >/dev/null
device debug "$work/chip" --project "$work/other" --rights secure && fail "another maker's order was obeyed"
locked
echo "nobody else opens the debug port"

device debug "$work/chip" --project "$project" --rights non-secure --out "$work/open.proof" || fail "$(cat "$work/log")"
token_of "$work/open.proof" 0x4000
shows "0x80000:.0x28400000" "x/2xw 0x80000" || fail "the application is not seen"
for address in 0x38000000 0x10000000 0x10080000 0x0 0x50203000; do
    shows "Cannot access memory" "x/xw $address" || fail "$address is seen with non-secure rights"
done
shows 0x600df00d "set {int}0x28300000=0x600df00d" "x/xw 0x28300000" || fail "the application's memory takes no write"
device attest "$work/chip" --project "$project" --ledger "$desk/appliance" && fail "the device says that it is secured"
says 0x4000
reset
echo "non-secure debug shows the non-secure world, the token says so, and the reset ends it"

device debug "$work/chip" --project "$project" --rights secure --out "$work/wide.proof" || fail "$(cat "$work/log")"
token_of "$work/wide.proof" 0x3000
shows "0x10000000:.0x" "x/xw 0x10000000" || fail "the boot loader is not seen with secure rights"
shows "0x10008000:.0x" "x/8xw 0x10008000" || fail "the store is not seen with secure rights"
device attest "$work/chip" --project "$project" --ledger "$desk/appliance" && fail "a token was made in secure debug"
reset
echo "in secure debug the device makes no token; the reset ends it"

uid=$(uid_of chip)
device decommission "$work/chip" --project "$project" && fail "a device ended unnamed"
says "$uid"
device decommission "$work/chip" --project "$project" --uid 00000000000000000000000000000000 && fail "another device was meant"
device decommission "$work/chip" --project "$project" --uid "$uid" --out "$work/proof" || fail "$(cat "$work/log")"
token_of "$work/proof" 0x6000
console chip "halt: not in this lifecycle state"
"$windlass" chip status "$work/chip" | grep -q decommissioned || fail "the chip is not decommissioned"
"$windlass" chip stop "$work/chip" >/dev/null
# STORE, VAULT, and everything from PRIMARY on.
for range in 32768:32768 81920:32768 524288:3670016; do
    [ "$(tail -c "+$((${range%:*} + 1))" "$work/chip/flash.bin" | head -c "${range#*:}" | tr -d '\377' | wc -c)" = 0 ] || fail "something is left at $range"
done
"$windlass" chip run "$work/chip" >/dev/null
sleep 1
locked
echo "a decommissioned device has said so, holds nothing, and never starts again"
