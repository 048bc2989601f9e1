#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Put our sources and the kernel files they stand on into one directory that
# builds with a compiler and nothing else, to be taken into another project:
#
#	KFILES=<the kernel's files> bundle.sh DIRECTORY

set -eu

dest=${1:?usage: $0 DIRECTORY}
cd "$(dirname "$0")/../.."

rm -rf "$dest"
mkdir -p "$dest/include" "$dest/kernel"
cp -r include/vmalloc "$dest/include/"
cp -r lib "$dest/"
# It needs a libc and KVM.
rm -r "$dest/lib/kvm" "$dest/include/vmalloc/kvm.h"
rm "$dest/lib/port/kernel.c" "$dest/lib/port/seq_file.c"
cp -r tools/include "$dest/kernel/"
cp "$KFILES"/include/linux/*.h "$KFILES/include/uapi/linux/pci_regs.h" \
	"$dest/kernel/include/linux/"
cp "$KFILES/lib/rbtree.c" "$dest/kernel/"
cp -r COPYING LICENSES "$dest/"

# The sources that every environment compiles: all folders but port
folders=$(cd lib && ls -d */ | sed '/^port/d; s,\(.*\)/,lib/\1/*.c,' | paste -sd ' ')

sed "s,@LIB@,$folders," >"$dest/README" <<'E2'
vmalloc in one directory: its sources and the files of the Linux kernel that it
stands on. It needs a compiler (GCC, or Clang) and nothing else, no C library
either.

For a program:

    cc -O2 -ffreestanding -fno-strict-aliasing -Iinclude -Ilib -Ikernel/include -c @LIB@ lib/port/user.c kernel/rbtree.c

For bare metal with one CPU, here a Cortex-M3:

    arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb -Os -ffreestanding -fno-strict-aliasing -ffunction-sections -Iinclude -Ilib -Ikernel/include -c @LIB@ lib/port/firmware.c kernel/rbtree.c

Then link the objects, or make an archive of them. Your own code needs
-Iinclude alone; <vmalloc/vmalloc.h> is all there is. Where there is no C library
the linker wants memcpy(), memmove(), memset() and memcmp() of you. An environment
that is neither of the two brings six functions in place of a file of lib/port:
include/vmalloc/port.h says which.

    include/    the public headers
    lib/        the library; port/ what differs between environments
    kernel/     the kernel's rbtree, list and pci_regs, and a few headers of ours below them

Licence: the files in kernel/ that come from Linux are GPL-2.0, ours are
GPL-2.0 OR BSD-3-Clause, so a program with all of it in is under GPL-2.0 as a whole.
COPYING says more, LICENSES has the texts.
E2
echo "  BUNDLE  $dest"
