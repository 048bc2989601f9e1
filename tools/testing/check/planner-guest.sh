#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# A Debian kernel boots in QEMU with the options that the planner prints for it. It finds
# each function where the plan has it, and each BAR with the planned size and an address.
# `make check-assign` has the long form.

set -eu
[ "$(uname -m)" = x86_64 ] || { echo 'the guest is for x86-64'; exit 4; }
command -v qemu-system-x86_64 || { echo 'qemu-system-x86 is not installed'; exit 4; }
command -v apt-get || { echo 'there is no apt-get to download a kernel'; exit 4; }
perl -MJSON::PP -e 1 || { echo 'perl is not installed'; exit 4; }

$VMR_MAKE O="$O" vmr
status=0
FETCH=only tools/vmm/run-linux.sh "$O" "$O/vmr" || status=$?
[ $status = 0 ] || { echo 'the kernel cannot be downloaded'; exit $status; }
SHORT=yes tools/testing/assign/options.pl "$O/vmr" "$O/linux" "$W/guest" | tee "$W/said"
grep -Ex 'options for qemu, 40 bits: of 32 BARs that are planned, 32 have .*' "$W/said"
