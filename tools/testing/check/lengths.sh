#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Check lengths in lib/: a file has at most 500 lines, a function at most 50 between
# its braces.

set -u

cd "$(dirname "$0")/../../.." || exit 1

awk '
	FNR == 1 { files++; open = 0 }
	FNR == 501 { printf "%s has more than 500 lines\n", FILENAME; long++ }
	/^{$/ { open = FNR }
	/^}$/ && open {
		functions++
		if (FNR - open - 1 > 50) {
			printf "%s:%d: a function of %d lines\n", FILENAME,
			       open, FNR - open - 1
			long++
		}
		open = 0
	}
	END {
		printf "%d files, %d functions\n", files, functions
		exit long > 0 || functions < 500
	}
' lib/*/*.[ch]
