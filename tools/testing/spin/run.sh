#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Check route.pml, attach.pml and sets.pml with Spin: as they are, in every state they
# can be in, and that each step and barrier that a macro takes out is missed. Prints
# KTAP:
#
#	run.sh [DIRECTORY]	where to work; a temporary one if not given
#
# JOBS says how many to run at a time; each needs up to 1 GiB.

set -u

models=$(cd "$(dirname "$0")" && pwd)
work=${1-}

for tool in spin gcc; do
	command -v $tool >/dev/null && continue
	echo "1..0 # SKIP $tool is not installed"
	echo "$tool is not installed"
	exit 4
done
if [ -z "$work" ]; then
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
fi

# The kinds of things the writer does
move=1 swap=2 unlink=4 register=8 drain=16
vacate=2	# in sets.pml

# What must hold: its name, and macros. The largest come first.
holds=(
	"two_readers_while_one_unlinks_then_drains_or_relinks
		-DOPS=2 -DKINDS1=$unlink -DKINDS=$((register | drain))"
	"two_readers_while_one_moves_then_unlinks
		-DOPS=2 -DKINDS1=$((move | swap)) -DKINDS=$unlink"
	"two_readers_while_one_unlinks_then_moves
		-DOPS=2 -DKINDS1=$unlink -DKINDS=$((move | swap))"
	"one_reader_three_changes_stores_in_any_order
		-DLOOKS1=0 -DOPS=3 -DWINDOW=3"
	"two_readers_while_one_moves_and_moves
		-DOPS=2 -DKINDS=$((move | swap))"
	"one_reader_twice_unlink_relink_unlink_drain
		-DLOOKS0=2 -DLOOKS1=0 -DONE -DOPS=4 -DKINDS1=$unlink
		-DKINDS2=$register -DKINDS3=$unlink -DKINDS=$((register | drain))"
	"nested_accesses
		-DLOOKS0=2 -DLOOKS1=0 -DDEPTHS=2 -DOPS=2"
	"nested_deeper_than_there_are_names
		-DLOOKS0=2 -DLOOKS1=0 -DDEPTHS=2 -DNAMES=1 -DOPS=2"
	"one_reader_twice
		-DLOOKS0=2 -DLOOKS1=0 -DOPS=2"
	"a_tree_that_rotates
		-DLOOKS1=0 -DOPS=2 -DWINDOW=3 -DROTATE"
	"no_drain_waits_for_another_device
		-DHOLD -DOPS=1 -DKINDS=$unlink"
	"no_drain_waits_for_another_device_after_changes
		-DHOLD -DLOOKS1=0 -DOPS=2"
	"attach_and_detach_while_one_drains_again_and_again
		-DROUNDS=2 -DLOOKS=2"
	"sets_and_claims_while_one_remembers
		-DOPS=3 -DLOOKS=3"
	"sets_and_claims_while_two_remember
		-DOPS=1 -DLOOKS=2 -DREADERS=2 -DWINDOW=1"
)

# What must fail: what is taken out, how it fails, and macros. A wrong route is
# seen by the reader; memory is used that was given away, or not ready yet; or a
# drain never ends.
move1="-DOPS=1 -DLOOKS1=0 -DWINDOW=3"
remove="-DOPS=2 -DLOOKS1=0 -DKINDS1=$unlink -DKINDS=$drain"
nest="-DOPS=2 -DLOOKS0=2 -DLOOKS1=0 -DDEPTHS=2"
twice="-DOPS=2 -DLOOKS=2"
fails=(
	"NOT_ODD route $move1"
	"NO_WRITE_BARRIER route $move1"
	"NO_END_RELEASE route $move1"
	"NO_READ_ACQUIRE route $move1"
	"NO_READ_BARRIER route $move1"
	"NO_RETRY route $move1"
	"NO_SECOND_LOOK route $move1"
	"BASE_LATE route $move1"
	"STATE_LATE route $move1"
	"READY_LATE memory -DOPS=3 -DLOOKS1=0 -DKINDS1=$unlink -DKINDS2=$drain
		-DKINDS=$register"
	"NO_LOOKUP_MB memory $remove"
	"NO_DRAIN_MB memory $remove"
	"NO_DRAIN_ACQUIRE memory $remove"
	"EPOCH_FIRST memory $remove"
	"UNLINKED_OLD memory $remove"
	"IGNORE_EPOCH memory $remove"
	"IGNORE_INSIDE memory $remove"
	"CLEAR_FIRST memory $remove"
	"LEAVE_EARLY memory $remove"
	"FIRST_NAME_ONLY memory $nest"
	"DEEP_IGNORED memory $nest -DNAMES=1"
	"EPOCH_KEPT hang $remove"
	"WAIT_FOR_ALL hang $remove -DHOLD"
	"ATTACH_NO_LOCK memory -DROUNDS=1"
	"ATTACH_INSIDE memory -DROUNDS=1"
	"SET_NOT_ODD route $twice"
	"SET_APART route $twice"
	"CLAIM_APART route $twice"
	"HINT_ANY_COUNT route $twice -DKINDS=$vacate"
	"HINT_COUNT_LATE route $twice"
	"HINT_EARLY memory $twice"
	"DEPART_LATE route $twice"
)

# search DIR NAME OPTIMIZE MACRO... - what Spin says is in DIR/said
search()
{
	local dir=$1 optimize=$3 model=route

	case ${2,,} in
	attach*) model=attach ;;
	set*|claim*|hint*|depart*) model=sets ;;
	esac
	mkdir -p "$dir" && cd "$dir" || return
	spin -a "${@:4}" "$models/$model.pml" >said 2>&1 || return
	gcc "$optimize" -w -DSAFETY -DNOFAIR -DCOLLAPSE -DNOBOUNDCHECK \
		-DVECTORSZ=512 -o pan pan.c >>said 2>&1 || return
	./pan -m100000 -w22 >>said 2>&1
	rm -f pan pan.*
}

states()
{
	awk '/states, stored/ { print $1 }' "$1"
}

# All states, none of them wrong, and none cut off
judge_holds()
{
	grep -q 'errors: 0' said &&
		! grep -qE 'max search depth|out of memory|aborted' said
}

# The counterexample is of the kind that is expected, so that a model that is
# merely broken is not taken for one
judge_fails()
{
	case $1 in
	route) grep -E 'assertion violated.*(allowed|at==addr)' said ;;
	memory) grep -E 'assertion violated.*(freed|running|mem\[)' said ;;
	hang) grep 'invalid end state' said ;;
	esac
}

one_holds()
{
	local name=$2

	search "$work/$1" "$2" -O1 "${@:3}"
	if judge_holds; then
		echo "ok $1 spin_$name # $(states said) states"
	else
		sed 's/^/# /' said
		echo "not ok $1 spin_$name"
	fi >"$work/$1.result"
}

one_fails()
{
	local name=spin_fails_with_${2,,}

	search "$work/$1" "$2" -O0 "-D$2" "${@:4}"
	if judge_fails "$3" >found; then
		echo "# $(head -n 1 found)"
		echo "ok $1 $name"
	else
		sed 's/^/# /' said
		echo "not ok $1 $name"
	fi >"$work/$1.result"
}

total=$((${#holds[@]} + ${#fails[@]}))
jobs=${JOBS:-$(nproc)}
[ "$jobs" -le 3 ] || jobs=3

n=0
start()
{
	while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do
		wait -n
	done
	n=$((n + 1))
	"$1" $n "${@:2}" &
}

# shellcheck disable=SC2086
{
	for what in "${holds[@]}"; do
		start one_holds $what
	done
	for what in "${fails[@]}"; do
		start one_fails $what
	done
}
wait

echo "KTAP version 1"
echo "1..$total"
status=0
for ((i = 1; i <= total; i++)); do
	cat "$work/$i.result" 2>/dev/null || echo "not ok $i spin_$i # no result"
	grep -q '^ok ' "$work/$i.result" || status=1
done
exit $status
