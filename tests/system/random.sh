#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# random: an application that calls every entry point at random; SBM goes on, and nothing that the application can read then holds a part of a secret.
# random.sh TOP [APPLICATION [SECONDS]]: app-random-long calls a million times.
top=$1
application=${2:-app-random}
seconds=${3:-300}
. "$top/tests/system/lib.sh"
control=74686520736561726368206d7573742066696e642074686973207465787421 # its text in random_app.c
marker=ec57ce7bad64029940d13f8a15b3285cf763e64ddaa17619843bcf52b82d4590 # its keys, which are masked there

project_make
package random "$firmware/$application.elf" 1
"$windlass" chip new "$work/chip" >/dev/null
"$windlass" chip run "$work/chip" >/dev/null
provision chip random >"$work/log" 2>&1 || true # the application does not serve the link before it is done
log=$work/chip/console.log
for ((i = 0; i < seconds * 10; i++)); do
    grep -qF "[random] done" "$log" && break
    sleep 0.1
done
grep -F "[random] done" "$log" || { tail -n 20 "$log" >&2; fail "the application is not done after $seconds seconds"; }
[ "$(grep -cF "[random] begins" "$log")" = 1 ] || fail "the device did not run through: it started again"
grep -qE "\[random\] done: [0-9]+ calls, wrong: 0\$" "$log" || fail "registers tell something, or a key was not taken"
[ "$(field chip fault)" = 0 ] || fail "a fault was recorded: $(field chip fault)"
"$windlass" chip stop "$work/chip" >/dev/null
"$top/build/host/tests/system/chip_leaks" "$work/chip" "$log" "$control" "$marker"
