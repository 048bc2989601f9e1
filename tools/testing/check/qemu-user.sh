#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The ordinary test programs on another processor, emulated one program at a time,
# as KTAP:
#
#	qemu-user.sh s390x|armhf|powerpc|arm64-64k DIRECTORY [PROGRAM]...
#
# s390x has its most significant byte first, armhf has 32 bits, powerpc both. The code for
# armhf makes no unaligned access, and an access of a wrong alignment ends the program.
# arm64-64k has pages of 64 KiB. Tests with many repetitions run a part of them here.
# Without names all test programs are run.

set -u

export VMR_TEST_DIVISOR=${VMR_TEST_DIVISOR:-32}

flags=
options=
arch=$1
case $1 in
s390x)
	triple=s390x-linux-gnu
	qemu=qemu-s390x-static
	;;
armhf)
	triple=arm-linux-gnueabihf
	qemu=qemu-arm-static
	# A trap and no library: there is none for this processor.
	flags='-mno-unaligned-access -fsanitize=alignment -fsanitize-undefined-trap-on-error'
	;;
powerpc)
	triple=powerpc-linux-gnu
	qemu=qemu-ppc-static
	;;
arm64-64k)
	arch=arm64
	triple=aarch64-linux-gnu
	qemu=qemu-aarch64-static
	options='-p 65536'
	;;
*)
	echo "there is no $1" >&2
	exit 1
	;;
esac
dir=$2
shift 2

skip()
{
	echo "1..0 # SKIP $*"
	exit 4
}

command -v $qemu >/dev/null || skip "there is no $qemu: install qemu-user-static"
command -v $triple-gcc >/dev/null ||
	skip "there is no $triple-gcc: install gcc-$triple"
echo '#include <stdio.h>' | $triple-gcc -E - >/dev/null 2>&1 ||
	skip "$triple-gcc has no C library: install libc6-dev-$arch-cross"

mkdir -p "$dir"
# shellcheck disable=SC2086
if ! $VMR_MAKE O="$dir" CC=$triple-gcc AR=$triple-ar TEST_OPT=-O0 \
		EXTRA_CFLAGS="$flags" EXTRA_LDFLAGS=-static ${1:+"TESTS=$*"} \
		"$dir/libvmalloc.a" tests \
		>"$dir/build.log" 2>&1; then
	tail -n 20 "$dir/build.log" | sed 's/^/# /'
	echo "Bail out! it cannot be built"
	exit 1
fi

# The programs' results as one list, with one plan behind it
echo 'TAP version 13'
for program in "$dir"/selftests/test_*; do
	[ -x "$program" ] || continue
	name=${program##*/}
	# shellcheck disable=SC2086
	$qemu $options "$program" 2>&1 </dev/null
	echo "status $? $name"
done | awk '
/^1\.\.[0-9]+/ { plan = substr($1, 4) + 0; next }
/^TAP version/ { next }
/^(not )?ok [0-9]/ {
	bad = /^not/
	sub(/^(not )?ok [0-9]+ /, "")
	result[++n] = (bad ? "not ok " : "ok ") all + n " "
	text[n] = $0
	failed += bad
	next
}
/^status / {
	for (i = 1; i <= n; i++)
		print result[i] $3 "." text[i]
	all += n
	# Neither its lines nor its status alone
	if (n != plan || !plan || ($2 != 0 && !failed)) {
		print "# " $3 ": " n " of " plan + 0 " results, status " $2
		print "not ok " ++all " " $3
	}
	n = plan = failed = 0
	bad_programs += $2 != 0
	next
}
{ print "# " $0 }
END {
	print "1.." all
	exit !all || bad_programs > 0
}'
