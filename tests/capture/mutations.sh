#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Takes one check of capture away at a time and expects the scripted tests to notice.
#     tests/capture/mutations.sh [build folder] [id ...]
# Without ids: all that a scripted test must see (design: capture.md 3.7 and 9). Exit code 0: every
# build without its check failed, and the build with all checks passed.
set -u
source=${STRANDLINE_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
build=${1:-$source/build/mutations}
[ $# -gt 0 ] && shift
ids=${*:-"0 601 503 502 504 505 606 507 511 512 701 702 703 704 705 706 707 708 709 710 711"}
tests="tst_sqlite_wal_proofs tst_sqlite_journal_proofs"
wrong=0

run() {
    for test in $tests; do
        "$(find "$build" -type f -name "$test" | head -n 1)" >"$build/$test.txt" 2>&1 || return 1
    done
    return 0
}

for id in $ids; do
    cmake -S "$source" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DSTRANDLINE_GUI=OFF \
        -DSTRANDLINE_MUTATION="$id" >"$build.log" 2>&1 &&
        ninja -C "$build" $tests >>"$build.log" 2>&1 || { echo "$id: does not build"; exit 2; }
    if run; then seen=no; else seen=yes; fi
    if [ "$id" = 0 ]; then expected=no; else expected=yes; fi
    if [ "$seen" = "$expected" ]; then verdict=ok; else verdict=WRONG; wrong=1; fi
    echo "$id: tests fail: $seen ($verdict) $(grep -ho '^FAIL!.*::[a-zA-Z_]*' "$build"/tst_*.txt | sed 's/.*:://' | sort -u | tr '\n' ' ')"
    rm -f "$build"/tst_*.txt
done
exit $wrong
