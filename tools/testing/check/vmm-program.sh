#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Link a program of this folder with the VMM, without its main():
#
#	vmm-program.sh NAME	NAME.c gives $W/NAME

set -eu
[ "$(uname -m)" = x86_64 ] || { echo 'the machine is for x86-64'; exit 4; }

shopt -s nullglob
objects=()
for source in tools/vmm/*.c tools/vmm/{machine,boot,devices,kvm,control,firmware}/{,x86/}*.c; do
	[ "$source" = tools/vmm/main.c ] || objects+=("$O/${source%.c}.o")
done
gcc -std=gnu11 -Wall -Wextra -Werror -g -D_GNU_SOURCE -Iinclude -pthread \
	-o "$W/$1" "tools/testing/check/$1.c" \
	"${objects[@]}" "$O/libvmalloc-kvm.a" "$O/libvmalloc.a"
