#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Figures in the pages agree with the files that commands write. Results of long runs are
# in Documentation/figures.txt, where a page has |name|; they are not typed in a page.

set -eu
export LC_ALL=C
ratios=Documentation/performance/ratios.txt
status=0

complain()
{
	echo "$*"
	status=1
}

# Each record is complete, and a page shows it. Each |name| has a record.
grep -v '^#' Documentation/figures.txt >"$W/records"
awk -F '\t' 'NF != 4 || $2 !~ /^20[0-9][0-9]-[01][0-9]-[0-3][0-9]$/ || !$3 || !$4' \
	"$W/records" >"$W/incomplete"
[ ! -s "$W/incomplete" ] || complain "incomplete records: $(cat "$W/incomplete")"
{ cut -f 1 "$W/records"; echo known-bugs-now; } | sort >"$W/names"
uniq -d "$W/names" | grep . && complain "are recorded twice"
grep -ohE '\|[a-z][a-z0-9.-]*\|' Documentation/*.rst | tr -d '|' | sort -u >"$W/shown"
diff "$W/names" "$W/shown" || complain "figures.txt and the pages have other names"

# Pages of results have no result of their own.
counted='passed|failed|skipped|compared|seen|proved'
typed="[0-9] ($counted)|[0-9] of [0-9]+ (lines|known)|[0-9] [0-9]{3} [0-9]{3}"
times='[0-9]+(\.[0-9]+)? ?(ns|us|ms|s|seconds|minutes|per cent|%)( |,|;|\.|$)'

# find_typed PATTERN PAGE...
find_typed()
{
	local page

	for page in "${@:2}"; do
		grep -nE "$1" "Documentation/$page.rst" |
			sed "s/^/$page.rst:/" | grep . &&
			complain "is typed: record it in Documentation/figures.txt"
	done
	return 0
}

find_typed "$times" testing kernel planner vmm concurrency
find_typed "$typed" testing kernel footprint planner vmm concurrency

# The ratios that the page on performance explains are those of the recorded run.
awk '/^What is missed, and why/ { on = 1 } /^What was tried/ { on = 0 } on' \
	Documentation/performance.rst | grep -oE '\b[0-9]+\.[0-9]+\b' | sort -u |
	while read -r number; do
	awk -v number="$number" '
	BEGIN { match(number, /\..*/); form = "%." RLENGTH - 1 "f" }
	{
		for (i = 1; i <= NF; i++)
			if ($i ~ /^[0-9.]+$/ && sprintf(form, $i) == number)
				found = 1
	}
	END { if (!found) print number }' "$ratios"
done >"$W/strangers"
[ ! -s "$W/strangers" ] ||
	complain "in performance.rst and not in $ratios: $(tr '\n' ' ' <"$W/strangers")"

# ratio WORKLOAD PEER NUMBER - of the table
ratio()
{
	awk -v workload="$1" -v peer="$2" -v n="$3:" '
	index($0, workload " ") == 1 && index($0, " " peer " ") {
		for (i = 1; i < NF; i++)
			if ($i == n)
				print $(i + 1)
	}' "$ratios" | head -n 1
}

# claim TEXT CONDITION - README says this, and the table agrees
claim()
{
	tr -s ' \n' ' ' <README.md | grep -qF -e "$1" || complain "README lacks: $1"
	awk "BEGIN { exit !($2) }" || complain "README says '$1', and the table: $2"
}

for n in 100 1000 10000; do
	claim 'an id pool takes more than twice the time of a set and a hash map' \
		"$(ratio id_churn set+map $n) > 2"
done
# Without a cache over the mutex: the quotient of two ratios
for n in 64 512 4096; do
	claim 'slower than a mutex and an rbtree on one thread from 64 devices on' \
		"$(ratio route mutex+rbtree $n) / $(ratio route 'vmalloc without a cache' $n) > 1"
done
claim 'slower than a mutex and an rbtree on one thread from 64 devices on' \
	"$(ratio route mutex+rbtree 8) / $(ratio route 'vmalloc without a cache' 8) <= 1"
claim 'with 8 to 4,096 devices' "\"$(ratio route mutex+rbtree 4096)\" != \"\""

# Versions are those of the Makefile
version=$(sed -n 's/^VERSION	*:= //p' Makefile)
soname=$(sed -n 's/^SONAME	*:= //p' Makefile)
claim "version $version;" 1
for page in CHANGELOG.rst Documentation/using.rst; do
	grep -qF "$soname" "$page" || complain "$page does not name $soname"
done
exit $status
