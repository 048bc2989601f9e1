#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The static tracepoints of userspace: each tracepoint of the sources has a note, at a
# nop; there is none with PROBES=0 or in firmware. A debugger that stops at one reads
# the right arguments. Without a debugger each costs one nop.

set -eu

case $(uname -m) in
x86_64 | aarch64 | riscv64) ;;
*) echo "there are none on $(uname -m)"; exit 4 ;;
esac

$VMR_MAKE O="$W/with" CC=gcc "$W/with/libvmalloc.a"
$VMR_MAKE O="$W/without" CC=gcc PROBES=0 "$W/without/libvmalloc.a"
$VMR_MAKE O="$W/firmware" CC=gcc PORT=firmware "$W/firmware/libvmalloc.a"
for v in with without; do
	gcc -O2 -g -Iinclude tools/testing/check/probes.c "$W/$v/libvmalloc.a" -o "$W/$v/probes"
done

# A point may be in several places, but is in all sources that name it.
sed -n 's/.*\<vmr_trace_\([a-z_]*\)(.*/\1/p' lib/*/*.c | sort -u >"$W/named"
readelf -nW "$W/with/probes" >"$W/notes"
sed -n 's/^ *Name: //p' "$W/notes" | sort -u >"$W/noted"
diff "$W/named" "$W/noted"
[ "$(grep -c 'Provider: vmr$' "$W/notes")" -ge "$(wc -l <"$W/noted")" ]
for v in without/probes without/libvmalloc.a firmware/libvmalloc.a; do
	if readelf -SW "$W/$v" | grep stapsdt; then
		exit 1
	fi
done

# Where a note says, there is a nop and nothing else.
objdump -d --no-show-raw-insn "$W/with/probes" >"$W/code"
for at in $(sed -n 's/.*Location: 0x0*\([0-9a-f]*\),.*/\1/p' "$W/notes"); do
	grep -Eq "^ *$at:	nop *$" "$W/code" || {
		grep "^ *$at:" "$W/code" || :
		echo "no nop at $at"
		exit 1
	}
done

missing=
if command -v valgrind >/dev/null; then
	for v in with without; do
		"$W/$v/probes" 100 >"$W/$v/points"
		valgrind --tool=callgrind --callgrind-out-file=/dev/null \
			"$W/$v/probes" 100 2>"$W/$v/valgrind" >/dev/null
		sed -n 's/.*Collected : *//p' "$W/$v/valgrind" >"$W/$v/cost"
	done
	read -r with <"$W/with/cost"
	read -r without <"$W/without/cost"
	read -r points <"$W/with/points"
	echo "$points points: $without instructions, with them $with"
	# Here and there a compiler has to keep a value that it had done with.
	[ $((4 * (with - without))) -le $((5 * points)) ]
else
	missing=" valgrind"
fi

# Compare the output of a debugger at a point
shows()
{
	local arg='$_probe_arg'

	case $1 in
	move)
		echo "printf \"$1 %lx %lx\\n\", ${arg}2, ${arg}3"
		;;
	move_bulk)
		echo "printf \"$1 %ld\\n\", ${arg}1"
		;;
	register | unregister)
		echo "printf \"$1 %s\\n\", (char *)${arg}2"
		;;
	drain)
		echo "printf \"$1 %d %d\\n\", ${arg}1 == &probed, ${arg}2"
		;;
	dispatch)
		echo "printf \"$1 %d %d %lx %lx %d\\n\", ${arg}1 == &probed," \
			"${arg}2 == &regs, ${arg}3, ${arg}4, ${arg}5"
		;;
	dispatch_miss)
		echo "printf \"$1 %lx %d\\n\", ${arg}1, ${arg}2"
		;;
	*)
		echo "printf \"$1 %lx %lx\\n\", ${arg}2, ${arg}3"
		;;
	esac
}

# And what that is in one round of the program
cat >"$W/round" <<'E'
alloc 0 fff
move 0 3000
move_bulk 1
claim 9000 9fff
free 9000 9fff
settle 9000 9fff
free 9000 9fff
claim 5000 5fff
free 5000 5fff
alloc e0000000 e0000fff
alloc 0 0
register probed
dispatch 1 1 e0000000 10 4
dispatch_miss d0000010 -6
free e0000000 e0000fff
free 0 0
unregister probed
drain 1 0
E

if command -v gdb >/dev/null; then
	while read -r name; do
		printf '%s\n' "break -probe-stap vmr:$name" commands silent \
			"$(shows "$name")" continue end
	done <"$W/named" >"$W/script"
	echo run >>"$W/script"
	gdb -nx -batch -x "$W/script" "$W/with/probes" >"$W/seen" 2>&1 || :
	if grep -qE 'ptrace: |Could not trace the inferior' "$W/seen"; then
		missing="$missing ptrace, which is not permitted here"
	else
		grep -Ew "^($(paste -sd'|' "$W/named"))" "$W/seen" >"$W/stops" || {
			cat "$W/seen"
			exit 1
		}
		grep -Ew "^($(paste -sd'|' "$W/named"))" "$W/round" |
			diff - "$W/stops"
	fi
else
	missing="$missing gdb"
fi
[ -z "$missing" ] || { echo "not installed:$missing"; exit 4; }
