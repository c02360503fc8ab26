#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# cuts: the power goes at sampled operations of provisioning, installation, confirmation, return, the SBM's own update and storage writes, on the real
# firmware; the next power-on, and the same command where there is one, go on. tests/cuts does it at every operation on a simulated board.
top=$1
. "$top/tests/system/lib.sh"

ops() {
    "$windlass" chip status "$work/$1" --json | tr -d ' \n' | sed -n 's/.*"flash_ops":\([0-9]*\).*/\1/p'
}

# off CHIP: waits until the ordered cut has come to pass; a chip that did not get there is stopped.
off() {
    local tries
    for tries in $(seq 100); do
        [ -e "$work/$1/run.pid" ] || return 0
        sleep 0.05
    done
    "$windlass" chip stop "$work/$1" >/dev/null 2>&1 || true
}

# cut_boot CHIP OPERATION MODE: cuts the boot that follows a reset, and switches on again.
cut_boot() {
    "$windlass" chip cut-at "$work/$1" "$2" "$3" >/dev/null
    "$windlass" device reset "$work/$1" >/dev/null
    off "$1"
    "$windlass" chip run "$work/$1" >/dev/null
}

# cut_confirm CHIP OPERATION MODE: the same for a confirmation, which may be lost.
cut_confirm() {
    "$windlass" chip cut-at "$work/$1" "$2" "$3" >/dev/null
    "$windlass" device confirm "$work/$1" >/dev/null 2>&1 || true
    off "$1"
    "$windlass" chip run "$work/$1" >/dev/null
}

reset_and_wait() {
    "$windlass" device reset "$work/$1" >/dev/null
    "$windlass" device status "$work/$1" --wait 30 >/dev/null
}

expect() {
    [ "$(field "$1" "$2")" = "$3" ] || fail "$4: $2 is $(field "$1" "$2"), not $3"
}

project_make
package v1 "$firmware/app-v1.elf" 1
"$windlass" chip new "$work/whole" >/dev/null
"$windlass" chip run "$work/whole" >/dev/null
provision whole v1 >/dev/null
console whole "version 1"
total=$(ops whole)
echo "provisioning takes $total flash and fuse operations"

# Early, in the middle, and around the last operations: the fuses, and the first boot of the locked device. The same command goes on; when the chip
# completes its lock at power-on, the port closes under the first try, and the second closes the record. A station waits half a minute for the proof of a
# chip that is off: so all of them at once, beside the rest.
again() {
    provision "$1" v1 >"$work/$1.log" 2>&1 || provision "$1" v1 >"$work/$1.log" 2>&1
}
# cut_provision CHIP OPERATION MODE
cut_provision() {
    "$windlass" chip new "$work/$1" >/dev/null
    "$windlass" chip run "$work/$1" >/dev/null
    "$windlass" chip cut-at "$work/$1" "$2" "$3" >/dev/null
    provision "$1" v1 >"$work/$1.log" 2>&1 && fail "a cut ($2 $3) was not noticed"
    off "$1"
    "$windlass" chip run "$work/$1" >/dev/null
    again "$1" || { cat "$work/$1.log" && fail "after a cut ($2 $3) the chip cannot be provisioned"; }
    expect "$1" app 1 "after a cut ($2 $3)"
    expect "$1" lifecycle secured "after a cut ($2 $3)"
    [ ! -e "$work/$1/gdb.port" ] || fail "the debug port is open after a cut ($2 $3)"
    "$windlass" chip stop "$work/$1" >/dev/null
    "$windlass" ledger show "$(uid_of "$1")" --ledger "$desk/appliance" --json | grep -q '"done"' || fail "the ledger does not say done after a cut ($2 $3)"
}
chips=
trap 'kill $chips 2>/dev/null || true; clean_up' EXIT
for cut in "3 torn" "$((total / 2)) before" "$((total - 6)) torn" "$((total - 4)) before" "$((total - 3)) torn"; do
    cut_provision "c${cut%% *}" $cut &
    chips="$chips $!"
done

sequence=1
for cut in "1 torn" "5 before" "20 torn" "40 torn"; do
    sequence=$((sequence + 1))
    package "n$sequence" "$firmware/app-v2.elf" $sequence
    update whole "n$sequence"
    cut_boot whole $cut
    expect whole app $sequence "after a cut ($cut) of the installation"
    cut_confirm whole "$((sequence % 3 + 1))" torn
    expect whole app $sequence "after a cut of the confirmation"
    [ "$(field whole counter)" = $sequence ] || "$windlass" device confirm "$work/whole" >/dev/null
    expect whole counter $sequence "confirmed"
done
echo "4 cuts during installation, 4 during confirmation: the new application runs after each"

number=0
for cut in "3 torn" "25 before"; do
    number=$((number + 1))
    package "back$number" "$firmware/app-v2.elf" $((sequence + 1))
    update whole "back$number"
    reset_and_wait whole
    for boot in 1 2 3; do
        expect whole app $((sequence + 1)) "on trial, boot $boot"
        reset_and_wait whole
    done
    expect whole app $((sequence + 1)) "on trial, the last boot"
    cut_boot whole $cut
    expect whole app $sequence "after a cut ($cut) of the way back"
done
echo "2 cuts on the way back: the application before runs after each"

sbm=1
for cut in "2 torn" "30 before" "70 torn"; do
    sbm=$((sbm + 1))
    "$windlass" master package --project "$project" --component sbm --input "$firmware/sbm-a.elf" --input-b "$firmware/sbm-b.elf" --sequence $sbm \
        --out "$work/sbm$sbm.suit" >/dev/null
    "$windlass" device update "$work/whole" "$work/sbm$sbm.suit" >/dev/null
    cut_boot whole $cut
    expect whole sbm $sbm "after a cut ($cut) of the new SBM's installation"
    cut_confirm whole "$((sbm * 20))" torn
    expect whole sbm $sbm "after a cut of the new SBM's confirmation"
    "$windlass" device confirm "$work/whole" >/dev/null 2>&1 || true
    expect whole sbm $sbm "confirmed"
    expect whole app $sequence "with the new SBM"
done
echo "3 cuts while the SBM replaces itself, 3 while it is confirmed: it runs after each"
"$windlass" chip stop "$work/whole" >/dev/null

for chip in $chips; do
    wait "$chip" || fail "a cut during provisioning"
done
echo "5 cuts during provisioning: each chip was made whole by running the same command again"

# This application writes entries at each start, reads them back and counts: a start that the power ended counts or does not. Operations 3 to 6 write the
# count, the next four an entry that the four after them remove; the application expects that one to be gone, so it is cut only in its removal.
package its "$firmware/app-its.elf" 1
"$windlass" chip new "$work/its" >/dev/null
"$windlass" chip run "$work/its" >/dev/null
provision its its >/dev/null
console its "[its] all right at start 1"
start_of() {
    sed -n 's/.*all right at start //p' "$work/its/console.log" | tail -n 1
}
for cut in "3 torn" "4 before" "5 torn" "6 after" "13 torn"; do
    starts=$(start_of)
    cut_boot its $cut
    "$windlass" device status "$work/its" --wait 30 >/dev/null
    for tries in $(seq 100); do # the console may come after the answer
        [ "$(start_of)" -gt "$starts" ] && break
        sleep 0.1
    done
    now=$(start_of)
    [ "$now" -gt "$starts" ] && [ "$now" -le $((starts + 2)) ] || fail "after a cut ($cut) of the storage start $now follows start $starts"
    ! grep "NOT AS IT SHOULD BE\|rolled back" "$work/its/console.log" || fail "after a cut ($cut) the storage is not as it should be"
done
echo "5 cuts while the application writes its entries: each is as before or as asked for"
