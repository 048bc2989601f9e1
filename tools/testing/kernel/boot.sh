#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Boot a kernel with the modules and print as KTAP how it went:
#
#	boot.sh DIR IMAGE [PARAMETER]...
#
# IMAGE is the kernel, DIR/module is where the modules for it were built, DIR is
# written to, the PARAMETERs are for the kernel's command line.
#
# Two tell of tests: our init (init.c) and the module vmr_test, each with KTAP of
# its own behind its name. What is not a test of theirs has one line each: that
# both printed as many results as planned, that the kernel had nothing to complain
# of, that it went down by itself.
#
# Sockets are what the firmware tells of to a kernel without ACPI.
#
# The machine is emulated, with no help by the host's processor, so that this is
# the same on every host.

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

# The host may let the guest wait, which is no fault of the guest's: no kernel is to
# panic since a timer did not tick while it looked. Threads of the tests that never
# sleep are for a kernel that preempts itself. Pointers in traces are told apart,
# and to hash them the kernel would first have to gather secrets.
timeout -k 10 "${BOOT_TIMEOUT:-600}" qemu-system-x86_64 \
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
# What the kernel has said before it knew of us is not about us.
/^(init|vmr_test): / {
	if (!begun++)
		complaints = 0
	who = $1
	sub(/:$/, "", who)
	sub(/^[a-z_]*: /, "")
	if (/^1\.\.[0-9]+/) {
		plan[who] = substr($1, 4) + 0
	} else if (/^(not )?ok [0-9]+ /) {
		seen[who]++
		ok = sub(/^ok [0-9]+ /, "") || !sub(/^not ok [0-9]+ /, "")
		result(ok, who "." $0)
	} else if (/^#/) {
		print
	} else if (who == "init" && $0 == "done") {
		done = 1
	}
	next
}
# The tests have stacks of their own, which the frame pointer unwinder wonders at.
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
		who = names[i]
		if (!plan[who])
			print "# " who " has not said what it will test"
		else if (plan[who] != seen[who])
			print "# " who ": " plan[who] " planned, " \
			      seen[who] + 0 " seen"
		result(plan[who] && plan[who] == seen[who], who ".plan")
	}
	for (i = first; complaints && i < first + 60; i++)
		print "# " line[i]
	result(!complaints, "console.silent")
	if (status == 124 || status == 137)
		print "# it hung"
	else if (status)
		print "# qemu ended with " status
	result(done && !status, "boot.ends")
	print "1.." number
	print "# the console: " console
	exit failed != 0
}'
