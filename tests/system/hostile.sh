#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# hostile: an application that misuses every veneer, and one that reads each secure range, on the real firmware.
top=$1
. "$top/tests/system/lib.sh"

project_make
package hostile "$firmware/app-hostile.elf" 1
"$windlass" chip new "$work/chip" >/dev/null
"$windlass" chip run "$work/chip" >/dev/null
provision chip hostile >/dev/null
console chip "[hostile] done"
if grep "NOT AS IT SHOULD BE" "$work/chip/console.log"; then
    fail "SBM let something through"
fi
grep -qE '\[hostile\] done: ([0-9]+) of \1 refused' "$work/chip/console.log" || fail "not all were refused"
grep "done:" "$work/chip/console.log"

# Secure ranges: BL1, keys, SBM, packages (both aliases of the flash), secure RAM, mailbox, the controller's UART, the protection controllers.
for address in 0x10000000 0x00008000 0x10008000 0x10021000 0x00180000 0x38000000 0x28000000 0x3803f000 0x50203008 0x50080014; do
    before=$(field chip boots)
    if "$windlass" device peek "$work/chip" "$address" 2>/dev/null; then
        fail "the application could read $address"
    fi
    after=$(field chip boots)
    [ "$after" -gt "$before" ] || fail "reading $address did not end in a fault"
    [ "$(field chip fault)" = 85 ] || fail "reading $address left no trace: fault $(field chip fault)"
    "$windlass" device reset "$work/chip" >/dev/null # faults in a row would stop the device
    [ "$(field chip app)" = 1 ] || fail "the device does not run after reading $address"
done
# Secure devices through their non-secure alias read as zero, whatever is in them (the controller's UART is switched on: its control register is not zero).
for address in 0x40203008 0x40200008 0x40204008; do
    value=$("$windlass" device peek "$work/chip" "$address")
    [ "$value" = 0x00000000 ] || fail "reading $address gave $value"
done
echo "no secure range can be read"
