#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Each known bug can still be put back: its patch applies to the library as it is.
# That it is seen then is what `make mutants` says, which takes minutes.

set -eu
command -v patch >/dev/null || { echo "patch is not installed"; exit 4; }

status=0
for patch in tools/testing/selftests/vmalloc/regressions/*.patch; do
	patch -p1 -s -F0 --dry-run <"$patch" || {
		echo "$patch does not apply"
		status=1
	}
done
exit $status
