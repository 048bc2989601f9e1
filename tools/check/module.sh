#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The same sources compile as a kernel module, and what userspace can call a
# module can call.

set -eu
[ -n "$(tools/kernel-headers.sh)" ] || {
	echo "no kernel headers installed"
	exit 4
}

$VMR_MAKE O="$W" VMR_TEST=n modules 2>&1 | tee "$W/log"
[ "${PIPESTATUS[0]}" = 0 ]
! grep -i warning "$W/log"

nm "$W/module/vmr.ko" | sed -n 's/.* __ksymtab_//p' | sort -u >"$W/exported"
nm -D --defined-only "$O/libvmalloc.so" | awk '$3 ~ /^vmr_/ { sub(/@.*/, "", $3); print $3 }' |
	grep -v '^vmr_port_' | sort -u >"$W/public"
comm -23 "$W/public" "$W/exported" | grep . && {
	echo "are public and not exported by the module"
	exit 1
}
exit 0
