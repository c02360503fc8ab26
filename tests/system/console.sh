#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# console: a person types on the application's console: every command, an update from arrival to confirmation, an update given up,
# a terminal's keys, and bytes that nobody should send.
top=$1
. "$top/tests/system/lib.sh"

# typed TEXT: types it; what the console shows until it is quiet goes to $work/seen.
typed() {
    printf "$1" | timeout 60 "$windlass" chip console "$work/chip" >"$work/seen" || fail "chip console: exit $?"
}
says() {
    grep -qF -- "$1" "$work/seen" || { tail -n 30 "$work/seen" >&2; fail "the console does not say: $1"; }
}
says_not() {
    ! grep -qF -- "$1" "$work/seen" || fail "the console says: $1"
}

project_make
sed -i 's/watchdog_seconds: 0/watchdog_seconds: 5/' "$project/product.yaml"
package v1 "$firmware/app-v1.elf" 1
package v2 "$firmware/app-v2.elf" 2
package v3 "$firmware/app-v1.elf" 3
"$windlass" chip new "$work/chip" >/dev/null
"$windlass" chip run "$work/chip" >/dev/null
provision chip v1 >/dev/null
console chip "[app] console: 'help' lists the commands"
uid=$(uid_of chip)

typed 'help\rstatus\rlog\rupdate\ridentity\rconfirm\rreject\rmake coffee\r'
for command in help status log update confirm reject reset identity; do
    grep -q "^$command  " "$work/seen" || fail "help does not name $command"
done
says "application        1, confirmed"
says "boot manager       1 in slot A, confirmed"
says "lifecycle          secured"
says "last refusal       none"
says "spare boot manager sound"
says "  locked 0"
says "application        ready for an update"
says "unique ID          $uid"
says "refused: nothing is on trial"
says "there is no command 'make coffee'; try 'help'"
fingerprint=$(openssl x509 -in "$project/devices/$uid/device.crt" -noout -fingerprint -sha256 | sed 's/.*=//' | tr -d : | tr A-F a-f)
says "certificate        $fingerprint"
point=$(openssl x509 -in "$project/devices/$uid/device.crt" -noout -pubkey | openssl pkey -pubin -outform DER | tail -c 65 | sha256sum | cut -d' ' -f1)
says "instance ID        01$point"

update chip v2
typed 'update\rreset\r'
says "an update is installed at the next reset"
says "pending            2"
console chip "greenhouse sensor, version 2"
typed 'status\rconfirm\rstatus\rlog\r'
says "application        2, on trial: 'confirm' keeps it"
says "this boot          a new application was installed"
says "confirmed: what runs stays"
says "application        2, confirmed"
says "application confirmed 2"
[ "$(field chip counter)" = 2 ] || fail "the counter did not move"

update chip v3
typed 'reset\r'
console chip "[sbm] application verified, sequence 3"
typed 'reject\rreset\r'
says "rejected: 'reset' brings back what ran before"
console chip "going back"
typed 'status\r'
says "application        2, confirmed"
says "this boot          went back to the application before"
if update chip v1 2>/dev/null; then fail "an older application was taken"; fi
typed 'status\n'
says "last refusal       1: older than the installed version allows"

# A terminal: keys are echoed, backspace works, Ctrl-] leaves and the terminal is as it was.
mkfifo "$work/keys"
script -qefc "$windlass chip console $work/chip; stty -a" "$work/screen" <"$work/keys" >/dev/null &
terminal=$!
exec 9>"$work/keys"
screen() {
    local tries
    for tries in $(seq 100); do
        grep -qF -- "$1" "$work/screen" && return 0
        sleep 0.1
    done
    cat -v "$work/screen" >&2
    fail "the screen does not show: $1"
}
screen "Ctrl-] leaves"
printf 'statsu\177\177us\r' >&9
screen $'statsu\b \b\b \bus'
screen "lifecycle          secured"
printf 'log\003\035' >&9
wait $terminal || fail "the terminal ended with $?"
exec 9>&-
screen " icanon"
screen " echo "
grep -qF 'statsu? ?? ?us' "$work/chip/console.log" || fail "the log has a backspace"

# Hostile input: nothing of it is obeyed, nothing resets, link and watchdog go on, the console answers after.
boots=$(field chip boots)
begin=$(stat -c %s "$work/chip/console.log")
{ head -c 60000 /dev/urandom; printf '\r'; head -c 20000 /dev/zero | tr '\0' x; printf '\rcon\001firm\r\033[Areset\rover\r'; } |
    "$windlass" chip console "$work/chip" >/dev/null
[ "$(field chip app)" = 2 ] || fail "the data link does not answer meanwhile"
console chip "there is no command 'over'"
tail -c +$((begin + 1)) "$work/chip/console.log" >"$work/seen"
says "refused: a line has at most 64 characters"
says "refused: the line held a character that is not printable ASCII"
says_not "the device resets"
! LC_ALL=C grep -q '[^ -~]' "$work/seen" || fail "control characters came back"
typed '\rstatus\r'
says "boots              $boots"
[ "$(field chip boots)" = "$boots" ] || fail "the device was reset"
echo "typed at: answers, updates, confirms, rejects, resets; 80,000 hostile bytes changed nothing"
