#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The series of patches for a kernel tree applies, and with each patch lib/vmr compiles
# without a warning as a module for the installed headers. The headers do not have the
# files that the series changes, so the check writes short files of the same shape.
# `make check-kernel-series` has the whole source, and runs the KUnit suites.

set -eu
kdir=$(tools/build/kernel-headers.sh)
[ -n "$kdir" ] || { echo "no kernel headers installed"; exit 4; }
for tool in git /usr/bin/python3; do
	command -v $tool >/dev/null || { echo "$tool is not installed"; exit 4; }
done

export GIT_AUTHOR_NAME='A. U. Thor' GIT_AUTHOR_EMAIL=author@example.org
export GIT_COMMITTER_NAME='A. U. Thor' GIT_COMMITTER_EMAIL=author@example.org
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1

tree=$W/kernel
mkdir -p "$tree/lib" "$tree/Documentation/driver-api"
printf 'config UNION_FIND\n\tbool\n' >"$tree/lib/Kconfig"
printf 'obj-$(CONFIG_UNION_FIND) += union_find.o\n' >"$tree/lib/Makefile"
printf '%s\n' 'Maintainers List' '----------------' '' 'VIRTIO BALLOON' \
	'M:	A. U. Thor <author@example.org>' '' 'VOCORE VOCORE2 BOARD' \
	'M:	A. U. Thor <author@example.org>' >"$tree/MAINTAINERS"
printf '.. toctree::\n\n   vfio\n   w1\n' >"$tree/Documentation/driver-api/index.rst"

tools/kernel/series.sh "$tree" "$W"
grep -A 1 -x 'VIRTUAL MACHINE RESOURCES LIBRARY' "$W/tree/MAINTAINERS"
[ "$(grep -n '' "$W/tree/Documentation/driver-api/index.rst" | sed -n 's/:   vmr$//p')" = 4 ]

# The patches, applied as a maintainer does it, result in the same files.
git -C "$tree" init -q
git -C "$tree" add -A
git -C "$tree" commit -q -m 'the files that the series changes'
first=$(git -C "$tree" rev-parse HEAD)
git -C "$tree" am -q --empty=drop "$(cd "$W/series" && pwd)"/*.patch
diff -r -x .git "$W/tree" "$tree"

# The patches of the sources are as the check of that name finds the sources.
checkpatch=$KFILES/scripts/checkpatch.pl
if [ -e "$checkpatch" ] && perl -e 'use Term::ANSIColor; use Encode'; then
	tools/kernel/checkpatch.sh "$checkpatch" "$W"/series/*-print-* \
		"$W"/series/*-Documentation-* || exit 1
fi

# Each patch with what was compiled before it, as far as the tests
for commit in $(git -C "$tree" rev-list --reverse "$first..HEAD"); do
	git -C "$tree" checkout -q "$commit"
	git -C "$tree" show -s --format=%s
	[ ! -e "$tree/lib/vmr/tests" ] || break
	make -s -j"$(nproc)" -C "$kdir" M="$tree/lib/vmr" CONFIG_VMR=m \
		KCFLAGS="-O1 -I$tree/include" modules >"$W/log" 2>&1 || {
		cat "$W/log"
		exit 1
	}
	grep -i warning "$W/log" && exit 1
	[ -e "$tree/lib/vmr/vmr.ko" ]
done
