#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# halt: a device that cannot boot sets its outputs and tries again, after pauses that grow.
top=$1
. "$top/tests/system/lib.sh"

spoil() {
    head -c 64 /dev/zero | dd of="$work/$1/flash.bin" bs=1 seek=$(($2)) conv=notrunc status=none
}

# halts COUNT: waits until the console shows so many halts; prints the time in milliseconds.
halts() {
    local tries
    for tries in $(seq 400); do
        if [ "$(grep -cF "[sbm] halt: no slot holds" "$work/chip/console.log")" -ge "$1" ]; then
            date +%s%3N
            return
        fi
        sleep 0.05
    done
    fail "there were no $1 halts"
}

project_make
sed -i 's/on_halt: recovery/on_halt: reset/; s/mask: 3, level: 0/mask: 3, level: 2/' "$project/product.yaml"
package v1 "$firmware/app-v1.elf" 1
"$windlass" chip new "$work/chip" >/dev/null
"$windlass" chip run "$work/chip" >/dev/null
provision chip v1 >/dev/null
[ "$(field chip app)" = 1 ] || fail "the device does not run"
"$windlass" chip stop "$work/chip" >/dev/null
spoil chip 0x80040
spoil chip 0x180400
"$windlass" chip run "$work/chip" --qemu-arg -trace --qemu-arg mps2_fpgaio_write >/dev/null
first=$(halts 1)
second=$(halts 2)
third=$(halts 3)
fourth=$(halts 4)
[ $((second - first)) -ge 900 ] || fail "the first pause is $((second - first)) ms"
[ $((third - second)) -ge 1900 ] || fail "the second pause is $((third - second)) ms"
[ $((fourth - third)) -ge 3900 ] || fail "the third pause is $((fourth - third)) ms"
grep -q "fpgaio_write.*data 0x2" "$work/chip/qemu.log" || fail "the outputs were not set"
echo "pauses of $((second - first)), $((third - second)) and $((fourth - third)) ms; outputs set"
