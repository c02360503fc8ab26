#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Bad days of a line, with the real, confined windlassd, its token, its ledger and real TLS; the chips run the firmware on this computer. After each day
# the next device is made by the same daemon, and in the end the ledger verifies. Arguments: the tree's top folder; how many lies are left out between two (1: none).
top=$(cd "$1" && pwd)
lies=${2:-1}
. "$top/tests/system/lib_line.sh"
tools=$top/build/host/tests/days

# A whole image of N bytes with a vector table.
image() {
    python3 -c 'import struct, sys
n = int(sys.argv[1])
sys.stdout.buffer.write(struct.pack("<II", int(sys.argv[2], 0), int(sys.argv[3], 0)) + bytes(i * 7 & 255 for i in range(n - 8)))' \
        "$2" "$3" "$4" >"$1"
}

# The daemon as it runs on the line, but that its day can be bad.
mood() {
    printf '%-63s' "$1" | dd of=mood conv=notrunc status=none
}
daemon_start() {
    setsid env WINDLASS_MOOD="$work/mood" LD_PRELOAD="$tools/days_mood.so" \
        "$windlassd" run "$line/a" $line_user --token-needed --dashboard 127.0.0.1:0 >>"$line/daemon.log" 2>&1 &
    echo $! >"$line/daemon.pid"
    line_wait "$windlassd" status "$line/a" || fail "the daemon does not start: $(tail -n 3 "$line/daemon.log")"
}
daemon_stop() {
    "$windlassd" stop "$line/a" >/dev/null
    wait "$(cat "$line/daemon.pid")" || fail "the daemon's exit code"
    rm "$line/daemon.pid"
}

# station WHAT N
station() {
    timeout 120 "$tools/days_station" "127.0.0.1:$(line_status port)" line/line-1 "$@"
}
made=0
# The next device is made.
next() {
    expect 0 station make 1
    made=$((made + 1))
    says "^unit [0-9]*$"
    [ "$(line_status done)" -eq "$made" ] || fail "$(line_status done) devices, not $made"
}
# What the dashboard lists as failures, and says over all.
list() {
    python3 - "$(line_status dashboard_port)" "$(cat "$line/a/dashboard.token")" >list <<'END'
import json, sys, urllib.request
ask = urllib.request.Request(f"http://127.0.0.1:{sys.argv[1]}/api/line", headers={"Authorization": "Bearer " + sys.argv[2]})
line = json.load(urllib.request.urlopen(ask, timeout=10))
if line["fault"]:
    print(line["fault"]["what"], "|", line["fault"]["hint"])
for failure in line.get("failures", []):
    print(failure["reason"], "|", failure["hint"])
END
}
lists() {
    list && grep -qE -- "$1" list
}
# listed REASON: the dashboard has it, within seconds.
listed() {
    line_wait lists "$1" || says "$1" list
}
# turned_away REASON HINT: the station is not even called in.
turned_away() {
    expect 1 station make 1
    says "$1"
    says "hint: .*$2"
}
# refused REASON HINT: no device, and station, log and list of failures say why.
refused() {
    turned_away "$1" "$2"
    noted "\"what\":\"[^\"]*($1)"
    listed "$1"
}
# noted TEXT: the daemon's log has it, since the day began.
noted() {
    tail -n "+$day_line" "$line/daemon.log" >today
    says "$1" today
}
day() {
    echo "$1"
    day_line=$(($(wc -l <"$line/daemon.log") + 1))
}

project_image_make() {
    "$windlass" init project --product test && "$windlass" pki create --project project &&
        "$windlass" master package --project project --component sbm --input sbm-a.bin --input-b sbm-b.bin --sequence 1 --out sbm.suit &&
        "$windlass" master package --project project --input app.bin --sequence 1 --out v1.suit
}

image bl1.bin 2000 0x38020000 0x10000101
image sbm-a.bin 9000 0x38020000 0x10021101
image sbm-b.bin 9000 0x38020000 0x10051101
image app.bin 20000 0x28400000 0x00080009
firmware=$work
printf '%-64s' ordinary >mood
mooded() {
    WINDLASS_MOOD="$work/mood" LD_PRELOAD="$tools/days_mood.so" "$@"
}
mood "clock -864000" # certificates of ten days ago: the clock may go back, and they are still good
expect 0 mooded project_image_make
expect 0 mooded line_appliance_make factory-1
expect 0 mooded line_station_make line-1
mood ordinary
: >line/daemon.log
daemon_start
expect 0 line_package_load 1 400 sbm.suit v1.suit
next

# in_hand MOOD REASON [HINT]: with a chip in hand the day turns bad; the station is told why. When it is better, the same chip comes again and is made.
in_hand() {
    rm -f held
    station hold 2 >held 2>&1 &
    local held=$!
    line_wait grep -q held held
    mood "$1"
    line_wait grep -qE "refused: .*$2" held || fail "the station was not told: $(cat held)"
    says "hint: .*${3:-}" held
    mood ordinary
    wait "$held" || fail "the chip in hand was never made: $(cat held)"
    made=$((made + 1))
    next
}

day "the disk is full: before a unit, and in the midst of one; with room again it goes on by itself"
mood full
refused "ledger .*(full|disk)" "disk"
mood ordinary
next
in_hand full "(full|disk)" disk

day "what is written does not get to the disk"
mood torn
refused "ledger" "disk"
mood ordinary
next

day "the clock goes back while the line runs"
mood "clock -86400"
refused "clock was set back" "clock"
mood ordinary
next
day "the clock goes back between two runs"
daemon_stop
mood "clock -86400"
daemon_start
noted "clock was set back"
refused "no production package: the clock was set back" "set this machine's clock"
mood ordinary
expect 0 "$windlassd" reload line/a
next

day "the token forgets its sessions, and its login"
mood lost
next
mood idle
next
day "the token is pulled out, and put in again; without it nobody is even called in"
mood out
turned_away "trouble of its own" "log"
noted "there is no token"
mood ordinary
next
in_hand out "there is no token" "plug|token"
day "the token does not sign"
in_hand fails "the device has an error" plug
day "the folder of SoftHSM's token is gone, and comes back: SoftHSM sees that in a new process only"
mv line/a/hsm/tokens tokens
turned_away "trouble of its own" "log"
noted "token 'windlass-appliance'"
mv tokens line/a/hsm/tokens
daemon_stop
daemon_start
next

day "the ledger is locked by another program: for a moment, and for long"
lock_ledger() {
    python3 - "$1" <<'END' &
import sqlite3, sys, time
db = sqlite3.connect("line/a/ledger.db", isolation_level=None)
db.execute("BEGIN IMMEDIATE")
open("locked", "w")
time.sleep(float(sys.argv[1]))
END
    locker=$!
    line_wait test -e locked
    rm locked
}
lock_ledger 2
next
wait "$locker"
lock_ledger 8
refused "ledger .*locked" "another program"
wait "$locker"
next

day "the ledger is gone, and comes back"
mkdir away
mv line/a/ledger.db* away/
refused "ledger .*(deleted|moved)" "put back"
mv away/ledger.db* line/a/
next
day "another ledger stands in its place"
mkdir copy
cp -p line/a/ledger.db* copy/
mv line/a/ledger.db* away/
cp -p copy/ledger.db* line/a/
refused "ledger .*(deleted|moved)" "put back"
rm line/a/ledger.db*
mv away/ledger.db* line/a/
next
day "the ledger is gone between two runs: the daemon does not begin a new one"
daemon_stop
mv line/a/ledger.db* away/
expect 1 timeout 10 "$windlassd" run line/a $line_user
says "ledger.head knows"
mv away/ledger.db* line/a/
daemon_start
next
day "the ledger may not be written"
daemon_stop
chmod 400 line/a/ledger.db
expect 1 timeout 10 "$windlassd" run line/a $line_user
says "ledger .*denied"
says "hint: .*allowed to write"
chmod 600 line/a/ledger.db
daemon_start
next

day "two sockets claim one chip: it is in hand in one"
expect 0 station two 1
says "second socket: refused: this chip is in hand in another socket"
says "first socket: unit"
made=$((made + 1))
next
day "a second chip comes with the unique ID of a first"
expect 0 station clone 1
says "the clone: refused: .*quarantine"
made=$((made + 1))
noted "quarantine"
next

# A station that fails hundreds of times a second causes no more lines than its minutes take, and is told of.
log_is_bounded() {
    local said
    said=$(tail -n "+$day_line" "$line/daemon.log" | grep -c '"event":"letter_refused"') || true
    [ "$said" -ge 1 ] && [ "$said" -le 120 ] || fail "$said lines of refusals"
    "$windlassd" metrics line/a >metrics
    grep -qE '^windlass_log_lines_left_out_total [1-9][0-9]' metrics || fail "nothing was left out of the log"
}
for flood in ${FLOODS-connects halves strangers letters failures readers writers}; do
    day "a flood: $flood; the line goes on meanwhile"
    station $flood 2 >flood 2>&1 &
    flood_id=$!
    sleep 0.5
    next
    next
    wait "$flood_id" || fail "the flood came to nothing: $(cat flood)"
    cat flood
    next
    [ $flood != failures ] || log_is_bounded
done

day "a station lies about everything, one thing at a time"
expect 0 station lies "$lies"
says ", 0 wrong; then unit"
tail -n 1 out
made=$((made + 3))
next

echo "the books are right"
daemon_stop
case ${FLOODS-failures} in *failures*) grep -q '"event":"lines_left_out","station":"line-1","of":"warning"' "$line/daemon.log" || fail "the log does not say what it left out" ;; esac
expect 0 "$windlass" ledger verify --project project --ledger line/a --final
says "^sound"
cat out

# The same with a ledger in a PostgreSQL server.
postgres=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
as_nobody=
[ "$(id -u)" -eq 0 ] && as_nobody="setpriv --reuid=nobody --regid=nogroup --clear-groups"
postgres_start() {
    (cd / && exec setsid $as_nobody "$postgres/postgres" -D "$line/pg/data" -k "$line/pg" -c listen_addresses= >"$line/pg.log" 2>&1) &
    postgres_id=$!
    line_wait "$postgres/pg_isready" -q -h "$line/pg" || fail "no PostgreSQL: $(tail -n 3 "$line/pg.log")"
}
# As by the power.
postgres_stop() {
    kill -QUIT "$postgres_id"
    wait "$postgres_id" 2>/dev/null || true
    postgres_id=
}
stop_everything() {
    [ -z "${postgres_id:-}" ] || kill -QUIT "$postgres_id"
    line_stop
    clean_up
}
trap stop_everything EXIT
line=$work/pgline
place="postgresql:///postgres?host=$line/pg&user=windlass"
mkdir -m 711 "$line"
mkdir -m 700 "$line/pg"
line_own "$line/pg"
(cd / && $as_nobody "$postgres/initdb" -D "$line/pg/data" -U windlass -A trust -N --locale=C >/dev/null)
postgres_start
expect 0 "$windlassd" init "$line/a" --oem project/pki/public.pem --no-tpm --listen 127.0.0.1:0 --ledger "$place"
expect 0 "$windlass" pki appliance --project project --request "$line/a/request.pem" --name factory-2 --host 127.0.0.1
expect 0 "$windlassd" enrol "$line/a" project/pki/appliances/factory-2.pem
line_own "$line/a"
echo factory-2 >"$line/name"
: >"$line/daemon.log"
daemon_start
expect 0 line_package_load 1 20 sbm.suit v1.suit
made=0
next
day "PostgreSQL dies, with a chip in hand and without, and comes back"
postgres_stop
expect 0 "$windlassd" status "$line/a"
says "^ledger_trouble .*(server|connection)"
says "^state *in trouble"
refused "ledger .*(server|connection)" ""
postgres_start
next
rm -f held
station hold 1 >held 2>&1 &
held=$!
line_wait grep -q held held
postgres_stop
line_wait grep -qE "refused: ledger" held
postgres_start
wait "$held" || fail "the chip in hand was never made: $(cat held)"
made=$((made + 1))
next
day "PostgreSQL is not there when the daemon starts"
daemon_stop
postgres_stop
expect 1 timeout 20 "$windlassd" run "$line/a" $line_user
says "ledger"
says "hint: "
postgres_start
daemon_start
next
daemon_stop
expect 0 "$windlass" ledger verify --project project --ledger "$place" --final
says "^sound"
cat out
postgres_stop
