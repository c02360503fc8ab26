#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The secure channel to the real BL1 and SBM on a virtual chip that left its silicon vendor with BL1's agent in locked boot flash and a closed debug
# port: everything else arrives over the line, end to end encrypted.
top=$1
tool=$2
. "$top/tests/system/lib.sh"

"$tool" maker "$work/anchor" "$work/keys"
"$windlass" chip new "$work/chip" --boot "$firmware/bl1-agent.bin" --anchor "$work/anchor" >/dev/null
"$windlass" chip run "$work/chip" >/dev/null
console chip "[bl1] waits for the appliance"
[ ! -e "$work/chip/gdb.port" ] || fail "the debug port is open"
"$tool" appliance "$work/chip" "$firmware" "$work/keys" || fail "the channel did not carry"
console chip "[sbm] not provisioned: waiting for the station"
"$windlass" chip stop "$work/chip" >/dev/null
cmp -s -i 0x21000:0 -n "$(stat -c %s "$firmware/sbm-line-a.bin")" "$work/chip/flash.bin" "$firmware/sbm-line-a.bin" || fail "slot A is not the image"
echo "channel: ok"
