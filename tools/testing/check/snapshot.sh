#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# A machine that is saved in a file has the same maps when it is restored, and is saved
# in the same bytes again. A file that is cut off or damaged anywhere is refused, with a
# word on why. No KVM is needed:
#
#	snapshot.sh VMM

set -eu
vmm=$1
[ -x "$vmm" ] || tools/testing/check/sanitized.sh "$vmm"
[ "$(uname -m)" = x86_64 ] || { echo 'the snapshots are for x86-64'; exit 4; }

gcc -std=gnu11 -Wall -Wextra -Werror -g -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined -D_GNU_SOURCE \
	-o "$W/damage" tools/testing/check/snapshot.c
head -c 8192 /dev/zero >"$W/disk"
head -c 4096 /dev/zero >"$W/other-disk"

# The machine is not started: the kernel is any file.
"$vmm" --kernel Makefile --disk "$W/disk" --cpus 3 --memory 5G \
	--dump-snapshot "$W/first"
[ "$(stat -c %a "$W/first")" = 600 ]
"$vmm" --restore "$W/first" --disk "$W/disk" --dump-map \
	--dump-snapshot "$W/second" >"$W/map"
cmp "$W/first" "$W/second"
grep -Ex '  00100000-bfffffff : memory: RAM' "$W/map"
grep -Ex '  100000000-17fffffff : memory: RAM' "$W/map"
grep -E ' : reserved: ioapic$' "$W/map"

# The same with firmware, which is any file that has the size and a first instruction.
# The memory map is the one that SeaBIOS expects: configuration space is at 0xb0000000.
{ head -c 262128 /dev/zero; printf '\352'; head -c 15 /dev/zero; } >"$W/bios"
"$vmm" --kernel Makefile --bios "$W/bios" --memory 5G --dump-snapshot "$W/first-bios"
"$vmm" --restore "$W/first-bios" --dump-map --dump-snapshot "$W/second-bios" >"$W/map"
cmp "$W/first-bios" "$W/second-bios"
for line in '00100000-affeffff : memory: RAM' 'afff0000-afffffff : memory: RAM for tables' \
	'fffc0000-ffffffff : memory: firmware' '100000000-18fffffff : memory: RAM'; do
	grep -Ex "  $line" "$W/map"
done
if grep -E ' : PCI ECAM| : reserved: ecam' "$W/map"; then
	echo 'the configuration space has a place before the firmware runs'
	exit 1
fi

# refused REASON ARGUMENT... - with status 4 and the reason, and nothing is left behind
refused()
{
	local reason=$1 status=0

	shift
	"$vmm" "$@" >"$W/said" 2>&1 || status=$?
	cat "$W/said"
	[ $status = 4 ] || { echo "status $status"; exit 1; }
	grep -q "$reason" "$W/said"
}

refused 'has a disk' --restore "$W/first" --dump-map
refused 'another size' --restore "$W/first" --disk "$W/other-disk" --dump-map
refused 'No such file' --restore "$W/none" --dump-map
: >"$W/empty"
refused 'no snapshot' --restore "$W/empty" --dump-map
refused 'no snapshot' --restore Makefile --dump-map
refused 'No such file' --kernel Makefile --dump-snapshot "$W/none/file"

# A number of processors or a size of memory other than that of the file is refused.
"$vmm" --restore "$W/first" --disk "$W/disk" --dump-map --cpus 3 --memory 5G >"$W/said"
refused 'another number of processors' --restore "$W/first" --disk "$W/disk" --dump-map --cpus 2
refused 'another size of memory' --restore "$W/first" --disk "$W/disk" --dump-map --memory 4G
refused 'it is no bzImage' --restore "$W/first" --disk "$W/disk" --dump-map --kernel Makefile
# A snapshot does not take the place of a device or of a folder.
mkfifo "$W/pipe"
mkdir "$W/folder"
for file in "$W/pipe" "$W/folder"; do
	refused 'it is there and is no regular file' --kernel Makefile --dump-snapshot "$file"
	[ ! -e "$file.part" ]
done
[ -p "$W/pipe" ]

head -c 5000 /dev/zero >"$W/part"
refused 'not of a size' --kernel Makefile --bios "$W/part" --dump-snapshot "$W/none/file"
head -c 8192 /dev/zero >"$W/part"
refused 'no instruction' --kernel Makefile --bios "$W/part" --dump-snapshot "$W/none/file"

# All lengths and all bytes, by the function that the VMM opens files with
"$W/damage" cut "$W/first"
"$W/damage" flips "$W/first"
size=$(stat -c %s "$W/first")
for length in 1 8 15 16 24 100 4096 $((size / 2)) $((size - 8)) $((size - 1)); do
	head -c "$length" "$W/first" >"$W/part"
	refused 'cut off\|no snapshot' --restore "$W/part" --disk "$W/disk" --dump-map
done

# A description that no machine writes, with a right checksum: a machine or a refusal
machines=0
for n in $(seq 0 $(($("$W/damage" size "$W/first") - 1))); do
	"$W/damage" change "$W/first" "$W/changed" "$n"
	status=0
	"$vmm" --restore "$W/changed" --disk "$W/disk" --dump-map >"$W/said" 2>&1 ||
		status=$?
	case $status in
	0)	machines=$((machines + 1)) ;;
	4)	grep -q '^vmm: snapshot ' "$W/said" ;;
	*)	echo "byte $n: status $status"; cat "$W/said"; exit 1 ;;
	esac
done
echo "$machines of the changed descriptions are still machines"
# The clock of the devices, and bytes that are not used
[ $machines -ge 8 ]
