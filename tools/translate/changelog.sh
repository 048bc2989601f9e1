#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The table of names in CHANGELOG.rst, made from what translate.py reads:
#
#	changelog.sh		print it
#	changelog.sh check	compare it with CHANGELOG.rst
#	changelog.sh update	write it into CHANGELOG.rst

set -eu

cd "$(dirname "$0")"
changelog=../../CHANGELOG.rst
begin='.. The table of names: tools/translate/changelog.sh'
end='.. End of the table of names'

rows()
{
	printf '.. list-table:: %s\n   :header-rows: 1\n\n   * - 0.1\n     - 0.2.0\n' "$1"
	# shellcheck disable=SC2016
	sed 's/^\([^ ]*\) \(.*\)/   * - ``\1``\n     - ``\2``/'
	echo
}

entries()
{
	grep -v '^#' "$1"
}

table()
{
	entries headers | rows Headers
	entries identifiers | grep -E '^[a-z].* vmr' | rows 'Functions and types'
	entries identifiers | grep '^VMR' | rows 'Macros and constants'
	# A struct whose name has changed too is shown with both names
	awk '/^#/ { next }
		FILENAME == "identifiers" { was[$2] = $1; next }
		{ s = $1 in was ? was[$1] : $1; print s "." $2, $1 "." $3 }' \
		identifiers members | rows Members
}

case ${1-} in
'')
	table
	;;
check)
	awk -v b="$begin" -v e="$end" '$0 == e { on = 0 } on { print }
		$0 == b { on = 1; getline }' $changelog |
		diff - <(table) || {
		echo "CHANGELOG.rst has another table: tools/translate/changelog.sh update"
		exit 1
	}
	;;
update)
	new=$(mktemp)
	{
		awk -v b="$begin" '{ print } $0 == b { exit }' $changelog
		echo
		table
		awk -v e="$end" '$0 == e { on = 1 } on' $changelog
	} >"$new"
	cat "$new" >$changelog
	rm "$new"
	;;
esac
