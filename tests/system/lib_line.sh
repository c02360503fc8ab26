# SPDX-License-Identifier: Apache-2.0
# lib_line: what the tests of a whole line share. Source it with the tree's top folder in $top: lib.sh and tools/line, and the test stands in $work.
. "$top/tests/system/lib.sh"
cd "$work"
chmod 711 "$work"
line=$work/line
mkdir -m 711 "$line"
. "$top/tools/line"
trap 'line_stop; clean_up' EXIT

# expect CODE COMMAND...: what it says goes to the file out.
expect() {
    local wanted=$1 code=0
    shift
    "$@" >out 2>&1 || code=$?
    [ "$code" -eq "$wanted" ] || fail "exit $code, not $wanted: $* $(tail -n 30 out) $(tail -n 5 "$line/daemon.log" 2>&1)"
}
# says PATTERN [FILE]: an extended regular expression is in out, or in FILE.
says() {
    grep -qE -- "$1" "${2:-out}" || fail "'$1' is not in: $(tail -n 30 "${2:-out}")"
}
