#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The machine that firmware boots a kernel on is, before and after a reset, what that
# firmware needs: a program does what SeaBIOS and the option ROM do. No KVM is needed.

set -eu
[ "$(uname -m)" = x86_64 ] || { echo 'the machine is for x86-64'; exit 4; }

shopt -s nullglob
objects=()
for source in tools/vmm/*.c tools/vmm/{machine,boot,devices,kvm,control,firmware}/{,x86/}*.c; do
	[ "$source" = tools/vmm/main.c ] || objects+=("$O/${source%.c}.o")
done
gcc -std=gnu11 -Wall -Wextra -Werror -g -D_GNU_SOURCE -Iinclude -pthread \
	-o "$W/boot-firmware" tools/testing/check/boot-firmware.c \
	"${objects[@]}" "$O/libvmalloc-kvm.a" "$O/libvmalloc.a"
"$W/boot-firmware" "$W/snapshot"
