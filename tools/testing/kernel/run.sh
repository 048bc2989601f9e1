#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Run the tests inside the distribution's kernel for virtual machines, and print
# KTAP:
#
#	run.sh [VERSION]
#
# With VERSION, such as 6.12, the one whose packages have that in their names. O,
# KFILES and VMR_MAKE are as tools/testing/check/run.sh sets them.

set -u
cd "$(dirname "$0")/../../.." || exit 1

version=${1-}

# In emulation all is slow, and what the many repetitions find they find elsewhere.
PARAMETERS='VMR_TEST_DIVISOR=20 VMR_TEST_MOVES=5000'
PARAMETERS+=' VMR_TEST_STRESS_MOVES=10000 VMR_TEST_STRESS_CYCLES=1000'
dir=$O/check/kernel${version:+-$version}.d
mkdir -p "$dir"

skip()
{
	echo "TAP version 13"
	echo "1..0 # SKIP $*"
	exit 4
}

[ "$(uname -m)" = x86_64 ] || skip "written for x86-64 only"
command -v qemu-system-x86_64 >/dev/null || skip "qemu-system-x86 is not installed"
echo 'int main(void) { return 0; }' |
	gcc -static -x c - -o "$dir/can" 2>/dev/null ||
	skip "libc6-dev, for a static program, is not installed"

where=$(tools/testing/kernel/kernels.sh "$O/kernels" "$version" 2>"$dir/log") || {
	sed 's/^/# /' "$dir/log"
	skip "$(tail -n 1 "$dir/log")"
}
read -r release image build <<<"$where"

# Debian's headers ask for the compiler that the kernel was built with.
compiler=$(grep -os 'gcc-[0-9]*' "$build/.kernelvariables" | head -n 1)
command -v "${compiler:-gcc}" >/dev/null || skip "$compiler is not installed"

echo "# $release"
$VMR_MAKE O="$dir" KDIR="$build" modules >"$dir/build.log" 2>&1 || {
	sed 's/^/# /' "$dir/build.log"
	echo "TAP version 13"
	echo "1..1"
	echo "not ok 1 build"
	exit 1
}
tools/testing/kernel/boot.sh "$dir" "$image" "VMR_TEST=\"$PARAMETERS\""
