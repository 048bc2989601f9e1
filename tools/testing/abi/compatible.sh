#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# A program that was linked against the recorded interface works with this one, or
# this one has another soname:
#
#	compatible.sh NEW

set -eu
new=${1:?usage: $0 NEW}
old=$(dirname "$0")/libvmalloc.abi

soname()
{
	sed -n "s/^<abi-corpus .*soname='\([^']*\)'.*/\1/p" "$1"
}

[ "$(soname "$old")" = "$(soname "$new")" ] || exit 0
abidiff --no-show-locs --no-added-syms "$old" "$new" >/dev/null && exit 0
echo "this is not compatible: it takes a new SONAME and SYMVER in the Makefile"
exit 1
