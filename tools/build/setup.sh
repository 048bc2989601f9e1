#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Say what a target of make still needs on this machine and install it with
# apt-get:
#
#	setup.sh run|run-linux|run-debian|check-linux|docs|bench|fuzz|threads|footprint|prove|
#			debug-kernel|kernel-series|packages|qemu|check-assign|check
#
# A person at a terminal is asked first. SETUP=yes asks nothing, SETUP=no only lists the
# packages. A package that stays missing is no error here:
# a check that needs it is skipped by name, and a build names it.

set -u

target=${1:?usage: $0 TARGET}
missing=
packages=

# need WHAT PACKAGE... - unless the command on stdin succeeds, the first of the
# packages that the distribution has is needed for WHAT
need()
{
	what=$1
	shift
	sh >/dev/null 2>&1 && return
	missing="$missing  $what: $*
"
	packages="$packages $(echo "$*" | tr ' ' '|')"
}

find_missing_bench()
{
	need "the standard library's trees and tables as peers" g++ <<-'E'
	command -v g++
	E
	need "liburcu's readers as a peer" liburcu-dev <<-'E'
	echo '#include <urcu/urcu-memb.h>' | gcc -E -
	E
	need 'plots' gnuplot-nox <<-'E'
	command -v gnuplot
	E
	need 'counting instructions' valgrind <<-'E'
	command -v valgrind
	E
}

find_missing_fuzz()
{
	need 'libFuzzer' clang <<-'E'
	command -v clang
	E
	need "libFuzzer's part of the compiler" libclang-rt-14-dev \
		libclang-rt-19-dev <<-'E'
	ls /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer*
	E
	need 'AFL++' afl++ <<-'E'
	command -v afl-fuzz
	E
	need 'runs until no new edge is reached' python3 <<-'E'
	command -v python3
	E
}

# Tools that look for races
find_missing_threads()
{
	need 'the tests with clang' clang <<-'E'
	command -v clang
	E
	need "clang's sanitizers" libclang-rt-14-dev libclang-rt-19-dev <<-'E'
	ls /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.tsan*
	E
	need "counting instructions, and valgrind's DRD" valgrind <<-'E'
	command -v valgrind && echo '#include <valgrind/drd.h>' | gcc -E -
	E
}

# A prover of the arithmetic for all inputs
find_missing_prove()
{
	need 'the text of functions for a prover' clang <<-'E'
	command -v clang
	E
	need 'a prover' python3-z3 <<-'E'
	/usr/bin/python3 -c 'import z3'
	E
}

find_missing_targets()
{
	need 'code for Cortex-M3' gcc-arm-none-eabi <<-'E'
	command -v arm-none-eabi-gcc
	E
	need 'code for riscv64' gcc-riscv64-unknown-elf <<-'E'
	command -v riscv64-unknown-elf-gcc
	E
	need 'code for aarch64' gcc-aarch64-linux-gnu <<-'E'
	command -v aarch64-linux-gnu-gcc
	E
	need 'code for x86-64' gcc-x86-64-linux-gnu <<-'E'
	command -v x86_64-linux-gnu-gcc
	E
}

# An emulated processor with virtualization, for hosts without it
find_missing_run_linux()
{
	if [ "${RUN_ARCH-}" = arm64 ]; then
		find_missing_run_arm64
		return
	fi
	need 'running a Linux guest' qemu-system-x86 <<-'E'
	command -v qemu-system-x86_64
	E
}

find_missing_run_debian()
{
	need "Debian's root file system" debootstrap <<-'E'
	PATH=$PATH:/usr/sbin command -v debootstrap
	E
	need 'a disk with it' e2fsprogs <<-'E'
	PATH=$PATH:/usr/sbin command -v mkfs.ext4
	E
}

find_missing_check_linux()
{
	find_missing_run_linux
	[ "${RUN_ARCH-}" = arm64 ] || find_missing_run_debian
	need 'modules of later kernels' xz-utils <<-'E'
	command -v xz
	E
}

# Linux for both of the boards on which it assigns addresses
find_missing_check_assign()
{
	RUN_ARCH=
	find_missing_run_linux
	need 'running a Linux guest for arm64' qemu-system-arm <<-'E'
	command -v qemu-system-aarch64
	E
	need 'reading device trees' device-tree-compiler <<-'E'
	command -v dtc
	E
}

find_missing_run_arm64()
{
	need 'running a Linux guest for arm64' qemu-system-arm <<-'E'
	command -v qemu-system-aarch64
	E
	test "$(uname -m)" != aarch64 || return 0
	need 'code for arm64' gcc-aarch64-linux-gnu <<-'E'
	command -v aarch64-linux-gnu-gcc
	E
	need 'a C library for arm64' libc6-dev-arm64-cross <<-'E'
	echo '#include <stdio.h>' | aarch64-linux-gnu-gcc -E -
	E
}

# Programs that the library is compared with
find_missing_qemu()
{
	need 'comparing the library with QEMU' qemu-system-x86 <<-'E'
	command -v qemu-system-x86_64
	E
	need "reading the library's registers" pciutils <<-'E'
	command -v lspci
	E
}

find_missing_kernel_build()
{
	need 'building a kernel' flex <<-'E'
	command -v flex
	E
	need 'building a kernel' bison <<-'E'
	command -v bison
	E
	need 'building a kernel' bc <<-'E'
	command -v bc
	E
}

# Tools to build a kernel
find_missing_debug_kernel()
{
	find_missing_kernel_build
	need "checking a kernel's code" libelf-dev <<-'E'
	echo '#include <libelf.h>' | gcc -E -
	E
	need 'booting a kernel' qemu-system-x86 <<-'E'
	command -v qemu-system-x86_64
	E
}

# Tools to build a kernel that runs as a program, and patches for it
find_missing_kernel_series()
{
	find_missing_kernel_build
	need 'applying patches' patch <<-'E'
	command -v patch
	E
	need 'making patches' git <<-'E'
	command -v git
	E
	need 'making patches' python3 <<-'E'
	command -v python3
	E
	need 'checking patches' perl <<-'E'
	perl -e 'use Term::ANSIColor; use Encode'
	E
}

# Tools to build, inspect and install Debian packages
find_missing_packages()
{
	need 'building packages' dpkg-dev <<-'E'
	command -v dpkg-buildpackage
	E
	need 'building packages' debhelper <<-'E'
	command -v dh
	E
	need "building the module's package" dh-dkms <<-'E'
	command -v dh_dkms
	E
	need 'building the module as its package does' dkms <<-'E'
	command -v dkms
	E
	need 'building the module as its package does' \
		"linux-headers-cloud-$(dpkg --print-architecture)" <<-'E'
	test -n "$(tools/build/kernel-headers.sh)"
	E
	need 'looking at packages' lintian <<-'E'
	command -v lintian
	E
	need 'a program built with what is installed' pkgconf <<-'E'
	command -v pkg-config
	E
}

find_missing()
{
	missing=
	packages=

	need 'a C compiler' gcc <<-'E'
	command -v gcc
	E
	need 'a C library to build programs with' libc6-dev <<-'E'
	echo '#include <stdio.h>' | gcc -E -
	E
	need 'the kernel files we build on' linux-source-6.12 linux-source <<-'E'
	test -n "${LINUX-}" || ls /usr/src/linux-source-*.tar.*
	E
	need 'unpacking them' xz-utils <<-'E'
	test -n "${LINUX-}" || command -v xz
	E
	if [ "$target" = run-linux ]; then
		find_missing_run_linux
		return
	fi
	if [ "$target" = run-debian ]; then
		find_missing_run_linux
		find_missing_run_debian
		return
	fi
	if [ "$target" = check-linux ]; then
		find_missing_check_linux
		return
	fi
	if [ "$target" = check-assign ]; then
		find_missing_check_assign
		return
	fi
	if [ "$target" = qemu ]; then
		find_missing_qemu
		return
	fi
	need 'firmware to boot' seabios <<-'E'
	test -e /usr/share/seabios/bios-256k.bin
	E
	if [ "$target" = bench ]; then
		find_missing_bench
		return
	fi
	if [ "$target" = fuzz ]; then
		find_missing_fuzz
		return
	fi
	if [ "$target" = threads ]; then
		find_missing_threads
		return
	fi
	if [ "$target" = prove ]; then
		find_missing_prove
		return
	fi
	if [ "$target" = kernel-series ]; then
		find_missing_kernel_series
		return
	fi
	if [ "$target" = debug-kernel ]; then
		find_missing_debug_kernel
		return
	fi
	if [ "$target" = footprint ]; then
		find_missing_targets
		return
	fi
	test "$target" = run || need 'making the documentation' python3-sphinx <<-'E'
	command -v sphinx-build
	E
	test "$target" = run || need 'the theme of the pages' furo <<-'E'
	$(sed -n '1s/^#!//p' "$(command -v sphinx-build)") -c 'import furo'
	E
	test "$target" = run || need 'checkpatch and kernel-doc' perl <<-'E'
	perl -e 'use POSIX; use Term::ANSIColor; use Getopt::Long; use Encode'
	E
	test "$target" != packages || find_missing_packages
	test "$target" = check || return 0

	need 'checking the C++ side of the headers' g++ <<-'E'
	command -v g++
	E
	need 'putting known bugs back' patch <<-'E'
	command -v patch
	E
	find_missing_threads
	find_missing_prove
	find_missing_qemu
	# The package without a number cannot be beside compilers for others.
	need 'the tests as 32-bit code' "gcc-$(gcc -dumpversion)-multilib" \
		gcc-multilib <<-'E'
	tmp=$(mktemp) && trap 'rm -f $tmp' EXIT &&
	printf '#include <stdio.h>\nint main(void) { return 0; }\n' |
	gcc -m32 -x c - -o $tmp
	E
	need 'static checks' sparse <<-'E'
	command -v sparse
	E
	need 'static analysis' clang-tidy <<-'E'
	command -v clang-tidy
	E
	need 'comparing the layout of the code with .clang-format' clang-format <<-'E'
	command -v clang-format
	E
	need 'static analysis' cppcheck <<-'E'
	command -v cppcheck
	E
	need "static analysis with the kernel's scripts" coccinelle <<-'E'
	command -v spatch
	E
	need 'reading the pages in a browser' chromium <<-'E'
	command -v chromium
	E
	need 'reading ACPI tables' acpica-tools <<-'E'
	command -v iasl
	E
	need 'comparing the binary interface' abigail-tools <<-'E'
	command -v abidw
	E
	need 'programs that build with CMake' cmake <<-'E'
	command -v cmake
	E
	need 'programs that build with Meson' meson <<-'E'
	command -v meson
	E
	need 'seeing what the tests reach' lcov <<-'E'
	command -v lcov
	E
	need 'checking the model of lookup and drain' spin <<-'E'
	test ! -e tools/testing/spin/run.sh || command -v spin
	E
	need 'looking on at static tracepoints' gdb <<-'E'
	command -v gdb
	E
	need 'a program built against the installed library' pkgconf <<-'E'
	command -v pkg-config
	E
	need "what newer kernels know of a module's types" pahole dwarves <<-'E'
	command -v pahole
	E
	need 'building the kernel module' \
		"linux-headers-cloud-$(dpkg --print-architecture)" <<-'E'
	test -n "$(tools/build/kernel-headers.sh)"
	E
	find_missing_targets
	need 'emulating riscv64' qemu-system-misc <<-'E'
	command -v qemu-system-riscv64
	E
	need 'firmware to boot a UEFI application' ovmf <<-'E'
	test -e /usr/share/ovmf/OVMF.fd
	E
	need 'code for s390x' gcc-s390x-linux-gnu <<-'E'
	command -v s390x-linux-gnu-gcc
	E
	need 'a C library for s390x' libc6-dev-s390x-cross <<-'E'
	echo '#include <stdio.h>' | s390x-linux-gnu-gcc -E -
	E
	need 'code for armhf' gcc-arm-linux-gnueabihf <<-'E'
	command -v arm-linux-gnueabihf-gcc
	E
	need 'a C library for armhf' libc6-dev-armhf-cross <<-'E'
	echo '#include <stdio.h>' | arm-linux-gnueabihf-gcc -E -
	E
	need 'code for powerpc' gcc-powerpc-linux-gnu <<-'E'
	command -v powerpc-linux-gnu-gcc
	E
	need 'a C library for powerpc' libc6-dev-powerpc-cross <<-'E'
	echo '#include <stdio.h>' | powerpc-linux-gnu-gcc -E -
	E
	need 'running programs for these' qemu-user-static qemu-user <<-'E'
	command -v qemu-s390x-static && command -v qemu-arm-static &&
	command -v qemu-ppc-static && command -v qemu-aarch64-static
	E
	need 'running that for Arm' qemu-system-arm <<-'E'
	command -v qemu-system-arm
	E
	find_missing_run_arm64
	need 'reading device trees' device-tree-compiler <<-'E'
	command -v dtc
	E
	need 'booting a kernel with the modules' qemu-system-x86 <<-'E'
	command -v qemu-system-x86_64
	E
	need 'a shell in it' busybox-static <<-'E'
	command -v busybox
	E
}

cd "$(dirname "$0")/../.." || exit 1

find_missing
[ -n "$missing" ] || exit 0
printf 'make %s needs, and this machine lacks:\n%s' "$target" "$missing"

if [ "${SETUP-}" = no ]; then
	echo "SETUP=no: nothing is installed"
	exit 0
fi

# At the end of the input, as without an answer, they are installed.
if [ -z "${SETUP-}" ] && [ -z "${CI-}" ] && [ -t 0 ] && [ -t 1 ]; then
	printf 'Install them with apt-get? [Y/n] '
	read -r answer || :
	case $answer in
	[nN]*)
		echo "nothing is installed"
		exit 0
		;;
	esac
fi

as_root=
if ! command -v apt-get >/dev/null; then
	echo "no apt-get here: install them by hand"
	exit 0
elif [ "$(id -u)" != 0 ]; then
	if ! command -v sudo >/dev/null; then
		echo "neither root nor sudo: install them by hand"
		exit 0
	fi
	as_root=sudo
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT

apt()
{
	echo "  APT     $*"
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@" \
		>"$log" 2>&1 </dev/null && return
	tail -n 20 "$log" >&2
	return 1
}

apt update || :

chosen=
for alternatives in $packages; do
	for p in $(echo "$alternatives" | tr '|' ' '); do
		# A name alone may be one that only other packages speak of.
		apt-cache policy "$p" 2>/dev/null |
			grep -q '^ *Candidate: [^(]' || continue
		chosen="$chosen $p"
		break
	done
done

# Together if possible; else each that can be had.
# shellcheck disable=SC2086
if [ -n "$chosen" ] && ! apt install -y --no-install-recommends $chosen; then
	for p in $chosen; do
		apt install -y --no-install-recommends "$p" || :
	done
fi

find_missing
[ -z "$missing" ] || printf 'still missing:\n%s' "$missing"
exit 0
