#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The files of Documentation/using.rst build a program as they are printed there, and
# the program runs. They find the installed library of the right version, shared and
# static, also after the installed tree has been moved:
#
#	consumers.sh cmake|meson|pkg-config|vendored

set -eu
for tool in "${1/vendored/make}" pkg-config; do
	command -v "$tool" || { echo "$tool is not installed"; exit 4; }
done

cp -r "Documentation/using/$1" "$W/src"
cp tools/testing/check/consumer.c "$W/src/prog.c"

install_moved()
{
	$VMR_MAKE O="$O" install PREFIX="$W/made" >/dev/null
	prefix=$W/prefix
	mv "$W/made" "$prefix"
	sed -i "s,^prefix=.*,prefix=$prefix,; s,^libdir=.*,libdir=$prefix/lib," \
		"$prefix/lib/pkgconfig/vmalloc.pc"
	export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
}

# build - from nothing
build()
{
	rm -rf "$W/build"
	case $1 in
	cmake)
		cmake -S "$W/src" -B "$W/build" -DCMAKE_PREFIX_PATH="$prefix" &&
			cmake --build "$W/build"
		;;
	meson)
		meson setup "$W/build" "$W/src" && meson compile -C "$W/build"
		;;
	pkg-config)
		cp -r "$W/src" "$W/build" && make -C "$W/build"
		;;
	esac
}

# change EXPRESSION - edit the file that builds the program
change()
{
	cp "$W/kept" "$file"
	sed -i "$1" "$file"
	! cmp -s "$W/kept" "$file"
}

# vendored: a whole bundle, and one of a layer
if [ "$1" = vendored ]; then
	for layers in '' range; do
		$VMR_MAKE O="$W/out" KFILES="$KFILES" LAYERS="$layers" bundle
		rm -rf "$W/src/bundle"
		mv "$W/out/bundle" "$W/src/bundle"
		make -j2 -C "$W/src" CFLAGS='-O0 -Wall -Wextra -Werror'
		"$W/src/prog"
		make -C "$W/src" -n | grep -q 'to date'
		rm "$W/src/prog"
	done
	exit 0
fi

install_moved
build "$1"
LD_LIBRARY_PATH=$prefix/lib "$W/build/prog"
objdump -p "$W/build/prog" | grep 'NEEDED *libvmalloc.so.1$'

file=$(ls "$W"/src/[CMm]*)
cp "$file" "$W/kept"
for wrong in 0.1 0.3 1.0; do
	# Meson and pkg-config are asked for the version or a newer one.
	[ "$wrong$1" != 0.1meson ] && [ "$wrong$1" != 0.1pkg-config ] || continue
	change "s/0\.2/$wrong/"
	if build "$1"; then
		echo "version $wrong was not refused"
		exit 1
	fi
done

# pkg-config leaves the choice to the linker: check/install.sh.
[ "$1" != pkg-config ] || exit 0
change "s/vmalloc::vmalloc/vmalloc::static/; s/'>=0.2')/'>=0.2', static: true)/"
build "$1"
"$W/build/prog"
! objdump -p "$W/build/prog" | grep 'NEEDED *libvmalloc'
