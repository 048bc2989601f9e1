#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Print an initramfs in the newc format, with the given files in its root directory
# and the two device nodes that init.c needs:
#
#	initramfs.sh FILE... >IMAGE
#
# cpio creates device nodes only as root.

set -eu

number=0

# entry NAME MODE SIZE [MAJOR MINOR] - the head of one file
entry()
{
	number=$((number + 1))
	printf '070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s\0' \
		"$number" "$2" 0 0 1 0 "$3" 0 0 "${4-0}" "${5-0}" \
		$((${#1} + 1)) 0 "$1"
	pad $((110 + ${#1} + 1))
}

# pad SIZE - pad to a multiple of 4
pad()
{
	head -c $(((4 - $1 % 4) % 4)) /dev/zero
}

for d in dev proc sys; do
	entry $d 0040755 0
done
entry dev/console 0020600 0 5 1
entry dev/kmsg 0020600 0 1 11
for f; do
	size=$(stat -L -c %s "$f")
	entry "${f##*/}" 0100755 "$size"
	cat "$f"
	pad "$size"
done
entry 'TRAILER!!!' 0 0
