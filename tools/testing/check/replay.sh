#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The committed trace of a boot of each machine replays without KVM and without a
# misrouted access; what is no such trace, or only the beginning of one, is refused:
#
#	replay.sh VMM

set -eu
vmm=$1
trace=tools/vmm/traces/seabios.trace
q35=tools/vmm/traces/seabios-q35.trace

"$vmm" --help >"$W/help"
grep -q -e --replay "$W/help"

programmed='[1-9][0-9]* BARs programmed by the guest'
for machine in "$trace" "$q35"; do
	"$vmm" --replay "$machine" | tee "$W/said"
	[ "${PIPESTATUS[0]}" = 0 ]
	grep -Ex 'guest: [1-9][0-9]* checks passed, 0 failed' "$W/said"
	tail -n 1 "$W/said" | grep -Ex \
		"run: [0-9]+ exits routed, $programmed, 0 misrouted \(replayed\)"
done
# The last one: all functions, and what only that machine has
grep -Eq 'check: [1-9][0-9]* functions through ECAM and ports, ' "$W/said"
grep -Eq 'guest: ok [0-9]+ a pin behind a bridge' "$W/said"

# refused FILE [OPTION] - a trace, or what another option takes
refused()
{
	echo "== ${2:---replay} $1"
	"$vmm" "${2:---replay}" "$1" >"$W/said" 2>"$W/error" && {
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

# A kernel whose header asks for more bytes than the file has
refused "$W/none" --kernel
refused Makefile --kernel
if [ "$(uname -m)" = x86_64 ]; then
	head -c 514 /dev/zero >"$W/kernel"
	printf 'HdrS\012\002' >>"$W/kernel"
	head -c 80 /dev/zero >>"$W/kernel"
	printf '\377' | dd of="$W/kernel" bs=1 seek=500 conv=notrunc status=none
	printf '\001' | dd of="$W/kernel" bs=1 seek=529 conv=notrunc status=none
	head -c 4096 /dev/zero >>"$W/kernel"
	refused "$W/kernel" --kernel
	grep -Fx 'vmm: kernel: it is cut off' "$W/error"
fi
