#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Intel's compiler reads the ACPI tables that the library writes: it finds no wrong
# checksum and no unknown term, compiles its own text again without an error, and that
# is the same again.

set -eu
command -v iasl || { echo "iasl is not installed (acpica-tools)"; exit 4; }

gcc -std=gnu11 -Wall -Wextra -Werror -Iinclude -o "$W/acpi" \
	tools/testing/check/acpi.c "$O/libvmalloc.a"
mkdir "$W/tables"
"$W/acpi" "$W/tables"

status=0
for table in APIC DSDT FACP FACS MCFG XSDT; do
	t=$W/tables/$table
	iasl -d "$t.aml" >"$t.log" 2>&1 || status=1
	if [ ! -s "$t.dsl" ] ||
		grep -iE 'incorrect checksum|invalid|error|unknown|warning' \
			"$t.log" "$t.dsl"; then
		cat "$t.log"
		status=1
	fi
done
[ $status = 0 ] || exit 1

# The text of the DSDT compiles, and reads the same again.
mkdir "$W/again"
cp "$W/tables/DSDT.dsl" "$W/again/"
(
	cd "$W/again"
	iasl -p DSDT DSDT.dsl >compile.log 2>&1 || { cat compile.log; exit 1; }
	iasl -p again -d DSDT.aml >read.log 2>&1
	# The head has the length and the checksum, which depend on how lengths are
	# written.
	sed '1,/^DefinitionBlock/d' DSDT.dsl >first
	sed '1,/^DefinitionBlock/d' again.dsl >second
	diff first second
)

expect()
{
	tr -s ' \t\n' ' ' <"$W/tables/$1.dsl" >"$W/text"
	grep -qE -e "$2" "$W/text" || { echo "$1 has no $2"; exit 1; }
}
expect DSDT 'Device \(PCI0\) \{ Name \(_HID, EisaId \("PNP0A08"\)'
expect DSDT 'Method \(_OSC, 4, NotSerialized\)'
expect DSDT 'Name \(_S5, Package \(0x04\)'
expect DSDT 'IO \(Decode16, 0x0600, // Range Minimum 0x0600,'
expect DSDT '0x00000000, // Granularity 0xD0000000, // Range Minimum 0xE7FFFFFF,'
expect MCFG 'Base Address : 00000000E8000000'
expect FACP 'PM1A Control Block Address : 00000604'
expect APIC 'Subtable Type : 01 \[I/O APIC\]'
echo "6 tables read, and the DSDT compiled again"
