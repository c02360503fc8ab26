#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# factory_two: two appliances share one order of two units in a PostgreSQL server that this starts: each makes one, the third chip is refused at either,
# a device of one is known at the other, uncounted, and the maker reconciles both chains. Argument: the tree's top folder.
top=$(cd "$1" && pwd)
. "$top/tests/system/lib.sh"
bin=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
two=$(mktemp -d /tmp/windlass-two-XXXXXX)
chmod 711 "$two"
as=
[ "$(id -u)" -ne 0 ] || as="setpriv --reuid=nobody --regid=nogroup --clear-groups env HOME=$two"
. "$top/tools/line"
server_stop() {
    [ ! -e "$two/db/postmaster.pid" ] || $as "$bin/pg_ctl" -D "$two/db" -m immediate -w stop >/dev/null 2>&1 || true
}
end_all() {
    for line in "$two/one" "$two/two"; do line_stop; done
    server_stop
    rm -rf "$two"
    clean_up
}
trap end_all EXIT

mkdir "$two/db"
line_own "$two/db"
url="postgresql:///postgres?host=$two/db&user=windlass"
{
    $as "$bin/initdb" -D "$two/db" -U windlass -A trust -E UTF8 --no-sync
    $as "$bin/pg_ctl" -D "$two/db" -w -o "-k $two/db -c listen_addresses=" -l "$two/db/log" start
} >"$work/out" 2>&1 || fail "$(cat "$work/out")"

project_make
package v1 "$firmware/app-v1.elf" 1
for name in one two; do
    line=$two/$name
    mkdir -m 711 "$line"
    {
        line_appliance_make "factory-$name" --ledger "$url"
        line_appliance_start --token-needed
        line_package_load 1 2 "$work/sbm.suit" "$work/v1.suit"
        line_station_make "station-$name"
    } >"$work/out" 2>&1 || fail "$(cat "$work/out")"
done
for chip in c1 c2 c3; do
    "$windlass" chip new "$work/$chip" >/dev/null
    "$windlass" chip run "$work/$chip" >/dev/null
done
# at NAME CHIP: brings a chip to that appliance.
at() {
    line=$two/$1
    line_provision "station-$1" --chip "$work/$2" >"$work/out" 2>&1
}

echo "two appliances, two units"
at one c1 || fail "$(cat "$work/out")"
at two c2 || fail "$(cat "$work/out")"
for name in one two; do
    at $name c3 && fail "a third unit at $name"
    grep -q "its quota of 2 units is used up" "$work/out" || fail "$(cat "$work/out")"
done
at two c1 || fail "a device of the other appliance is not known: $(cat "$work/out")"
grep -q "^unit *1$" "$work/out" || fail "it is another unit: $(cat "$work/out")"

echo "the maker reconciles both"
for line in "$two/one" "$two/two"; do line_stop; done
"$windlass" ledger verify --project "$project" --ledger "$url" >"$work/out" 2>&1 ||
    fail "$(cat "$work/out")"
grep -q "^sound: .* 2 appliances, 2 units" "$work/out" || fail "$(cat "$work/out")"
echo "factory_two: done"
