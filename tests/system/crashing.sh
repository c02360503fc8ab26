#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# crashing: an application that crashes in every way; each time SBM writes down why and the device starts again.
top=$1
. "$top/tests/system/lib.sh"

project_make
package crashing "$firmware/app-crashing.elf" 1
"$windlass" chip new "$work/chip" >/dev/null
"$windlass" chip run "$work/chip" >/dev/null
provision chip crashing >"$work/log" 2>&1 || true # the record may not be closed while the device starts over and over
console chip "[crashing] done"
if grep -E "NOT AS IT SHOULD BE|STILL ALIVE" "$work/chip/console.log"; then
    fail "a crash was not stopped, or not recorded"
fi
[ "$(grep -c ": recorded" "$work/chip/console.log")" = 22 ] || fail "not every crash was recorded"
[ "$(field chip app)" = 1 ] || fail "the device does not run"
echo "22 ways to crash: each was stopped and recorded, and the device started again"
