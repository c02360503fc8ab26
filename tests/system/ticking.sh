#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ticking: SBM's services serve an application whose timer interrupts go on, on the real firmware.
top=$1
. "$top/tests/system/lib.sh"

project_make
package ticking "$firmware/app-ticking.elf" 1
"$windlass" chip new "$work/chip" >/dev/null
"$windlass" chip run "$work/chip" >/dev/null
provision chip ticking >/dev/null
console chip "[ticking] all done while the timer ticks"
[ "$(field chip app)" = 1 ] || fail "the application does not go on"
echo "services and timer interrupts do not disturb each other"
