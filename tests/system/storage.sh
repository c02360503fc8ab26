#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# storage: an application's entries in internal trusted storage, on the real firmware: they survive resets, power loss and an update, and an
# older copy of the vault is noticed.
top=$1
. "$top/tests/system/lib.sh"
vault_sectors=8 # of 4096 bytes, from flash offset 0x14000

# started N: waits until the application has started N times with all as it should be.
started() {
    console chip "[its] all right at start $1"
    ! grep "NOT AS IT SHOULD BE" "$work/chip/console.log" || fail "a call did not do what the standard says"
}

project_make
package one "$firmware/app-its.elf" 1
package two "$firmware/app-its.elf" 2
"$windlass" chip new "$work/chip" >/dev/null
"$windlass" chip run "$work/chip" >/dev/null
provision chip one >/dev/null
started 1
"$windlass" device reset "$work/chip" >/dev/null
started 2
dd if="$work/chip/flash.bin" of="$work/older" bs=4096 skip=20 count="$vault_sectors" status=none
"$windlass" chip stop "$work/chip" >/dev/null
"$windlass" chip run "$work/chip" >/dev/null
started 3
update chip two
"$windlass" device reset "$work/chip" >/dev/null
started 4
[ "$(field chip app)" = 2 ] || fail "the update was not installed"
"$windlass" device confirm "$work/chip" >/dev/null
"$windlass" device reset "$work/chip" >/dev/null
started 5
! grep -qa "must not stand in flash" <(dd if="$work/chip/flash.bin" bs=4096 skip=20 count="$vault_sectors" status=none) || fail "an entry is in flash as it is"
grep -qa "must not stand in flash" "$work/chip/flash.bin" || fail "the application itself is not found in flash"
echo "entries survive resets, power loss and an update"

"$windlass" chip stop "$work/chip" >/dev/null
dd if="$work/older" of="$work/chip/flash.bin" bs=4096 seek=20 count="$vault_sectors" conv=notrunc status=none
"$windlass" chip run "$work/chip" >/dev/null
console chip "[its] rolled back"
console chip "[its] all right at start 1"
! grep "NOT AS IT SHOULD BE" "$work/chip/console.log" || fail "a call did not do what the standard says"
echo "an older copy of the vault is noticed"
