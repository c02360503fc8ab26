#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# watchdog: an application that feeds it runs on; an update that hangs is reset, and given up for the one before.
top=$1
. "$top/tests/system/lib.sh"

# Six seconds: a host that holds the emulator up for that long would look like an application that hangs.
project_make
sed -i 's/watchdog_seconds: 0/watchdog_seconds: 6/; s/trial_boots: 3/trial_boots: 1/' "$project/product.yaml"
package v1 "$firmware/app-v1.elf" 1
package hanging "$firmware/app-hanging.elf" 2
"$windlass" chip new "$work/chip" >/dev/null
"$windlass" chip run "$work/chip" >/dev/null
provision chip v1 >/dev/null
boots=$(field chip boots)
sleep 8
[ "$(field chip boots)" = "$boots" ] || fail "an application that feeds the watchdog is reset"

update chip hanging
"$windlass" device reset "$work/chip" >/dev/null
console chip "[hanging] begins"
console chip "[sbm] fault: the application did not feed the watchdog in time"
console chip "the new application was not confirmed: going back"
[ "$(field chip app)" = 1 ] || fail "the device did not go back"
[ "$(field chip fault_name)" = BOOT_WATCHDOG ] || fail "the reason is not told"
[ "$(field chip refused_name)" = BOOT_NOT_CONFIRMED ] || fail "the update was not given up"
[ "$(grep -c "did not feed" "$work/chip/console.log")" = 2 ] || fail "the hanging update did not have its two boots"
"$windlass" device log "$work/chip" >"$work/events"
grep -q "went back to the application before 1" "$work/events" || fail "the way back is not in the log"
echo "the watchdog leaves a live application alone and ends one that hangs"
