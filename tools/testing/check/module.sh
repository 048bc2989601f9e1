#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The same sources compile as a kernel module, and what userspace can call a
# module can call. So do they in a tree that nothing was built in and without our
# Makefile, under sparse where that is installed; and kbuild takes away what it
# made there and nothing else.

set -eu
kdir=$(tools/build/kernel-headers.sh)
[ -n "$kdir" ] || {
	echo "no kernel headers installed"
	exit 4
}

# silent LOG - a build has warned of nothing
silent()
{
	if grep -i warning "$1"; then
		return 1
	fi
}

$VMR_MAKE O="$W" VMR_TEST=n modules 2>&1 | tee "$W/log"
[ "${PIPESTATUS[0]}" = 0 ]
silent "$W/log"

nm "$W/module/vmr.ko" | sed -n 's/.* __ksymtab_//p' | sort -u >"$W/exported"
nm -D --defined-only "$O/libvmalloc.so" | awk '$3 ~ /^vmr_/ { sub(/@.*/, "", $3); print $3 }' |
	grep -v '^vmr_port_' | sort -u >"$W/public"
comm -23 "$W/public" "$W/exported" | grep . && {
	echo "are public and not exported by the module"
	exit 1
}

# Of the tests one will do: how they are found is the same for all, and to compile
# all takes most of a minute. The output of a build in this tree is not copied.
mkdir -p "$W/as-it-was/tools/testing/selftests/vmalloc"
cp -R Kbuild Makefile include lib "$W/as-it-was/"
cp -R tools/testing/kernel tools/testing/harness "$W/as-it-was/tools/testing/"
cp tools/testing/selftests/vmalloc/{*.h,test_id.c} \
	"$W/as-it-was/tools/testing/selftests/vmalloc/"
find "$W/as-it-was" \( -name '*.o' -o -name '*.ko' -o -name '*.mod' \
	-o -name '*.mod.c' -o -name '*.cmd' -o -name '.*.d' \
	-o -name modules.order -o -name Module.symvers \) -delete
cp -R "$W/as-it-was" "$W/plain"
sparse=$(command -v sparse >/dev/null && echo C=1) || :
make -j"$(nproc)" -C "$kdir" M="$W/plain" W=1 $sparse modules 2>&1 | tee "$W/log"
[ "${PIPESTATUS[0]}" = 0 ]
silent "$W/log"
[ -e "$W/plain/vmr.ko" ]
[ -e "$W/plain/tools/testing/kernel/vmr_test.ko" ]
make -C "$kdir" M="$W/plain" clean
diff -r "$W/as-it-was" "$W/plain"
