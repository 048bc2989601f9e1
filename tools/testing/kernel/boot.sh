#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Boot a kernel with the modules and print the results as KTAP:
#
#	boot.sh DIR IMAGE [PARAMETER]...
#
# IMAGE is the kernel. Its modules are in DIR/module. The script writes to DIR. The
# PARAMETERs go to the kernel's command line.
#
# The init (init.c) and the module vmr_test print KTAP, each behind its name. The
# script adds one result for each of these: both printed all planned results, the
# kernel logged no warning, and the machine ended by itself.
#
# A kernel without ACPI learns about sockets, not cores, from the firmware.
#
# QEMU emulates the processor, so the results are the same on every host.

set -u

dir=$1
image=$2
shift 2

log=$dir/console.log
here=$(dirname "$0")

fail()
{
	echo "TAP version 13"
	echo "1..1"
	echo "# $*"
	echo "not ok 1 boot"
	exit 1
}

${CC:-gcc} -static -Os -Wall -Wextra -Werror -o "$dir/init" \
	"$here/init.c" "$here/init_events.c" || fail "no init"
for m in vmr.ko tools/testing/kernel/vmr_test.ko; do
	strip --strip-debug -o "$dir/${m##*/}" "$dir/module/$m" || fail "no $m"
done
"$here/initramfs.sh" "$dir/init" "$dir/vmr.ko" "$dir/vmr_test.ko" \
	>"$dir/initramfs" || fail "no initramfs"

# The host may delay the guest: the kernel must not panic because of a missing timer
# tick. The tests have threads that never sleep, which need full preemption. The tests
# of the tracepoints compare pointers, and hashing them would need entropy first.
timeout -k 10 "${BOOT_TIMEOUT:-3600}" qemu-system-x86_64 \
	-accel tcg,thread=multi -smp 4,sockets=4 -m "${BOOT_MEMORY:-512}" \
	-nodefaults -display none -serial "file:$log" -no-reboot \
	-kernel "$image" -initrd "$dir/initramfs" \
	-append "console=ttyS0 panic=-1 printk.time=0 printk.devkmsg=on \
		no_hash_pointers no_timer_check preempt=full watchdog_thresh=60 \
		rcupdate.rcu_cpu_stall_timeout=200 $*" </dev/null
status=$?

tr -d '\r' <"$log" | awk -v status=$status -v console="$log" '
BEGIN {
	print "TAP version 13"
	number = 0
	failed = 0
}
function result(ok, name)
{
	print (ok ? "ok " : "not ok ") ++number " " name
	failed += !ok
}
# Ignore warnings from before the first line of the tests.
/^(init|vmr_test): / {
	if (!begun++)
		complaints = 0
	source = $1
	sub(/:$/, "", source)
	sub(/^[a-z_]*: /, "")
	if (/^1\.\.[0-9]+/) {
		plan[source] = substr($1, 4) + 0
	} else if (/^(not )?ok [0-9]+ /) {
		seen[source]++
		ok = sub(/^ok [0-9]+ /, "") || !sub(/^not ok [0-9]+ /, "")
		result(ok, source "." $0)
	} else if (/^#/) {
		print
	} else if (source == "init" && $0 == "done") {
		done = 1
	}
	next
}
# The frame pointer unwinder does not know the stacks of the tests.
/WARNING: kernel stack frame pointer/ {
	next
}
/WARNING:|BUG:|INFO: (possible|suspicious|rcu|task|trying|inconsistent)/ ||
/Kernel panic|Oops|general protection fault|UBSAN:|soft lockup|LOCKUP/ ||
/possible (circular|recursive)|inconsistent lock|stalls? on CPU|Call Trace:/ {
	if (!complaints++)
		first = NR
}
{
	line[NR] = $0
}
END {
	for (i = 1; i <= split("init vmr_test", names, " "); i++) {
		source = names[i]
		if (!plan[source])
			print "# " source " printed no plan"
		else if (plan[source] != seen[source])
			print "# " source ": " plan[source] " planned, " \
			      seen[source] + 0 " seen"
		result(plan[source] && plan[source] == seen[source], source ".plan")
	}
	for (i = first; complaints && i < first + 60; i++)
		print "# " line[i]
	result(!complaints, "console.silent")
	if (status == 124 || status == 137)
		print "# timeout"
	else if (status)
		print "# qemu ended with " status
	result(done && !status, "boot.ends")
	print "1.." number
	print "# the console: " console
	exit failed != 0
}'
