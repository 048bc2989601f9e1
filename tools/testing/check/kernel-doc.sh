#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# kernel-doc understands every comment of the public headers, and every function
# that they declare has one.

set -eu
doc=$KFILES/scripts/kernel-doc
[ -e "$doc" ] || { echo "no kernel-doc in the kernel source"; exit 4; }
head -n 1 "$doc" | grep -q perl || {
	echo "kernel-doc of this kernel is not the perl program"
	exit 4
}
perl -e 'use POSIX' || { echo "perl is not installed"; exit 4; }

# It has no option to fail on all that it says, so silence is asked for. That of
# older kernels says all it has to say without being asked.
wall=$(grep -o -m 1 -e -Wall "$doc" || :)
perl "$doc" -none $wall include/vmalloc/*.h 2>&1 | tee "$W/said"
[ ! -s "$W/said" ]

for h in include/vmalloc/*.h; do
	echo "#include <vmalloc/${h##*/}>"
done >"$W/all.c"
gcc -Iinclude -fsyntax-only -aux-info "$W/declared" "$W/all.c"
status=0
for f in $(sed -n '/include\/vmalloc\//s/.*[ *]\(vmr_[a-z0-9_]*\) (.*/\1/p' \
		"$W/declared" | sort -u); do
	grep -Eq "^ \* $f(\(\))? - " include/vmalloc/*.h && continue
	echo "$f() is declared and not documented"
	status=1
done
exit $status
