#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The long form of the check of a Linux guest:
#
#	check-linux.sh O VMM
#
# PLUGS, MOVES and REBOOTS are the counts of a run each, OPTIONS the pci= options of a run
# each, and KERNELS packages with other kernels. ARCH is as for run-linux.sh. Each run does
# all steps of --verify. In the middle of each run the guest is saved, with cards plugged
# and BARs moved, and another process continues it; not on arm64, which has no snapshots.
# One run is with SeaBIOS. RUNS selects some of the runs. The output of a run is kept in
# O/check-linux; a panic or a warning in it is a failure.

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
runs=${RUNS:-moves plugs reboots seabios options kernels provoked debian}
export SNAPSHOT=yes
if [ "${ARCH:-x86_64}" != x86_64 ]; then
	options=realloc
	other=
	runs=${runs//debian/}
	runs=${runs//seabios/}
	unset SNAPSHOT
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

run_options() {
	local option

	for option in ${OPTIONS-$options}; do
		run_linux "pci=$option" --append "$append pci=$option"
	done
}

run_kernels() {
	local kernel

	for kernel in ${KERNELS-$other}; do
		KERNEL_PACKAGE=$kernel run_linux "$kernel"
	done
}

# The check notices a kernel that is tainted by a warning.
run_provoked() {
	local log=$o/check-linux/provoked

	SNAPSHOT='' TIMEOUT=${TIMEOUT:-14400} ./run-linux.sh "$o" "$vmm" --verify \
		--append "$append sysctl.kernel.tainted=512" >"$log" 2>&1
	if ! grep -q '^differs: the kernel of the guest is tainted: read 512' "$log"; then
		echo 'provoked: a warning in the guest is not noticed'
		failed=1
	fi
}

for name in $runs; do
	case $name in
	moves) run_linux moves --moves "${MOVES:-10000}" ;;
	plugs) run_linux plugs --hot-plugs "${PLUGS:-1000}" ;;
	reboots) run_linux reboots --reboots "${REBOOTS:-100}" ;;
	seabios) BIOS=yes run_linux seabios ;;
	options) run_options ;;
	kernels) run_kernels ;;
	provoked) run_provoked ;;
	debian) SNAPSHOT='' run debian ./run-debian.sh "$o" "$vmm" --login ;;
	*)
		echo "check-linux: there is no run '$name'" >&2
		failed=1
		;;
	esac
done
exit $failed
