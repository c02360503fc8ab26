#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# planted: each planted bug is found by the sweep that is there for it, and the firmware as it is passes the same cases.
set -u
bin=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# count FILE NAME: a figure of a sweep's JSON.
count() {
    sed -n "s/.*\"$2\": \([0-9]*\).*/\1/p" "$1"
}

# sweep PROGRAM FAILED-NAME OPTION...: prints the failures it counted; a program that cannot run ends the test.
sweep() {
    local program=$1 name=$2
    shift 2
    "$bin/$program" "$@" --selection --geometry 512x16ff --json "$work/figures" >"$work/log" 2>&1
    [ $? -le 1 ] && [ -s "$work/figures" ] || { cat "$work/log"; exit 1; }
    count "$work/figures" "$name"
}

# found BUG PROGRAM FAILED-NAME OPTION...
found() {
    local bug=$1 program=$2 sound planted
    shift 2
    sound=$(sweep "$program" "$@") || exit 1
    planted=$(sweep "${program}_$bug" "$@") || exit 1
    echo "$bug: $program $* counts $sound failures in the firmware and $planted with the bug"
    [ "$sound" = 0 ] && [ "$planted" -gt 0 ] || exit 1
}

found mirror flips flips.dead --scenario spare
found compact cuts cuts.failed --scenario install-full
found tag cuts cuts.failed --scenario install-sealed
found digest flips flips.dead --scenario spare
found order cuts cuts.failed --scenario storage
found order cuts cuts.failed --scenario provision
found early cuts cuts.failed --scenario install
echo "each planted bug is found"
