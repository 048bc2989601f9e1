#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Plot the cost against n for each workload of the results, with logarithmic axes:
#
#	plots.sh RESULTS.csv DIRECTORY
#
# The names beside the plot are in the order of the ends of the lines. Without gnuplot
# the script only prints a message.

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

# The title of each plot: the operation
cat >"$tmp/titles" <<'EOF'
fill	Allocate the next page, first fit
churn	Free a page and allocate one, first fit
last	Free a page and allocate one, last fit
best	Free a page and allocate one, best fit
mixed	Free and allocate 1 to 16 aligned pages while the space fragments
aged	Free and allocate 1 to 16 aligned pages in a fragmented space
exact	Free a page and reserve one by its address
move	Move a page to an address
adversarial	Allocate among n gaps that are misaligned
bounded	Free a page and allocate one within bounds
lookup	Find a page by its address
id_churn	Find an owner by its id, free the id, allocate the smallest
slot	Free and allocate the id and the page of a device
route	Read a register of a random device
route_storm	Read a register of a random device beside a busy writer
EOF

# A plot for each workload with more than one n, a line for each implementation
# and number of threads, the one that ends highest first
awk -F, -v tmp="$tmp" '
BEGIN {
	while ((getline text < (tmp "/titles")) > 0) {
		split(text, f, "\t")
		title[f[1]] = f[2]
	}
}
NR == 1 { next }
{
	line = $1 SUBSEP $4 ($3 > 1 ? ", " $3 " threads" : "")
	if (!(line in points))
		lines[$1] = lines[$1] line "\n"
	points[line] = points[line] $2 " " $5 " " $6 " " $7 "\n"
	end[line] = $5
	if (!seen[$1, $2]++)
		sizes[$1]++
}
END {
	for (w in lines) {
		if (sizes[w] < 2)
			continue
		file = tmp "/" w ".plot"
		nr = split(lines[w], l, "\n") - 1
		for (i = 2; i <= nr; i++)
			for (k = i; k > 1 && end[l[k]] > end[l[k - 1]]; k--) {
				swap = l[k]
				l[k] = l[k - 1]
				l[k - 1] = swap
			}
		printf "set title \"%s: less is better\" noenhanced\n",
			(w in title) ? title[w] : w >file
		printf "plot" >file
		for (i = 1; i <= nr; i++) {
			split(l[i], name, SUBSEP)
			own = index(name[2], "vmalloc") == 1
			data = tmp "/" w "." i
			printf "%s", points[l[i]] >data
			close(data)
			printf "%s \"%s\" using 1:2:3:4 with yerrorlines " \
				"lw %d pt %d title \"%s\"",
				(i > 1 ? "," : ""), data, own ? 3 : 1, i + 3,
				name[2] >file
		}
		print "" >file
		close(file)
	}
}' "$csv"

for plot in "$tmp"/*.plot; do
	[ -e "$plot" ] || exit 0
	name=$(basename "${plot%.plot}")
	{
		echo 'set terminal svg size 800,360 noenhanced background "white"'
		echo "set output '$dir/$name.svg'"
		echo 'set logscale xy; set grid; set key outside right center Left reverse'
		echo 'set format x "%.0f"; set format y "%.0f"'
		echo 'set xlabel "number of ranges, ids or devices"'
		echo 'set ylabel "nanoseconds for each operation"'
		cat "$plot"
	} | gnuplot
done
echo "  PLOTS   $dir"
