#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The kernel's files are copied from a tree that is named; without any source
# the words are clear and nothing is left behind.

set -eu

fails()
{
	"$@" >"$W/said" 2>&1 && { echo "$*: did not fail"; exit 1; }
	cat "$W/said"
}

LINUX_SOURCE_DIR=$W fails tools/build/kernel-files.sh "$W/none"
grep -q 'apt-get install linux-source' "$W/said"
grep -q 'LINUX=' "$W/said"
fails tools/build/kernel-files.sh "$W/none" "$W"
grep -q 'is not a kernel source tree' "$W/said"
[ ! -e "$W/none" ]

# A tree with half of the files.
cp -r "$KFILES" "$W/half"
rm "$W/half/lib/rbtree.c"
fails tools/build/kernel-files.sh "$W/none" "$W/half"
grep -q 'no lib/rbtree.c' "$W/said"
[ ! -e "$W/none" ]

tools/build/kernel-files.sh "$W/copy" "$KFILES"
diff -r -x .source "$KFILES" "$W/copy"

# Nothing is copied anew as long as the source is the same.
touch -d '2001-01-01' "$W/copy/.source"
tools/build/kernel-files.sh "$W/copy" "$KFILES"
[ "$(date -r "$W/copy/.source" +%Y)" = 2001 ]
