#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Print what libabigail sees of the shared library's interface, the same on every
# machine:
#
#	dump.sh O
#
# The library must have debug information in it. Only what the public headers
# have is kept.

set -eu
o=${1:?usage: $0 O}
cd "$(dirname "$0")/../../.."

command -v abidw >/dev/null || { echo "abigail-tools is not installed"; exit 4; }

abidw --headers-dir include/vmalloc --drop-private-types --no-corpus-path \
	--no-comp-dir-path --no-show-locs --short-locs --type-id-style hash \
	--no-elf-needed --no-parameter-names "$o/libvmalloc.so.1"
