#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# rotation: the maker changes its keys: application and SBM are updated with the next ones, then the old ones are retired, on the real firmware.
top=$1
. "$top/tests/system/lib.sh"

# signed NAME SEQUENCE FIRMWARE-KEY MASTERING-KEY: an application, and its update for the chip.
signed() {
    "$windlass" master package --project "$project" --input "$firmware/app-v2.elf" --sequence "$2" --key "$3" --out "$work/$1.suit" >/dev/null
    "$windlass" master block --project "$project" --package "$work/$1.suit" --to "$project/devices/$(uid_of chip)/update.crt" --key "$4" \
        --out "$work/$1.block" >/dev/null
    "$windlass" master update --package "$work/$1.suit" --block "$work/$1.block" --out "$work/$1.update" >/dev/null
}
send() {
    "$windlass" device update "$work/chip" "$work/$1.update" >"$work/log" 2>&1
}
settle() {
    "$windlass" device reset "$work/chip" >/dev/null
    "$windlass" device status "$work/chip" --wait 60 >/dev/null
    "$windlass" device confirm "$work/chip" >/dev/null
}
command() {
    "$windlass" device command "$work/chip" "$work/$1.command" >"$work/log" 2>&1
}
# refused TEXT: what the last one said.
refused() {
    grep -q "$1" "$work/log" || fail "not '$1', but: $(cat "$work/log")"
}

project_make
for key in firmware mastering; do
    "$windlass" master retire --project "$project" --retire $key --signed-by firmware-next --out "$work/$key.command" >/dev/null
done
"$windlass" master retire --project "$project" --retire firmware-next --signed-by firmware --out "$work/next.command" >/dev/null
package v1 "$firmware/app-v1.elf" 1
"$windlass" chip new "$work/chip" >/dev/null
"$windlass" chip run "$work/chip" >/dev/null
provision chip v1 >/dev/null
console chip "version 1"

command firmware && fail "the key of everything that is installed was retired"
refused RETIRE_IN_USE
echo "a key that is in use stays"

signed v2 2 firmware-next mastering
send v2 || fail "$(cat "$work/log")"
"$windlass" device reset "$work/chip" >/dev/null
"$windlass" device status "$work/chip" --wait 60 >/dev/null
command firmware && fail "a key was retired while the new application was on trial"
refused BAD_STATE
"$windlass" device confirm "$work/chip" >/dev/null
command firmware && fail "the key of the SBM was retired"
refused RETIRE_IN_USE
"$windlass" master package --project "$project" --component sbm --input "$firmware/sbm-a.elf" --input-b "$firmware/sbm-b.elf" --sequence 2 \
    --key firmware-next --out "$work/sbm2.update" >/dev/null
send sbm2 || fail "$(cat "$work/log")"
settle
[ "$(field chip sbm)" = 2 ] || fail "SBM $(field chip sbm) runs"
echo "application and SBM come from the next key now"

signed v3 3 firmware mastering
command firmware || fail "$(cat "$work/log")"
command firmware || fail "the same command again: $(cat "$work/log")"
send v3 && fail "an update of the retired key was taken"
refused SUIT_KEY_RETIRED
command next && fail "a command of the retired key was obeyed"
refused SUIT_KEY_RETIRED
"$windlass" chip stop "$work/chip" >/dev/null
"$windlass" chip run "$work/chip" >/dev/null
[ "$(field chip app)" = 2 ] || fail "application $(field chip app) runs"
signed v4 4 firmware-next mastering
send v4 || fail "$(cat "$work/log")"
settle
[ "$(field chip counter)" = 4 ] || fail "the counter is $(field chip counter)"
echo "the old firmware key is retired: nothing of it is taken, what is installed boots, and the next key updates it"

command mastering && fail "the key of the installed key block was retired"
refused RETIRE_IN_USE
signed v5 5 firmware-next mastering-next
send v5 || fail "$(cat "$work/log")"
settle
command mastering || fail "$(cat "$work/log")"
signed v6 6 firmware-next mastering
send v6 && fail "a key block of the retired key was taken"
signed v7 7 firmware-next mastering-next
send v7 || fail "$(cat "$work/log")"
settle
[ "$(field chip app)" = 7 ] || fail "application $(field chip app) runs"
echo "so is the old mastering key"
