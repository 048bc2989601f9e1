#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Compare the library with QEMU, step by step:
#
#	run.sh PROGRAM STEPS [SEED]
#
# STEPS are those of all topologies together. As many processes as there are CPUs
# share the topologies. Each difference of the list is proved to be still needed. A
# difference that is not on the list is printed with the steps that show it; such lines
# in a file run again by PROGRAM -r FILE.

set -u

program=${1:?usage: $0 PROGRAM STEPS [SEED]}
total=${2:?usage: $0 PROGRAM STEPS [SEED]}
seed=${3:-1}
cd "$(dirname "$0")/../../.." || exit 1

command -v qemu-system-x86_64 >/dev/null || {
	echo "qemu-system-x86_64 is not installed (qemu-system-x86)"
	exit 4
}

dir=$(mktemp -d)
# shellcheck disable=SC2317
end()
{
	# shellcheck disable=SC2046
	kill $(jobs -p) 2>/dev/null
	rm -rf "$dir"
}
trap end EXIT

topologies=$(grep -c '^topology ' tools/testing/qemu/topologies)
each=$(((total + topologies - 1) / topologies))
parts=$(nproc)
[ "$parts" -le "$topologies" ] || parts=$topologies

echo "seed $seed, $topologies topologies, $each steps each"
pids=()
for ((part = 0; part < parts; part++)); do
	"$program" -n "$each" -s "$seed" -P "$part/$parts" >"$dir/$part" 2>&1 &
	pids+=($!)
done
"$program" -p all >"$dir/proofs" 2>&1 &
pids+=($!)
status=0
for pid in "${pids[@]}"; do
	wait "$pid" || status=1
done

for log in "$dir"/*; do
	sed '$d' "$log"
	# The last line of a program that failed by itself
	tail -n 1 "$log" | grep -v '^qemu: [0-9]* steps'
done
tail -q -n 1 "$dir"/* | awk -v status=$status '
	/^qemu: [0-9]+ steps/ { steps += $2; read += $4; differ += $7 }
	END {
		if (status && !differ)
			print "qemu: a program failed"
		else
			printf "qemu: %d steps, %.0f registers read, %d differ\n",
				steps, read, differ
	}'
exit $status
