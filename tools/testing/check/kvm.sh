#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Real firmware boots on each machine of the VMM, all its accesses and BAR writes
# routed by the library, and after it our guest program finds its BARs where it puts
# them; what is recorded of that replays.

set -eu
bios=/usr/share/seabios/bios-256k.bin

# The shell would make a file of that name.
if [ ! -c /dev/kvm ] || ! (: <>/dev/kvm); then
	echo "/dev/kvm cannot be opened"
	exit 4
fi
[ -e "$bios" ] || { echo "$bios is not installed"; exit 4; }

line='run: [0-9]+ exits routed, [1-9][0-9]* BARs programmed by the guest, 0 misrouted'

guest=()
if [ -e "$O/guest.bin" ]; then
	guest=(--guest "$O/guest.bin")
fi

for machine in pc q35; do
	status=0
	"$O/vmm" --machine "$machine" --bios "$bios" "${guest[@]}" \
		--record "$W/trace" >"$W/said" || status=$?
	cat "$W/said"
	# The device is there, but what is behind it does not do what is needed.
	[ $status != 3 ] || { echo "KVM cannot be used"; exit 4; }
	[ $status = 0 ]
	tail -n 1 "$W/said" | grep -Ex "$line"
	if [ ${#guest[@]} != 0 ]; then
		grep -Ex 'guest: [1-9][0-9]* checks passed, 0 failed' "$W/said"
	fi

	"$O/vmm" --replay "$W/trace" >"$W/said"
	tail -n 1 "$W/said" | grep -Ex "$line \(replayed\)"
done
