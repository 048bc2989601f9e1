#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# tools/translate.sh translates examples of version 0.1. They then compile without a
# warning and print the same as the examples of today, or what a file in testdata says.
# A second translation changes nothing. CHANGELOG.rst has the table of all names that
# the script translates.

set -u

data=tools/translate/testdata
status=0

tools/translate/changelog.sh check || status=1

cp $data/*.c "$W"
sources=("$W"/*.c)
tools/translate.sh "${sources[@]}" -- -Iinclude
case $? in
0) ;;
4) exit 4 ;;
*) exit 1 ;;
esac

for source in "${sources[@]}"; do
	name=$(basename "$source" .c)
	# The output in testdata, if the example of today does something else
	expected=$data/$name.expected
	[ -e "$expected" ] || expected=examples/howto/$name.expected
	[ -e "$expected" ] || expected=examples/custom-resource/expected
	cmp -s "$source" "$data/$name.c" && {
		echo "$name.c: nothing was translated"
		status=1
	}
	gcc -Wall -Wextra -Werror -Iinclude -o "$W/$name" "$source" "$O/libvmalloc.a" \
		-lpthread || exit 1
	"$W/$name" >"$W/$name.printed" || status=1
	diff "$expected" "$W/$name.printed" || status=1
done

mkdir "$W/again"
cp "${sources[@]}" "$W/again"
tools/translate.sh "$W"/again/*.c -- -Iinclude || status=1
for source in "${sources[@]}"; do
	cmp "$source" "$W/again/$(basename "$source")" || status=1
done

# An unknown member is an error that names its place
printf '#include <vmalloc/range.h>\nint x(struct vmr_range *r) { return r->none; }\n' \
	>"$W/unknown.c"
if tools/translate.sh "$W/unknown.c" -- -Iinclude 2>"$W/unknown"; then
	echo 'an unknown member is no error'
	status=1
fi
grep -q "unknown.c:2:.*no member named 'none'" "$W/unknown" || {
	cat "$W/unknown"
	status=1
}

# A callback of version 0.1 that has other parameters today is an error
cat >"$W/callback.c" <<'END'
#include <vmalloc/snapshot.h>
static struct vmr_range *find(const struct vmr_snapshot *s, uint32_t space, uint64_t key)
{
	return (void)s, (void)space, (void)key, NULL;
}
const struct vmr_snapshot_ops ops = { .node_of = find };
END
if tools/translate.sh "$W/callback.c" -- -Iinclude 2>"$W/callback"; then
	echo 'a callback with other parameters is no error'
	status=1
fi
grep -q 'callback.c:6:.*incompatible pointer type' "$W/callback" || {
	cat "$W/callback"
	status=1
}
exit $status
