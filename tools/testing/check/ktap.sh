#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Run a program that prints KTAP, keep what it prints in a log, and print how
# many of its tests passed, failed and were skipped:
#
#	ktap.sh LOG PROGRAM [ARGUMENT]...
#
# Neither the exit status nor the lines of a program are sufficient. It fails once
# more than its lines say if it crashed or hung, if it printed no plan or not as
# many results as planned, or if its status contradicts its lines.

set -u

log=$1
shift

timeout -k 10 "${KTAP_TIMEOUT:-1800}" "$@" >"$log" 2>&1 </dev/null
status=$?

awk -v status=$status '
# Results of subtests are indented; the line of their parent counts for them.
/^1\.\.[0-9]+/ {
	plans++
	plan = substr($1, 4) + 0
	if (plan == 0 && /# *SKIP/)
		all_skipped = 1
}
/^ok [0-9]/ {
	results++
	if (/# *SKIP/)
		skipped++
	else
		passed++
}
/^not ok [0-9]/ {
	results++
	failed++
}
function wrong(why) {
	print "ktap.sh: " why >"/dev/stderr"
	extra = 1
}
END {
	if (status == 124 || status == 137)
		wrong("it hung")
	else if (status == 4 && !failed && !passed && (all_skipped || !plans))
		skipped = skipped ? skipped : 1
	else if (plans != 1)
		wrong(plans ? "more than one plan" : "no plan")
	else if (plan != results)
		wrong(plan " results planned, " results + 0 " printed")
	else if (plan == 0)
		wrong("it tests nothing")
	else if (status && !failed && !(status == 4 && !passed))
		wrong("exit status " status " without a failed test")
	else if (!status && failed)
		wrong("exit status 0 with a failed test")
	print passed + 0, failed + extra, skipped + 0
}' "$log" 2>>"$log"
