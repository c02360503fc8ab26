#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# factory_back: somebody sets the appliance's TPM back to what it was before a unit was made. The dashboard and the log tell, no further unit is made,
# and the maker finds it. Argument: the tree's top folder.
top=$(cd "$1" && pwd)
. "$top/tests/system/lib.sh"
line=$(mktemp -d /tmp/windlass-back-XXXXXX)
chmod 711 "$line"
. "$top/tools/line"
trap 'line_stop; rm -rf "$line"; clean_up' EXIT

# told TEXT: the dashboard's line has it.
told() {
    python3 -c 'import sys, urllib.request
request = urllib.request.Request(f"http://127.0.0.1:{sys.argv[1]}/api/line", headers={"Authorization": "Bearer " + sys.argv[2]})
sys.exit(sys.argv[3] not in urllib.request.urlopen(request, timeout=5).read().decode())' \
        "$(line_status dashboard_port)" "$(cat "$line/a/dashboard.token")" "$1"
}
stop_daemon() {
    "$windlassd" stop "$line/a" >/dev/null
    rm -f "$line/daemon.pid"
}

project_make
package v1 "$firmware/app-v1.elf" 1
{
    line_tpm_start
    line_appliance_make factory-1
    line_appliance_start --token-needed
    line_package_load 1 2 "$work/sbm.suit" "$work/v1.suit"
    line_station_make line-1
} >"$work/out" 2>&1 || fail "$(cat "$work/out")"
stop_daemon
line_tpm_stop
cp -a "$line/tpm" "$line/tpm.before"

line_tpm_run
line_appliance_start --token-needed --dashboard 127.0.0.1:0
for chip in c1 c2; do
    "$windlass" chip new "$work/$chip" >/dev/null
    "$windlass" chip run "$work/$chip" >/dev/null
done
line_provision line-1 --chip "$work/c1" >"$work/out" 2>&1 || fail "$(cat "$work/out")"
line_wait told '"health":"sound"' || fail "an honest TPM is not called sound"

echo "the TPM is set back under the running appliance: told within 20 seconds, and no unit is made"
set_back() {
    line_tpm_stop
    rm -rf "$line/tpm"
    cp -a "$line/tpm.before" "$line/tpm"
    line_tpm_run
}
set_back
line_wait told '"health":"damaged"' || line_wait told '"health":"damaged"' || fail "the dashboard does not tell"
told 'the TPM has counted 0, and the ledger holds a grant with count 1' || fail "the dashboard does not say why"
grep -q '"event":"tpm_below_ledger"' "$line/daemon.log" || fail "the log does not tell"
line_provision line-1 --chip "$work/c2" >"$work/out" 2>&1 && fail "a unit was made with a count that was used"
cat "$work/out"
grep -q "and the ledger holds a grant with count 1" "$work/out" || fail "the station does not tell"

echo "the appliance does not start with such a TPM"
stop_daemon
set_back
timeout 20 "$windlassd" run "$line/a" $line_user >"$work/out" 2>&1 && fail "it started"
grep -q "stop the line: the TPM was cleared or exchanged" "$work/out" || fail "$(cat "$work/out")"

echo "the maker finds it"
"$windlass" ledger verify --project "$project" --ledger "$line/a" --count 0 --final >"$work/out" 2>&1 && fail "the maker does not find it"
grep -q "the TPM's count is 0, the ledger knows of 1" "$work/out" || fail "$(cat "$work/out")"
echo "factory_back: done"
