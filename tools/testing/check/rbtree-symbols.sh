#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# A program that has an rbtree of its own, under the kernel's names, links with
# the library, and neither calls into the other's.

set -eu

cat >"$W/own.c" <<'EOF'
#include <stdio.h>
#include <stdlib.h>

struct rb_node { struct rb_node *left, *right; };
#define OWN(name) void name(void) { puts("own " #name); abort(); }
EOF
sed -n 's/^EXPORT_SYMBOL.*(\(.*\));/OWN(\1)/p' "$KFILES/lib/rbtree.c" \
	>>"$W/own.c"
grep -q 'OWN(rb_erase)' "$W/own.c"
gcc -O2 -c "$W/own.c" -o "$W/own.o"

for lib in "$O/libvmalloc.a" "$O/libvmalloc.so"; do
	gcc -O2 -Iinclude tools/testing/check/consumer.c "$W/own.o" \
		-Wl,--whole-archive "$lib" -Wl,--no-whole-archive \
		-Wl,--export-dynamic -Wl,-rpath,"$O" -o "$W/consumer"
	"$W/consumer"
done
