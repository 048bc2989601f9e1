#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Read from the objects: no allocator and nothing else undefined but what a
# compiler may call anywhere, no global name but ours, no writable data, and a
# range of at most one cache line.

set -eu

# memset() and its like; what libgcc has for 64-bit numbers on 32-bit machines;
# how i386 finds its data; the stack protector of some distributions.
allowed='memset memcpy memmove memcmp
	__udivdi3 __umoddi3 __divdi3 __moddi3 __popcountdi2 __clzdi2 __ctzdi2
	_GLOBAL_OFFSET_TABLE_ __stack_chk_fail __stack_chk_fail_local'
# An object of the compiler's own making, one copy to a program.
helper='^__x86\.get_pc_thunk\.'

$VMR_MAKE O="$W/firmware" PORT=firmware lib
if command -v clang; then
	$VMR_MAKE O="$W/clang" LLVM=1 "$W/clang/libvmalloc.a"
fi

status=0
for lib in "$O" "$W/firmware" "$O/check/m32" "$W/clang"; do
	lib=$lib/libvmalloc.a
	[ -e "$lib" ] || continue
	echo "== $lib"

	nm -g --defined-only "$lib" | awk 'NF == 3 { print $3 }' | sort -u |
		grep -v "$helper" >"$W/defined"
	nm -u "$lib" | awk 'NF == 2 { print $2 }' | sort -u |
		grep -v "$helper" >"$W/undefined" || :
	if grep -v '^vmr_' "$W/defined"; then
		echo "are global in the archive and not vmr_*"
		status=1
	fi
	tr -s ' \t' '\n' <<<"$allowed" | sort - "$W/defined" >"$W/known"
	if comm -23 "$W/undefined" "$W/known" | grep .; then
		echo "are undefined in the archive"
		status=1
	fi
	# .data.rel.ro is a constant table with pointers in it.
	if size -A "$lib" | awk '$1 ~ /^\.(data|bss|tdata|tbss)/ &&
			$1 !~ /^\.data\.rel\.ro/ && $2 > 0' | grep .; then
		echo "is writable data"
		status=1
	fi
done

cat >"$W/size.c" <<'EOF'
#include <vmalloc/range.h>
_Static_assert(sizeof(struct vmr_range) <= 64, "a range is a cache line");
EOF
gcc -Iinclude -fsyntax-only "$W/size.c" || status=1
exit $status
