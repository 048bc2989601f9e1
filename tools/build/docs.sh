#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Make the documentation, HTML and man pages, in a directory:
#
#	KFILES=<the kernel's files> VERSION=<ours> docs.sh DIRECTORY [html|man|man3]...
#
# It has html/, and man/man1, man/man3; man3 alone needs no Sphinx. The pages on the API
# come from the comments of the public headers, through the kernel's kernel-doc. A warning
# of Sphinx or kernel-doc is an error. If a tool is missing, the script names it and exits
# with status 4.

set -euo pipefail

dest=${1:?usage: $0 DIRECTORY [html|man|man3]...}
shift
cd "$(dirname "$0")/../.."
export VERSION=${VERSION:-0}

doc=$KFILES/scripts/kernel-doc
tree=$dest/tree			# what Sphinx reads
api=$tree/Documentation/api

absent()
{
	echo "$*"
	exit 4
}

[ -e "$doc" ] || absent "no kernel-doc in the kernel source"
head -n 1 "$doc" | grep -q perl ||
	absent "kernel-doc of this kernel is not the perl program"
perl -e 'use POSIX' || absent "perl is not installed"

# kernel_doc OPTION... HEADER - what it has to say besides is an error
kernel_doc()
{
	# The date in a page is that of the source, not that of the build.
	KBUILD_BUILD_TIMESTAMP=@${SOURCE_DATE_EPOCH:-$epoch} \
		perl "$doc" "$@" 2>"$dest/said"
	[ ! -s "$dest/said" ] || { cat "$dest/said" >&2; return 1; }
}

# overview HEADER - its first comment as a page's beginning
overview()
{
	awk '
	/^ \* [a-z_]*\.h - / && !title {
		title = substr($0, 4)
		sub(/ - /, ": ", title)
		print title
		gsub(/./, "=", title)
		print title
		next
	}
	!title { next }
	/^ \*\// { exit }
	{
		line = substr($0, 3)
		code = line ~ /^ *\t/
		sub(/^ /, "", line)
		# An indented paragraph is code or a picture.
		if (code && !in_code)
			print "::\n"
		if (line != "")
			in_code = code
		print line
	}' "$1"
}

# reStructuredText wants a blank line before a list and behind it, comments do not.
blank_lines()
{
	awk '
	{ match($0, /^ */); indent = RLENGTH }
	/^ *- / {
		if (!list && before != "")
			print ""
		if (!list)
			depth = indent
		list = 1
	}
	list && !/^ *- / && $0 != "" && indent <= depth {
		if (before != "")
			print ""
		list = 0
	}
	{ print; before = $0 }'
}

api_pages()
{
	local h name

	mkdir -p "$api"
	for h in $headers; do
		name=${h#include/vmalloc/}
		name=${name%.h}
		name=${name//\//-}
		{
			overview "$h"
			printf '\n.. highlight:: c\n\n'
			kernel_doc -rst -sphinx-version "$sphinx" "$h" |
				blank_lines
		} >"$api/$name.rst"
	done
}

# Links, so that a page's paths are those of the source tree.
source_tree()
{
	rm -rf "$tree"
	mkdir -p "$tree"
	cp -rs "$PWD/Documentation" "$PWD/examples" "$PWD/tools" "$tree/"
	ln -s "$PWD"/*.rst "$PWD/include" "$tree/"
}

# Where programs use the names, the programs for readers first
uses()
{
	local files

	for files in examples tools/vmm tools/testing/selftests/vmalloc; do
		find "$files" -name '*.c' | sort | xargs grep -now '[vV][mM][rR]_[A-Za-z0-9_]*' |
			awk -F: '$1 != file || $2 > 12 { print $3, $1, $2; file = $1 }'
	done
}

# kernel-doc's man pages are of section 9, all in one, and say nothing of a
# header.
man_api()
{
	local h

	rm -rf "$dest/man/man3"
	mkdir -p "$dest/man/man3"
	uses >"$dest/uses"
	for h in $headers; do
		kernel_doc -man "$h" | awk -v header="${h#include/}" \
			-v version="vmalloc $VERSION" -v dir="$dest/man/man3" \
			-v uses="$dest/uses" \
			-f tools/build/docs-man.awk
	done
}

export VMR_SOURCE=$PWD
headers=$(ls include/vmalloc/*.h include/vmalloc/*/*.h | grep -v '/vmalloc[.]h$')
epoch=$(git log -1 --format=%ct 2>/dev/null || stat -c %Y Makefile)

mkdir -p "$dest"
if [ "$*" = man3 ]; then
	man_api
	exit 0
fi

command -v sphinx-build >/dev/null || absent "python3-sphinx is not installed"
"$(sed -n '1s/^#! *//p' "$(command -v sphinx-build)")" -c 'import furo' 2>/dev/null ||
	absent "furo is not installed"
sphinx=$(sphinx-build --version | sed 's/.* //')
source_tree
api_pages
[ $# -gt 0 ] || set -- html man
for format; do
	rm -rf "${dest:?}/$format"
	target=$dest/$format
	[ "$format" != man ] || target=$dest/man/man1
	sphinx-build -q -W --keep-going -d "$dest/doctrees" -b "$format" \
		"$tree/Documentation" "$target"
	[ "$format" = man ] || continue
	man_api
	for page in tools/*/*.1; do
		[ ! -e "$page" ] || cp "$page" "$dest/man/man1/"
	done
done
echo "  DOCS    $dest"
