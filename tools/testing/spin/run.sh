#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Check all states of the models with Spin, and check that each model fails if a macro
# removes a step or a barrier. Prints KTAP:
#
#	run.sh [DIRECTORY]	work directory; a temporary one by default
#
# JOBS is the number of parallel runs. Each needs up to 1 GiB.

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

# The operations of the writer
move=1 swap=2 unlink=4 register=8 drain=16
vacate=2	# in bulk_move.pml
exchange=$((move | vacate))	# there: swaps and claims

# Models that must hold: name and macros, the largest first.
holds=(
	"two_readers_unlink_then_drain_or_relink
		-DOPS=2 -DKINDS1=$unlink -DKINDS=$((register | drain))"
	"two_readers_move_then_unlink
		-DOPS=2 -DKINDS1=$((move | swap)) -DKINDS=$unlink"
	"two_readers_unlink_then_move
		-DOPS=2 -DKINDS1=$unlink -DKINDS=$((move | swap))"
	"one_reader_three_changes_reordered
		-DACCESSES1=0 -DOPS=3 -DWINDOW=3"
	"two_readers_two_moves
		-DOPS=2 -DKINDS=$((move | swap))"
	"one_reader_unlink_relink_unlink_drain
		-DACCESSES0=2 -DACCESSES1=0 -DONE -DOPS=4 -DKINDS1=$unlink
		-DKINDS2=$register -DKINDS3=$unlink -DKINDS=$((register | drain))"
	"nested_accesses
		-DACCESSES0=2 -DACCESSES1=0 -DDEPTHS=2 -DOPS=2"
	"nested_beyond_hazards
		-DACCESSES0=2 -DACCESSES1=0 -DDEPTHS=2 -DHAZARDS=1 -DOPS=2"
	"one_reader_two_accesses
		-DACCESSES0=2 -DACCESSES1=0 -DOPS=2"
	"tree_rotation
		-DACCESSES1=0 -DOPS=2 -DWINDOW=3 -DROTATE"
	"asymmetric_two_readers
		-DASYMMETRIC -DOPS=2 -DKINDS1=$unlink -DKINDS=$drain"
	"asymmetric_unlink_relink_unlink_drain
		-DASYMMETRIC -DACCESSES0=2 -DACCESSES1=0 -DONE -DOPS=4
		-DKINDS1=$unlink -DKINDS2=$register -DKINDS3=$unlink
		-DKINDS=$((register | drain))"
	"asymmetric_nested
		-DASYMMETRIC -DACCESSES0=2 -DACCESSES1=0 -DDEPTHS=2 -DOPS=2"
	"drain_ignores_other_device
		-DHOLD -DOPS=1 -DKINDS=$unlink"
	"drain_ignores_other_device_changes
		-DHOLD -DACCESSES1=0 -DOPS=2"
	"attach_detach_during_drains
		-DROUNDS=2 -DACCESSES=2"
	"bulk_moves_and_claims_one_cache
		-DOPS=3 -DACCESSES=3"
	"bulk_moves_and_claims_two_caches
		-DOPS=1 -DACCESSES=2 -DREADERS=2 -DWINDOW=1
		-DKINDS=7"
	"cache_three_changes_rollover
		-DWRAP -DOPS=3 -DACCESSES=2 -DWINDOW=2"
	"cache_three_accesses_rollover
		-DWRAP -DOPS=2 -DACCESSES=3"
	"notify_two_devices
		-DSENDS=2 -DOPS=4"
	"reset_two_readers_one_device
		-DROUNDS=3"
	"slot_three_cards
		-DCARDS=3"
	"vf_disable_two_readers
		-DROUNDS=2 -DACCESSES=2"
)

# Models that must fail: the macro, the kind of failure, and further macros. The kinds:
#
#	route	a lookup returns a wrong result
#	memory	a reader accesses freed or unprepared memory
#	hang	a drain never ends
#	lost	the guest never sees the data of a message
#	stale	a reset or a removal leaves what readers had changed
#	slot	an event of a slot is lost or comes too late, or a request has no answer
move1="-DOPS=1 -DACCESSES1=0 -DWINDOW=3"
remove="-DOPS=2 -DACCESSES1=0 -DKINDS1=$unlink -DKINDS=$drain"
nest="-DOPS=2 -DACCESSES0=2 -DACCESSES1=0 -DDEPTHS=2"
twice="-DOPS=2 -DACCESSES=2"
wrap="-DWRAP $twice"
fails=(
	"NOT_ODD route $move1"
	"NO_WRITE_BARRIER route $move1"
	"NO_END_RELEASE route $move1"
	"NO_READ_ACQUIRE route $move1"
	"NO_READ_BARRIER route $move1"
	"NO_RETRY route $move1"
	"NO_SECOND_VALIDATE route $move1"
	"BASE_LATE route $move1"
	"STATE_LATE route $move1"
	"READY_LATE memory -DOPS=3 -DACCESSES1=0 -DKINDS1=$unlink -DKINDS2=$drain
		-DKINDS=$register"
	"NO_LOOKUP_MB memory $remove"
	"NO_DRAIN_MB memory $remove"
	"NO_MEMBARRIER memory $remove"
	"NO_DRAIN_ACQUIRE memory $remove"
	"EPOCH_FIRST memory $remove"
	"UNLINKED_OLD memory $remove"
	"IGNORE_EPOCH memory $remove"
	"IGNORE_INSIDE memory $remove"
	"CLEAR_FIRST memory $remove"
	"LEAVE_EARLY memory $remove"
	"FIRST_HAZARD_ONLY memory $nest"
	"DEEP_IGNORED memory $nest -DHAZARDS=1"
	"EPOCH_KEPT hang $remove"
	"WAIT_FOR_ALL hang $remove -DHOLD"
	"ATTACH_NO_LOCK memory -DROUNDS=1"
	"ATTACH_INSIDE memory -DROUNDS=1"
	"BULK_NOT_ODD route $twice"
	"BULK_APART route $twice"
	"SETTLE_APART route $twice"
	"CACHE_ANY_GENERATION route $twice -DKINDS=$vacate"
	"CACHE_GENERATION_LATE route $twice"
	"CACHE_EARLY memory $twice"
	"CACHE_REGION_FIRST memory $twice"
	"CACHE_ROLLOVER_LATE memory $wrap"
	"CACHE_ROLLOVER_ONCE route $wrap -DKINDS=$exchange"
	"GENERATION_LATE route $twice"
	"GENERATION_SLOT_KEPT memory $twice"
	"GENERATION_SLOT_LATE memory $twice"
	"GENERATION_SLOT_LIVE memory $twice"
	"GENERATION_WRAP_FIRST route $wrap -DKINDS=$exchange"
	"PEND_PLAIN lost"
	"BLOCK_PLAIN lost"
	"UNBLOCK_PLAIN lost"
	"PEND_SILENT lost"
	"NOTIFY_REMOVED stale"
	"NOTIFY_CLEAR_FIRST stale"
	"RESET_NO_RECHECK stale"
	"RESET_BARS_STAY memory"
	"RESET_NO_DRAIN memory"
	"RESET_DRAIN_LOCKED hang"
	"RESET_NO_DISABLE stale"
	"RESET_FREE_FIRST stale"
	"RESET_KEEP_PENDING stale"
	"SLOT_NOTIFIED_KEPT slot"
	"SLOT_SEND_EARLY slot"
	"SLOT_CLEAR_ALL slot"
	"SLOT_ENABLE_SILENT slot"
	"SLOT_MSI_SILENT slot"
	"SLOT_LINE_OFF slot"
	"SLOT_LINE_KEPT slot"
	"SLOT_LINE_MSI slot"
	"SLOT_PRESS_LATE slot"
	"SLOT_PRESS_OFF slot"
	"SLOT_PRESS_KEPT slot"
	"SLOT_PRESS_STALE slot"
	"SLOT_ANSWER_NOT slot"
	"VF_MAP_FIRST memory"
	"VF_MAPPED_LONG memory"
	"VF_DRAIN_VF memory"
	"VF_TABLE_LATE memory"
)

# search DIR NAME OPTIMIZE MACRO... - run Spin; its output goes to DIR/output
search()
{
	local dir=$1 optimize=$3 model=dispatch

	case ${2,,} in
	attach*) model=attach ;;
	bulk*|settle*|cache*|generation*) model=bulk_move ;;
	slot*) model=slot ;;
	notify*|pend*|block*|unblock*) model=notify ;;
	reset*) model=reset ;;
	vf*) model=vf ;;
	esac
	mkdir -p "$dir" && cd "$dir" || return
	spin -a "${@:4}" "$models/$model.pml" >output 2>&1 || return
	gcc "$optimize" -w -DSAFETY -DNOFAIR -DCOLLAPSE -DNOBOUNDCHECK \
		-DVECTORSZ=512 -o pan pan.c >>output 2>&1 || return
	./pan -m100000 -w22 >>output 2>&1
	rm -f pan pan.*
}

states()
{
	awk '/states, stored/ { print $1 }' "$1"
}

# The search is complete and has no errors.
judge_holds()
{
	grep -q 'errors: 0' output &&
		! grep -qE 'max search depth|out of memory|aborted' output
}

# The failure is of the expected kind. A syntax error or another assertion does not
# count.
judge_fails()
{
	case $1 in
	route) grep -E 'assertion violated.*(allowed|at==addr)' output ;;
	memory) grep -E 'assertion violated.*(freed|running|mem\[)' output ;;
	hang) grep 'invalid end state' output ;;
	lost) grep -E 'assertion violated.*seen' output ;;
	stale) grep -E 'assertion violated.*(mapped|late|began)' output ;;
	slot) grep -E 'assertion violated.*(status|fresh|done|pending)' output ;;
	esac
}

one_holds()
{
	local name=$2

	search "$work/$1" "$2" -O1 "${@:3}"
	if judge_holds; then
		echo "ok $1 spin_$name # $(states output) states"
	else
		sed 's/^/# /' output
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
		sed 's/^/# /' output
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
