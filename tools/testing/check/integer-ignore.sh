#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Each function that integer.ignore names exists. An entry that is left over hides the
# faults of a later function of that name.

set -u

failed=0
names=$(sed -n 's/^fun://p' tools/testing/check/integer.ignore | sort -u)
for name in $names; do
	grep -rqE "^[a-z].*\b$name\(|^$name\(" lib include/vmalloc && continue
	echo "integer.ignore has $name, which is no function of the library"
	failed=1
done
echo "$(echo "$names" | wc -l) functions"
exit $failed
