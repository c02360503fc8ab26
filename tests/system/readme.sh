#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# readme: the commands of README.md, "Your own application", run as they stand in a copy of this tree.
set -eu -o pipefail
top=$1
work=$(mktemp -d)
trap '[ -e "$work/tree/build/mine/chip/run.pid" ] && "$top/build/host/bin/windlass" chip stop "$work/tree/build/mine/chip"; rm -rf "$work"' EXIT
mkdir "$work/tree"
(cd "$top" && git ls-files -co --exclude-standard -z | tar -c --null -T -) | tar -x -C "$work/tree"
ln -s "$top/third_party" "$work/tree/third_party"
mkdir -p "$work/tree/build"
# The tools are built already; the firmware is built anew, in the copy.
ln -s "$top/build/host" "$work/tree/build/host"
cd "$work/tree"
awk '/^```sh$/ { on = 1; next } /^```$/ { on = 0 } on' README.md >commands
grep -q 'make app' commands
sed -i 's/^make app/make -o host app/' commands
bash -eu -o pipefail commands
grep -q '\[app\] my first product' build/mine/chip/console.log
echo "the README's commands work as they stand"
