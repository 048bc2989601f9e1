#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Each call of the VMM to KVM, to the system and to the C library fails in turn, under
# sanitizers. The VMM has to print the reason on stderr and to end with one of its own exit
# statuses, without a leak, and must not report success. Runs without KVM come first. Where
# /dev/kvm can be used, a small kernel is run, saved and restored, with a card that is
# plugged.
#
# A place of the program is taken the first TIMES times that it is passed, by default 1.
# Of the calls of a run with KVM each fourth is taken. "make check-faults" takes each of
# them, and each place 3 times.

set -u
times=${TIMES:-1}
part=${PART:-4}
vmm=$O/check/sanitizers/vmm-inject

tools/testing/check/sanitized.sh "$vmm" || exit 1

export ASAN_OPTIONS=exitcode=99 UBSAN_OPTIONS=exitcode=99
kernel=$O/guest-kernel
trace=tools/vmm/traces/seabios.trace
failed=0
runs=0

# Calls that may fail in a run that succeeds. It says so on stderr.
#	accept		is done again
#	dup, fdopen	the client is turned away, and connects again
#	fflush, fwrite, fclose
#			the client has no answer, and asks again
tolerated='accept dup fdopen fflush fwrite fclose'

# control DIRECTORY WORD... - a command to the running VMM; without a VMM it ends
control()
{
	perl -MIO::Socket::UNIX -e 'my $p = shift; my $s;
		for (1 .. 20000) { $s = IO::Socket::UNIX->new(Peer => "$p/socket") and last;
			exit 1 if -e "$p/ended"; select undef, undef, undef, 0.05 }
		$s or exit 1; print $s "@ARGV\n"; $s->flush;
		while (<$s>) { print; exit 0 if /^ok$/; exit 1 if /^error:/ }
		exit 2' "$@"
}

# request DIRECTORY WORD... - once more if the VMM turns us away
request()
{
	local status=0

	control "$@" || status=$?
	[ $status != 2 ] || control "$@"
}

# live DIRECTORY ARGUMENT... - a VMM with a socket, and commands to it
live()
{
	local dir=$1 pid status=0

	timeout -k 5 1800 "$vmm" "${@:2}" --control "$dir/socket" >"$dir/out" 2>"$dir/err" &
	pid=$!
	(
		request "$dir" pause
		request "$dir" plug 2
		request "$dir" snapshot "$dir/saved"
		request "$dir" unplug 2
		request "$dir" map
		request "$dir" quit
	) >"$dir/answers" 2>&1 &
	wait $pid || status=$?
	: >"$dir/ended"
	wait
	return $status
}

# run SCENARIO DIRECTORY - one run of it
run()
{
	local dir=$2

	rm -rf "$dir"
	mkdir -p "$dir"
	case $1 in
	tables)
		"$vmm" --kernel "$kernel" --cpus 2 --dump-tables "$dir/tables"
		;;
	snapshot)
		"$vmm" --kernel "$kernel" --cpus 1 --dump-snapshot "$dir/saved"
		;;
	map)
		"$vmm" --restore "$W/saved" --dump-map
		;;
	replay)
		"$vmm" --replay "$trace"
		;;
	live)
		live "$dir" --kernel "$kernel" --cpus 2
		;;
	restore)
		live "$dir" --restore "$W/live-saved"
		;;
	esac >>"$dir/out" 2>>"$dir/err" </dev/null
}

wrong()
{
	failed=$((failed + 1))
	echo "== $1: $2 fails: $3"
	echo "address: addr2line -fie $vmm 0x$(echo "$2" | cut -d- -f2)"
	tail -n 20 "$W/run/err"
}

# fail_each SCENARIO - each call of it
fail_each()
{
	local name status begin=$SECONDS n=0 step=1 i=0

	case $1 in live | restore) step=$part ;; esac

	rm -f "$W/$1.log"
	status=0
	VMM_FAIL_LOG=$W/$1.log VMM_FAIL_TIMES=$times run "$1" "$W/run" || status=$?
	[ $status != 3 ] || return 3
	if [ $status != 0 ]; then
		wrong "$1" 'no call' "status $status"
		return 1
	fi
	cp -f "$W/run/saved" "$W/$1-saved" 2>/dev/null
	for name in $(sort -u "$W/$1.log"); do
		status=0
		i=$((i + 1))
		[ $((i % step)) = 0 ] || continue
		rm -f "$W/calls"
		VMM_FAIL=$name VMM_FAIL_TIMES=$times VMM_FAIL_LOG=$W/calls \
			run "$1" "$W/run" || status=$?
		# Threads may end the run before that call.
		grep -qx failed "$W/calls" || [ $status != 0 ] || continue
		n=$((n + 1))
		case $status in
		0)
			# The answer to a command was the reason
			grep -q '^error: ' "$W/run/answers" 2>/dev/null && continue
			[[ " $tolerated " = *" ${name%%-*} "* ]] &&
				grep -q '^vmm: ' "$W/run/err" && continue
			wrong "$1" "$name" 'the VMM reports success'
			;;
		1 | 3 | 4 | 5)
			grep -q '^vmm: ' "$W/run/err" ||
				wrong "$1" "$name" "status $status without a reason"
			;;
		*)
			wrong "$1" "$name" "status $status"
			;;
		esac
	done
	runs=$((runs + n))
	echo "$1: $n calls, $((SECONDS - begin)) s"
}

[ -s "$kernel" ] || { echo 'there is no small kernel: no compiler for 32-bit code'; exit 4; }
scenarios=${SCENARIOS:-tables snapshot map replay}
for scenario in $scenarios; do
	fail_each "$scenario"
	[ "$scenario" != snapshot ] || cp "$W/snapshot-saved" "$W/saved"
done
if (: <>/dev/kvm) 2>/dev/null && [ -z "${SCENARIOS-}" ]; then
	fail_each live
	case $? in
	0)	fail_each restore ;;
	3)	echo 'KVM cannot be used: no run with it' ;;
	esac
fi
echo "$runs calls failed, each with a reason; $failed wrong"
[ $failed = 0 ]
