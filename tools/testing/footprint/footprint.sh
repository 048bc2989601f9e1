#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Measure the memory that the library needs, for each target and each layer,
# which is a folder of lib/:
#
#	KFILES=<the kernel's files> footprint.sh DIRECTORY [TARGET]...
#
# It reports text (with constants), data and bss at -Os, and the deepest stack, from
# the compiler's own figures over the call graph, without callbacks. It reports the
# undefined symbols, the size of each public struct, and the objects in a program
# that uses only ranges. Everything is built in DIRECTORY.
#
# The exit status is 1 if the library has data, bss, recursion, a stack without a
# bound, an undocumented symbol or code of a layer that is not used. It is also 1 if
# a size or the stack is over its recorded limit, 4 if a target has no compiler here,
# 0 otherwise. A missed goal is reported, and is no failure. RECORD=FILE writes the
# results there, in the form of tools/testing/footprint/limits.

set -u

out=${1:?usage: $0 DIRECTORY [TARGET]...}
shift
cd "$(dirname "$0")/../../.." || exit 1
export LC_ALL=C

status=0
absent=

# Bytes that a program with --gc-sections is to stay below on thumb2: with ranges and ids,
# and more for devices, conventional PCI, PCI Express and snapshots
ALLOCATORS=6144
MORE='8192 8192 12288 6144'

# target NAME - say what it is compiled with: compiler, package, flags, stack limit
target()
{
	case $1 in
	thumb2)
		cc=arm-none-eabi-gcc package=gcc-arm-none-eabi limit=384
		flags='-mcpu=cortex-m3 -mthumb'
		;;
	riscv64)
		cc=riscv64-unknown-elf-gcc package=gcc-riscv64-unknown-elf
		flags='-march=rv64imac -misa-spec=2.2 -mabi=lp64 -mcmodel=medany'
		limit=640
		;;
	aarch64)
		cc=aarch64-linux-gnu-gcc package=gcc-aarch64-linux-gnu limit=640
		flags='-mgeneral-regs-only -mno-outline-atomics'
		;;
	x86-64)
		cc=x86_64-linux-gnu-gcc package=gcc-x86-64-linux-gnu limit=640
		flags='-mgeneral-regs-only'
		;;
	*)
		echo "there is no target $1" >&2
		exit 1
		;;
	esac
	bin=${cc%gcc}
	dir=$out/$1
}

COMMON='-std=gnu11 -Os -ffreestanding -fno-common -fno-strict-aliasing -fno-pic
	-fno-stack-protector -fno-asynchronous-unwind-tables -fno-unwind-tables -ffunction-sections
	-Iinclude -Ilib -Itools/include'

failed()
{
	echo "FAILED: $*"
	status=1
}

# LAYER/OBJECT for each source. No two objects have the same name.
sources=$(printf 'include lib/sources.mk\nall:; @echo $(VMR_SRCS:.c=)\n' |
	env -u MAKEFLAGS -u MFLAGS make -s -f - all) || exit 1
sources="$sources rbtree/rbtree"
objects=$(for s in $sources; do echo "${s##*/}.o"; done)
range=$(for s in $sources; do [ "${s%/*}" != range ] || echo "${s##*/}"; done)

# build DIRECTORY [FLAG]... - every source, and the port, as objects
build()
{
	local to=$1 name src

	shift
	rm -rf "$to"
	mkdir -p "$to"
	for name in $sources port/firmware; do
		src=lib/$name.c
		[ "$name" != rbtree/rbtree ] || src=$KFILES/lib/rbtree.c
		# shellcheck disable=SC2086
		$cc $flags $COMMON -isystem "$KFILES/include" \
			-isystem "$KFILES/include/uapi" "$@" -w \
			-fcallgraph-info=su -c -o "$to/${name##*/}.o" "$src" || return
	done
	"${bin}ar" rcsD "$to/libvmalloc.a" "$to"/*.o
}

# object_sizes - "OBJECT TEXT DATA BSS" for each, and the sums as "all"
object_sizes()
{
	(cd "$dir/lib" && "${bin}size" $objects) |
		awk 'NR > 1 {
			sub(/\.o$/, "", $6)
			print $6, $1, $2, $3
			t += $1; d += $2; b += $3
		} END { print "all", t, d, b }'
}

# layer_sizes - "LAYER TEXT DATA BSS STACK" for each, and "all"
layer_sizes()
{
	for s in $sources; do
		echo "${s%/*} ${s##*/}"
	done | awk '
		FILENAME == ARGV[1] { text[$1] = $2; data[$1] = $3; bss[$1] = $4; next }
		FILENAME == ARGV[2] { if ($1 == "layer") stack[$2] = $3; next }
		!($1 in t) { order[++n] = $1 }
		function add(layer, object)
		{
			t[layer] += text[object]
			d[layer] += data[object]
			b[layer] += bss[object]
			if (stack[object] > s[layer] + 0)
				s[layer] = stack[object]
		}
		{ add($1, $2); add("all", $2) }
		END {
			order[++n] = "all"
			for (i = 1; i <= n; i++)
				print order[i], t[order[i]], d[order[i]],
					b[order[i]], s[order[i]] + 0
		}' "$dir/objects" "$dir/stack" -
}

# Symbols that neither the library nor the compiler's own library defines
undefined_symbols()
{
	local libgcc

	# shellcheck disable=SC2086
	libgcc=$($cc $flags -print-libgcc-file-name)
	(cd "$dir/lib" && "${bin}nm" -A $objects) |
		awk '$(NF - 1) == "U" { u[$NF] }
		     $(NF - 1) ~ /^[A-TV-Z]$/ { d[$NF] }
		     END { for (s in u) if (!(s in d)) print s }' | sort >"$dir/needs"
	"${bin}nm" "$libgcc" 2>/dev/null |
		awk '$2 ~ /^[TDRW]$/ { print $3 }' | sort -u >"$dir/libgcc"
	comm -23 "$dir/needs" "$dir/libgcc"
}

# A program that uses ranges alone, and one that uses all that allocates
programs()
{
	local name

	for name in range allocators; do
		# shellcheck disable=SC2086
		$cc $flags $COMMON -c -o "$dir/$name.o" \
			tools/testing/footprint/$name.c &&
		$cc $flags -nostdlib -static -Wl,-e,start -Wl,-Map,"$dir/$name.map" \
			-Wl,--build-id=none -o "$dir/$name" "$dir/$name.o" \
			"$dir/lib/libvmalloc.a" -lgcc &&
		$cc $flags -nostdlib -static -Wl,-e,start -Wl,--gc-sections \
			-Wl,--build-id=none -o "$dir/$name-gc" "$dir/$name.o" \
			"$dir/lib/libvmalloc.a" -lgcc || return
	done
	for name in 1 2 3 4; do
		# shellcheck disable=SC2086
		$cc $flags $COMMON -DLAYERS="$name" -c -o "$dir/layers.o" \
			tools/testing/footprint/layers.c &&
		$cc $flags -nostdlib -static -Wl,-e,start -Wl,--gc-sections \
			-Wl,--build-id=none -o "$dir/layers$name-gc" \
			"$dir/layers.o" "$dir/lib/libvmalloc.a" -lgcc || return
	done
}

# members PROGRAM - which objects of the archive are in it
members()
{
	grep -o 'libvmalloc\.a([a-z0-9_]*\.o)' "$dir/$1.map" |
		sed 's/.*(\(.*\)\.o)/\1/' | sort -u | tr '\n' ' '
}

text_of()
{
	"${bin}size" "$1" | awk 'NR == 2 { print $1 }'
}

# One symbol for each public struct, as long as the struct is. <vmalloc/kvm.h> is for
# userspace.
structs()
{
	local headers names

	headers=$(ls include/vmalloc/*.h | grep -v '/kvm\.h$')
	names=$(sed -n 's/^struct \(vmr_[a-z0-9_]*\) {$/\1/p' $headers | sort -u)
	{
		echo '#include <vmalloc/vmalloc.h>'
		for h in $headers; do
			echo "#include <vmalloc/${h##*/}>"
		done
		for s in $names; do
			echo "char $s[sizeof(struct $s)];"
		done
	} >"$dir/structs.c"
	# shellcheck disable=SC2086
	$cc $flags $COMMON -c -o "$dir/structs.o" "$dir/structs.c" || return
	"${bin}nm" -S "$dir/structs.o" | while read -r _ size _ name; do
		echo "$name $((0x$size))"
	done
}

# check_limit TARGET WHAT BYTES - is it over what is recorded?
check_limit()
{
	local most

	most=$(awk -v t="$1" -v w="$2" '$1 == t && $2 == w { print $3 }' \
		tools/testing/footprint/limits)
	[ -z "$most" ] || [ "$3" -le "$most" ] ||
		failed "$1: $2 takes $3 bytes, recorded are $most"
	[ -z "${RECORD-}" ] || echo "$1 $2 $3" >>"$RECORD"
}

max_stack()
{
	awk '$1 == "layer" && $3 > m { m = $3 } END { print m + 0 }' "$dir/stack"
}

# measure TARGET - all of it, into files beside the objects
measure()
{
	local known needs wrong

	target "$1"
	mkdir -p "$dir"
	if ! command -v "$cc" >/dev/null; then
		absent="$absent $package"
		return 1
	fi
	rm -rf "$dir/plain"
	build "$dir/lib" && object_sizes >"$dir/objects" && programs &&
		structs >"$dir/structs" || {
		failed "$1: cannot be built"
		return 1
	}
	# Recursion is in the source: one target is enough.
	[ -n "$measured" ] || build "$dir/plain" -fno-optimize-sibling-calls \
		-fno-inline || failed "$1: cannot be built without inlining"

	wrong=$(awk '$1 != "all" && $3 + $4 { print $1 }' "$dir/objects")
	[ -z "$wrong" ] || failed "$1: data or bss in" $wrong

	# As it is used, for the depth, with the port, for that is called; and with
	# every call left in place, since a compiler makes loops of some recursions.
	awk -v limit=65536 -v layers=1 -f tools/testing/check/stack.awk \
		"$dir/lib"/*.ci >"$dir/stack" || failed "$1: $(cat "$dir/stack")"
	layer_sizes >"$dir/sizes"
	[ ! -e "$dir/plain" ] ||
		awk -v limit=65536 -f tools/testing/check/stack.awk "$dir/plain"/*.ci \
		>"$dir/recursion" || failed "$1: $(cat "$dir/recursion")"

	needs=$(undefined_symbols | grep -v -x -e 'mem\(cpy\|move\|set\|cmp\)' \
		-e 'vmr_port_[a-z_]*')
	[ -z "$needs" ] || failed "$1: the library needs" $needs

	known=$(members range)
	wrong=$(for m in $known; do echo "$m"; done |
		grep -v -x -F -e "$range" -e rbtree -e firmware)
	[ -z "$wrong" ] || failed "$1: a program with ranges only has" $wrong
	known=$(members allocators)
	wrong=$(for m in $known; do echo "$m"; done |
		grep -v -x -F -e "$range" -e rbtree -e firmware -e pool -e id)
	[ -z "$wrong" ] || failed "$1: a program that only allocates has" $wrong

	if $cc --version | head -n 1 | grep -q "$(sed -n 's/^# compiler //p' \
			tools/testing/footprint/limits)"; then
		while read -r object text _; do
			check_limit "$1" "$object" "$text"
		done <"$dir/objects"
		check_limit "$1" stack "$(max_stack)"
	else
		echo "$1: no limits are recorded for $($cc -dumpfullversion)"
	fi
}

# row TITLE FORMAT FILE-FIELD... is done by awk, since it is one table
table()
{
	awk -v names="$*" -v out="$out" '
	BEGIN {
		n = split(names, target, " ")
		for (i = 1; i <= n; i++) {
			dir = out "/" target[i]
			while ((getline line < (dir "/sizes")) > 0) {
				split(line, f, " ")
				if (i == 1)
					order[++rows] = f[1]
				text[f[1], i] = f[2]
				rest[f[1], i] = f[3] "+" f[4]
				stack[f[1], i] = f[5]
			}
			while ((getline line < (dir "/structs")) > 0) {
				split(line, f, " ")
				if (i == 1)
					struct[++structs] = f[1]
				bytes[f[1], i] = f[2]
			}
		}
		printf "%-14s", "layer"
		for (i = 1; i <= n; i++)
			printf "  %20s", target[i]
		printf "\n%-14s", ""
		for (i = 1; i <= n; i++)
			printf "  %6s %7s %5s", "text", "dat+bss", "stack"
		print ""
		for (r = 1; r <= rows; r++) {
			printf "%-14s", order[r]
			for (i = 1; i <= n; i++)
				printf "  %6d %7s %5s", text[order[r], i],
					rest[order[r], i], stack[order[r], i]
			print ""
		}
		printf "\n%-28s", "struct"
		for (i = 1; i <= n; i++)
			printf " %10s", target[i]
		print ""
		for (r = 1; r <= structs; r++) {
			printf "%-28s", struct[r]
			for (i = 1; i <= n; i++)
				printf " %10d", bytes[struct[r], i]
			print ""
		}
	}'
}

print_goal()
{
	if [ "$2" -le "$3" ]; then
		printf '  %-52s %6d of %6d  met\n' "$1" "$2" "$3"
	else
		printf '  %-52s %6d of %6d  missed by %d\n' "$1" "$2" "$3" \
			$(($2 - $3))
	fi
}

layers_name()
{
	case $1 in
	1) echo 'devices and dispatch' ;;
	2) echo 'conventional PCI' ;;
	3) echo 'PCI Express' ;;
	4) echo 'snapshots' ;;
	esac
}

targets()
{
	local t n before now goal

	echo
	echo 'goal'
	if [ -e "$out/thumb2/sizes" ]; then
		target thumb2
		before=$(text_of "$dir/allocators-gc")
		print_goal 'program of ranges and ids, thumb2' "$before" $ALLOCATORS
		n=0
		for goal in $MORE; do
			n=$((n + 1))
			now=$(text_of "$dir/layers$n-gc")
			print_goal "with $(layers_name $n), more" \
				$((now - before)) "$goal"
			before=$now
		done
	fi
	for t; do
		target "$t"
		print_goal "deepest stack, $t" "$(max_stack)" "$limit"
		awk '$1 == "layer"' "$dir/stack" | sort -k3,3nr | head -n 1 |
			sed 's/^layer [a-z0-9_]* [0-9]* /    /'
	done
	echo
	for t; do
		target "$t"
		printf '%s: needs %s\n' "$t" "$(tr '\n' ' ' <"$dir/needs")"
		printf '%s: ranges alone link %s(%d bytes of text, %d with --gc-sections)\n' \
			"$t" "$(members range)" "$(text_of "$dir/range")" \
			"$(text_of "$dir/range-gc")"
		printf '%s: range, pool, id link %s(%d bytes of text, %d with --gc-sections)\n' \
			"$t" "$(members allocators)" \
			"$(text_of "$dir/allocators")" \
			"$(text_of "$dir/allocators-gc")"
	done
}

[ -z "${RECORD-}" ] || echo '# compiler 12.2' >"$RECORD"
[ $# -gt 0 ] || set -- thumb2 riscv64 aarch64 x86-64
measured=
for t; do
	measure "$t" && measured="$measured $t"
done
# shellcheck disable=SC2086
if [ -n "$measured" ]; then
	table $measured
	targets $measured
fi
[ $status = 0 ] || exit $status
if [ -n "$absent" ]; then
	echo "not measured, for want of:$absent"
	exit 4
fi
