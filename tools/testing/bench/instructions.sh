#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Count the instructions of a fixed script of operations, and compare them with
# the committed figures:
#
#	instructions.sh DIRECTORY [record|print] [N]
#
# DIRECTORY has the program "script", compiled by CC. The figures depend on the compiler
# and the architecture. Without figures or without valgrind the exit status is 4. An
# increase of more than 3 per cent fails. "record" writes the figures, "print" shows
# them.

set -eu

limit=3		# per cent

dir=${1:?usage: $0 DIRECTORY [record|print] [N]}
what=${2-compare}
n=${3-1000}
cc=${CC:-gcc}
here=$(dirname "$0")

command -v valgrind >/dev/null || {
	echo "valgrind is not installed"
	exit 4
}
name=$("$cc" --version | sed -n '1s/[ -].*//p')
key=$name-$("$cc" -dumpfullversion 2>/dev/null || "$cc" -dumpversion)
key=$key-$("$cc" -dumpmachine | sed 's/-.*//')
figures=$here/instructions/$key
if [ "$what" = compare ] && [ ! -e "$figures" ]; then
	echo "no figures for $key"
	exit 4
fi

out=$dir/callgrind.out
rm -f "$out" "$out".*
valgrind --quiet --tool=callgrind --callgrind-out-file="$out" \
	--combine-dumps=yes --toggle-collect=counted --dump-after=counted \
	"$dir/script" "$n" >"$dir/script.names" 2>"$dir/callgrind.log" || {
	cat "$dir/callgrind.log"
	exit 1
}

# One dump for each name, and one for the rest
sed -n 's/^totals: //p' "$out" | head -n "$(wc -l <"$dir/script.names")" |
	paste "$dir/script.names" - |
	awk -v n="$n" '{ printf "%s %.1f\n", $1, $2 / n }' >"$dir/instructions"
if ! awk '!($2 > 1) { exit 1 }' "$dir/instructions"; then
	echo "counting failed:"
	cat "$dir/instructions"
	exit 1
fi

case $what in
print)
	cat "$dir/instructions"
	;;
record)
	mkdir -p "$here/instructions"
	cp "$dir/instructions" "$figures"
	echo "  FIGURES ${figures#"$PWD"/}"
	;;
compare)
	awk -v limit=$limit '
	NR == FNR { was[$1] = $2; next }
	{
		more = ($1 in was) ? 100 * ($2 / was[$1] - 1) : 0
		word = !($1 in was) ? "new" : more > limit ? "MORE" : "ok"
		printf "%-12s %8.1f  was %8.1f  %+6.1f%%  %s\n", $1, $2,
			was[$1], more, word
		bad += word == "MORE"
		seen[$1] = 1
		less += more < -limit
	}
	END {
		for (i in was)
			if (!(i in seen)) {
				print i " is not counted any more"
				bad++
			}
		if (less)
			print "fewer: make bench-instructions-record keeps them"
		exit bad > 0
	}' "$figures" "$dir/instructions"
	;;
*)
	echo "usage: $0 DIRECTORY [record|print] [N]" >&2
	exit 1
	;;
esac
