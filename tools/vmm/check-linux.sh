#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The long form of the check of a Linux guest:
#
#	check-linux.sh O VMM
#
# PLUGS, MOVES and REBOOTS are counts of one run, OPTIONS the pci= options of a run each,
# and KERNELS packages with other kernels. ARCH is as for run-linux.sh. Each run does all
# steps of --verify. A last run logs in to Debian, unless LOGIN=no. The output of a run is
# kept in O/check-linux; a panic or a warning in it is a failure.

set -u

o=$(realpath "$1")
vmm=$(realpath "$2")
cd "$(dirname "$0")" || exit 1
mkdir -p "$o/check-linux"
append='console=ttyS0 panic=-1 reboot=k nokaslr loglevel=5'
options='realloc nocrs conf1'
other=$(apt-cache search 'linux-image-6.*cloud-amd64$' |
	sed -n 's/^\(linux-image-[^ ]*\) .*/\1/p' | grep -v -e dbg -e unsigned |
	sort -V | tail -n 1)
faults='(Kernel panic|\] WARNING:|BUG:|Oops|Call [Tt]race)'
login=${LOGIN:-yes}
if [ "${ARCH:-x86_64}" != x86_64 ]; then
	options=realloc
	other=
	login=no
fi
failed=0

# run NAME COMMAND...
run() {
	local name=$1 log=$o/check-linux/$1 begin=$SECONDS status=0

	shift
	TIMEOUT=${TIMEOUT:-14400} "$@" >"$log" 2>&1 || status=$?
	if grep -aqE "$faults" "$log"; then
		status=warning
	fi
	[ "$status" = 0 ] || failed=1
	echo "$name: status $status, $((SECONDS - begin)) s: $(tail -n 1 "$log")"
}

# run_linux NAME ARGUMENT...
run_linux() {
	local name=$1

	shift
	run "$name" ./run-linux.sh "$o" "$vmm" --verify "$@"
}

run_linux long --hot-plugs "${PLUGS:-1000}" --moves "${MOVES:-10000}" \
	--reboots "${REBOOTS:-100}"
# Saved with cards plugged and BARs moved, and continued by another process
if [ "${ARCH:-x86_64}" = x86_64 ]; then
	SNAPSHOT=yes run_linux snapshot
fi
# The same two with SeaBIOS, which assigns the PCI functions
if [ "${ARCH:-x86_64}" = x86_64 ]; then
	BIOS=yes run_linux seabios
	BIOS=yes SNAPSHOT=yes run_linux seabios-snapshot
fi
for option in ${OPTIONS-$options}; do
	run_linux "pci=$option" --append "$append pci=$option"
done
for KERNEL_PACKAGE in ${KERNELS-$other}; do
	export KERNEL_PACKAGE
	run_linux "$KERNEL_PACKAGE"
done
unset KERNEL_PACKAGE

# The check notices a kernel that is tainted by a warning.
provoked=$o/check-linux/provoked
TIMEOUT=${TIMEOUT:-14400} ./run-linux.sh "$o" "$vmm" --verify \
	--append "$append sysctl.kernel.tainted=512" >"$provoked" 2>&1
if ! grep -q '^differs: the kernel of the guest is tainted: read 512' "$provoked"; then
	echo 'provoked: a warning in the guest is not noticed'
	failed=1
fi

[ "$login" = no ] || run debian ./run-debian.sh "$o" "$vmm" --login
exit $failed
