#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Write the library as a series of patches for a kernel tree:
#
#	series.sh TREE OUT
#
# TREE is the unpacked source of a kernel; it is read only. OUT/series/ gets the patches
# and OUT/tree/ a git repository with the files of TREE that they change and a commit for
# each. The author is that of git's configuration.
#
#	cd TREE && git am --empty=drop OUT/series/*.patch

set -eu

[ $# = 2 ] || {
	echo "usage: $0 TREE OUT" >&2
	exit 1
}
tree=$1
out=$2
here=$(cd "$(dirname "$0")" && pwd)
[ -e "$tree/lib/Kconfig" ] && [ -e "$tree/MAINTAINERS" ] || {
	echo "$0: $tree is not a kernel source tree" >&2
	exit 1
}

rm -rf "$out/tree" "$out/series"
mkdir -p "$out/tree"
for f in lib/Kconfig lib/Makefile MAINTAINERS Documentation/driver-api/index.rst; do
	mkdir -p "$out/tree/$(dirname "$f")"
	cp "$tree/$f" "$out/tree/$f"
done
git -C "$out/tree" init -q
git -C "$out/tree" add -A
git -C "$out/tree" commit -q -m 'the files that the series changes'
"$here/series.py" "$out/tree"
git -C "$out/tree" format-patch -q --root --cover-letter --cover-from-description=none \
	-o "$(cd "$out" && pwd)/series" "$(git -C "$out/tree" rev-list --max-parents=0 HEAD)..HEAD"

# The text of the cover letter
subject=$(head -n 1 "$here/messages/cover")
sed -i -e "s|\*\*\* SUBJECT HERE \*\*\*|$subject|" -e "/\*\*\* BLURB HERE \*\*\*/{
	r $here/messages/cover
	d
}" "$out/series/0000-cover-letter.patch"
sed -i "0,/^$/!{/^$(printf '%s' "$subject" | sed 's|[/.]|\\&|g')\$/d}" \
	"$out/series/0000-cover-letter.patch"
