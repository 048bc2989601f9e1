#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# A program of CMake's or Meson's finds the installed library, with its version,
# links it shared and static, and runs:
#
#	consumers.sh cmake|meson

set -eu
command -v "$1" || { echo "$1 is not installed"; exit 4; }
command -v pkg-config || { echo "pkg-config is not installed"; exit 4; }

$VMR_MAKE O="$O" install PREFIX="$W/made" >/dev/null
# Moved after that: CMake's file does not depend on where it was.
prefix=$W/prefix
mv "$W/made" "$prefix"
sed -i "s,^prefix=.*,prefix=$prefix,; s,^libdir=.*,libdir=$prefix/lib," \
	"$prefix/lib/pkgconfig/vmalloc.pc"

mkdir "$W/src"
cp tools/testing/check/consumer.c "$W/src/"

cmake_project()
{
	cat >"$W/src/CMakeLists.txt" <<-EOF
	cmake_minimum_required(VERSION 3.13)
	project(consumer C)
	find_package(vmalloc $1 CONFIG REQUIRED)
	add_executable(shared consumer.c)
	target_link_libraries(shared PRIVATE vmalloc::vmalloc)
	add_executable(static consumer.c)
	target_link_libraries(static PRIVATE vmalloc::static)
	EOF
	rm -rf "$W/build"
	cmake -S "$W/src" -B "$W/build" -DCMAKE_PREFIX_PATH="$prefix"
}

meson_project()
{
	cat >"$W/src/meson.build" <<-EOF
	project('consumer', 'c')
	executable('shared', 'consumer.c',
		dependencies: dependency('vmalloc', version: '$1'))
	executable('static', 'consumer.c',
		dependencies: dependency('vmalloc', version: '$1', static: true))
	EOF
	rm -rf "$W/build"
	PKG_CONFIG_PATH=$prefix/lib/pkgconfig meson setup "$W/build" "$W/src"
}

refused()
{
	! "$@" || { echo "$*: was not refused"; exit 1; }
}

case $1 in
cmake)
	cmake_project 0.1
	cmake --build "$W/build"
	refused cmake_project 0.2
	refused cmake_project 1.1
	cmake_project 0.1
	cmake --build "$W/build"
	;;
meson)
	refused meson_project '>=0.2'
	meson_project '>=0.1'
	meson compile -C "$W/build"
	;;
esac

LD_LIBRARY_PATH=$prefix/lib "$W/build/shared"
objdump -p "$W/build/shared" | grep 'NEEDED *libvmalloc.so.0$'
"$W/build/static"
! objdump -p "$W/build/static" | grep 'NEEDED *libvmalloc'
