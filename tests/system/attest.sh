#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# attest: the device's attestation on the real firmware: who it is and what it runs, against packages, ledger and product.
top=$1
. "$top/tests/system/lib.sh"

ledger=$desk/appliance
attest() {
    "$windlass" device attest "$work/chip" --project "$project" --ledger "$ledger" --wait 30 "$@"
}

# refused TEXT ARGUMENTS...: attest does not say that all is well, because of TEXT.
refused() {
    local text=$1
    shift
    if attest "$@" >"$work/answer" 2>&1; then
        cat "$work/answer" >&2
        fail "attested: $text"
    fi
    grep -qF "$text" "$work/answer" || { cat "$work/answer" >&2; fail "refused, but not because: $text"; }
}

project_make
package v1 "$firmware/app-v1.elf" 1
package v2 "$firmware/app-v2.elf" 2
package another1 "$firmware/app-v2.elf" 1
"$windlass" chip new "$work/chip" >/dev/null
"$windlass" chip run "$work/chip" >/dev/null
provision chip v1 >/dev/null
attest --expect "$work/v1.suit" --expect "$work/sbm.suit" >"$work/answer"
grep -q "^genuine  *$(uid_of chip)$" "$work/answer" || fail "not genuine"
[ "$(grep -c "as expected" "$work/answer")" = 2 ] || fail "not both packages were compared"
# What it says of BL1 and the application is what openssl says of the files.
bl1=$({ cat "$firmware/bl1.bin"; head -c $((24576 - $(stat -c %s "$firmware/bl1.bin"))) /dev/zero | tr '\0' '\377'; } | openssl dgst -sha256 -r | cut -d' ' -f1)
grep -q "^boot loader .*$bl1" "$work/answer" || fail "BL1 is measured as something else"
refused "runs application 1" --expect "$work/v2.suit"
refused "the sequence number is the same" --expect "$work/another1.suit"
# Every boot has a seed of its own.
seed() { attest --json | sed -n 's/.*"boot_seed":"\([0-9a-f]*\)".*/\1/p'; }
first=$(seed)
[ "${#first}" = 64 ] && [ "$(seed)" = "$first" ] || fail "the boot seed is not that of the boot"
"$windlass" device reset "$work/chip" >/dev/null
[ "$(seed)" != "$first" ] || fail "the boot seed stays over a reset"
# After an update it is the new application that is attested.
update chip v2
"$windlass" device reset "$work/chip" >/dev/null
[ "$(field chip app)" = 2 ] || fail "the update was not installed"
attest --expect "$work/v2.suit" >/dev/null
refused "runs application 2" --expect "$work/v1.suit"
# A project that did not make it does not know it; neither does another product.
cp -r "$project" "$work/other"
sed -i 's/^product:.*/product: other/' "$work/other/product.yaml"
project_kept=$project
project=$work/other
refused "of another product"
ledger=$work/other
refused "ledger"
ledger=$desk/appliance
project=$project_kept
# A second chip of the same unique ID: from now on the ledger has a quarrel with it, whichever of them asks.
"$windlass" chip new "$work/twin" --uid "$(uid_of chip)" >/dev/null
"$windlass" chip run "$work/twin" >/dev/null
if provision twin v1 >/dev/null 2>&1; then
    fail "a second chip of one unique ID was provisioned"
fi
refused "in quarantine"
echo "attested before and after an update; other versions, products, ledgers and twins are refused"
