#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Run the tests inside the distribution's kernel for virtual machines, and print
# KTAP:
#
#	run.sh [VERSION]
#
# VERSION, such as 6.12, selects the packages with this version in their names.
# tools/testing/check/run.sh sets O, KFILES and VMR_MAKE.

set -u
cd "$(dirname "$0")/../../.." || exit 1

version=${1-}

# Fewer repetitions, because emulation is slow
PARAMETERS='VMR_TEST_DIVISOR=20 VMR_TEST_MOVES=5000'
PARAMETERS="$PARAMETERS VMR_TEST_STRESS_MOVES=10000 VMR_TEST_STRESS_CYCLES=1000"
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

# Debian's headers require the compiler of the kernel.
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
