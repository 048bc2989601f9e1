#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# An example builds where nothing but it is, with the installed library or the
# bundle, runs, and prints what it should:
#
#	example.sh NAME

set -eu

name=${1:?usage: $0 NAME}
top=$PWD
here=$W/$name

lacking()
{
	echo "$*"
	exit 4
}

# run [TARGET] [VARIABLE=VALUE]... - an example that cannot run here says so
run()
{
	make -C "$here" "$@" 2>&1 | tee "$W/log"
	[ "${PIPESTATUS[0]}" = 0 ] || {
		grep -q ' Error 4$' "$W/log" &&
			lacking "$(sed -n 's/^skip: //p' "$W/log")"
		exit 1
	}
	! grep -i 'warning' "$W/log"
}

installed()
{
	command -v pkg-config >/dev/null || lacking "pkgconf is not installed"
	$VMR_MAKE O="$O" install PREFIX="$W/prefix"
	export PKG_CONFIG_PATH=$W/prefix/lib/pkgconfig
	export LD_LIBRARY_PATH=$W/prefix/lib
}

cp -r "examples/$name" "$W/"

case $name in
cortex-m3)
	command -v arm-none-eabi-gcc >/dev/null ||
		lacking "gcc-arm-none-eabi is not installed"
	command -v qemu-system-arm >/dev/null ||
		lacking "qemu-system-arm is not installed"
	$VMR_MAKE O="$W/out" KFILES="$KFILES" bundle
	mv "$W/out/bundle" "$here/bundle"
	run run
	grep 'every tick met the module at one place' "$W/log"
	grep 'a drain waited for a callback' "$W/log"
	;;
kernel-module)
	for package in qemu-system-x86:qemu-system-x86_64 \
			busybox-static:busybox; do
		command -v "${package#*:}" >/dev/null ||
			lacking "${package%:*} is not installed"
	done
	kernel=$(tools/testing/kernel/kernels.sh "$O/kernels") ||
		lacking "linux-image-cloud is not to be had"
	read -r _ image kdir <<<"$kernel"
	installed
	mkdir "$W/vmr"
	cp -rs "$top/Kbuild" "$top/lib" "$top/include" "$W/vmr/"
	make -C "$kdir" M="$W/vmr" CONFIG_VMR_TEST=n modules
	run boot KDIR="$kdir" VMR="$W/vmr" KERNEL="$image"
	grep 'it worked' "$W/log"
	;;
*)
	installed
	run
	run -s --no-print-directory run
	[ ! -e "$here/expected" ] || diff "$here/expected" "$W/log"
	;;
esac
