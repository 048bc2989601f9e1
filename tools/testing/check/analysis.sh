#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# A program that reads C has nothing to say on lib/ and include/ but what is
# listed, with a reason, in analysis.suppressions:
#
#	analysis.sh gcc|clang|tidy|cppcheck|coccinelle

set -eu

tool=$1
known=tools/testing/check/analysis.suppressions
sources=()
hosted=()
for file in lib/*/*.c; do
	case $file in
	lib/port/kernel.c | lib/port/seq_file.c) ;;
	lib/kvm/*) hosted+=("$file") ;;
	*) sources+=("$file") ;;
	esac
done
# The header for KVM is read with the sources for KVM.
headers=()
for file in include/vmalloc/*.h; do
	[ "$file" = include/vmalloc/kvm.h ] || headers+=("$file")
done

have()
{
	command -v "$1" || { echo "$1 is not installed"; exit 4; }
}

# Warnings are counted here and need not end anything.
flags()
{
	make --no-print-directory -s KFILES="$KFILES" CC="$1" WERROR=0 print-cflags
}

# parallel COMPILER COMMAND... - on each source with its flags, as many at a time as
# there are CPUs. The sources for KVM have a C library.
parallel()
{
	local cc=$1

	shift
	# shellcheck disable=SC2046
	printf '%s\0' "${sources[@]}" |
		xargs -0 -n 1 -P "$(nproc)" "$@" $(flags "$cc") &&
	printf '%s\0' "${hosted[@]}" |
		xargs -0 -n 1 -P "$(nproc)" "$@" -std=gnu11 -O2 -Wall -Wextra -Iinclude
}

look()
{
	case $tool in
	gcc)
		have gcc
		parallel gcc gcc -fanalyzer -c -o /dev/null
		;;
	clang)
		have clang
		# It gives up on a function after so many states. The four times as many
		# that it takes by default take four times as long and find no more.
		parallel clang clang --analyze -o /dev/null \
			-Xclang -analyzer-output=text \
			-Xclang -analyzer-config -Xclang max-nodes=60000
		;;
	tidy)
		have clang-tidy
		# .clang-tidy lists the diagnostics. The last source includes all
		# public headers, so each header is analysed.
		printf '#include <vmalloc/%s>\n' "${headers[@]##*/}" >"$W/headers.c"
		sources+=("$W/headers.c")
		parallel clang sh -c 'for f; do :; done; set -- "$f" "$@"; \
			clang-tidy --quiet "$f" -- "$@"' -
		;;
	cppcheck)
		have cppcheck
		# Where a variable is declared, and where the kernel does without
		# parentheses, is a matter of style.
		cppcheck --quiet --enable=warning,style,performance,portability \
			--std=c11 --suppress=variableScope \
			--suppress=clarifyCalculation --platform=unix64 \
			-D__GNUC__=12 -D__x86_64__ -D__SIZEOF_INT128__=16 \
			-Iinclude -Ilib -Itools/include -I"$KFILES/include" \
			-I"$KFILES/include/uapi" \
			--template='{file}:{line}:{column}: {severity}: {message} [{id}]' \
			-j "$(nproc)" "${sources[@]}" "${hosted[@]}"
		;;
	coccinelle)
		have spatch
		scripts=$KFILES/scripts/coccinelle
		[ -d "$scripts" ] || { echo "no coccinelle in the kernel source"; exit 4; }
		# It recurses deeper than the usual stack goes.
		ulimit -s "$(ulimit -H -s)"
		printf '%s\n' "${sources[@]}" "${hosted[@]}" | grep -v '^lib/port/' \
			>"$W/sources"
		# Some need a compiler of OCaml to run at all; those of api and free
		# are about functions of the kernel that nothing here calls. The
		# script deref_null takes minutes, and gcc and clang find the same.
		grep -rLZ ':ocaml' "$scripts"/{iterators,locks,misc,null,tests} \
				--include='*.cocci' --exclude=deref_null.cocci |
			xargs -0 -n 1 -P "$(nproc)" sh -c 'spatch -D report \
				--no-show-diff --very-quiet --cocci-file "$1" \
				$(sed -n "s,^// *Options: *,,p" "$1") \
				-I include -I lib $(cat "$W/sources") include/vmalloc/*.h' -
		;;
	*)
		echo "usage: $0 gcc|clang|tidy|cppcheck|coccinelle"
		exit 2
		;;
	esac
}

status=0
look >"$W/said" 2>&1 || status=$?
if [ $status != 0 ]; then
	cat "$W/said"
	exit $status
fi

# Notes explain what they follow; all else that begins with a place of ours counts.
awk -v tool="$tool" -v top="$PWD/" '
FNR == 1	{ file++ }
file == 1 && (/^#/ || !NF) { next }
file == 1	{ if ($1 == tool) {
			split($0, field, / *\t+ */)
			at[++n] = field[2]
			text[n] = field[3]
			if (field[4] == "") {
				print FILENAME ": no reason: " $0
				bad++
			}
		  }
		  next }
/^[^ :]+:[0-9]+:[0-9-]+: / && !/: note: / {
		  sub("^" top, "")
		  if (!/^(lib|include)\//)
			next
		  if ($0 in seen)
			next
		  seen[$0] = 1
		  split($0, place, ":")
		  line = source(place[1], place[2])
		  for (i = 1; i <= n; i++)
			if (at[i] == place[1] && index(line, text[i])) {
				used[i] = 1
				next
			}
		  print $0 "\n    " line
		  bad++ }
function source(name, number,  text, i)
{
	for (i = 0; i < number; i++)
		if ((getline text <name) <= 0)
			break
	close(name)
	return text
}
END	{ for (i = 1; i <= n; i++)
		if (used[i])
			known++
		else
			print "not found any more: " at[i] ": " text[i]
	  printf "%d found, %d known\n", bad, known
	  exit bad > 0 }
' tools/testing/check/analysis.suppressions "$W/said"
