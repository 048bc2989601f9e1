#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Write the tables of the page on the footprint from the output of footprint.sh:
#
#	docs.sh DIRECTORY <OUTPUT
#
# The page includes the files of DIRECTORY. Of the structs the page has those that a
# machine has many of, or that are large.

set -eu

dir=${1:?usage: $0 DIRECTORY <OUTPUT}
awk -v dir="$dir" '
BEGIN {
	split("bus constraint device id_pool manager pci_bridge pci_function pci_msi " \
	      "pci_msix_entry pool range reader region resource space system " \
	      "transaction", names, " ")
	for (i in names)
		wanted["vmr_" names[i]] = 1
}
/^$/ { file = "" }
/^layer / { file = dir "/layers.txt" }
/^struct / { file = dir "/structs.txt"; print >file; structs = 1; next }
/^goal$/ { file = dir "/goals.txt"; next }
/^[a-z0-9-]*: .* link / {
	sub(/ link .*\(/, " (")
	print >(dir "/programs.txt")
}
file == dir "/goals.txt" && /^    / { next }
file == dir "/structs.txt" && !($1 in wanted) { next }
file { sub(/^  /, file ~ /goals/ ? "" : "  "); print >file }'
