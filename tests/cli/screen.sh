#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The dashboard of a running, confined daemon: who is told, what stations do shows, what is refused at the start.
# Arguments: the windlass and the windlassd program, the json_ok program.
set -u
windlass=$1
windlassd=$2
json_ok=$3
. "$(dirname "$0")/lib_daemon.sh"

# get PATH [TOKEN]: status and body in out.
get() {
    python3 - "$dashboard" "$@" >out <<'EOF'
import sys, urllib.error, urllib.request
request = urllib.request.Request(f"http://127.0.0.1:{sys.argv[1]}{sys.argv[2]}")
if len(sys.argv) > 3:
    request.add_header("Authorization", "Bearer " + sys.argv[3])
try:
    with urllib.request.urlopen(request, timeout=5) as answer:
        print(answer.status, answer.read().decode())
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
EOF
}
shows() {
    get /api/line "$token" && grep -qF -- "$1" out
}

"$windlass" init p --product sensor >/dev/null && "$windlass" pki create --project p >/dev/null || failed "no project"
run 0 "$windlassd" init A --oem p/pki/public.pem --listen 127.0.0.1:0 --no-tpm
run 0 "$windlass" pki appliance --project p --request A/request.pem --name line-a --host 127.0.0.1
run 0 "$windlassd" enrol A p/pki/appliances/line-a.pem
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x -keyout s.key -out s.csr 2>/dev/null
run 0 "$windlass" pki station line-1 --project p --request s.csr
[ -n "$user" ] && chown -R nobody A

echo "what cannot be served is refused"
run 1 "$windlassd" run A $user --dashboard 0.0.0.0:0
says "does not serve plain HTTP"
run 1 "$windlassd" run A $user --dashboard 8480
says "'8480' is not an address for the dashboard"
run 1 "$windlassd" run A $user --dashboard-cert d.crt --dashboard-key d.key
says "no --dashboard ADDRESS:PORT"
run 1 "$windlassd" run A $user --dashboard 0.0.0.0:0 --dashboard-cert d.crt
says "certificate and its key come together"
run 1 "$windlassd" run A $user --dashboard 127.0.0.1:0 --dashboard-clients ca.crt
says "over HTTPS only"

echo "it serves, confined, to who has the token"
"$windlassd" run A $user --dashboard 127.0.0.1:0 2>log &
daemon=$!
wait_for "$windlassd" status A
dashboard=$(member dashboard_port)
port=$(member port)
holds "$(stat -c %a A/dashboard.token)" = 600
token=$(cat A/dashboard.token)
grep -q '^Seccomp:.*2$' /proc/$daemon/status || failed "no filter of system calls"
get /health
holds "$(cat out)" = "200 well"
get /api/line
says "401 "
get /api/line "${token}0"
says "401 "
get /api/line "$token"
says '"product":"sensor","appliance":"line-a"'
says '"package":null'
says "the ledger alone counts"
says '"health":"watch"'
wait_for shows '"checkpoint":1' # unix seconds
grep -q '"events":null' out && failed "the events are not counted"
sed 's/^200 //' out >line.json
"$json_ok" <line.json || failed "the line is not JSON"
get /metrics "$token"
says "windlass_handshakes_total"
says "windlass_package_number 0"
says "windlass_ledger_health 1"
get /api/unit?uid=00 "$token"
says '200 {"total":0,"units":[]}'

echo "a station and its failure show"
# BEGIN {1: version 2, 2: "S7", 3: open channel}: no package is loaded, so it is refused.
{
    printf '\000\000\000\013\202\001\243\001\002\002\142S7\003\001'
    sleep 4
} | timeout 6 openssl s_client -quiet -connect "127.0.0.1:$port" -CAfile p/pki/root.crt -cert p/pki/stations/line-1.crt \
    -key s.key >answer 2>/dev/null &
station=$!
wait_for shows '"station":"line-1","socket":"S7","state":"failed"'
wait_for shows '"count":1'
wait "$station"
wait_for shows '"sockets_total":0'

echo "it ends with the daemon"
run 0 "$windlassd" stop A
wait "$daemon" || failed "the daemon did not end well"
daemon=
get /health 2>/dev/null && failed "it still answers"

echo "a ledger that somebody changes while the daemon runs is told, and logged"
cp A/ledger.db kept.db
cp A/ledger.head kept.head
"$windlassd" run A $user --dashboard 127.0.0.1:0 2>log &
daemon=$!
wait_for "$windlassd" status A
dashboard=$(member dashboard_port)
wait_for shows '"chain":true'
python3 - <<'EOF'
import sqlite3
db = sqlite3.connect("A/ledger.db", timeout=10)
for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = ?", ("trigger",)).fetchall():
    db.execute(f"DROP TRIGGER {name}")
db.execute("DELETE FROM checkpoints WHERE seq = (SELECT max(seq) FROM checkpoints)")
db.commit()
EOF
wait_for shows '"health":"damaged"'
says "no checkpoint covers event"
says '"chain":false'
wait_for grep -q '"event":"ledger_damaged"' log
end_daemon
rm -f A/ledger.db*
mv kept.db A/ledger.db
mv kept.head A/ledger.head

echo "HTTPS: at any address, with the token or with a certificate of a CA that was named"
ca_make() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -days 2 -keyout "$1.key" -out "$1.crt" 2>/dev/null
}
# issue CA NAME USAGE: NAME.crt and NAME.key, of CA.
issue() {
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$2" -keyout "$2.key" -out "$2.csr" 2>/dev/null
    printf 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=%s\n' "$3" >ext
    openssl x509 -req -in "$2.csr" -CA "$1.crt" -CAkey "$1.key" -CAcreateserial -days 1 -extfile ext -out "$2.crt" 2>/dev/null
}
ca_make works
ca_make stranger
issue works d serverAuth
issue works viewer clientAuth
issue works machine serverAuth
issue stranger intruder clientAuth
cp d.crt d.key works.crt A/
chmod 600 A/d.key
[ -n "$user" ] && chown -R nobody A
# visit PATH [NAME | TOKEN]: over HTTPS, with a certificate or the token.
visit() {
    python3 - "$dashboard" "$@" >out 2>&1 <<'EOF'
import os, ssl, sys, urllib.error, urllib.request
context = ssl.create_default_context(cafile="works.crt")
request = urllib.request.Request(f"https://127.0.0.1:{sys.argv[1]}{sys.argv[2]}")
if len(sys.argv) > 3 and os.path.exists(sys.argv[3] + ".crt"):
    context.load_cert_chain(sys.argv[3] + ".crt", sys.argv[3] + ".key")
elif len(sys.argv) > 3:
    request.add_header("Authorization", "Bearer " + sys.argv[3])
try:
    with urllib.request.urlopen(request, timeout=5, context=context) as answer:
        print(answer.status, answer.read().decode())
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
EOF
}
"$windlassd" run A $user --dashboard 0.0.0.0:0 --dashboard-cert A/d.crt --dashboard-key A/d.key --dashboard-clients A/works.crt 2>log &
daemon=$!
wait_for "$windlassd" status A
dashboard=$(member dashboard_port)
visit /api/line
says "401 "
visit /api/line "$token"
says '"product":"sensor"'
visit /api/line viewer
says '200 {"version"'
for nobody in machine intruder; do
    visit /api/line $nobody
    says "401 "
done
end_daemon

echo "a viewer who is revoked is a stranger from the reload on"
# crl CA: its list as of now.
crl() {
    openssl ca -gencrl -config "$1.cnf" -keyfile "$1.key" -cert "$1.crt" -out "A/$1.crl" 2>/dev/null
    [ -z "$user" ] || chown nobody "A/$1.crl"
}
for ca in works stranger; do
    : >"$ca.txt"
    printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s.txt\ndefault_md=sha256\ndefault_crl_days=1\n' "$ca" >"$ca.cnf"
done
issue works second clientAuth
crl works
https="--dashboard 0.0.0.0:0 --dashboard-cert A/d.crt --dashboard-key A/d.key"
run 1 "$windlassd" run A $user $https --dashboard-crl A/works.crl
says "--dashboard-clients"
run 1 "$windlassd" run A $user $https --dashboard-clients A/works.crt --dashboard-crl A/works.crt
says "no certificate revocation list"
crl stranger
run 1 "$windlassd" run A $user $https --dashboard-clients A/works.crt --dashboard-crl A/stranger.crl
says "not signed by a CA of --dashboard-clients"
"$windlassd" run A $user $https --dashboard-clients A/works.crt --dashboard-crl A/works.crl 2>log &
daemon=$!
wait_for "$windlassd" status A
dashboard=$(member dashboard_port)
for viewer in viewer second; do
    visit /api/line $viewer
    says '200 {"version"'
done
cp A/works.crl before.crl
sleep 1.1 # lists tell their time in seconds
openssl ca -revoke viewer.crt -config works.cnf -keyfile works.key -cert works.crt 2>/dev/null
crl works
visit /api/line viewer
says '200 {"version"'
run 0 "$windlassd" reload A
visit /api/line viewer
says "401 "
visit /api/line second
says '200 {"version"'
visit /api/line "$token"
says '"product":"sensor"'
cat before.crl >A/works.crl
run 1 "$windlassd" reload A
says "older than the revocation list in use"
visit /api/line viewer
says "401 "
end_daemon
finish
