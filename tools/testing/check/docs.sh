#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The documentation builds without a warning. Every name of the API has a man page.
# Every link to a file of the source tree leads to one. Every piece of C in a page is
# part of a file that is compiled.

set -eu

# If a tool is missing, docs.sh names it and returns the status of a skip.
VERSION=0 tools/build/docs.sh "$W/docs" || exit $?

status=0
complain()
{
	echo "$*"
	status=1
}

# Pages for people
[ -s "$W/docs/html/index.html" ] || complain "no html/index.html"
for page in Documentation/*.rst; do
	name=$(basename "$page" .rst)
	[ -s "$W/docs/html/$name.html" ] || complain "$page is not in the HTML"
done

# A man page for each name, and none that troff stumbles over
names='s/^ \* \(\(struct\|enum\) \)\?\([vV][mM][rR]_[A-Za-z0-9_]*\)\(()\)\? - .*/\3/p'
for name in $(sed -n "$names" include/vmalloc/*.h include/vmalloc/*/*.h); do
	[ -s "$W/docs/man/man3/$name.3" ] || complain "$name has no man page"
done
[ -s "$W/docs/man/man1/vmm.1" ] || complain "vmm has no man page"
if command -v groff >/dev/null; then
	groff -t -man -Tutf8 -ww -z "$W"/docs/man/man?/* 2>&1 |
		grep -v 'cannot adjust line' && complain "is what troff says"
fi

# Files that pages and README name by a path of the tree. Some are in a kernel's tree.
folders='include/vmalloc|lib|tools|examples|Documentation|debian'
for path in $(grep -ohP "(?<![\\w/.-])($folders)/[\\w./-]*\\w" \
		README.md ./*.rst Documentation/*.rst | sort -u); do
	case $path in
	lib/vmr* | Documentation/driver-api | tools/testing/kunit/*) ;;
	*) [ -e "$path" ] || complain "$path is named and not there" ;;
	esac
done

# Where README leads to
for path in $(grep -oE '\]\([^)#]+' README.md | cut -c 3- | grep -v :); do
	[ -e "$path" ] || complain "README.md leads to $path, which is not there"
done

# A page for users of another project has both sections
for page in Documentation/from-*.rst; do
	for title in 'What you gain' 'What you lose'; do
		grep -qx "$title" "$page" || complain "$page has no section '$title'"
	done
done

# Functions that the walk through the code and the drawings of the house name
for page in walkthrough house; do
	for name in $(grep -oE '\b[a-z_0-9]+\(\)' "Documentation/$page.rst" |
			tr -d '()' | sort -u); do
		grep -qrw "$name" lib include tools/vmm "$KFILES/include" ||
			complain "$name() is in $page.rst and not in the code"
	done
done

# The house has each file of lib/ and each folder, and no others
find lib -mindepth 2 -name '*.[ch]' | sort >"$W/files"
awk '/^``lib\/[a-z]*\/``: / { split($0, part, "`"); folder = part[3]; next }
     /^One request/ { exit }
     folder && /^   \* - ``/ { split($0, part, "`"); print folder part[3] }' \
	Documentation/house.rst | sort | diff "$W/files" - ||
	complain "house.rst has other files than lib/"
find include tools tools/testing -mindepth 1 -maxdepth 1 -type d ! -name '.*' |
	sed 's:$:/:' | sort -u >"$W/folders"
echo include/vmalloc/kernel/ >>"$W/folders"
# shellcheck disable=SC2016
sed -n 's:^   \* - ``\(\(include\|tools\)/.*/\)``$:\1:p' Documentation/house.rst | sort |
	diff <(sort -u "$W/folders") - || complain "house.rst has other folders than the tree"

# Every tracepoint is documented
for point in $(sed -n 's/^VMR_PROBE_[A-Z]*(\([a-z_]*\)).*/\1/p
		s/^static inline void vmr_trace_\([a-z_]*\)(.*/\1/p' lib/*/trace.h); do
	grep -q "^   \* - \`\`$point\`\`$" Documentation/howto-tracing.rst ||
		complain "the point $point is not in howto-tracing.rst"
done

# A literal block is for what is no C; C would not be looked at there
awk '
FNR == 1 { block = 0 }
block && /^[^ \t]/ { block = 0 }
block && /^[ \t].*[;{]$/ && !/^[ \t]*(\$|#)/ {
	print FILENAME ":" FNR ": C in a literal block"
	bad = 1
}
/::$/ && !/^\.\. / { block = 1 }
END { exit bad }' ./*.rst Documentation/*.rst || status=1

# C in pages: taken from a file by literalinclude, or the same as in one
cat examples/*/*.[ch] examples/*/*/*.[ch] include/vmalloc/*.h lib/*/*.[ch] \
	tools/*/*.[ch] tools/*/*/*.[ch] tools/*/*/*/*.[ch] README.md 2>/dev/null |
	tr -s ' \t\n' ' ' >"$W/compiled"
awk -v dir="$W" '
function finish()
{
	if (out)
		close(out)
	out = ""
}
FNR == 1 { finish() }
out && /^[^ \t]/ { finish() }
out && !/^ *:[a-z-]+:/ { print >out }
/^[ \t]*\.\. (code-block|code):: *c *$/ {
	finish()
	out = dir "/fragment" ++n
	print FILENAME ":" FNR >(dir "/where" n)
	close(dir "/where" n)
}' ./*.rst Documentation/*.rst
for where in "$W"/where*; do
	[ -e "$where" ] || continue
	fragment=${where/where/fragment}
	FRAGMENT=$(tr -s ' \t\n' ' ' <"$fragment" | sed 's/^ //; s/ $//') \
		perl -0777 -ne 'exit(index($_, $ENV{FRAGMENT}) < 0)' "$W/compiled" ||
		complain "$(cat "$where"): this C is in no file that is compiled"
done
exit $status
