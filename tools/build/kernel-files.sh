#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Copy the kernel's own files that we build on into a build directory:
#
#	kernel-files.sh DEST [TREE]
#
# from the kernel source tree TREE or, without one, from the newest tarball of
# the distribution's linux-source package. They are never committed to this
# repository: theirs is another licence and another history.
#
# MORE names files that are copied too, if they are there.
#
# Without a source the exit status is 4, on other errors 1.
#
# Unpacking costs seconds, so nothing is done while DEST/.source still names
# the same source; make compares the age of that file.

set -eu

SRC=${LINUX_SOURCE_DIR:-/usr/src}	# where the package puts its tarball

# Files that every build needs
REQUIRED='
include/linux/list.h
include/linux/rbtree.h
include/linux/rbtree_augmented.h
include/linux/rbtree_types.h
include/uapi/linux/pci_regs.h
lib/rbtree.c
'

# Files that tests and checks use. Not every kernel has all of these: a check that
# lacks one says so.
OPTIONAL='
scripts/checkpatch.pl
scripts/coccinelle
scripts/const_structs.checkpatch
scripts/kernel-doc
scripts/kernel-doc.pl
scripts/spelling.txt
tools/testing/selftests/kselftest.h
tools/testing/selftests/kselftest/ktap_helpers.sh
tools/testing/selftests/kselftest/module.sh
tools/testing/selftests/kselftest/prefix.pl
tools/testing/selftests/kselftest/runner.sh
tools/testing/selftests/kselftest_harness.h
tools/testing/selftests/lib.mk
'
OPTIONAL="$OPTIONAL ${MORE-}"

die()
{
	echo "$0: $*" >&2
	exit 1
}

test $# -ge 1 || die "usage: $0 DEST [TREE]"
dest=$1
tree=${2-}

if [ -n "$tree" ]; then
	[ -e "$tree/include/linux/rbtree.h" ] ||
		die "LINUX=$tree is not a kernel source tree:" \
		    "it has no include/linux/rbtree.h"
	# A tree changes under us without changing its name.
	id="$tree $(cd "$tree" &&
		cat $REQUIRED $OPTIONAL 2>/dev/null | cksum)"
else
	tarball=$(ls "$SRC"/linux-source-*.tar.* 2>/dev/null |
		sort -V | tail -n 1)
	if [ -z "$tarball" ]; then
		cat >&2 <<-EOF
		$0: no kernel source to take rbtree.c and list.h from. Either
		  - install it:   apt-get install linux-source   (as root)
		  - or name one:  make LINUX=/path/to/a/kernel/tree
		  - or build elsewhere: \`make bundle\` on a machine that has the source
		    makes a directory with these files in it, which needs a compiler only
		EOF
		exit 4
	fi
	id="$tarball $(stat -c '%s %Y' "$tarball")"
fi

# This script's own list is part of what DEST was made from.
id="$id $(cksum <"$0") ${MORE-}"
[ "$(cat "$dest/.source" 2>/dev/null)" != "$id" ] || exit 0

tmp=$dest.tmp.$$
rm -rf "$tmp"
mkdir -p "$tmp"
trap 'rm -rf "$tmp"' EXIT

if [ -n "$tree" ]; then
	for f in $REQUIRED $OPTIONAL; do
		[ -e "$tree/$f" ] || continue
		mkdir -p "$tmp/${f%/*}"
		cp -rp "$tree/$f" "$tmp/$f"
	done
else
	echo "  UNPACK  $tarball (the few files needed)"
	top=$(basename "${tarball%.tar.*}")
	names=
	for f in $REQUIRED $OPTIONAL; do
		names="$names $top/$f"
	done
	# tar complains of optional files that are not there; what matters is
	# looked at below.
	tar -xf "$tarball" -C "$tmp" --strip-components=1 $names \
		2>"$tmp/tar.log" || :
fi

for f in $REQUIRED; do
	[ -e "$tmp/$f" ] && continue
	cat "$tmp/tar.log" >&2 2>/dev/null || :
	die "${tree:-$tarball} has no $f"
done

# Newer kernels keep the program under this name and a wrapper under the other.
if [ -e "$tmp/scripts/kernel-doc.pl" ]; then
	mv -f "$tmp/scripts/kernel-doc.pl" "$tmp/scripts/kernel-doc"
fi

rm -f "$tmp/tar.log"
echo "$id" >"$tmp/.source"
mkdir -p "$(dirname "$dest")"
rm -rf "$dest"
mv "$tmp" "$dest"
