#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Which lines and branches of lib/ the test programs reach:
#
#	coverage.sh O
#
# A branch that they do not reach is a failure, unless the source has a mark and a
# reason there. It is listed as FILE:LINE and how often each branch of the line was
# taken ("-": the line was not reached):
#
#	LCOV_EXCL_BR_LINE: why one way is never taken
#	LCOV_EXCL_LINE: why this line is never come to
#
# Marks are counted. The whole picture is in O/coverage/html.

set -eu

O=${1:?usage: $0 O}
cd "$(dirname "$0")/../.."

for tool in gcc gcov lcov genhtml; do
	command -v $tool >/dev/null && continue
	echo "$tool is not installed"
	exit 4
done

w=$O/coverage
kfiles=${KFILES-$O/kernel}
tests=tools/testing/selftests/vmalloc
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL

# Without optimisation, so that a branch is one that the source has. Most counts
# are the difference of others, so that one lost between threads spoils several.
make=(make --no-print-directory -s -j"$(nproc)")
"${make[@]}" O="$w" KFILES="$kfiles" CC=gcc \
	EXTRA_CFLAGS='-O0 --coverage -fprofile-update=atomic' \
	"$w/libvmalloc.a" "$w/libvmalloc-kvm.a"
gcc -O2 -Wall -Wextra -Werror -c -o "$w/exit.o" tools/testing/coverage/exit.c
mkdir -p "$w/selftests"
rm -f "$w"/selftests/test_*
"${make[@]}" -C $tests KSELFTEST="$kfiles/tools/testing/selftests" \
	VMALLOC="$PWD" VMALLOC_O="$w" VMALLOC_BUILT=1 OUTPUT="$w/selftests" \
	CC=gcc TEST_OPT=-O0 \
	USERLDFLAGS="--coverage -Wl,--wrap=_exit $w/exit.o" all >"$w/tests.log"

find "$w" -name '*.gcda' -delete
failed=0
run()
{
	"tools/testing/check/ktap.sh" "$w/$1.log" "$w/selftests/$1" >"$w/$1.counts"
	read -r _ f _ <"$w/$1.counts"
	[ "$f" = 0 ] || { echo "$1 fails: $w/$1.log"; return 1; }
}
export -f run
export w
# Each kind of operation comes soon, and here each is slow.
export VMR_TEST_OPS=${VMR_TEST_OPS:-20000} KTAP_TIMEOUT=${KTAP_TIMEOUT:-600}
(cd $tests && ls test_*.c) | sed 's/\.c$//' |
	xargs -P "$(nproc)" -I '{}' bash -c 'run {}' || failed=1

rc=(--rc lcov_branch_coverage=1 --quiet)
# Some versions have perl say things about themselves.
exec 3>&2 2> >(grep -v '^Subroutine .* redefined at' >&3)
lcov "${rc[@]}" --capture --directory "$w/lib" --base-directory . \
	--output-file "$w/all.info"
lcov "${rc[@]}" --extract "$w/all.info" "$PWD/lib/*" \
	--output-file "$w/lib.info"
genhtml "${rc[@]}" --branch-coverage --prefix "$PWD" --legend \
	--title 'vmalloc, by its own tests' --output-directory "$w/html" \
	"$w/lib.info"

awk -v top="$PWD/" '
function branches(line,  i, text)
{
	text = ""
	for (i = 0; i < count[line]; i++)
		text = text " " taken[line, i]
	return text
}
/^SF:/	{ file = substr($0, 4); sub("^" top, "", file) }
/^DA:/	{ split(substr($0, 4), d, ",")
	  lines++
	  if (d[2] > 0)
		hit++
	  else
		print file ":" d[1] ": is not come to" }
/^BRDA:/ { split(substr($0, 6), b, ",")
	  taken[b[1], count[b[1]]++] = b[4]
	  all++
	  if (b[4] + 0 > 0)
		went++
	  else
		missed[b[1]] = 1 }
/^end_of_record/ {
	  n = 0
	  for (l in missed)
		order[n++] = l + 0
	  for (i = 1; i < n; i++)
		for (j = i; j > 0 && order[j - 1] > order[j]; j--) {
			t = order[j]; order[j] = order[j - 1]; order[j - 1] = t
		}
	  for (i = 0; i < n; i++)
		print file ":" order[i] ": branches taken" branches(order[i])
	  delete missed; delete count; delete taken; delete order }
END	{ printf "lines %d of %d, branches %d of %d\n", hit, lines, went, all
	  exit !(hit == lines && went == all && lines > 0) }
' "$w/lib.info" || failed=1

marks=$(grep -rhoE 'LCOV_EXCL_[A-Z_]*' lib | sort | uniq -c |
	sed 's/ *\([0-9]*\) \(.*\)/\1 \2/' | paste -sd, -)
echo "marks in the source: ${marks:-none}"
if grep -rnE 'LCOV_EXCL_[A-Z_]*' lib | grep -vE 'LCOV_EXCL_(BR_)?LINE: .'; then
	echo "are marks without a reason"
	failed=1
fi
echo "see $w/html/index.html"
exit $failed
