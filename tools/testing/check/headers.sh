#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Each public header compiles by itself and twice, as C and as C++, before and
# after <linux/kvm.h>, and beside a program's own idea of the kernel's types.

set -eu

cat >"$W/own.h" <<'EOF'
struct rb_node { int own; };
struct rb_root { int own; };
struct list_head { int own; };
typedef unsigned long u64;
typedef unsigned int u32;
typedef unsigned char u8;
#define min(a, b) own min
#define max(a, b) own max
#define likely(x) own likely
#define container_of(p, t, m) own container_of
EOF

try()
{
	echo "$@"
	"$@" -Wall -Wextra -Werror -Iinclude -I"$W" -fsyntax-only "$W/t.c"
}

compile()
{
	# Anonymous unions are C11 and an old extension.
	try gcc -x c -std=gnu99
	try gcc -x c -std=c11 -pedantic
	[ ! -x "$(command -v clang)" ] || try clang -x c -std=c11 -pedantic
	[ ! -x "$(command -v g++)" ] || try g++ -x c++ -std=c++11 -pedantic
}

for h in include/vmalloc/*.h; do
	this="#include <vmalloc/${h##*/}>"
	printf '%s\n' "$this" "$this" >"$W/t.c"
	compile
	printf '%s\n' '#include <linux/kvm.h>' "$this" >"$W/t.c"
	compile
	printf '%s\n' "$this" '#include <linux/kvm.h>' >"$W/t.c"
	compile
	printf '%s\n' '#include "own.h"' "$this" >"$W/t.c"
	compile
	printf '%s\n' "$this" '#include "own.h"' >"$W/t.c"
	compile
done

# The names that C++ links with are C's.
command -v g++ || { echo "g++ is not installed"; exit 4; }
g++ -Wall -Wextra -Werror -Iinclude -x c++ tools/testing/check/consumer.c \
	-x none "$O/libvmalloc.a" -o "$W/consumer"
"$W/consumer"
