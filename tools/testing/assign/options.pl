#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Boot Linux with the options that the planner prints for QEMU, and compare what Linux
# finds with the plan:
#
#	options.pl VMR LINUX DIRECTORY
#
# The guest is the one of the page on the planner: the GPUs of a host, behind its ports.
# QEMU emulates 40 address bits of x86-64, in which eight GPUs of 128 GiB do not fit, so
# that the resizable BARs are planned with 16 GiB. The options stay as they are printed,
# but for three: the processor is emulated, other devices stand in for those of the host,
# and the kernel is named. The firmware is QEMU's own. Each function has the address of
# the plan, and each BAR has the size of the plan and an address in the plan's width.
#
# With 36 bits in place of the plan's width, and a window of that size, the GPUs do not
# fit: this is seen. SHORT=yes leaves it out.
#
# LINUX is the directory where tools/vmm/run-linux.sh has unpacked a kernel for x86-64. The
# files of the guest are written into DIRECTORY.

use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename;
use JSON::PP;
use lib dirname(__FILE__);
use guest;
no warnings 'portable';

my ($vmr, $linux, $dir) = @ARGV;
my $sample = dirname(__FILE__) . "/../../vmr/samples/eight-gpus.lspci";
my $bits = 40;
my @options = ("--bits", $bits, "--memory", "1G", "--bridges", "--rebar", "16G",
	"--only", "3D controller");

sub output {
	my (@command) = @_;

	open(my $in, "-|", @command) or die "$command[0]: $!\n";
	local $/;
	my $text = <$in>;
	close($in) or die "@command: status ", $? >> 8, "\n";
	return $text;
}

# The functions that stand in for a device of the host keep the bus and the address
sub replace_device {
	my ($argument, $device, $wanted) = @_;
	my ($bus, $slot, $fn) = $argument =~ /,bus=([^,]+),addr=(\w+)\.(\d)/ or
		die "no address: $argument\n";
	my @arguments;

	for my $f (stand_ins($dir, @{$device->{resources}})) {
		my ($model, @bars) = @$f;
		my $at = $device->{pci};

		$at =~ s/\d$/$fn/;
		push(@arguments, "-device",
			"$model,bus=$bus,addr=$slot.$fn,multifunction=on");
		push(@$wanted, ["0000:$at", @bars]);
		$fn++;
	}
	return @arguments;
}

sub guest_command {
	my ($text, $plan, $width) = @_;
	my ($printed) = $text =~ /^options for qemu\n(.*)/ms or die "no options\n";
	my %device = map { ($_->{host_address} // "") => $_ } @{$plan->{devices}};
	my ($kernel) = reverse(sort(glob("$linux/root/boot/vmlinuz-*")));
	my (@command, @wanted);

	$printed =~ s/\\\n//g;
	$printed =~ s/pci-hole64-size=\d+G/pci-hole64-size=16G/ if $width != $bits;
	my @words = split(" ", $printed);

	while (defined(my $word = shift(@words))) {
		if ($word eq "-accel") {
			shift(@words);
			push(@command, "-accel", "tcg");
		} elsif ($word eq "-cpu") {
			my $cpu = shift(@words);

			$cpu =~ s/^host,/qemu64,vendor=GenuineIntel,/;
			$cpu =~ s/phys-bits=\d+$/phys-bits=$width/;
			push(@command, "-cpu", $cpu);
		} elsif ($word eq "-device" && $words[0] =~ /^vfio-pci,host=([^,]+)/) {
			push(@command, replace_device(shift(@words),
				$device{$1} // die("$1 is not in the plan\n"), \@wanted));
		} else {
			push(@command, $word);
		}
	}
	die "the options have no GPU\n" unless @wanted;
	return (\@wanted, @command, "-nodefaults", "-no-user-config", "-display", "none",
		"-serial", "stdio", "-no-reboot", "-kernel", $kernel, "-initrd",
		"$dir/initrd", "-append", "console=ttyS0 no_timer_check panic=-1 quiet " .
		"loglevel=1 pci=realloc");
}

sub compare {
	my ($wanted, $found, $width) = @_;
	my ($bars, $placed) = (0, 0);

	for my $f (@$wanted) {
		my ($address, @want) = @$f;

		die "Linux has no function at $address\n" unless $found->{$address};
		for my $bar (@want) {
			$bars++;
			$placed += is_placed($found, $address, $bar);
		}
		for my $bar (@{$found->{$address}{bars}}) {
			die sprintf("%s: 0x%x is beyond %u bits\n", $address, $bar->[2],
				$width) if $bar->[2] >> $width;
		}
	}
	return ($bars, $placed);
}

$linux = abs_path($linux);
prepare($dir, "$linux/root/bin/busybox", "$linux/root/bin/busybox");

my $text = output($vmr, @options, "--for", "qemu", $sample);
my $plan = decode_json(output($vmr, @options, "--json", $sample));
my $failed = 0;

for my $width ($bits, 36) {
	my ($wanted, @command) = guest_command($text, $plan, $width);
	my ($bars, $placed) = compare($wanted, boot(@command), $width);

	print "options for qemu, $width bits: of $bars BARs that are planned, $placed " .
		"have their size and an address\n";
	$failed++ if ($width == $bits) != ($bars == $placed);
	last if $ENV{SHORT};
}
exit($failed ? 1 : 0);
