#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Plot the cost against n for each workload of the results, with logarithmic axes:
#
#	plots.sh RESULTS.csv DIRECTORY
#
# Without gnuplot the script only prints a message.

set -eu

csv=${1:?usage: $0 RESULTS.csv DIRECTORY}
dir=${2:?usage: $0 RESULTS.csv DIRECTORY}

command -v gnuplot >/dev/null || {
	echo 'gnuplot-nox is not installed: no plots'
	exit 0
}
mkdir -p "$dir"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# A plot for each workload with more than one n, a line for each implementation
# and number of threads
awk -F, -v tmp="$tmp" '
NR == 1 { next }
{
	line = $1 SUBSEP $4 ($3 > 1 ? ", " $3 " threads" : "")
	if (!(line in points))
		lines[$1] = lines[$1] line "\n"
	points[line] = points[line] $2 " " $5 " " $6 " " $7 "\n"
	if (!seen[$1, $2]++)
		sizes[$1]++
}
END {
	for (w in lines) {
		if (sizes[w] < 2)
			continue
		file = tmp "/" w ".plot"
		nr = split(lines[w], l, "\n") - 1
		print "set title \"" w "\" noenhanced" >file
		printf "plot" >file
		for (i = 1; i <= nr; i++) {
			split(l[i], name, SUBSEP)
			data = tmp "/" w "." i
			printf "%s", points[l[i]] >data
			close(data)
			printf "%s \"%s\" using 1:2:3:4 with yerrorlines " \
				"lw 2 pt %d title \"%s\"",
				(i > 1 ? "," : ""), data, i + 3, name[2] >file
		}
		print "" >file
		close(file)
	}
}' "$csv"

for plot in "$tmp"/*.plot; do
	[ -e "$plot" ] || exit 0
	name=$(basename "${plot%.plot}")
	{
		echo 'set terminal svg size 640,400 noenhanced background "white"'
		echo "set output '$dir/$name.svg'"
		echo 'set logscale xy; set grid; set key left top'
		echo 'set format x "%.0f"; set format y "%.0f"'
		echo 'set xlabel "ranges, ids or devices"'
		echo 'set ylabel "ns for each operation"'
		cat "$plot"
	} | gnuplot
done
echo "  PLOTS   $dir"
