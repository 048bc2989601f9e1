#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Put our sources and the kernel files they stand on into one directory that
# builds with a compiler and nothing else, to be taken into another project:
#
#	KFILES=<the kernel's files> bundle.sh DIRECTORY ARCHIVE [LAYER]...
#
# A layer is the name of a header, "range" or "pci"; without one it is all of them.
# The directory gets the headers of the layers, the sources of the functions that these
# declare, and whatever they call and include. ARCHIVE is libvmalloc.a: its symbols show
# which object needs which.

set -eu
export LC_ALL=C

dest=${1:?usage: $0 DIRECTORY ARCHIVE [LAYER]...}
archive=$(realpath "${2:?usage: $0 DIRECTORY ARCHIVE [LAYER]...}")
shift 2
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The headers of userspace with a libc are in no bundle.
layers=$(cd include/vmalloc && echo *.h)
layers=${layers//.h/}
layers=${layers/kvm /}
for layer; do
	case " $layers " in
	*" $layer "*) ;;
	*)
		echo "there is no layer $layer; the layers are: $layers" >&2
		exit 1
		;;
	esac
done
[ $# -gt 0 ] || set -- vmalloc

# The headers, with those that they include
includes()
{
	xargs -I{} sed -n 's,^#include <vmalloc/\(.*\)\.h>.*,\1,p' include/vmalloc/{}.h
}
printf '%s\n' "$@" port | sort -u >"$work/headers"
while includes <"$work/headers" | sort -u - "$work/headers" >"$work/more" &&
		! cmp -s "$work/headers" "$work/more"; do
	mv "$work/more" "$work/headers"
done

# The objects that define the functions of these headers, and those that they need.
# The functions of port.h are defined by the file of the environment.
sed 's,.*,include/vmalloc/&.h,' "$work/headers" | grep -v /port.h |
	xargs sed -n 's/^ \* \(vmr_[a-z0-9_]*\)\(()\)\? - .*/\1/p' |
	sort -u >"$work/wanted"
nm -A "$archive" | sed 's/^[^:]*:\([^:]*\)\.o:/\1 /' | awk '
	FILENAME != "-" { want[$1]; next }
	$2 == "U" { uses[$1] = uses[$1] " " $3; next }
	{ at[$4] = $1 }
	END {
		for (name in want)
			if (name in at)
				queue[++n] = at[name]
		for (i = 1; i <= n; i++) {
			if (seen[queue[i]]++)
				continue
			print queue[i]
			k = split(uses[queue[i]], names, " ")
			for (; k; k--)
				if (names[k] in at)
					queue[++n] = at[names[k]]
		}
	}' "$work/wanted" - | sort >"$work/objects"

sources=$(find lib -name '*.c' ! -path 'lib/port/*' ! -path 'lib/kvm/*' |
	awk -F '[/.]' 'NR == FNR { object[$0]; next } $(NF - 1) in object' \
		"$work/objects" - | sort)

# The compiler names the headers, with and without the checks of VMR_DEBUG.
ports='lib/port/user.c lib/port/firmware.c'
for debug in '' -DVMR_DEBUG; do
	for port in user firmware; do
		# shellcheck disable=SC2086
		"${CC:-cc}" -M -ffreestanding $debug -Iinclude -Ilib -Itools/include \
			"-I$KFILES/include" "-I$KFILES/include/uapi" \
			$sources lib/port/$port.c "$KFILES/lib/rbtree.c"
	done
done | tr -s ' \\' '\n' | sort -u >"$work/includes"

rm -rf "$dest"
mkdir -p "$dest/include/vmalloc" "$dest/kernel/include/linux"
while read -r layer; do
	[ "$layer" = vmalloc ] || cp "include/vmalloc/$layer.h" "$dest/include/vmalloc/"
done <"$work/headers"
{
	printf '%s\n' $sources $ports
	grep '^\(lib\|include\)/.*\.h$' "$work/includes"
} | xargs cp --parents -t "$dest"
grep '^tools/include/' "$work/includes" | sed 's,^tools/include/,,' |
	(cd tools/include && xargs cp --parents -t "$dest/kernel/include")
grep -F "$KFILES/include/" "$work/includes" |
	xargs cp -t "$dest/kernel/include/linux"
mkdir "$dest/kernel/lib"
cp "$KFILES/lib/rbtree.c" "$dest/kernel/lib/"
cat >"$dest/kernel/rbtree.c" <<'E2'
// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
// The kernel compiles its file without this warning.
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "lib/rbtree.c"
E2
cp -r COPYING LICENSES "$dest/"

# One header for all, of those that are here
{
	echo '/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */'
	echo '/* The headers of this bundle */'
	echo '#ifndef VMALLOC_VMALLOC_H'
	echo '#define VMALLOC_VMALLOC_H'
	echo
	grep -vx -e vmalloc -e port "$work/headers" | sed 's,.*,#include <vmalloc/&.h>,'
	echo
	echo '#endif'
} >"$dest/include/vmalloc/vmalloc.h"

folders=$(echo "$sources" | sed 's,/[^/]*$,/*.c,' | sort -u | paste -sd ' ')
names=$(grep -vx -e vmalloc "$work/headers" | paste -sd ' ')
count()
{
	(cd "$dest" && find "$@" -name '*.[ch]' -exec cat {} +) | wc "$wc" | tr -d ' '
}
lines() { wc=-l count "$@"; }
bytes() { wc=-c count "$@"; }

sed -e "s,@LIB@,$folders," -e "s,@LAYERS@,$names," >"$dest/README" <<E2
vmalloc in one directory: its sources and the files of the Linux kernel that it
stands on. It needs a compiler (GCC, or Clang) and nothing else, no C library
either.

For a program:

    cc -O2 -Wall -Wextra -ffreestanding -fno-strict-aliasing -Iinclude -Ilib -isystem kernel/include -c @LIB@ lib/port/user.c kernel/rbtree.c

For bare metal with one CPU, here a Cortex-M3:

    arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb -Os -Wall -Wextra -ffreestanding -fno-strict-aliasing -ffunction-sections -Iinclude -Ilib -isystem kernel/include -c @LIB@ lib/port/firmware.c kernel/rbtree.c

Then link the objects, or make an archive of them. Your own code needs
-Iinclude alone; <vmalloc/vmalloc.h> includes all headers. Where there is no C library
the linker wants memcpy(), memmove(), memset() and memcmp() of you. An environment
that is neither of the two defines the functions of include/vmalloc/port.h in place of
a file of lib/port.

    include/    the public headers: $(lines include) lines, $(bytes include) bytes
    lib/        the library: $(lines lib) lines, $(bytes lib) bytes
    kernel/     files of the kernel, and a few headers of ours: $(lines kernel) lines, $(bytes kernel) bytes

Layers: @LAYERS@
\`make bundle LAYERS="range id device"\` in the sources of vmalloc makes a bundle with
these layers and what they need.

Licence: the files in kernel/ that come from Linux are GPL-2.0, ours are
GPL-2.0 OR BSD-3-Clause, so a program with all of it in is under GPL-2.0 as a whole.
COPYING says more, LICENSES has the texts.
E2
echo "  BUNDLE  $dest, $(lines .) lines"
