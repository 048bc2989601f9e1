#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Run the test programs in a short form, as many at a time as there are CPUs, and
# say in the last line how many tests passed, failed and were skipped:
#
#	quick.sh DIRECTORY [PROGRAM]...
#
# DIRECTORY has the programs; all are run unless some are named. Tests with many
# repetitions run a part of them here; `make check` runs all. If a program fails, the
# command that runs it alone comes first, then its output before its failures.

set -u

dir=${1:?usage: $0 DIRECTORY [PROGRAM]...}
shift
cd "$(dirname "$0")/../.." || exit 1

export VMR_TEST_DIVISOR=${VMR_TEST_DIVISOR:-32}
export VMR_TEST_EXITS=${VMR_TEST_EXITS:-50000}
export VMR_TEST_MOVES=${VMR_TEST_MOVES:-2000}
export VMR_TEST_ROUNDS=${VMR_TEST_ROUNDS:-10}
export VMR_TEST_STRESS_CYCLES=${VMR_TEST_STRESS_CYCLES:-200}
export VMR_TEST_STRESS_MOVES=${VMR_TEST_STRESS_MOVES:-2000}

if [ $# = 0 ]; then
	for source in tools/testing/selftests/vmalloc/test_*.c; do
		set -- "$@" "$(basename "$source" .c)"
	done
fi

# A program that is not run leaves no counts, which is a failure.
rm -f "$dir"/*.counts
# shellcheck disable=SC2016
printf '%s\n' "$@" | xargs -P "$(nproc)" -I{} sh -c \
	'tools/testing/check/ktap.sh "$1/$2.log" "$1/$2" >"$1/$2.counts"' - "$dir" {}

passed=0
failed=0
skipped=0
for program; do
	read -r p f s <"$dir/$program.counts" || { p=0 f=1 s=0; }
	passed=$((passed + p))
	failed=$((failed + f))
	skipped=$((skipped + s))
	[ "$f" != 0 ] || continue
	echo "not ok $program # $p passed, $f failed"
	echo "# again, alone: make quick TESTS=$program"
	echo "# its output: $dir/$program.log"
	echo '#'
	grep -B 12 -E '^not ok|^ktap.sh: ' "$dir/$program.log" | tail -n 60 |
		sed 's/^/# /'
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
