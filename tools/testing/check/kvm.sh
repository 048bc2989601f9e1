#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Real firmware boots on each machine of the VMM, all its accesses and BAR writes
# routed by the library, and after it our guest program finds its BARs where it puts
# them; what is recorded of that replays.

set -eu
bios=/usr/share/seabios/bios-256k.bin

# The shell would make a file of that name.
if [ ! -c /dev/kvm ] || ! (: <>/dev/kvm); then
	echo "/dev/kvm cannot be opened"
	exit 4
fi
[ -e "$bios" ] || { echo "$bios is not installed"; exit 4; }

line='run: [0-9]+ exits routed, [1-9][0-9]* BARs programmed by the guest, 0 misrouted'

guest=()
if [ -e "$O/guest.bin" ]; then
	guest=(--guest "$O/guest.bin")
fi

for machine in pc q35; do
	status=0
	"$O/vmm" --machine "$machine" --bios "$bios" "${guest[@]}" \
		--record "$W/trace" >"$W/said" || status=$?
	cat "$W/said"
	# The device is there, but what is behind it does not do what is needed.
	[ $status != 3 ] || { echo "KVM cannot be used"; exit 4; }
	[ $status = 0 ]
	tail -n 1 "$W/said" | grep -Ex "$line"
	if [ ${#guest[@]} != 0 ]; then
		grep -Ex 'guest: [1-9][0-9]* checks passed, 0 failed' "$W/said"
	fi

	"$O/vmm" --replay "$W/trace" >"$W/said"
	tail -n 1 "$W/said" | grep -Ex "$line \(replayed\)"
done

# A small kernel is saved in the middle of its work, and goes on in another process: its
# sum is the same as without that. It needs no paging, which not each KVM has.
[ -e "$O/guest-kernel" ] || exit 0

# control WORD... - a command to the running VMM
control()
{
	perl -MIO::Socket::UNIX -e 'my $s = IO::Socket::UNIX->new(Peer => shift)
		or die "no socket: $!\n"; print $s "@ARGV\n"; $s->flush;
		while (<$s>) { print; exit 0 if /^ok$/; exit 1 if /^error:/ }
		exit 1' "$W/socket" "$@"
}

# Whether the VMM runs, which is the only program in the background
runs()
{
	[ -n "$(jobs -rp)" ]
}

# start NAME ARGUMENT... - a VMM, whose output goes to a file, and whose input is $INPUT
start()
{
	"$O/vmm" "${@:2}" --control "$W/socket" <"${INPUT:-/dev/null}" >"$W/$1" 2>&1 &
	pid=$!
	while [ ! -S "$W/socket" ] && runs; do sleep 0.1; done
}

# half NAME - wait until the kernel is in the middle
half()
{
	while runs && ! grep '^serial: half' "$W/$1"; do sleep 0.1; done
}

# finish NAME - wait for the end
finish()
{
	wait $pid || { echo "status $?"; cat "$W/$1"; exit 1; }
	cat "$W/$1"
}

start whole --kernel "$O/guest-kernel" --cpus 1
half whole
control plug 2
finish whole
sum=$(grep '^serial: sum: ' "$W/whole")

start first --kernel "$O/guest-kernel" --cpus 1
half first
control snapshot "$W/none/file" && exit 1
control snapshot "$W/saved"
control quit
finish first
if grep '^serial: sum' "$W/first"; then
	echo 'the kernel did not wait'
	exit 1
fi

"$O/vmm" --restore "$W/saved" --dump-map | grep '  e0060000-e007ffff : 00:02.0 network'
head -c $(($(stat -c %s "$W/saved") - 8)) "$W/saved" >"$W/part"
status=0
"$O/vmm" --restore "$W/part" || status=$?
[ $status = 4 ]

# From the same file twice: the second one is saved again while a card is in the slot.
start second --restore "$W/saved"
control pause
control plug 2
control snapshot "$W/again"
control resume
finish second
grep -Fx "$sum" "$W/second"
start third --restore "$W/again"
finish third
grep -Fx "$sum" "$W/third"

# The firmware boots the same kernel on a machine of two processors. It assigns the PCI
# functions, and the kernel makes the same sum, saved and restored in the middle.
start firmware --kernel "$O/guest-kernel" --bios "$bios" --cpus 2
half firmware
control map >"$W/map"
control snapshot "$W/saved"
control plug 2
finish firmware
grep -Fx "$sum" "$W/firmware"
grep '^firmware: .*SeaBIOS' "$W/firmware"
grep -E '^ *00b0000000-00bfffffff : pci-ecam: PCI ECAM' "$W/map"
start restored --restore "$W/saved"
control plug 2
finish restored
grep -Fx "$sum" "$W/restored"

# The same, saved while the firmware has still to read the tables and the kernel
start firmware --kernel "$O/guest-kernel" --bios "$bios" --cpus 2
while runs && ! grep '^firmware: SeaBIOS' "$W/firmware"; do sleep 0.1; done
control pause
control snapshot "$W/saved"
control quit
finish firmware
start early --restore "$W/saved"
control plug 2
finish early
cat "$W/firmware" "$W/early" | grep '^firmware: Found 2 cpu'
grep -Fx "$sum" "$W/early"

# The terminal is the serial port. There are more bytes than the port holds, and a Ctrl-A,
# which is typed as Ctrl-A a. Ctrl-A x ends the run.
keys=$W/keys
typed='more bytes than the sixteen of the port, and a control character: '
mkfifo "$keys"
exec 3<>"$keys"
INPUT=$keys
start console --kernel "$O/guest-kernel" --cpus 1 --console
printf '%s\001a.\n' "$typed" >&3
while runs && ! grep -Fx "$(printf '%s\001.' "$typed")" "$W/console"; do sleep 0.1; done
control plug 2
finish console
grep -Fx "${sum#serial: }" "$W/console"
start ended --kernel "$O/guest-kernel" --cpus 1 --console
printf '\001x' >&3
finish ended
if grep '^sum' "$W/ended"; then
	echo 'Ctrl-A x did not end the run'
	exit 1
fi
