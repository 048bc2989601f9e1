#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The bundle, carried elsewhere, builds with the commands in its README and nothing
# else, for a host and for bare metal, without a warning. A program links with it and
# runs. On bare metal nothing is left to be supplied but what the README says. A bundle
# of some layers is as complete, and has no file of others.

set -eu
here=$PWD

# bundle NAME [LAYER]... - make a bundle, and enter it
bundle()
{
	local name=$1

	shift
	cd "$here"
	$VMR_MAKE O="$W/out" KFILES="$KFILES" LAYERS="$*" bundle
	mv "$W/out/bundle" "$W/$name"
	cd "$W/$name"
	for file in COPYING LICENSES/GPL-2.0 LICENSES/BSD-3-Clause; do
		[ -s "$file" ]
	done
}

# build COMPILER - run the one line of the README that begins with it
build()
{
	[ "$(grep -c "^    $1 " README)" = 1 ]
	env -i PATH="$PATH" sh -e -x -c \
		"$(sed -n "s/^    \\($1 .*\\)/\\1/p" README)" 2>"$W/log" || {
		cat "$W/log"
		exit 1
	}
	if grep -A 3 'warning:' "$W/log"; then
		exit 1
	fi
}

# complete PREFIX - nothing is undefined but the four functions and the compiler's own
complete()
{
	local needs

	"${1}ld" -r -o all.o ./*.o
	needs=$("${1}nm" -u all.o | awk '{ print $2 }' |
		grep -v -x -e 'mem\(cpy\|move\|set\|cmp\)' -e '__aeabi_.*' || :)
	[ -z "$needs" ] || {
		echo "needed besides:" $needs
		exit 1
	}
	rm ./*.o
}

bundle whole
build cc
cc -Iinclude "$here/tools/testing/check/consumer.c" ./*.o -o consumer
./consumer
rm ./*.o

# Layers, and a folder or file that these do not need
while read -r layers absent; do
	bundle "${layers%%,*}" ${layers//,/ }
	if ls -d $absent 2>/dev/null; then
		echo "$layers do not need it"
		exit 1
	fi
	env -i PATH="$PATH" sh -e -c "$(sed -n 's/^    \(cc .*\)/\1/p' README |
		sed 's/ -O2 / -O0 -Werror /')"
	printf '%s\n' "${layers//,/$'\n'}" | sed 's,.*,#include <vmalloc/&.h>,' |
		cc -Wall -Wextra -Werror -Iinclude -fsyntax-only -x c -
	complete ''
done <<'E2'
range lib/[d-o]* lib/pci lib/resource lib/snapshot include/vmalloc/id.h
id,range lib/device lib/resource/system.c include/vmalloc/device.h
device,range,id lib/pci lib/layout lib/print lib/snapshot include/vmalloc/pci.h
layout,print,describe lib/pci lib/snapshot lib/describe/acpi.c
pci_function,pci_msi,pci_host lib/snapshot lib/pci/sriov.c lib/pci/assign.c
pci lib/layout lib/print lib/describe
E2
cd "$here"
if $VMR_MAKE O="$W/out" KFILES="$KFILES" LAYERS='range rnage' bundle 2>"$W/log"; then
	exit 1
fi
grep -q 'no layer rnage; the layers are: .* range ' "$W/log"

if ! command -v arm-none-eabi-gcc >/dev/null; then
	echo "for bare metal it was not tried: install gcc-arm-none-eabi"
	exit 4
fi
cd "$W/whole"
build arm-none-eabi-gcc
complete arm-none-eabi-
