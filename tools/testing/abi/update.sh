#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Write the interface of the library built in O down anew:
#
#	update.sh O
#
# UNRELEASED=1 does so although it is not compatible with the one before, for one
# that was never released.

set -eu
o=${1:?usage: $0 O}
here=$(dirname "$0")

"$here/dump.sh" "$o" >"$o/libvmalloc.abi"
if [ -e "$here/libvmalloc.abi" ] && [ -z "${UNRELEASED-}" ]; then
	"$here/compatible.sh" "$o/libvmalloc.abi"
fi
cp "$o/libvmalloc.abi" "$here/libvmalloc.abi"
echo "  ABI     $here/libvmalloc.abi"
