#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Install what was built in directory O, below DESTDIR if that is given:
#
#	PREFIX=... LIBDIR=... VERSION=... install.sh O [DESTDIR]

set -eu

o=${1:?usage: $0 O [DESTDIR]}
dest=${2-}
cd "$(dirname "$0")/../.."

inc=$dest$PREFIX/include/vmalloc
lib=$dest$LIBDIR

install -d "$inc" "$lib/pkgconfig"
install -m 644 include/vmalloc/*.h "$inc"
install -m 644 "$o/libvmalloc.a" "$lib"
install -m 644 "$o/libvmalloc-kvm.a" "$lib"
install -m 755 "$o/libvmalloc.so.1" "$lib"
ln -sf libvmalloc.so.1 "$lib/libvmalloc.so"

install -D -m 755 "$o/vmr" "$dest$PREFIX/bin/vmr"
install -D -m 644 tools/vmr/vmr.1 "$dest$PREFIX/share/man/man1/vmr.1"

cat >"$lib/pkgconfig/vmalloc.pc" <<E2
prefix=$PREFIX
includedir=\${prefix}/include
libdir=$LIBDIR

Name: vmalloc
Description: Allocation and routing of virtual machine resources
Version: $VERSION
Cflags: -I\${includedir}
Libs: -L\${libdir} -lvmalloc
E2
cat >"$lib/pkgconfig/vmalloc-kvm.pc" <<E2
prefix=$PREFIX
libdir=$LIBDIR

Name: vmalloc-kvm
Description: Memory slots, ioeventfds and interrupt routes of KVM for vmalloc
Version: $VERSION
Requires: vmalloc
Libs: -L\${libdir} -lvmalloc-kvm
E2
# The files for CMake's find_package(vmalloc). The installed tree can be moved.
cmake=$lib/cmake/vmalloc
up=$(realpath -m --relative-to="$LIBDIR/cmake/vmalloc" "$LIBDIR")
inc_up=$(realpath -m --relative-to="$LIBDIR/cmake/vmalloc" "$PREFIX/include")
install -d "$cmake"
cat >"$cmake/vmalloc-config.cmake" <<E2
# vmalloc::vmalloc is the shared library, vmalloc::static the static one.
if(NOT TARGET vmalloc::vmalloc)
	add_library(vmalloc::vmalloc SHARED IMPORTED)
	set_target_properties(vmalloc::vmalloc PROPERTIES
		IMPORTED_LOCATION "\${CMAKE_CURRENT_LIST_DIR}/$up/libvmalloc.so.1"
		IMPORTED_SONAME libvmalloc.so.1
		INTERFACE_INCLUDE_DIRECTORIES "\${CMAKE_CURRENT_LIST_DIR}/$inc_up")
	add_library(vmalloc::static STATIC IMPORTED)
	set_target_properties(vmalloc::static PROPERTIES
		IMPORTED_LOCATION "\${CMAKE_CURRENT_LIST_DIR}/$up/libvmalloc.a"
		INTERFACE_INCLUDE_DIRECTORIES "\${CMAKE_CURRENT_LIST_DIR}/$inc_up")
endif()
E2
# While the first number is 0 the second one may change the interface.
cat >"$cmake/vmalloc-config-version.cmake" <<E2
set(PACKAGE_VERSION $VERSION)
if(PACKAGE_FIND_VERSION_MAJOR EQUAL ${VERSION%%.*} AND
   PACKAGE_FIND_VERSION_MINOR EQUAL $(echo "$VERSION" | cut -d. -f2))
	set(PACKAGE_VERSION_COMPATIBLE TRUE)
	if(PACKAGE_FIND_VERSION VERSION_EQUAL PACKAGE_VERSION)
		set(PACKAGE_VERSION_EXACT TRUE)
	endif()
endif()
E2

# The pages of section 3, if the kernel source has kernel-doc to make them.
pages=$o/docs/man/man3
if [ -d "$pages" ]; then
	install -d "$dest$PREFIX/share/man/man3"
	for page in "$pages"/*; do
		install -m 644 "$page" "$dest$PREFIX/share/man/man3"
	done
fi

echo "  INSTALL $inc"
echo "  INSTALL $lib"
