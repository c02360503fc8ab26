# SPDX-License-Identifier: Apache-2.0
# lib: what the command line tests share. Source it with the windlass program in $windlass: it makes an empty folder,
# goes there and removes it in the end, with every chip in it switched off. The last line of a test is: finish
unset SOFTHSM2_CONF WINDLASS_PIN_FD
folder=$(mktemp -d /tmp/windlass-cli-XXXXXX)
failures=0

clean_up() {
    for pid in "$folder"/*/run.pid "$folder"/*/*/run.pid; do
        [ -e "$pid" ] && "$windlass" chip stop "$(dirname "$pid")" >/dev/null 2>&1
    done
    rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 130' INT TERM
cd "$folder" || exit 1

failed() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# run CODE COMMAND...: runs it, keeps all output in out (and in all), and checks the exit code.
run() {
    wanted=$1
    shift
    "$@" >out 2>&1
    code=$?
    cat out >>all
    if [ "$code" -ne "$wanted" ]; then
        failed "exit $code, not $wanted: $*"
        cat out
    fi
}

# says TEXT: the output of the last run has it.
says() {
    grep -qF -- "$1" out || {
        failed "'$1' is not in:"
        cat out
    }
}

# holds TEST...: a condition of test(1).
holds() {
    test "$@" || failed "$*"
}

finish() {
    echo "$failures failures"
    [ "$failures" -eq 0 ]
    exit
}
