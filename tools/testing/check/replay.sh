#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The committed trace of a boot of each machine replays without KVM and without a
# misrouted access; what is no such trace, or only the beginning of one, is refused:
#
#	replay.sh VMM

set -eu
vmm=$1
[ -x "$vmm" ] || tools/testing/check/sanitized.sh "$vmm"
trace=tools/vmm/traces/seabios.trace
q35=tools/vmm/traces/seabios-q35.trace

"$vmm" --help >"$W/help"

# Help, its usage, the manual page and the program have the same options.
sed -n 's/^\t{ "\([a-z-]*\)", [a-z]*_argument, .*/--\1/p' tools/vmm/main.c | sort >"$W/options"
[ "$(wc -l <"$W/options")" -gt 20 ]
listed()
{
	grep -oE -e '--[a-z][a-z-]+' | sort -u | diff "$W/options" -
}
sed '/^$/q' "$W/help" | listed
grep -oE '^  --[a-z-]+' "$W/help" | listed
sed -n '/^Description$/q;p' Documentation/vmm.rst | listed
sed -n '/^Options$/,/^Machines$/p' Documentation/vmm.rst | grep '^\*\*--' | listed

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

# wrong REASON ARGUMENT... - a command line that makes no sense
wrong()
{
	local reason=$1 status=0

	shift
	echo "== $*"
	"$vmm" "$@" >"$W/said" 2>"$W/error" || status=$?
	cat "$W/error"
	[ $status = 2 ] || { echo "status $status"; exit 1; }
	[ ! -s "$W/said" ]
	grep -qFx -e "vmm: $reason" "$W/error"
}

k=$W/none
wrong '--quiet is given twice' --kernel "$k" --quiet --quiet
wrong '--kernel is given twice' --kernel "$k" --kernel "$k"
wrong "what is 'x'? Try --help" x
for size in 0 63M 1025G 17179869185G 18014398509481985K 18446744073709551617 64Mx -64M 67108865; do
	wrong "--memory takes 64M to 1024G, not '$size'" --kernel "$k" --memory "$size"
done
for cpus in 0 17 4294967297 -1 '' 2x; do
	wrong "--cpus takes 1 to 16, not '$cpus'" --kernel "$k" --cpus "$cpus"
done
for seconds in 0 86401 18446744073709551617 ''; do
	wrong "--timeout takes 1 to 86400 seconds, not '$seconds'" --timeout "$seconds"
done
for count in -1 1000001 18446744073709551616 ''; do
	wrong "a count is 0 to 1000000, not '$count'" --kernel "$k" --verify --moves "$count"
done
wrong "--machine takes pc or q35, not 'isa'" --machine isa
for option in '--initrd x' '--append x' '--disk x' '--cpus 1' '--memory 64M' '--control x' \
	--console '--dump-tables x' '--snapshot x' '--dump-snapshot x' --verify --quiet \
	'--hot-plugs 1' '--moves 1' '--reboots 1'; do
	# shellcheck disable=SC2086
	{
		wrong "${option%% *}: it needs --kernel or --restore" $option
		wrong "${option%% *}: not with --replay" --replay "$trace" $option
	}
done
for option in '--machine pc' '--guest x' '--record x' '--fallback-replay x' '--timeout 1'; do
	# shellcheck disable=SC2086
	{
		wrong "${option%% *}: not with --replay" --replay "$trace" $option
		wrong "${option%% *}: not with --kernel" --kernel "$k" $option
		wrong "${option%% *}: not with --restore" --restore "$k" $option
	}
done
wrong '--bios: not with --replay' --replay "$trace" --bios "$k"
wrong '--bios: a snapshot has its firmware' --restore "$k" --bios "$k"
wrong '--replay: not with --kernel' --replay "$trace" --kernel "$k"
wrong '--dump-tables: not with --restore' --restore "$k" --dump-tables "$k"
wrong '--dump-map: it needs --restore' --kernel "$k" --dump-map
wrong '--dump-map: it needs --restore' --dump-map
for option in --snapshot --hot-plugs --moves --reboots; do
	wrong "$option: it needs --verify" --kernel "$k" $option 1
done
for option in --initrd --append; do
	wrong "$option: it is for a reboot, which needs --kernel" --restore "$k" $option x
done
wrong '--dump-snapshot: not with --dump-tables, which ends before that' \
	--kernel "$k" --dump-tables "$k" --dump-snapshot "$k"
for option in --verify --console "--control=x"; do
	for dump in "--dump-snapshot=$W/no" "--dump-tables=$W/no"; do
		wrong "${option%%=*}: not with ${dump%%=*}, which ends before that" \
			--kernel "$k" "$dump" "$option"
	done
done
[ ! -e "$W/no" ]

# Files that are none
mkfifo "$W/pipe"
for file in "$W" "$W/pipe" /dev/null; do
	refused "$file" --kernel
	grep -Fx "vmm: kernel $file: it is no regular file" "$W/error"
done
