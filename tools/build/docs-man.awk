# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Cut what kernel-doc prints as man pages into one file for each, of section 3:
#
#	kernel-doc -man HEADER |
#		awk -v header=NAME -v version=TEXT -v dir=DIRECTORY -f docs-man.awk
#
# The synopsis gets the header to include, what kernel-doc leaves of comments as
# one paragraph becomes lists and code again, and each page says where the rest is.

function finish()
{
	if (!page)
		return
	print ".SH \"SEE ALSO\"" >page
	print ".BR pkg-config (1)," >page
	print "the pages of the other names in" >page
	printf ".I <%s>\n", header >page
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

# The end of a struct's definition comes as two halves of a line.
/^\.BI "$/ { next }

/^- / || /^ +- / {
	sub(/^ *- /, "")
	print ".IP \\- 2" >page
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
