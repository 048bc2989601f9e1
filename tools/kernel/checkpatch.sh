#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Check patches of the series with the checkpatch of the kernel:
#
#	checkpatch.sh CHECKPATCH PATCH...
#
# The file says of each ignored type why it is ignored.

set -eu

# FILE_PATH_CHANGES		the entry in MAINTAINERS comes with the first patch
# COMPLEX_MACRO			macros of tests end in the block of a comparison
# MACRO_WITH_FLOW_CONTROL	a test that lacks something returns
IGNORE=FILE_PATH_CHANGES,COMPLEX_MACRO,MACRO_WITH_FLOW_CONTROL

checkpatch=$1
shift
exec perl "$checkpatch" --no-tree --terse --show-types --no-summary --quiet \
	--ignore "$IGNORE" "$@"
