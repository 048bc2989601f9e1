#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The bundle, carried elsewhere, builds with the commands in its README and nothing
# else, for a host and for bare metal. A program links with it and runs; on bare
# metal nothing is left to be supplied but what the README says.

set -eu
here=$PWD
$VMR_MAKE O="$W/out" KFILES="$KFILES" bundle
mv "$W/out/bundle" "$W/elsewhere"
cd "$W/elsewhere"

# command_of COMPILER - the one line of the README that begins with it
command_of()
{
	[ "$(grep -c "^    $1 " README)" = 1 ]
	sed -n "s/^    \\($1 .*\\)/\\1/p" README
}

for file in COPYING LICENSES/GPL-2.0 LICENSES/BSD-3-Clause; do
	[ -s "$file" ]
done

env -i PATH="$PATH" sh -e -x -c "$(command_of cc)"
cc -Iinclude "$here/tools/testing/check/consumer.c" ./*.o -o consumer
./consumer
rm ./*.o

if ! command -v arm-none-eabi-gcc >/dev/null; then
	echo "for bare metal it was not tried: install gcc-arm-none-eabi"
	exit 4
fi
env -i PATH="$PATH" sh -e -x -c "$(command_of arm-none-eabi-gcc)"
arm-none-eabi-ld -r -o all.o ./*.o
needs=$(arm-none-eabi-nm -u all.o | awk '{ print $2 }' |
	grep -v -x -e 'mem\(cpy\|move\|set\|cmp\)' -e '__aeabi_.*' || :)
if [ -n "$needs" ]; then
	echo "needed besides:" $needs
	exit 1
fi
