#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# cuts: the power goes during provisioning, locking and installation, on the real firmware; the next power-on and the same command go on.
top=$1
. "$top/tests/system/lib.sh"

project_make
package v1 "$firmware/app-v1.elf" 1
ops() {
    "$windlass" chip status "$work/$1" --json | tr -d ' \n' | sed -n 's/.*"flash_ops":\([0-9]*\).*/\1/p'
}

"$windlass" chip new "$work/whole" >/dev/null
"$windlass" chip run "$work/whole" >/dev/null
provision whole v1 >/dev/null
console whole "version 1"
total=$(ops whole)
echo "provisioning takes $total flash and fuse operations"
"$windlass" chip stop "$work/whole" >/dev/null

# Early, in the middle, and around the last operations: the fuses, and the first boot of the locked device. The same command goes on; when the chip
# completes its lock at power-on, the port closes under the first try, and the second closes the record.
again() {
    provision "$1" v1 >"$work/log" 2>&1 || provision "$1" v1 >"$work/log" 2>&1
}
chip=0
for cut in "3 torn" "$((total / 2)) before" "$((total - 6)) torn" "$((total - 5)) torn" "$((total - 4)) before" "$((total - 3)) torn" "$((total - 2)) before"; do
    chip=$((chip + 1))
    "$windlass" chip new "$work/c$chip" >/dev/null
    "$windlass" chip run "$work/c$chip" >/dev/null
    "$windlass" chip cut-at "$work/c$chip" $cut >/dev/null
    provision "c$chip" v1 >"$work/log" 2>&1 && fail "a cut ($cut) was not noticed"
    "$windlass" chip stop "$work/c$chip" >/dev/null 2>&1 || true # the owner may still be on its way out
    "$windlass" chip run "$work/c$chip" >/dev/null
    again "c$chip" || { cat "$work/log"; fail "after a cut ($cut) the chip cannot be provisioned"; }
    [ "$(field "c$chip" app)" = 1 ] || fail "after a cut ($cut) the application does not run"
    [ "$(field "c$chip" lifecycle)" = secured ] || fail "not locked after a cut ($cut)"
    [ ! -e "$work/c$chip/gdb.port" ] || fail "the debug port is open after a cut ($cut)"
    "$windlass" chip stop "$work/c$chip" >/dev/null
    "$windlass" ledger show "$(uid_of "c$chip")" --project "$project" --json | grep -q '"done"' || fail "the ledger does not say done after a cut ($cut)"
done
echo "$chip cuts during provisioning: each chip was made whole by running the same command again"

"$windlass" chip run "$work/whole" >/dev/null
sequence=1
for at in 1 2 5 20 33 40; do
    sequence=$((sequence + 1))
    package "n$sequence" "$firmware/app-v2.elf" $sequence
    update whole "n$sequence"
    "$windlass" chip cut-at "$work/whole" "$at" torn >/dev/null
    "$windlass" device reset "$work/whole" >/dev/null
    sleep 1
    "$windlass" chip stop "$work/whole" >/dev/null 2>&1 || true
    "$windlass" chip run "$work/whole" >/dev/null
    [ "$(field whole app)" = $sequence ] || fail "after a cut at operation $at of the installation the new application does not run"
    "$windlass" device confirm "$work/whole" >/dev/null
    [ "$(field whole counter)" = $sequence ] || fail "the counter is $(field whole counter)"
done
echo "6 cuts during installation: the new application runs after each"
