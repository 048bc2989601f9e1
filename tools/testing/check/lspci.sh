#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# lspci reads every capability of the library's configuration spaces as it is meant, and
# finds none broken.

set -eu
command -v lspci >/dev/null || { echo "lspci is not installed (pciutils)"; exit 4; }

expected=tools/testing/qemu/lspci.expected
broken='<\?>|\?\?|chain (broken|looped)|denied|malformed|invalid|Unknown|!!!'
broken="$broken|#[0-9a-f]{2}\$"
$VMR_MAKE -s -f tools/testing/qemu/Makefile O="$O" "$O/qemu/lspci"
"$O/qemu/lspci" >"$W/dump"
lspci -n -vvv -xxxx -F "$W/dump" >"$W/said" 2>"$W/errors"

# One line for each that it says: the function, and the text with single blanks
awk '
/^[0-9a-f]+:[0-9a-f]+\.[0-7] / { function_of = $1; next }
/^[0-9a-f]+: / || !NF { next }
{ $1 = $1; print function_of " " $0 }' "$W/said" >"$W/lines"

status=0
function_of=
found=0
while IFS= read -r line; do
	case $line in
	'#'*)	continue ;;
	[0-9a-f]*)
		function_of=$line
		continue
		;;
	esac
	line=${line#?}
	if grep -qxF -e "$function_of $line" "$W/lines"; then
		found=$((found + 1))
	else
		echo "$function_of does not have: $line"
		status=1
	fi
done <"$expected"

# The text of a vendor's capability is the only one that lspci need not know.
if grep -v 'Vendor Specific Information' "$W/said" |
	grep -E "$broken"; then
	status=1
fi
[ $status = 0 ] || { cat "$W/said"; exit 1; }
functions=$(grep -c '^[0-9a-f]*:[0-9a-f]*\.[0-7] ' "$W/said")
capabilities=$(grep -c 'Capabilities: \[' "$W/said")
echo "lspci: $functions functions, $capabilities capabilities, $found lines as meant"
