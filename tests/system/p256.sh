#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# p256: on the chip, the field in Thumb-2 gives what its C gives, the verbs of the curve work, take as long for one private key as for another, and
# are as fast as docs/design.md says.
top=$1
set -eu -o pipefail
counts=$("$top/tools/bench-p256")
at_most() {
    local count
    count=$(awk -v name="$1" '$1 == name { print $2 }' <<<"$counts")
    [ "${count:-0}" -gt 0 ] && [ "$count" -le "$2" ] || { echo "FAILED: $1: ${count:-no figure}, at most $2" >&2; exit 1; }
}
at_most verify 1340000
at_most sign 1250000
at_most public 1080000
at_most agree 1080000
echo "the field in Thumb-2 and in C agree"
