#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# factory_book: the commands of docs/factory.md, as they stand, with a TPM: from the appliance's keys to a device's end. Argument: the tree's top folder.
# As root they run as nobody, as an appliance's user would.
top=$(cd "$1" && pwd)
set -eu -o pipefail
line=$(mktemp -d /tmp/windlass-book-XXXXXX)
chmod 711 "$line"
windlass=$top/build/host/bin/windlass
windlassd=$top/build/host/bin/windlassd
. "$top/tools/line"
book=$line/book
mkdir "$book" "$line/bin"
as=
[ "$(id -u)" -ne 0 ] || as="setpriv --reuid=nobody --regid=nogroup --clear-groups"
end_all() {
    local chip
    $as "$windlassd" stop "$book/line" >/dev/null 2>&1 || true
    for chip in "$book"/chip*; do [ ! -e "$chip/run.pid" ] || $as "$line/bin/windlass" chip stop "$chip" >/dev/null 2>&1 || true; done
    line_stop
    rm -rf "$line"
}
trap end_all EXIT
trap 'exit 130' INT TERM
# Not everybody's build folder is open to nobody.
cp "$windlass" "$windlassd" "$line/bin"
cp "$top"/build/target/{bl1.bin,sbm-a.elf,sbm-b.elf,app-v1.elf} "$book"

line_tpm_start >/dev/null
# A chip whose power goes in the middle, so that the page's commands have one to scrap.
cat >"$book/breaking" <<'END'
windlass provision --make-identity station2
windlass pki station line-2 --project maker --request station2/station.csr
cp maker/pki/stations/line-2.crt station2/station.crt
cp maker/pki/root.crt station2/root.crt
windlass chip new chip4
windlass chip run chip4
windlass provision --appliance "$appliance" --identity station2 --chip chip4 &
provision=$!
for tries in $(seq 600); do windlassd status line | grep -q '^reserved *1$' && break || sleep 0.05; done
windlass chip cut chip4
wait $provision || echo "chip4 is broken"
END
awk -v breaking="$book/breaking" '/^```sh$/ { on = 1; next } /^```$/ { on = 0 }
    on && /^broken=/ { while ((getline line <breaking) > 0) print line } on' "$top/docs/factory.md" >"$book/commands"
[ "$(grep -c windlass "$book/commands")" -ge 25 ] || { echo "there are hardly any commands in docs/factory.md" >&2 && exit 1; }
cat >"$book/before" <<END
windlass init maker --product sensor --organisation Test --vendor-domain test.example
windlass pki create --project maker
windlass master package --project maker --component sbm --input sbm-a.elf --input-b sbm-b.elf --sequence 1 --out sbm.suit
windlass master package --project maker --input app-v1.elf --sequence 1 --out v1.suit
END
port=$((20000 + $$ % 20000))
cat >"$book/settings" <<END
cd "$book"
export PATH="$line/bin:$PATH" HOME="$book"
listen=127.0.0.1:$port appliance=127.0.0.1:$port host=127.0.0.1 dashboard=127.0.0.1:0
tpm="--tpm swtpm:path=$line/tpm/sock" tpm_ca="--tpm-ca $line/ca.pem"
END
line_own "$book"
if ! $as bash -eux -o pipefail -c ". '$book/settings'; . '$book/before'; . '$book/commands'" >"$line/out" 2>&1; then
    tail -n 25 "$line/out" >&2
    cat "$book/line.log" >&2 || true
    exit 1
fi
says() {
    grep -q "$1" "$line/out" || { echo "'$1' is not in the output" >&2 && tail -n 40 "$line/out" >&2 && exit 1; }
}
says '2 of 2 done'
says '^sound: .* 3 units'
says 'state.*decommissioned'
says 'state.*scrapped'
says 'chip4 is broken'
grep -q '"event":"reloaded"' "$book/line.log"
[ "$(wc -l <"$book/units.csv")" -eq 4 ]
if $as "$line/bin/windlass" provision --appliance "127.0.0.1:$port" --identity "$book/station" --chip "$book/chip2" >"$line/out" 2>&1; then
    echo "the revoked station still works" >&2
    exit 1
fi
echo "the commands of docs/factory.md work as they stand"
