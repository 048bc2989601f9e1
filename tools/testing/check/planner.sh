#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The planner places its samples as recorded, and an independent oracle confirms the
# result. It reports a window or an address width as sufficient exactly when it is. It
# names the line of each error, and survives input that is cut short or damaged.

set -eu

samples=tools/vmr/samples
expected=tools/testing/check/planner

$VMR_MAKE O="$O" vmr
vmr=$O/vmr

die() { echo "$*"; exit 1; }

# ends STATUS ARGUMENT... - run the planner, which ends with that status
ends()
{
	local want=$1 status=0

	shift
	"$vmr" "$@" >"$W/out" 2>"$W/err" || status=$?
	[ $status = "$want" ] || {
		cat "$W/err"
		die "vmr $*: status $status, not $want"
	}
}

# Compare with the recorded output. UPDATE=1 records it anew, for review.
same()
{
	ends "$2" "${@:3}"
	[ ! -s "$W/err" ] || { cat "$W/err"; die "vmr ${*:3}: complains"; }
	[ -z "${UPDATE-}" ] || cp "$W/out" "$expected/$1"
	diff -u "$expected/$1" "$W/out"
}

same gpus.txt 0 $samples/eight-gpus.vmr
same gpus-39.txt 1 -b 39 -M 64G $samples/eight-gpus.vmr
same gpus-flat.txt 0 --flat --bits 41 --memory 64G $samples/eight-gpus.vmr
same gpus-39.json 1 --json -b 39 -M 64G $samples/eight-gpus.vmr
same host.txt 0 -b 46 -M 64G $samples/eight-gpus.lspci
same host-arm64.txt 0 -m arm64 -b 42 -M 64G --bridges -o '3D controller' \
	$samples/eight-gpus.lspci
same boards.txt 0 --gaps $samples/boards.vmr
same boards.svg 0 --svg - $samples/boards.vmr
same empty-riscv64.txt 0 --machine=riscv64 --memory 2G --memory-max 64G --gaps
expected=Documentation/images \
same eight-gpus.svg 0 --svg - --flat --bits 41 --memory 64G \
	$samples/eight-gpus.vmr
ends 0 --help
grep -q 'exit status' "$W/out"

# The manual page has every option and every statement.
manual=tools/vmr/vmr.1
for option in $(grep -oE -e '--[a-z][a-z-]*' "$W/out" | sort -u); do
	grep -qF -e "${option//-/\\-}" $manual || die "$manual: no $option"
done
for word in $(sed -n 's/^\t{ "\([a-z]*\)", read_.*/\1/p' tools/vmr/plan_parse.c); do
	grep -qE "^\.BI? $word( |\$)" $manual || die "$manual: no $word"
done
if command -v groff >/dev/null; then
	groff -man -Tascii -ww -z $manual 2>&1 | tee "$W/groff"
	[ ! -s "$W/groff" ]
fi

# Two files, one of them from a pipe: one machine, all devices.
"$vmr" -M 64G -b 46 $samples/eight-gpus.lspci - <<<'device one' >"$W/out"
tail -n 1 "$W/out" | grep -x '13 of 13 devices fit'

# Bad input: what is wrong, and in which line.
bad()
{
	local status=0

	printf '%b' "$1" >"$W/bad"
	"$vmr" "$W/bad" >"$W/out" 2>"$W/err" || status=$?
	[ $status = 2 ] || die "vmr takes: $1"
	grep -qFx "vmr: $W/bad:$2" "$W/err" || {
		cat "$W/err"
		die "does not say: $2"
	}
	[ ! -s "$W/out" ] || die "shows a plan of: $1"
}

while IFS='|' read -r input message; do
	bad "$input" "$message"
done <$expected/bad.txt
long=$(printf '%5000s' x)
bad "\ndevice $long\n" '2: the line is too long'
bad 'device a\ndevice b\0\n' '2: the line has a 0 in it'
bad "$(seq 70 | sed 's/.*/irq 1/; 1s/^/device a\\n/' | paste -sd_ |
	sed 's/_/\\n/g')" '3: a has a irq already'
bad "$(printf 'device a\\nmmio 4K at 0\\n'; for _ in $(seq 64); do
	printf 'mmio 4K\\n'; done)" '66: a has more than 64 resources'

usage()
{
	ends 2 "$@"
	grep -q 'help says' "$W/err"
}

usage --machine pdp11
usage --memory lots
usage --bits 20
usage --bits 65
usage --nonsense
ends 2 "$W/is-not-there"
ends 2 "$W"
ends 2 --bits 40 --memory 2T
ends 2 --svg "$W/is-not-there/a.svg"

# The oracle needs perl's JSON module.
perl -MJSON::PP -e 1 2>/dev/null || { echo "perl is not installed"; exit 4; }

oracle()
{
	ends "$1" --json "${@:2}"
	perl tools/testing/check/planner/oracle.pl "$W/out" || die "vmr ${*:2}"
}

for bits in 36 39 40 41 42 46 52 64; do
	for machine in x86-64 arm64 riscv64; do
		for kind in --flat --bridges; do
			for file in eight-gpus.vmr eight-gpus.lspci; do
				set -- -b $bits -m $machine -M 16G $kind \
					"$samples/$file"
				status=0
				"$vmr" "$@" >"$W/text" || status=$?
				oracle $status "$@"
				tail -n 1 "$W/text" >>"$W/verdicts"
			done
		done
	done
done
# Of both verdicts there are some, or nothing has been asked.
grep -q '; with 42-bit addresses all would$' "$W/verdicts"
grep -q '^12 of 12 devices fit$' "$W/verdicts"
oracle 0 $samples/boards.vmr

# The width that it names is the least one.
for kind in --flat --bridges; do
	ends 1 --json -b 36 -M 16G $kind $samples/eight-gpus.lspci
	bits=$(sed -n 's/.*"address_bits_needed": \([0-9]*\),/\1/p' "$W/out")
	oracle 0 -b "$bits" -M 16G $kind $samples/eight-gpus.lspci
	oracle 1 -b $((bits - 1)) -M 16G $kind $samples/eight-gpus.lspci
done

ends 0 --version
[ "$(cat "$W/out")" = "vmr $(sed -n 's/^VERSION.*= *//p' Makefile)" ]

# So is the window: what it names is enough, and a page less is not.
window()
{
	local size=$1

	{
		echo 'machine custom'
		echo 'bits 52'
		echo "window mmio64 0x1100000000-$size 64bit bottom-up"
		echo 'window mmio32 0xc0000000-0xe7ffffff'
	} >"$W/window"
	shift
	"$vmr" --json "$W/window" "$@" >"$W/out"
}

for file in eight-gpus.vmr eight-gpus.lspci; do
	grep -v -E '^(machine|memory|bits)' $samples/$file >"$W/devices"
	window 0x1fffffffff "$W/devices" && die "the window is no limit"
	last=$(sed -n 's/.*"window": "mmio64",.*"last": "\([^"]*\)".*/\1/p' \
		"$W/out")
	window "$last" "$W/devices" || die "$last is not enough"
	perl tools/testing/check/planner/oracle.pl "$W/out"
	window $((last - 0x1000)) "$W/devices" && die "$last is too much"
done

# The drawing is a tree of elements, inside its own frame.
ends 1 -b 39 -M 64G -s "$W/out.svg" $samples/eight-gpus.vmr
perl tools/testing/check/planner/svg.pl "$W/out.svg"
[ "$(grep -c '>gpu[0-7]: bar2<' "$W/out.svg")" = 1 ]
[ "$(grep -c '>not placed: gpu' "$W/out.svg")" = 7 ]

# Whatever it is given it ends, with a verdict or a complaint.
$VMR_MAKE O="$W/asan" CC=gcc CFLAGS=-O1 \
	EXTRA_CFLAGS='-fsanitize=address,undefined -fno-sanitize-recover=all' \
	EXTRA_LDFLAGS='-fsanitize=address,undefined' vmr
vmr=$W/asan/vmr
perl tools/testing/check/planner/damage.pl "$vmr" "$W" $samples/*.vmr $samples/*.lspci
