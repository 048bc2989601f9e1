#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The machine of arm64: dtc accepts its device tree, and a Linux guest runs in it, inside
# an emulated processor. Its agent reports what Linux has found, after boot, hot-plug and
# moves, and all of it is what the VMM's map says. The kernel of the guest prints no
# warning.

set -eu
for program in aarch64-linux-gnu-gcc qemu-system-aarch64 qemu-aarch64-static dtc; do
	command -v $program || { echo "$program is not installed"; exit 4; }
done
command -v apt-get || { echo 'there is no apt-get to download a kernel'; exit 4; }

$VMR_MAKE O="$O" ARCH=arm64 run-linux-vmm
vmm=$O/arm64/vmm-static

# A tree needs no processor with virtualization. The kernel is any file.
for cpus in 1 2 16; do
	qemu-aarch64-static "$vmm" --kernel "$vmm" --cpus $cpus --memory 1G \
		--dump-tables "$W/tree.dtb"
	dtc -I dtb -O dts "$W/tree.dtb" -o "$W/tree.dts" 2>"$W/warnings"
	cat "$W/warnings"
	[ ! -s "$W/warnings" ]
	[ "$(grep -c '^		cpu@' "$W/tree.dts")" = $cpus ]
done
for property in interrupt-map msi-map ranges no-map; do
	grep -q "^	*$property\>" "$W/tree.dts"
done

status=0
ARCH=arm64 CC=aarch64-linux-gnu-gcc TIMEOUT=1500 tools/vmm/run-linux.sh "$O" "$vmm" \
	--verify >"$W/said" 2>&1 || status=$?
cat "$W/said"
[ $status != 4 ] || { echo 'the kernel cannot be downloaded'; exit 4; }
[ $status = 0 ]
n='[1-9][0-9]*'
tail -n 1 "$W/said" | grep -Ex "linux: $n resources compared, 0 differ;\
 $n hot-plugs, $n moves, $n interrupts"
# Linux assigns itself in the first boot, and keeps what the VMM has assigned in the second.
said=$(grep 'registers of the assignment' "$W/said")
echo "$said" | head -n 1 |
	grep -Ex "linux: of $n registers of the assignment Linux has changed $n"
echo "$said" | tail -n +2 |
	grep -Ex "linux: of $n registers of the assignment Linux has changed 0"
faults='Kernel panic|WARNING:|BUG:|Oops|Call trace|FW_BUG|Firmware Bug|OF: .*([Ee]rror|ERROR)'
! grep -E "serial: .*($faults)" "$W/said"
