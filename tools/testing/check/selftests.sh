#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The test directory dropped into a kernel tree's selftests builds there against
# VMALLOC=<tree> and runs under the kernel's own runner. The tree is a small one,
# of what such a tree would have of the files that are used. The subject is the Makefile:
# a program of each kind is sufficient, since other checks run all of them.

set -eu
tests=$W/tree/tools/testing/selftests/vmalloc

cp -r "$KFILES" "$W/tree"
cp -r tools/testing/selftests/vmalloc "$tests"
kept='test_range.c test_drain.c test_pci_bar.c test_kvm_slots.c test_invalid_args.c'
for file in "$tests"/test_*.c; do
	case " $kept " in
	*" ${file##*/} "*) ;;
	*) rm "$file" ;;
	esac
done

# Run make there as a user would. Of our variables only the one that saves time is
# set.
unset O KFILES LINUX
here=$PWD
cd "$tests"
make -j"$(nproc)" VMALLOC="$here" TEST_OPT=-O0
make VMALLOC="$here" run_tests | tee "$W/ktap"
[ "${PIPESTATUS[0]}" = 0 ]

# The runner prints a line for each program and exits with 0 whatever they say.
programs=$(ls test_*.c | wc -l)
[ "$programs" = 5 ]
[ "$(grep -c '^ok [0-9]' "$W/ktap")" = "$programs" ]
if grep '^not ok' "$W/ktap"; then
	exit 1
fi

make VMALLOC="$here" clean
