#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# psa: an application that asks PSA Crypto for known answers through the veneers of the real firmware, and misuses them.
top=$1
. "$top/tests/system/lib.sh"

project_make
package psa "$firmware/app-psa.elf" 1
"$windlass" chip new "$work/chip" >/dev/null
"$windlass" chip run "$work/chip" >/dev/null
provision chip psa >/dev/null
console chip "[psa] done"
if grep "NOT AS IT SHOULD BE" "$work/chip/console.log"; then
    fail "PSA Crypto is not what it should be"
fi
grep -qE '\[psa\] done: ([0-9]+) of \1 hold' "$work/chip/console.log" || fail "not all hold"
[ "$(field chip fault)" = 0 ] || fail "the application left a fault"
grep "done:" "$work/chip/console.log"
