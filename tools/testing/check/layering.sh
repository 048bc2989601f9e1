#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Check the layers of lib/: which folder may call which, read from the symbols of
# the objects. No folder calls one above it, and no files call each other in a
# cycle. Documentation/house.rst shows the same table.

set -u

cd "$(dirname "$0")/../../.." || exit 1
: "${O:=build}"

status=0

# Folder: the folders that it may call beside itself
allowed='
base: port
range: base port
resource: range base port
device: resource range base port
layout: device resource range base
print: device resource range base
snapshot: device resource range base
pci: snapshot device resource range base
describe: device resource range base
kvm: device resource range
port: base
'

# The page has the same table
awk '/^   \* - ``[a-z]*\/``$/ { gsub(/[^a-z]/, ""); folder = $0; next }
     folder && /^     - ``/ { gsub(/[^a-z ]/, ""); gsub(/ +/, " "); print folder ":" $0 }
     /^The files of lib/ { exit }
     !/^   / { folder = "" }' Documentation/house.rst >"$W/page"
if ! echo "$allowed" | grep . | diff - "$W/page"; then
	echo 'Documentation/house.rst has another table'
	status=1
fi

objects=$(cd "$O/lib" && find . -name '*.o' ! -name '*.pic.o' ! -name rbtree.o)

# "file symbol" for what each object defines, and what it uses
for object in $objects; do
	name=${object#./}
	nm --defined-only -g "$O/lib/$object" |
		awk -v n="${name%.o}" '{ print n, $3 }' >>"$W/defined"
	nm -u "$O/lib/$object" | awk -v n="${name%.o}" '{ print n, $2 }' \
		>>"$W/used"
done

# "user provider symbol" for each edge between two files
awk 'NR == FNR { at[$2] = $1; next }
     $2 in at && at[$2] != $1 { print $1, at[$2], $2 }' \
	"$W/defined" "$W/used" | sort -u >"$W/edges"
[ "$(wc -l <"$W/edges")" -gt 100 ] || {
	echo 'the objects show fewer calls than the library makes'
	exit 1
}

while read -r user provider symbol; do
	from=${user%%/*} to=${provider%%/*}
	[ "$from" != "$to" ] || continue
	case " $(echo "$allowed" | sed -n "s/^$from: //p") " in
	*" $to "*) ;;
	*)
		echo "$user.c may not call $symbol() of $provider.c:" \
			"$from/ is not above $to/"
		status=1
		;;
	esac
done <"$W/edges"

# tsort names each file of a cycle
if ! cut -d ' ' -f 1,2 "$W/edges" | tsort >"$W/order" 2>"$W/cycles"; then
	echo 'files call each other in a cycle:'
	sed 's/^tsort: //' "$W/cycles"
	status=1
fi
exit $status
