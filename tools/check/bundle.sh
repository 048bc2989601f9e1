#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The bundle builds with the one command in its README and nothing else, carried
# elsewhere, and a program links with it.

set -eu
$VMR_MAKE O="$W/out" KFILES="$KFILES" bundle
mv "$W/out/bundle" "$W/elsewhere"
cd "$W/elsewhere"
[ "$(wc -l <README)" = 1 ]
env -i PATH="$PATH" sh -e -x -c "$(sed 's/.*build it with: //' README)"
cc -Iinclude "$OLDPWD/tools/check/consumer.c" ./*.o -o consumer
./consumer
