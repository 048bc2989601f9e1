# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Read gcc's -fcallgraph-info=su: fail on a cycle, on stack of unknown size and
# on a path that uses more than limit bytes; print the deepest. With layers=1 the
# deepest of each file too, as "layer NAME BYTES PATH".

function field(line, name) {
	if (!match(line, name ": \"[^\"]*\""))
		return ""
	return substr(line, RSTART + length(name) + 3,
		      RLENGTH - length(name) - 4)
}

/^node:/ {
	title = field($0, "title")
	label = field($0, "label")
	if (!match(label, /[0-9]+ bytes \([a-z,]*\)/))
		next		# defined elsewhere, or nowhere
	use = substr(label, RSTART, RLENGTH)
	own[title] = use + 0
	layer[title] = FILENAME
	sub(/.*\//, "", layer[title])
	sub(/\.ci$/, "", layer[title])
	if (use ~ /dynamic/ && use !~ /bounded/) {
		print title ": stack use is not bounded: " use
		bad = 1
	}
	functions++
	if (title ~ /_(propagate|copy|rotate)$/)
		augment[title]
	# The members of struct vmr_free_notifier
	if (title ~ /(queue_nothing|queue_claims|settle_freed|serve_vectors|deliver)$/)
		notifiers[title]
}

/^edge:/ {
	from = field($0, "sourcename")
	to = field($0, "targetname")
	# The rbtree calls only the functions of augmented trees, and these files only
	# the manager, which are ours. Every other callback is the caller's code.
	if (to == "__indirect_call") {
		if (field($0, "label") ~ /rbtree/)
			calls_augment[from]
		if (field($0, "label") ~ /resource\/system_alloc\.c|device\/device\.h/)
			calls_notifiers[from]
		next
	}
	calls[from] = calls[from] SUBSEP to
}

# Depth of the stack at and below f; the way there is kept to print it.
function depth(f,	i, n, callee, deepest, d) {
	if (f in done)
		return done[f]
	if (f in active) {
		print "recursion: " path " -> " f
		bad = 1
		return 0
	}
	active[f]
	path = path " -> " f
	n = split(calls[f], callee, SUBSEP)
	deepest = 0
	below[f] = ""
	for (i = 1; i <= n; i++) {
		if (!(callee[i] in own))
			continue
		d = depth(callee[i])
		if (d > deepest) {
			deepest = d
			below[f] = callee[i]
		}
	}
	sub(/ -> [^>]*$/, "", path)
	delete active[f]
	done[f] = own[f] + deepest
	return done[f]
}

function show(f) {
	for (; f != ""; f = below[f])
		printf " %s(%d)", f, own[f]
	print ""
}

END {
	for (f in calls_augment)
		for (a in augment)
			calls[f] = calls[f] SUBSEP a
	for (f in calls_notifiers)
		for (n in notifiers)
			calls[f] = calls[f] SUBSEP n
	for (f in own) {
		path = ""
		d = depth(f)
		if (d > most) {
			most = d
			top = f
		}
		if (d > most_in[layer[f]]) {
			most_in[layer[f]] = d
			top_in[layer[f]] = f
		}
	}
	printf "%d functions, at most %d bytes of stack:", functions, most
	show(top)
	for (l in most_in)
		if (layers) {
			printf "layer %s %d", l, most_in[l]
			show(top_in[l])
		}
	if (!functions) {
		print "no call graph"
		bad = 1
	}
	if (most > limit) {
		print "more than the " limit " bytes allowed"
		bad = 1
	}
	exit bad
}
