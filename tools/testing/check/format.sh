#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The tree is laid out as .editorconfig says, .clang-format names each macro that
# iterates, and clang-format agrees with the indentation and the spacing of as many
# files as format.conforming records, or more:
#
#	format.sh [FILE]...
#
# Where lines are broken is not compared, nor how many blanks or tabs are inside of
# a line: columns of members and of comments are laid out by hand. With FILE it shows
# what clang-format would do to these files instead. RECORD=1 records the number.

set -u

W=${W:-$(mktemp -d)}
recorded=tools/testing/check/format.conforming
status=0

command -v clang-format >/dev/null || { echo "clang-format is not installed"; exit 4; }
version=$(clang-format --version | sed 's/.*version \([0-9]*\).*/\1/')
sed 's/^ColumnLimit: .*/ColumnLimit: 0/' .clang-format >"$W/style"

# differences FILE - between the file and what clang-format makes of it
differences()
{
	one_blank "$1" >"$W/is"
	clang-format --style=file:"$W/style" "$1" | one_blank >"$W/ought"
	diff -U 0 "$W/is" "$W/ought" | sed 1,2d
}

one_blank()
{
	perl -pe 's/(?<=\S)[ \t]+/ /g' "$@"
}

if [ $# != 0 ]; then
	for file; do
		differences "$file" | sed "s:^:$file\t:"
	done
	exit
fi

# Files that are committed or would be; without git, all files
if git ls-files >/dev/null 2>&1; then
	git ls-files -c -o --exclude-standard
else
	find . -type f ! -path './build*' | sed 's:^\./::'
fi | while read -r file; do
	[ ! -f "$file" ] || echo "$file"
done | sort >"$W/files"
perl tools/testing/check/editorconfig.pl <"$W/files" || status=1

grep -E '^(include|lib|tools|examples)/.*\.[ch]$' "$W/files" >"$W/sources"
# shellcheck disable=SC2013
xargs sed -n 's/^#define \([a-z_]*for_each[a-z_]*\)(.*/\1/p' <"$W/sources" |
	sort -u | while read -r macro; do
	grep -qx "  - $macro" .clang-format || echo "$macro"
done >"$W/macros"
if [ -s "$W/macros" ]; then
	sed 's/$/ is not among the ForEachMacros of .clang-format/' "$W/macros"
	status=1
fi

conforming=0
: >"$W/others"
while read -r file; do
	nr=$(differences "$file" | grep -c '^[-+]')
	if [ "$nr" = 0 ]; then
		conforming=$((conforming + 1))
	else
		echo "$file: $nr lines" >>"$W/others"
	fi
done <"$W/sources"
total=$(wc -l <"$W/sources")
echo "clang-format $version agrees with $conforming of $total files"
if [ -n "${RECORD-}" ]; then
	echo "$version $conforming" >$recorded
elif read -r made_by least <$recorded && [ "$made_by" != "$version" ]; then
	echo "what is recorded is of clang-format $made_by"
elif [ "$conforming" -lt "$least" ]; then
	cat "$W/others"
	echo "these do not conform; $least files did: format.sh FILE shows why"
	status=1
fi
exit $status
