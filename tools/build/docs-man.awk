# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Cut what kernel-doc prints as man pages into one file for each, of section 3:
#
#	kernel-doc -man HEADER |
#		awk -v header=NAME -v version=TEXT -v dir=DIRECTORY -f docs-man.awk
#
# The synopsis gets the header to include, what kernel-doc leaves of comments as
# one paragraph becomes lists and code again, and each page says where the rest is.
#
# uses=FILE lists uses of names in the source tree, a line "name file line" for each. The
# page of a name has the code around its first use as its example.

BEGIN {
	while (uses && (getline line <uses) > 0) {
		split(line, part, " ")
		if (!(part[1] in used)) {
			used[part[1]] = part[2]
			used_at[part[1]] = part[3]
		}
	}
}

# The paragraph of the file with the line in it
function example(file, at,	line, n, lines)
{
	while ((getline line <file) > 0) {
		n++
		if (line ~ /^$/ && n < at)
			lines = ""
		else if (line ~ /^$/ && n > at)
			break
		else if (line !~ /^$/)
			lines = lines line "\n"
	}
	close(file)
	gsub(/\\/, "\\e", lines)
	gsub(/\n\./, "\n\\\\\\&.", lines)
	print ".SH EXAMPLE" >page
	print "In" >page
	printf ".IR %s :\n.PP\n.in +4n\n.nf\n", file >page
	printf "%s", lines >page
	print ".fi\n.in" >page
}

function finish()
{
	if (!page)
		return
	if (page_name in used)
		example(used[page_name], used_at[page_name])
	print ".SH \"SEE ALSO\"" >page
	print ".BR pkg-config (1)," >page
	print "the pages of the other names in" >page
	printf ".IR <%s> ,\n", header >page
	print "the documentation in HTML" >page
	close(page)
}

/^\.TH / {
	finish()
	split($0, part, "\"")
	page = ""
	name = part[4] ~ / / ? part[4] : part[2]
	sub(/^(struct|enum|union) /, "", name)
	if (name !~ /^(vmr|VMR)_/) {
		# A section on no name in particular is in the HTML pages.
		next
	}
	page = dir "/" name ".3"
	page_name = name
	printf ".\\\" SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause\n" >page
	printf ".TH \"%s\" 3 \"%s\" \"%s\" \"vmalloc\"\n", name, part[6], version >page
	next
}

!page { next }

# whatis takes one word for the name.
/^(struct|enum|union) [A-Za-z0-9_]+ \\- / { sub(/^[a-z]+ /, "") }

/^\.SH SYNOPSIS/ {
	print >page
	printf ".B #include <%s>\n.sp\n", header >page
	next
}

# A parameter stands on its own line, without blanks before the comma.
/^\.B "[^"]*" (vmr|VMR)_/ || /^\.BI "\(?[^"]* "  "(,|\);)"$/ {
	sub(/ "  ","$/, "\" \",\"")
	sub(/ "  "\);"$/, "\" \");\"")
	print >page
	print ".br" >page
	next
}

# The end of a struct's definition comes as two halves of a line.
/^\.BI "$/ { next }

/^- / || /^ +- / {
	sub(/^ *- /, "")
	print ".IP \\- 2" >page
	list = 1
}

/^[0-9]+\. / {
	printf ".IP %s 3\n", $1 >page
	sub(/^[0-9]+\. /, "")
	list = 1
}

# A blank line is a paragraph's end, and a list's.
/^$/ {
	print list ? ".PP" : ".sp" >page
	list = 0
	next
}

# A table is text already: from its first rule to its second.
/^=+ =+$/ {
	table = !table
	print table ? ".nf" : ".fi" >page
	next
}

/^\.SH/ { list = 0 }

{ print >page }

END { finish() }
