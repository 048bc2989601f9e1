#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Boot firmware and the guest program on each machine of the VMM, or replay its trace
# where KVM cannot be used; at last one line about each:
#
#	run-firmware.sh O BIOS TRACE TRACE_Q35

set -u
O=$1
bios=$2
declare -A traces=([pc]=$3 [q35]=$4)

guest=()
if [ -e "$O/guest.bin" ]; then
	guest=(--guest "$O/guest.bin")
fi

status=0
lines=()
for machine in pc q35; do
	echo "== machine: $machine"
	"$O/vmm" --machine "$machine" --bios "$bios" "${guest[@]}" \
		--fallback-replay "${traces[$machine]}" |
		tee "$O/run.$machine"
	result=${PIPESTATUS[0]}
	[ "$result" = 0 ] || status=$result
	lines+=("$(tail -n 1 "$O/run.$machine")")
done
echo
printf '%s\n' "${lines[@]}"
exit "$status"
