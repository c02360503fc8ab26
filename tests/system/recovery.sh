#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# recovery: a device that lost its application gets it back through SBM's recovery, which takes no forged package; and the application asks for it.
top=$1
. "$top/tests/system/lib.sh"

# spoil CHIP OFFSET: 64 bytes of the stopped chip's flash.
spoil() {
    head -c 64 /dev/zero | dd of="$work/$1/flash.bin" bs=1 seek=$(($2)) conv=notrunc status=none
}

project_make
package v1 "$firmware/app-v1.elf" 1
package v2 "$firmware/app-v2.elf" 2
"$windlass" chip new "$work/chip" >/dev/null
"$windlass" chip run "$work/chip" >/dev/null
provision chip v1 >/dev/null
[ "$(field chip recovery)" = false ] || fail "a device in order is in recovery"

"$windlass" chip stop "$work/chip" >/dev/null
spoil chip 0x80040
spoil chip 0x180400
"$windlass" chip run "$work/chip" >/dev/null
console chip "[sbm] recovery: waiting for an update"
[ "$(field chip recovery)" = true ] || fail "recovery does not answer"
[ "$(field chip halt_name)" = BOOT_NO_IMAGE ] || fail "the reason of the halt is not told"
"$top/build/host/tests/system/chip_echoes" "$work/chip" 300 || fail "recovery loses what is sent to it"

update chip v2
"$windlass" device reset "$work/chip" >/dev/null
console chip "version 2"
[ "$(field chip app)" = 2 ] || fail "the device did not come back with the application that recovery took"
[ "$(field chip recovery)" = false ] || fail "the device stays in recovery"
"$windlass" device confirm "$work/chip" >/dev/null
"$windlass" device reset "$work/chip" >/dev/null
[ "$(field chip trial)" = false ] || fail "the application was not confirmed"

"$windlass" device recovery "$work/chip" >/dev/null
[ "$(field chip recovery)" = true ] || fail "the application cannot ask for recovery"
package v3 "$firmware/app-v1.elf" 3
"$windlass" master block --project "$project" --package "$work/v3.suit" --to "$project/devices/$(uid_of chip)/update.crt" --out "$work/v3.block" >/dev/null
"$windlass" master update --package "$work/v3.suit" --block "$work/v3.block" --out "$work/forged.update" >/dev/null
if "$windlass" device update "$work/chip" "$top/README.md" 2>"$work/refusal"; then
    fail "what is no update is sent"
fi
grep -q "README.md: this is no update" "$work/refusal" || fail "not told what is no update: $(cat "$work/refusal")"
printf 'x' | dd of="$work/forged.update" bs=1 seek=$(($(stat -c %s "$work/forged.update") - 100)) conv=notrunc status=none
if "$windlass" device update "$work/chip" "$work/forged.update" 2>"$work/refusal"; then
    fail "recovery takes a forged package"
fi
grep -q SUIT_PAYLOAD_MISMATCH "$work/refusal" || fail "the refusal does not tell why: $(cat "$work/refusal")"
[ "$(field chip pending)" = null ] || fail "a forged package is pending"
"$windlass" device reset "$work/chip" >/dev/null
[ "$(field chip app)" = 2 ] || fail "the application is not back after recovery"
"$windlass" device log "$work/chip" >"$work/events"
for event in "halt 3: no slot holds an application that may run" "application installed 2" "application confirmed 2" "recovery requested" "package refused 3: the payload"; do
    grep -q "$event" "$work/events" || fail "not in the log: $event"
done
echo "recovery brings an application back, refuses a forged one, and is left by a reset"
