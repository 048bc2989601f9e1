#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The committed trace of a boot replays without KVM and without a misrouted
# access; what is no such trace, or only the beginning of one, is refused:
#
#	replay.sh VMM

set -eu
vmm=$1
trace=tools/vmm/traces/seabios.trace

"$vmm" --help >"$W/help"
grep -q -e --replay "$W/help"

"$vmm" --replay "$trace" | tee "$W/said"
[ "${PIPESTATUS[0]}" = 0 ]
programmed='[1-9][0-9]* BARs programmed by the guest'
tail -n 1 "$W/said" | grep -Ex \
	"run: [0-9]+ exits routed, $programmed, 0 misrouted \(replayed\)"

refused()
{
	echo "== $1"
	"$vmm" --replay "$1" >"$W/said" 2>"$W/error" && {
		echo "was not refused"
		exit 1
	}
	# Not by dying of it, and with a word on why.
	[ $? -lt 126 ]
	[ -s "$W/error" ]
	cat "$W/error"
}

refused "$W/none"
: >"$W/empty"
refused "$W/empty"
refused Makefile
head -c "$(($(stat -c %s "$trace") * 2 / 3 + 1))" "$trace" >"$W/truncated"
refused "$W/truncated"
