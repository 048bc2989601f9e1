#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The scheduler at its worst, as KTAP: all threads of the drain's and of the stress
# test on one CPU, and a real-time reader above a normal writer on the same CPU, with
# a port for that.
#
# SELFTESTS is where the test programs are. VMR_TEST_ROUNDS, VMR_TEST_STRESS_CYCLES
# and _MOVES and VMR_TEST_WAKEUPS, of the real-time reader, make the form longer.

set -u

selftests=${SELFTESTS:-$O/check/gcc/selftests}
export VMR_TEST_STRESS_CYCLES=${VMR_TEST_STRESS_CYCLES-300}
export VMR_TEST_STRESS_MOVES=${VMR_TEST_STRESS_MOVES-3000}

work=$O/check/sched-worst-case
mkdir -p "$work"
nr=0

# result NAME STATUS
result()
{
	nr=$((nr + 1))
	case $2 in
	0) echo "ok $nr sched_$1" ;;
	4) echo "ok $nr sched_$1 # SKIP $3" ;;
	*) echo "not ok $nr sched_$1" ;;
	esac
}

echo "KTAP version 1"
echo "1..3"

for name in drain stress; do
	if ! command -v taskset >/dev/null; then
		result "${name}_on_one_cpu" 4 'taskset (util-linux) is not installed'
	else
		taskset -c "$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')" \
			"$selftests/test_$name" >"$work/$name.log" 2>&1
		status=$?
		sed 's/^/# /' "$work/$name.log"
		result "${name}_on_one_cpu" $status
	fi
done

status=1
said=
if gcc -O2 -Wall -Wextra -Werror -D_GNU_SOURCE -Iinclude -pthread \
		-o "$work/priority-inversion" \
		tools/testing/check/priority-inversion.c "$O/libvmalloc.a"; then
	said=$(timeout $((900 + ${VMR_TEST_WAKEUPS:-0} / 100)) \
		"$work/priority-inversion" 2>&1)
	status=$?
	echo "# $said"
fi
result a_real_time_reader_above_a_normal_writer $status "$said"
