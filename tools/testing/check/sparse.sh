#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# sparse has nothing to say on the library and on each public header by itself.

set -eu
command -v sparse || { echo "sparse is not installed"; exit 4; }

# sparse says it all at once; the next file is still worth seeing.
status=0
$VMR_MAKE -k O="$W" C=1 lib || status=1
for h in include/vmalloc/*.h; do
	echo "#include <vmalloc/${h##*/}>" >"$W/header.c"
	sparse -Wsparse-error -Iinclude "$W/header.c" || status=1
done
exit $status
