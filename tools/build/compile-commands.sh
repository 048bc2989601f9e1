#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Read what `make -nB V=1` prints, and write the commands that compile a source
# with $CC as a JSON compilation database. A source that is compiled twice is
# listed once, as it is compiled for the static library.

set -eu

cd "$(dirname "$0")/../.."

awk -v cc="$CC" -v top="$PWD" '
function json(text)
{
	gsub(/\\/, "\\\\", text)
	gsub(/"/, "\\\"", text)
	gsub(/\t/, " ", text)
	return "\"" text "\""
}

# One command, its lines put together
{
	continued = sub(/\\$/, "")
	line = line $0
	if (continued)
		next
	command = line
	line = ""
}

index(command, cc " ") == 1 && command !~ /\.pic\.o/ {
	n = split(command, word)
	source = ""
	for (i = 2; i <= n && source == ""; i++)
		if (word[i] ~ /\.c$/ && word[i - 1] !~ /^-(include|MT|o)$/)
			source = word[i]
	# Skip commands that only link, and the program of a guest
	if (source == "" || command ~ /-oformat=binary/)
		next
	# The Makefile of the tests works in its own directory.
	dir = source ~ /\// ? top : top "/tools/testing/selftests/vmalloc"
	if (seen[dir "/" source]++)
		next
	printf "%s\n{ \"directory\": %s,\n  \"file\": %s,\n  \"command\": %s }",
		sep, json(dir), json(source), json(command)
	sep = ","
}

BEGIN { printf "[" }
END { print "\n]" }'
