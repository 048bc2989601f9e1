#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# A Linux guest runs in the VMM, directly or inside an emulated processor. Its agent
# reports what Linux has found, after boot, hot-plug and moves, and all of it is what
# the VMM's map says. The kernel of the guest prints no warning.

set -eu
[ "$(uname -m)" = x86_64 ] || { echo 'the guest is for x86-64'; exit 4; }
command -v qemu-system-x86_64 || { echo 'qemu-system-x86 is not installed'; exit 4; }
command -v apt-get || { echo 'there is no apt-get to download a kernel'; exit 4; }

# The kernel and the tools are downloaded once.
$VMR_MAKE O="$O" "$O/vmm-static"
status=0
TIMEOUT=1500 tools/vmm/run-linux.sh "$O" "$O/vmm-static" --verify \
	>"$W/said" 2>&1 || status=$?
cat "$W/said"
[ $status != 4 ] || { echo 'the kernel cannot be downloaded'; exit 4; }
[ $status = 0 ]
n='[1-9][0-9]*'
tail -n 1 "$W/said" | grep -Ex "linux: $n resources compared, 0 differ;\
 $n hot-plugs, $n moves, $n interrupts"
# Linux has kept what the VMM has assigned, in both boots
[ "$(grep -cEx "linux: of $n registers of the assignment Linux has changed 0" \
	"$W/said")" = 2 ]
# No step is left out
for step in 'cards were pulled in use' 'eight virtual functions are there' \
	'a BAR has another size' 'has booted again'; do
	grep "^linux: .*$step" "$W/said"
done
faults='Kernel panic|\] WARNING:|BUG:|Oops|Call Trace|FW_BUG|Firmware Bug|ACPI.*Error'
! grep -E "serial: .*($faults)" "$W/said"
