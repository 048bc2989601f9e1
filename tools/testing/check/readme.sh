#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Every complete program in README.md (a C block with a main()) compiles without
# a warning against the static library, runs, and succeeds. If a block of text
# follows it directly, that is what it prints.

set -eu

awk -v dir="$W" '
/^```c$/ { inside = "c"; text = ""; next }
/^```text$/ && after { inside = "text"; text = ""; next }
/^```/ {
	if (inside == "c" && text ~ /main\(/) {
		printf "%s", text >(dir "/example" ++n ".c")
		after = 1
	} else if (inside == "text") {
		printf "%s", text >(dir "/example" n ".expected")
		after = 0
	}
	inside = ""
	next
}
inside { text = text $0 "\n"; next }
/./ && after { after = /:$/ }
' README.md

for c in "$W"/example*.c; do
	[ -e "$c" ] || { echo "README.md has no complete program"; exit 1; }
	program=${c%.c}
	gcc -std=gnu11 -O2 -Wall -Wextra -Werror -Iinclude "$c" \
		"$O/libvmalloc.a" -o "$program"
	"$program" | tee "$program.printed"
	[ "${PIPESTATUS[0]}" = 0 ]
	[ ! -e "$program.expected" ] ||
		diff "$program.expected" "$program.printed"
done
