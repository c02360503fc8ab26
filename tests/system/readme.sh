#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# readme: the commands of README.md, "Your own application", run as they stand in a copy of this tree.
set -eu -o pipefail
top=$1
work=$(mktemp -d)
mine=$work/tree/build/mine
trap '[ -e "$mine/chip/run.pid" ] && "$top/build/host/bin/windlass" chip stop "$mine/chip"
    "$top/build/host/bin/windlassd" stop "$mine/desk/appliance" >/dev/null 2>&1; rm -rf "$work"' EXIT
chmod 711 "$work"
mkdir "$work/tree"
(cd "$top" && git ls-files -co --exclude-standard -z | tar -c --null -T -) | tar -x -C "$work/tree"
ln -s "$top/third_party" "$work/tree/third_party"
mkdir -p "$work/tree/build"
# The tools are built already; the firmware is built anew, in the copy.
ln -s "$top/build/host" "$work/tree/build/host"
cd "$work/tree"
awk '/^```sh$/ { on = 1; next } /^```$/ { on = 0 } on' README.md >commands
grep -q 'make app' commands
# Somebody may be using the usual port; and root has to say who runs the appliance.
port=$((20000 + $$ % 10000))
desk="--listen 127.0.0.1:$port"
[ "$(id -u)" -ne 0 ] || desk="$desk --user nobody"
sed -i "s/^make app/make -o host app/; s/^windlass pki desk/& $desk/; s/127\.0\.0\.1:7443/127.0.0.1:$port/" commands
bash -eu -o pipefail commands
grep -q '\[app\] my first product' build/mine/chip/console.log
echo "the README's commands work as they stand"
