#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# crypto: on the chip, known answers come out and the inner loops in Thumb-2 give what their C gives; and they are as fast as docs/design.md says.
top=$1
set -eu -o pipefail
counts=$("$top/tools/bench-crypto")
# at_most NAME COUNT: executed instructions repeat exactly, so a limit holds or it does not.
at_most() {
    local count
    count=$(awk -v name="$1" '$1 == name { print $2 }' <<<"$counts")
    [ "${count:-0}" -gt 0 ] && [ "$count" -le "$2" ] || { echo "FAILED: $1: ${count:-no figure}, at most $2" >&2; exit 1; }
}
at_most sha256 7900000
at_most poly1305 1000000
at_most ctr 10500000
at_most selftest 80000
echo "the loops in Thumb-2 and in C agree"
