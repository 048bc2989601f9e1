#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Run every check and say in the last line how many tests passed, failed and
# were skipped:
#
#	run.sh O [LINUX]
#
# A check is a program of this directory. It gets O (the directory everything is
# built in), W (one of its own below that), KFILES (the kernel's files) and
# VMR_MAKE (make with the common variables). Its status is 0 for success, 4 for a
# skip, whose reason is the last line of its output, and anything else for a failure.
# Its output is kept in a log. After a failure come the command that runs it alone, the
# name of the log, and the end of the log. A program that prints KTAP
# counts as the number of its tests, everything else as one.
#
# As many as there are CPUs run at a time, in any order; the results are printed
# in the order of this file. Checks share $O: one may see the files of another.
#
# CHECK="gcc sparse" runs these alone. With CI=true a skip of what
# tools/testing/check/required-in-ci names is a failure.

set -u

cd "$(dirname "$0")/../../.." || exit 1

export O=${1:?usage: $0 O [LINUX]}
export KFILES=$O/kernel
export LINUX=${2-}
export LC_ALL=C
check=$O/check

# The make that called us has its own ideas of O, V and the like.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL
VMR_MAKE="make --no-print-directory -j$(nproc) KFILES=$KFILES LINUX=$LINUX"
export VMR_MAKE

number=0
lacking=		# why nothing at all can be done
environment=		# what the next items are counted under
environments=()		# all of them, in order
declare -A passed failed skipped

# Everything that runs is an item: a name, the environment it counts for, and
# the path that its files are named after. BASE.log is what it printed, BASE.done
# its exit status and the seconds it took, BASE.counts (of KTAP alone) the
# results in it. A command of its own runs it alone.
names=()
commands=()
counted=()
bases=()
reported=0

# in_environment NAME - what follows is counted under this name
in_environment()
{
	environment=$1
	environments+=("$1")
	passed[$1]=0
	failed[$1]=0
	skipped[$1]=0
}

# required NAME - is this one that may not be skipped here?
required()
{
	[ "${CI-}" = true ] && grep -qxF -e "$1" tools/testing/check/required-in-ci
}

# make_alone TARGET [CHECK] - how a person makes it
make_alone()
{
	local o=

	[ "$O" = "$PWD/build" ] || o=" O=$O"
	echo "make$o${LINUX:+ LINUX=$LINUX}${1:+ $1}${2:+ CHECK='$2'}"
}

# say_next LOG - the first lines after a failure: what to do next
say_next()
{
	echo "# again, alone: ${commands[reported]}"
	echo "# its output: $1"
	echo '#'
}

show()
{
	tail -n 40 "$1" | sed 's/^/# /'
}

# Show the output before each failed test, or the end of the output.
show_ktap()
{
	{ grep -B 12 -E '^not ok|^ktap.sh: ' "$1" || cat "$1"; } |
		tail -n 60 | sed 's/^/# /'
}

# result NAME STATUS SECONDS LOG - count one item and say how it went
result()
{
	local status=$2 skip=

	number=$((number + 1))
	if [ "$status" = 4 ]; then
		skip=$(tail -n 1 "$4")
		! required "$1" || status="4 is a failure here"
	fi
	case $status in
	0)
		passed[$environment]=$((passed[$environment] + 1))
		echo "ok $number $1 # $3 s"
		;;
	4)
		skipped[$environment]=$((skipped[$environment] + 1))
		echo "ok $number $1 # SKIP $skip"
		;;
	*)
		failed[$environment]=$((failed[$environment] + 1))
		echo "not ok $number $1 # $3 s"
		say_next "$4"
		[ -z "$skip" ] || echo "# must not be skipped with CI=true"
		show "$4"
		;;
	esac
}

# result_ktap NAME SECONDS LOG - count what ktap.sh said of a program
result_ktap()
{
	local p f s why=

	read -r p f s <"${3%.log}.counts" || { p=0 f=1 s=0; }
	if [ "$p $f" = '0 0' ] && required "$1"; then
		f=1 s=0
		why="must not be skipped with CI=true"
	fi
	number=$((number + 1))
	passed[$environment]=$((passed[$environment] + p))
	failed[$environment]=$((failed[$environment] + f))
	skipped[$environment]=$((skipped[$environment] + s))
	if [ "$f" != 0 ]; then
		echo "not ok $number $1 # $p passed, $f failed, $2 s"
		say_next "$3"
		[ -z "$why" ] || echo "# $why"
		show_ktap "$3"
	elif [ "$p" = 0 ]; then
		echo "ok $number $1 # SKIP $(sed -n 's/.*# *SKIP *//p' "$3" |
			head -n 1)"
	else
		echo "ok $number $1 # $p passed, $s skipped, $2 s"
	fi
}

# report - print the results that are there and that no earlier one holds up
report()
{
	local base status seconds environment

	while [ $reported -lt ${#bases[@]} ]; do
		base=${bases[reported]}
		[ -e "$base.done" ] || return
		read -r status seconds <"$base.done"
		environment=${counted[reported]}
		if [ -e "$base.counts" ]; then
			result_ktap "${names[reported]}" "$seconds" "$base.log"
		else
			result "${names[reported]}" "$status" "$seconds" \
				"$base.log"
		fi
		reported=$((reported + 1))
	done
}

# add_item NAME BASE COMMAND - what is run next is this
add_item()
{
	names+=("$1")
	commands+=("$3")
	counted+=("$environment")
	bases+=("$2")
	rm -f "$2.done" "$2.counts" "$2.log"
}

# run_logged COMMAND... - run it, for the last item, with all it prints in its log
run_logged()
{
	"$@" >"${bases[-1]}.log" 2>&1 </dev/null
}

# ktap COMMAND... - have ktap.sh run it, for the last item
ktap()
{
	tools/testing/check/ktap.sh "${bases[-1]}.log" "$@" >"${bases[-1]}.counts"
}

# run_now run_logged|ktap COMMAND... - for the last item, while nothing else goes on
# here
run_now()
{
	local base=${bases[-1]} begin=$SECONDS status=0

	"$@" || status=$?
	echo "$status $((SECONDS - begin))" >"$base.done"
	report
	return $status
}

# run_in_background run_logged|ktap COMMAND... - for the last item, beside all
# others
run_in_background()
{
	local base=${bases[-1]} begin

	while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do
		wait -n
		report
	done
	begin=$SECONDS
	{
		"$@"
		echo "$? $((SECONDS - begin))" >"$base.new"
		mv "$base.new" "$base.done"
	} &
}

# wait_all - wait for all, and report also what died without a word
wait_all()
{
	local i

	while [ -n "$(jobs -rp)" ]; do
		wait -n
		report
	done
	for ((i = reported; i < ${#bases[@]}; i++)); do
		[ -e "${bases[i]}.done" ] || echo '1 0' >"${bases[i]}.done"
	done
	report
}

# wanted NAME - is it one of those to run?
wanted()
{
	[ -z "${CHECK-}" ] || [[ " $CHECK " = *" $1 "* ]]
}

# check_ktap NAME COMMAND... - run a program that prints KTAP
check_ktap()
{
	wanted "$1" || return 0
	add_item "$1" "$check/${1//[ \/]/-}" "$(make_alone check "$1")"
	if [ -n "$lacking" ]; then
		run_now run_logged skip "$lacking"
	else
		run_in_background ktap "${@:2}"
	fi
}

# check NAME [ARGUMENT]... - run tools/testing/check/NAME.sh
check()
{
	local what="$1${2+ ${2#"$O"/}}"

	wanted "$1" || return 0
	export W=$check/${what//[ \/]/-}
	add_item "$what" "$W" "$(make_alone check "$1")"
	rm -rf "$W"
	mkdir -p "$W"
	if [ -n "$lacking" ]; then
		run_now run_logged skip "$lacking"
	else
		run_in_background run_logged timeout -k 10 "${CHECK_TIMEOUT:-5400}" \
			"tools/testing/check/$1.sh" "${@:2}"
	fi
}

# skip REASON - the result of a check that lacks something
skip()
{
	echo "$1"
	return 4
}

# tests [OPTION]... - the names of the test programs, those that have threads
# alone with -t
tests()
{
	local names

	names=$(cd tools/testing/selftests/vmalloc && if [ "${1-}" = -t ]; then
			grep -l 'pthread\.h' test_*.c
		else
			ls test_*.c
		fi)
	# shellcheck disable=SC2086
	echo ${names//.c/}
}

# variant NAME "PROGRAM..." TARGETS VARIABLE=VALUE... - build so and run these
# test programs
variant()
{
	local name=$1 programs=$2 targets=$3 dir=$check/$1 program settings

	settings=${VMR_TEST_DIVISOR:+VMR_TEST_DIVISOR=$VMR_TEST_DIVISOR }
	settings+=${TSAN_OPTIONS:+TSAN_OPTIONS=$TSAN_OPTIONS }
	wanted "$name" || return 0
	shift 3
	mkdir -p "$dir"
	add_item "$name build" "$dir-build" "$(make_alone check "$name")"
	# shellcheck disable=SC2086
	run_now run_logged build "$name" "$dir" "$programs" "$@" $targets || return
	for program in $programs; do
		add_item "$name $program" "$dir/$program" \
			"$settings$dir/selftests/$program"
		run_in_background ktap "$dir/selftests/$program"
	done
}

build()
{
	if [ -n "$lacking" ]; then
		skip "$lacking"
	elif ! "can_$1"; then
		skip 'the compiler for it is not installed'
	else
		$VMR_MAKE O="$2" TESTS="$3" "${@:4}" || return 1
	fi
}

can_gcc() { command -v gcc; }
can_sanitizers() { can_gcc; }
can_debug() { can_gcc; }
can_threads() { can_gcc; }
can_clang()
{
	echo 'int main(void) { return 0; }' |
		clang -fsanitize=undefined -x c - -o "$check/clang/can"
}
can_integer()
{
	echo 'int main(void) { return 0; }' |
		clang -fsanitize=integer -x c - -o "$check/integer/can"
}
can_unoptimised() { can_gcc; }
can_lto() { command -v gcc-ar; }
can_m32()
{
	printf '#include <stdio.h>\nint main(void) { return 0; }\n' |
		gcc -m32 -x c - -o "$check/m32/can"
}

# The library first: nothing works without it, so that is said once and not forty
# times. If all that is wrong is that nothing may be installed, it is no failure.
library()
{
	local status=0

	# shellcheck disable=SC2086
	tools/build/kernel-files.sh "$KFILES" $LINUX || status=$?
	if [ $status = 4 ] && [ "${SETUP-}" = no ]; then
		skip 'no kernel source is installed'
	else
		$VMR_MAKE O="$O" lib || return 1
	fi
}

# record_costs - the seconds of each item, for Documentation/checks.rst
record_costs()
{
	local i seconds

	for ((i = 0; i < ${#bases[@]}; i++)); do
		read -r _ seconds <"${bases[i]}.done"
		printf '%s\t%s\n' "${names[i]}" "$seconds"
	done
}

# print_summary - the counts of each environment, and of all together
print_summary()
{
	local e p=0 f=0 s=0

	for e in "${environments[@]}"; do
		echo "# $e: ${passed[$e]} passed, ${failed[$e]} failed," \
			"${skipped[$e]} skipped"
		p=$((p + ${passed[$e]}))
		f=$((f + ${failed[$e]}))
		s=$((s + ${skipped[$e]}))
	done
	echo "$p passed, $f failed, $s skipped"
	[ $f = 0 ]
}

# A ^C does not reach the jobs in the background.
. tools/testing/check/kill-jobs.sh
trap 'end_jobs; exit 1' INT TERM

mkdir -p "$check"

in_environment userspace
add_item library "$check/library" "$(make_alone lib)"
run_now run_logged library
case $? in
0)
	add_item vmm "$check/vmm" "$(make_alone '')"
	# shellcheck disable=SC2086
	run_now run_logged $VMR_MAKE O="$O"
	;;
4)
	lacking='no kernel source is installed'
	;;
*)
	print_summary
	exit 1
	;;
esac

# Only the library is built with the options under test. The tests themselves are
# not optimised, which saves most of the time to compile.
variant gcc "$(tests)" tests CC=gcc
# The slower ones repeat less: see test_part() of the tests.
VMR_TEST_DIVISOR=4 variant sanitizers "$(tests)" 'tests vmm' CC=gcc TEST_OPT=-O0 \
	EXTRA_CFLAGS='-fsanitize=address,undefined -fno-sanitize-recover=all' \
	EXTRA_LDFLAGS='-fsanitize=address,undefined'
# The first race that ThreadSanitizer finds ends the test. Tests with one thread have
# no races and are left out, since they are slow with it.
VMR_TEST_DIVISOR=8 TSAN_OPTIONS=halt_on_error=1 variant threads "$(tests -t)" tests CC=gcc \
	TEST_OPT=-O0 \
	EXTRA_CFLAGS=-fsanitize=thread EXTRA_LDFLAGS=-fsanitize=thread
# The assertions of the library
VMR_TEST_DIVISOR=4 variant debug "$(tests)" tests CC=gcc TEST_OPT=-O0 \
	EXTRA_CFLAGS=-DVMR_DEBUG
VMR_TEST_DIVISOR=2 variant m32 "$(tests)" tests CC=gcc TEST_OPT=-O0 \
	EXTRA_CFLAGS="-m32 -idirafter /usr/include/$(gcc -print-multiarch)"
# Its sanitizer detects more undefined behaviour than gcc's.
VMR_TEST_DIVISOR=4 variant clang "$(tests)" 'tests vmm' LLVM=1 TEST_OPT=-O0 \
	EXTRA_CFLAGS='-fsanitize=undefined -fno-sanitize-recover=all' \
	EXTRA_LDFLAGS=-fsanitize=undefined

# Numbers that wrap, lose bits or change their sign in the library, except for the
# functions of integer.ignore. The sanitizer of builtins is what links its run-time.
CFLAGS=-O1 VMR_TEST_DIVISOR=16 variant integer "$(tests)" tests LLVM=1 TEST_OPT=-O0 \
	LIB_EXTRA_CFLAGS='-g @tools/testing/check/integer.flags' \
	EXTRA_LDFLAGS=-fsanitize=builtin
# Other optimisations: a program of each layer. "make check-environments" runs all.
few='test_range test_system test_device test_dispatch test_layout test_print test_snapshot
	test_pci_bar test_pci_assign test_pci_assign_items test_describe test_kvm_slots'
few=${few//[$'\n\t']/ }
CFLAGS=-O0 VMR_TEST_DIVISOR=16 variant unoptimised "$few" tests CC=gcc TEST_OPT=-O0
CFLAGS=-O3 VMR_TEST_DIVISOR=16 variant lto "$few" tests CC=gcc AR=gcc-ar TEST_OPT=-O0 \
	EXTRA_CFLAGS=-flto EXTRA_LDFLAGS=-flto

# In an emulated machine: no KVM, no root, nothing installed but QEMU.
in_environment kernel
KTAP_TIMEOUT=5400 check_ktap kernel tools/testing/kernel/run.sh
KTAP_TIMEOUT=5400 check_ktap kernel-6.12 tools/testing/kernel/run.sh 6.12

in_environment firmware
for machine in cortex-m3 cortex-m3-systick riscv64 aarch64 uefi; do
	KTAP_TIMEOUT=3600 check_ktap "firmware $machine" \
		tools/testing/check/firmware.sh $machine \
		"$check/firmware/$machine"
done

in_environment qemu-user
for processor in s390x armhf; do
	KTAP_TIMEOUT=3600 check_ktap "qemu-user $processor" \
		tools/testing/check/qemu-user.sh $processor \
		"$check/qemu-user/$processor"
done
# Big-endian with 32 bits, and pages of 64 KiB: the programs that may depend on these.
# "make check-environments" runs all.
for processor in powerpc arm64-64k; do
	KTAP_TIMEOUT=3600 check_ktap "qemu-user $processor" \
		tools/testing/check/qemu-user.sh $processor \
		"$check/qemu-user/$processor" test_range test_snapshot test_describe \
		test_pci_ecam test_pci_bar test_dispatch test_user_port test_kvm_slots \
		test_kvm_irqs test_kvm_fault_injection
done

in_environment checks
if [ -e tools/testing/spin/run.sh ]; then
	KTAP_TIMEOUT=5400 JOBS=1 check_ktap spin tools/testing/spin/run.sh
fi
KTAP_TIMEOUT=5400 check_ktap fuzz tools/testing/check/fuzz.sh
check_ktap sched-worst-case tools/testing/check/sched-worst-case.sh
check tsan
check drd
check selftests
check failure-output
check regressions-apply
for tool in gcc clang tidy cppcheck coccinelle; do
	check analysis $tool
done
check coverage
check sparse
check checkpatch
check format
check words
check lengths
check integer-ignore
check kernel-doc
check headers
check layering
check prove
check mutation
check costs
check translate
check rbtree-symbols
check symbols
check shared-lib
check stack
check footprint
check instruction-count
check readme
check module
check kernel-series
check bundle
check install
for way in cmake meson pkg-config vendored; do
	check consumers $way
done
check abi
check kernel-files
check acpi
check replay "$O/vmm"
check replay "$check/sanitizers/vmm"
check snapshot "$O/vmm"
check snapshot "$check/sanitizers/vmm"
check vmm-faults
check boot-firmware
check control
check kvm
check linux
check linux-arm64
check qemu
check lspci
check planner
check planner-guest
check probes
check figures
check docs
check browser
for example in examples/*/; do
	check example "$(basename "$example")"
done

wait_all
[ -n "${CHECK-}" ] || record_costs >"$check/record"
print_summary
