#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# planted: each bug that is planted in windlassd is found by the sweep, and windlassd as it is passes the same steps.
# Argument: the folder of crash and of the planted programs.
set -u
here=$(cd "$1" && pwd)
work=$(mktemp -d /tmp/windlass-planted-XXXXXX)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
chmod 711 "$work"

# number NAME: a figure of the last sweep.
number() {
    sed -n "s/.*\"$1\": \([0-9]*\).*/\1/p" "$work/figures" | tail -1
}
# sweep FACTORY OPTION...: a failed step is no failure of the sweep.
sweep() {
    factory=$1
    shift
    "$here/crash" --factory "$work/$factory" --json "$work/figures" "$@" >"$work/log" 2>&1
    [ $? -le 1 ] && [ -n "$(number points)" ] || { cat "$work/log"; exit 1; }
}
# found BUG FACTORY OPTION...
found() {
    bug=$1
    shift
    sweep "$@"
    [ "$(number failed)" = 0 ] || { cat "$work/log"; exit 1; }
    sweep "$@" --stop --daemon "$here/windlassd_$bug"
    echo "$bug: the sweep counts no failure in windlassd and $(number failed) with the bug: $(sed -n 's/^FAILED: //p' "$work/log" | head -1)"
    [ "$(number failed)" -gt 0 ] || exit 1
}

found lost single --victim line-after --first 2 --last 3
found late single --victim answered --first 54 --last 56
found block double --victim write-block --first 24 --last 36 --every 4
sweep single --victim power --first 100000 --last 100000 # there is none: it only counts
last=$(sed -n 's/.*"steps": \([0-9]*\).*/\1/p' "$work/figures")
found half single --victim power --first $((last - 12)) --last "$last" --every 2
found late secure --victim secure-answered --first 240 --last 241
found asleep database --victim db-before --first 28 --last 33 # what the server forgets depends on the moment, too
echo "each planted bug is found"
