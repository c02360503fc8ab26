#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The appliance's daemon as people run it, from an empty folder to a station that is taken back; openssl is the foreign
# station. Arguments: the windlass and the windlassd program, the json_ok program.
set -u
windlass=$1
windlassd=$2
json_ok=$3
. "$(dirname "$0")/lib_daemon.sh"

# call NAME...: openssl as a station, with further options; it waits for the server's word.
call() {
    { sleep 0.4; echo; } | timeout 10 openssl s_client -connect "127.0.0.1:$port" -CAfile p/pki/root.crt -verify_return_error "$@" >out 2>&1
}

echo "wrong use is told so"
run 2 "$windlassd"
run 2 "$windlassd" dance
says "there is no command 'dance'"
run 0 "$windlassd" --help
says "usage: windlassd"
run 0 "$windlassd" --version
run 2 "$windlassd" run
run 2 "$windlassd" run A B
run 2 "$windlassd" run A --json
run 2 "$windlassd" run A --connections 0
run 2 "$windlassd" init A --tpm
run 1 "$windlassd" init A
says "--oem FILE is missing"
run 1 "$windlassd" status A
for verb in stop status reload metrics run; do
    run 1 "$windlassd" $verb nowhere
    says "nowhere"
    says "windlassd init"
done
echo x >small
for verb in load record; do
    run 1 "$windlassd" $verb nowhere small
    says "nowhere: there is no such folder"
done
run 1 "$windlassd" order nowhere --out order
says "nowhere: there is no such folder"

echo "init, enrol"
"$windlass" init p --product sensor >/dev/null && "$windlass" pki create --project p >/dev/null || failed "no project"
run 0 "$windlassd" init A --oem p/pki/public.pem --listen 127.0.0.1:0
says "windlass pki appliance"
run 0 "$windlass" pki appliance --project p --request A/request.pem --name line-a --host 127.0.0.1
run 1 "$windlassd" run A $user
run 0 "$windlassd" enrol A p/pki/appliances/line-a.pem
give_folder
for name in line-1 line-2; do
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x -keyout $name.key -out $name.csr \
        2>/dev/null
    run 0 "$windlass" pki station $name --project p --request $name.csr
done
# A stranger's own root, and a certificate by it.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=other -keyout other.key -out other.crt \
    2>/dev/null

echo "who may not run it"
if [ -n "$user" ]; then
    chown root A
    run 1 "$windlassd" run A
    says "does not run as root"
    run 1 "$windlassd" run A $user
    says "does not belong to the user"
    give_folder
fi
chmod 755 A
run 1 "$windlassd" run A $user
says "chmod 700"
chmod 700 A

echo "it runs, once"
start_daemon --connections 50
run 1 "$windlassd" run A $user
says "running already"
run 0 "$windlassd" status A
says "no package is loaded"
run 0 "$windlassd" status A --json
"$json_ok" <out || failed "status is not JSON"
run 0 "$windlassd" metrics A
says "windlass_handshakes_total 0"
grep -q '"event":"started"' log || failed "no start in the log"

echo "it is confined, each of its threads"
for status in /proc/$daemon/task/*/status; do
    grep -q '^NoNewPrivs:.*1$' $status || failed "it may gain privileges: $status"
    grep -q '^Seccomp:.*2$' $status || failed "no filter of system calls: $status"
    for kind in Inh Prm Eff Amb; do
        grep -q "^Cap$kind:.*0000000000000000\$" $status || failed "it has capabilities: $kind, $status"
    done
    awk '/^[UG]id:/ && ($2 == 0 || $3 == 0 || $4 == 0 || $5 == 0) { found = 1 } END { exit !found }' $status && failed "it is root: $status"
done
status=/proc/$daemon/status
grep -q '^Umask:.*0077$' $status || failed "others may read what it writes"
grep -q '^Max core file size *0 *0 ' /proc/$daemon/limits || failed "core files"
# Who may not be traced or dumped belongs to root in /proc, whoever runs it.
[ "$(stat -c %u /proc/$daemon/environ)" = 0 ] || failed "it may be read by its user's other programs"
locked=$(awk '/^VmLck:/ { print $2 }' $status)
if [ "$("$windlassd" status A | sed -n 's/^memory_locked *//p')" = 1 ]; then
    [ "$locked" -gt 1000 ] || failed "memory is not locked, and it says so"
else
    grep -q '"event":"memory_not_locked"' log || failed "memory is not locked, and nobody was told"
fi
grep -lE '(PIN|pin)=' /proc/$daemon/environ 2>/dev/null && failed "a PIN in the environment"

echo "its unit is one that systemd takes"
if command -v systemd-analyze >/dev/null; then
    sed "s|/usr/local/bin/windlassd|$windlassd|" "$(dirname "$0")/../../packaging/windlassd.service" >windlassd.service
    run 0 systemd-analyze verify --man=no ./windlassd.service
    [ ! -s out ] || failed "systemd-analyze verify: $(cat out)"
    systemd-analyze security --offline=true --threshold=25 ./windlassd.service >out 2>&1 || failed "it is too open: $(tail -n 2 out)"
fi

echo "what make install puts there is where the unit looks for it"
run 0 env DESTDIR="$PWD/root" cmake --install "$(dirname "$windlassd")/.." --prefix /usr/local
program=$(sed -n 's/^ExecStart=\([^ ]*\) .*/\1/p' root/usr/local/lib/systemd/system/windlassd.service)
for file in "$program" /usr/local/bin/windlass; do
    [ -x "root$file" ] || failed "no program is installed as $file"
done
[ -s root/usr/local/share/man/man8/windlassd.8 ] || failed "no manual page is installed"

echo "stations and others"
call -cert p/pki/stations/line-1.crt -key line-1.key
says "Verification: OK"
says "TLSv1.3"
grep -q '"event":"station_connected","station":"line-1"' log || failed "line-1 is not in the log"
call
says "alert certificate required"
call -cert other.crt -key other.key
says "alert unknown ca"
call -cert p/pki/stations/line-1.crt -key line-1.key -tls1_2
says "alert protocol version"
# The appliance's own certificate is no station's, and a signing key's neither.
openssl req -new -x509 -key line-1.key -subj /CN=line-1 -out forged.crt 2>/dev/null
call -cert forged.crt -key line-1.key
says "alert unknown ca"
grep -q '"what":"TLS: it showed no certificate"' log || failed "no reason in the log"

echo "a letter that is none is answered with a refusal"
{ printf '\000\000\000\003abc'; sleep 1; } | timeout 2 openssl s_client -quiet -connect "127.0.0.1:$port" -CAfile p/pki/root.crt \
    -cert p/pki/stations/line-1.crt -key line-1.key >out 2>/dev/null
says "letter from the station"

echo "a station that was taken back is refused after a reload"
call -cert p/pki/stations/line-2.crt -key line-2.key
says "Verification: OK"
run 0 "$windlass" pki revoke line-2 --project p
cp p/pki/stations.crl A/pki/stations.crl
give_folder
run 0 "$windlassd" reload A
call -cert p/pki/stations/line-2.crt -key line-2.key
says "alert certificate revoked"
call -cert p/pki/stations/line-1.crt -key line-1.key
says "Verification: OK"
grep -q "certificate of 'line-2': it is revoked" log || failed "no revocation in the log"

echo "a bad list changes nothing; SIGHUP is a reload, too"
echo nonsense >A/pki/stations.crl
run 1 "$windlassd" reload A
says "no certificate revocation list"
kill -HUP "$daemon"
wait_for grep -q '"event":"reload_failed"' log
call -cert p/pki/stations/line-2.crt -key line-2.key
says "alert certificate revoked"
cp p/pki/stations.crl A/pki/stations.crl
run 0 "$windlassd" reload A

echo "files that are no packages are refused"
run 1 "$windlassd" load A p/pki/root.crt
says "not a production package"
run 1 "$windlassd" order A --out order.cbor
says "has no TPM"
holds ! -e order.cbor
holds ! -e A/production.wpp.new
run 1 "$windlassd" record A p/pki/root.crt
says "proof of a decommissioning"
says "windlass device decommission --out"

echo "it stops in good order, and starts again"
run 0 "$windlassd" stop A
says "stopped"
wait "$daemon" || failed "exit code after stop"
daemon=
holds ! -e A/control.sock
grep -q '"event":"stopped"' log || failed "no end in the log"
run 0 "$windlassd" stop A
says "no daemon runs there"
run 1 "$windlassd" load A p/pki/root.crt
says "not a production package"
run 1 "$windlassd" record A p/pki/root.crt
says "no daemon runs there"
start_daemon --connections 50
kill -TERM "$daemon"
wait "$daemon" || failed "exit code after SIGTERM"
daemon=
# Killed: the next one finds its way.
start_daemon --connections 50
kill -KILL "$daemon"
wait "$daemon" 2>/dev/null
daemon=
start_daemon --connections 50
run 0 "$windlassd" status A
end_daemon

echo "the log is one JSON object a line, without secrets"
while read -r line; do
    printf '%s\n' "$line" | "$json_ok" || failed "not JSON: $line"
done <log
[ -s A/hsm/appliance.pin ] && grep -qF "$(head -n 1 A/hsm/appliance.pin)" log all && failed "a PIN was shown"
finish
