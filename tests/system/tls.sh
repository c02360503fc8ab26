#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tls: the device's TLS 1.3 session with a real server that demands its certificate; and servers that it must refuse.
top=$1
. "$top/tests/system/lib.sh"
peer=$top/build/host/tests/system/tls_peer
server_pid= peer_pid=

all_end() {
    [ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null || true
    [ -z "$peer_pid" ] || kill "$peer_pid" 2>/dev/null || true
    clean_up
}
trap all_end EXIT

# port_of FILE PATTERN: waits for the number that a server prints.
port_of() {
    local tries port
    for tries in $(seq 100); do
        port=$(sed -n "s/$2/\1/p" "$1" | head -n 1)
        [ -n "$port" ] && echo "$port" && return 0
        sleep 0.05
    done
    cat "$1" >&2
    fail "no server"
}

# server NAME OPTIONS...: starts openssl's server with NAME's key and certificate; sets $port.
server() {
    local name=$1
    shift
    [ -z "$server_pid" ] || { kill "$server_pid" && wait "$server_pid"; } 2>/dev/null || true
    : >"$work/server.log"
    openssl s_server -accept 127.0.0.1:0 -key "$work/$name.key" -cert "$work/$name.crt" -CAfile "$project/pki/root.crt" -rev "$@" \
        >"$work/server.log" 2>&1 &
    server_pid=$!
    port=$(port_of "$work/server.log" '^ACCEPT 127\.0\.0\.1:\([0-9]*\)$')
}

# strange ARGUMENTS...: starts tls_peer; sets $port.
strange() {
    : >"$work/peer.log"
    "$peer" "$@" >"$work/peer.log" &
    peer_pid=$!
    port=$(port_of "$work/peer.log" '^\([0-9][0-9]*\)$')
}

request() {
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$work/$1.key" -out "$work/$1.csr" 2>/dev/null
}

talk() {
    "$windlass" device tls "$work/chip" --connect "127.0.0.1:$port" --name fleet.example "$@"
}

# refused TEXT: the device ends the session for that reason.
refused() {
    if talk >"$work/answer" 2>&1; then
        cat "$work/answer"
        fail "taken: $1"
    fi
    grep -qF "$1" "$work/answer" || { cat "$work/answer" >&2; fail "refused, but not because: $1"; }
}

project_make
package tls "$firmware/app-tls.elf" 1
"$windlass" chip new "$work/chip" >/dev/null
"$windlass" chip run "$work/chip" >/dev/null
provision chip tls >/dev/null
console chip "[app] SBM says"
uid=$(uid_of chip)
for name in fleet other stranger; do
    request $name
done
"$windlass" pki server --project "$project" --request "$work/fleet.csr" --name fleet.example --out "$work/fleet.crt" >/dev/null
"$windlass" pki server --project "$project" --request "$work/other.csr" --name other.example --out "$work/other.crt" >/dev/null
openssl x509 -req -in "$work/stranger.csr" -signkey "$work/stranger.key" -days 30 -out "$work/stranger.crt" 2>/dev/null

# The whole way, through a relay that keeps every byte.
server fleet -Verify 2 -verify_return_error -tls1_3
strange relay "$port" "$work/wire" 0 0
talk --json >"$work/answer"
wait "$peer_pid"
grep -qF "$(echo "device $uid app 1 sbm 1" | rev)" "$work/answer" || fail "not the answer: $(cat "$work/answer")"
grep -q "^Peer certificate: .*serialNumber = $uid" "$work/server.log" || fail "the server did not see the device's certificate"
grep -q '^Verification: OK' "$work/server.log" || fail "the server did not verify the device"
grep -q '^Protocol version: TLSv1.3' "$work/server.log" || fail "not TLS 1.3"
# Who the device is, and what it says, is for the server only.
[ "$(stat -c %s "$work/wire")" -gt 2000 ] || fail "the relay saw too little"
if grep -qaF "$uid" "$work/wire"; then
    fail "the unique ID was on the wire"
fi
echo "TLS 1.3 with the device's certificate, encrypted; data both ways"

# The other suites that SBM has.
for suite in TLS_AES_128_GCM_SHA256 TLS_AES_128_CCM_SHA256; do
    server fleet -Verify 2 -verify_return_error -tls1_3 -ciphersuites $suite
    talk >/dev/null
    grep -q "^Ciphersuite: $suite" "$work/server.log" || fail "not $suite"
done
# A server that does not ask who is there is fine.
server fleet -tls1_3
talk >/dev/null

server stranger -tls1_3
refused "not from the maker's root"
server other -tls1_3
refused "for another name"
server fleet -tls1_2
refused "the server refuses"
server fleet -tls1_3 -CAfile "$work/stranger.crt" -Verify 2 -verify_return_error
refused "the server refuses"
strange garbage
refused "no handshake"
strange hangup
refused "the connection was cut"

# A flipped bit anywhere in what the server sends, and a cut anywhere.
server fleet -Verify 2 -verify_return_error -tls1_3
server_port=$port
for at in 40 60 100 200 400 700 750; do
    strange relay "$server_port" "$work/wire" $at 0
    refused "the device says"
    strange relay "$server_port" "$work/wire" 0 $at
    refused "the connection was cut"
done
port=$server_port
talk >/dev/null

# An application without TLS says so, and nobody at that place is told.
kill "$server_pid" && wait "$server_pid" 2>/dev/null || true
server_pid=
refused "Connection refused"
echo "stranger, other name, older TLS, garbage, flips and cuts: refused, and the device goes on"
