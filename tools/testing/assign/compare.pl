#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Compare the assignment of the library with that of Linux:
#
#	compare.pl VMR LINUX [NAME...]
#
# Each machine below is planned by VMR, and booted in QEMU with devices that stand in for
# those of the plan. No firmware assigns an address: the board virt has none, and qboot,
# which q35 has here, leaves all to Linux. The window of 64-bit memory is that of the
# comparison: the device tree of virt names it, and q35 has it from 4 GiB on, up to 40
# bits, since QEMU emulates no wider addresses of x86-64. A card is placed if all of its
# BARs are, those of memory and of I/O ports. For each machine there are two figures: the
# cards that are placed in the given window, and the smallest window in which all are.
# The library must not be worse in either.
#
# LINUX is the directory where tools/vmm/run-linux.sh has unpacked kernels for x86-64 and
# arm64. The processors are emulated.

use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename;
use JSON::PP;
use lib dirname(__FILE__);
use guest;
no warnings 'portable';

my ($vmr, $linux, @names) = @ARGV;
$linux = abs_path($linux);
my $dir = "$linux/assign";
my $samples = dirname(__FILE__) . "/../../vmr/samples";

# Below 4 GiB, and the ports; on virt the 64-bit memory of PCI is 1 TiB further up than on
# a PC, beside the configuration space of the board.
my %boards = (
	virt => {
		ram => "0x40000000-0x7fffffff", low => ["0x10000000-0x3efeffff"],
		start => T + 4 * G, flags => "64bit prefetchable", arch => "arm64",
	},
	q35 => {
		ram => "0-0x1fffffff", start => 4 * G, flags => "64bit", arch => "x86_64",
		low => ["0xc0000000-0xfebfffff", "0x20000000-0xafffffff"], end => T,
	},
);

# Each machine has a board, a window, and devices. The smallest window is sought in steps;
# without steps it is not sought. The devices are those of a sample, with options of the
# planner, or behind ports. A port is a list of BAR sizes, one for each function of the
# card in it, or of the cards behind a switch.
my @machines = (
	{
		name => "eight-gpus.vmr in 40 bits",
		board => "q35", size => T - 4 * G, file => "eight-gpus.vmr",
	}, {
		name => "eight-gpus.lspci in 40 bits",
		board => "q35", size => T - 4 * G, file => "eight-gpus.lspci",
	}, {
		name => "eight-gpus.lspci with its bridges in 40 bits",
		board => "q35", size => T - 4 * G, file => "eight-gpus.lspci",
		options => "--bridges",
	}, {
		name => "eight-gpus.vmr with 16 GiB each",
		board => "q35", size => 128 * G, step => 4 * G,
		file => "eight-gpus.vmr", edit => sub { s/128G/16G/ },
	}, {
		name => "eight-gpus.lspci with 16 GiB each",
		board => "q35", size => 128 * G, step => 4 * G,
		file => "eight-gpus.lspci", options => "--rebar 16G",
	}, {
		name => "eight-gpus.lspci with its bridges and 16 GiB each",
		board => "q35", size => 128 * G, step => 4 * G,
		file => "eight-gpus.lspci", options => "--bridges --rebar 16G",
	}, {
		name => "boards.vmr",
		board => "q35", size => 16 * G, step => 1 * G, file => "boards.vmr",
		options => "--only gpu --only nic",
	}, {
		name => "eight-gpus.vmr",
		board => "virt", size => T - 4 * G, step => 32 * G,
		file => "eight-gpus.vmr",
	}, {
		name => "eight-gpus.lspci",
		board => "virt", size => T - 4 * G, step => 32 * G,
		file => "eight-gpus.lspci",
	}, {
		name => "eight-gpus.lspci with its bridges",
		board => "virt", size => T - 4 * G, step => 32 * G,
		file => "eight-gpus.lspci", options => "--bridges",
	}, {
		name => "eight cards of 128 GiB in 40 bits, on a PC",
		board => "q35", size => T - 4 * G,
		ports => [map { [128 * G, 32 * M] } 1 .. 8],
	}, {
		name => "eight cards of 128 GiB in 40 bits",
		board => "virt", size => T - 4 * G, step => 32 * G,
		ports => [map { [128 * G, 32 * M] } 1 .. 8],
	}, {
		name => "three cards of each of two sizes",
		board => "virt", size => 256 * G, step => 4 * G,
		ports => [map { ([32 * G, 256 * M], [8 * G, 16 * M]) } 1 .. 3],
	}, {
		name => "a switch with four cards of 16 GiB, and two cards",
		board => "virt", size => 128 * G, step => 4 * G,
		ports => [{ switch => [map { [16 * G, 64 * M] } 1 .. 4] },
			  [16 * G, 64 * M], [1 * G]],
	}, {
		name => "fourteen cards of 4 GiB and 2 GiB",
		board => "virt", size => 48 * G, step => 1 * G,
		ports => [map { [$_ & 1 ? 4 * G : 2 * G, 2 * M] } 1 .. 14],
	}, {
		name => "sixteen cards, whose ports have no room",
		board => "virt", size => 64 * G,
		ports => [map { [1 * G, 2 * M] } 1 .. 16],
	}, {
		name => "sixteen cards, the memory alone",
		board => "virt", size => 64 * G, step => 1 * G, without_ports => 1,
		ports => [map { [1 * G, 2 * M] } 1 .. 16],
	},
);

# The functions of pci-testdev
sub statements {
	my ($m, $name, $on, @sizes) = @_;
	my $text = "";

	for my $i (0 .. $#sizes) {
		$text .= $i ? "function f$i\n" : "device $name on $on\n";
		$text .= "\tbar 0 4K\n";
		$text .= "\tio 1 256\n" unless $m->{without_ports};
		$text .= "\tbar 2 " . ($sizes[$i] / M) . "M 64bit prefetchable\n";
	}
	return $text;
}

sub own_devices {
	my ($m) = @_;
	my ($text, $n) = ("", 0);

	for my $port (@{$m->{ports}}) {
		$n++;
		$text .= "port p$n\n";
		if (ref($port) eq "ARRAY") {
			$text .= statements($m, "card$n", "p$n", @$port);
			next;
		}
		my $k = 0;

		$text .= "bridge up$n on p$n\n";
		for my $card (@{$port->{switch}}) {
			$k++;
			$text .= "port d${n}_$k on up$n\n";
			$text .= statements($m, "card${n}_$k", "d${n}_$k", @$card);
		}
	}
	return $text;
}

# A sample without the machine that it describes
sub sample_devices {
	my ($m) = @_;

	return join("", map { "$_\n" } map { $m->{edit}->() if $m->{edit}; $_ }
		grep { !/^(machine|memory|bits|ram|window|platform|hole|ports) / }
		split(/\n/, read_file("$samples/$m->{file}")));
}

sub plan_of {
	my ($m, $size) = @_;
	my $board = $boards{$m->{board}};
	my $n = 0;

	write_file("$dir/machine.vmr", sprintf("machine custom\nbits 48\nmemory 512M\n" .
		"ram ram %s\nwindow high 0x%x-0x%x %s bottom-up\n", $board->{ram},
		$board->{start}, $board->{start} + $size - 1, $board->{flags}) .
		join("", map { "window low" . $n++ . " $_\n" } @{$board->{low}}) .
		"ports 0x1000-0xffff\n");
	write_file("$dir/devices", $m->{file} ? sample_devices($m) : own_devices($m));
	my $options = $m->{options} // "";
	my $plan = decode_json(scalar(`$vmr --json $options $dir/machine.vmr $dir/devices`)
		|| "{}");

	die "$m->{name}: $vmr has no plan\n" unless $plan->{devices};
	return grep { $_->{resources} && ($_->{pci} || !$_->{placed}) }
		@{$plan->{devices}};
}

# The functions of a card have one name but for the number of the function.
sub card_of {
	my ($device) = @_;

	return $1 if $device->{name} =~ /^(\w+:\w+)\.\d$/;
	return $device->{name} =~ /^(\w+)\.f\d+$/ ? $1 : $device->{name};
}

sub by_library {
	my ($m, $size) = @_;
	my %placed;

	for my $d (grep { !$_->{bridge} } plan_of($m, $size)) {
		my $card = card_of($d);

		$placed{$card} = ($placed{$card} // 1) && $d->{placed};
	}
	$m->{all} = keys(%placed);
	return scalar(grep { $_ } values(%placed));
}

sub qemu_bridge {
	my ($up, $id, $n, $slot) = @_;

	return ("pcie-root-port,id=$id,hotplug=off,chassis=$n,slot=$n,addr=$slot.0",
		"root port") unless $up;
	return ("x3130-upstream,id=$id,bus=$up->{id}", "upstream")
		if $up->{type} eq "root port";
	return ("xio3130-downstream,id=$id,bus=$up->{id},hotplug=off,chassis=$n,slot=$n," .
		"addr=$slot.0", "downstream");
}

# Bridges get a type, functions their stand-ins: each has a path in the guest
sub qemu_tree {
	my ($m, $size) = @_;
	my (%node, %slots, @args, $n);

	for my $d (plan_of($m, $size)) {
		my $up = $d->{behind} ? $node{$d->{behind}} : undef;
		my $key = $up ? $up->{id} : "root";
		my $card = $node{card_of($d)};
		my $slot = $card ? $card->{slot} : $slots{$key} //= $up ? 0 : 2;
		my $path = ($up ? "$up->{path}/" : "");

		$slots{$key}++ unless $card;
		if ($d->{bridge}) {
			my $id = "b" . ++$n;
			my ($model, $type) = qemu_bridge($up, $id, $n, sprintf("%x", $slot));

			push(@args, "-device", $model);
			$node{$d->{name}} = { id => $id, type => $type,
				path => $path . sprintf("%02x.0", $slot) };
			next;
		}
		$node{card_of($d)} = $card //= { slot => $slot, functions => [] };
		for my $f (stand_ins($dir, @{$d->{resources}})) {
			my ($model, @bars) = @$f;
			my $fn = @{$card->{functions}};

			push(@args, "-device", "$model,bus=" . ($up ? $up->{id} :
				"pcie.0") . sprintf(",addr=%x.%x,multifunction=on",
				$slot, $fn));
			push(@{$card->{functions}},
				[$path . sprintf("%02x.%x", $slot, $fn), @bars]);
		}
	}
	return (\@args, grep { $_->{functions} } values(%node));
}

# The device tree of virt with another window
sub tree {
	my ($start, $size) = @_;
	my $high = sprintf("0x43000000 0x%x 0x%x 0x%x 0x%x 0x%x 0x%x",
		map { ($_ >> 32, $_ & 0xffffffff) } $start, $start, $size);
	my $text = read_file("$dir/board.dts");

	$text =~ s/(ranges = <0x1000000 .*?) 0x3000000 0x80 .*?>/$1 $high>/ or
		die "the board has no window of 64-bit memory\n";
	write_file("$dir/tree.dts", $text);
	system("dtc -q -I dts -O dtb -o $dir/tree.dtb $dir/tree.dts") and
		die "dtc failed\n";
	return "$dir/tree.dtb";
}

my @virt = ("qemu-system-aarch64", "-machine", "virt,gic-version=3",
	"-cpu", "cortex-a57", "-m", "512", "-nodefaults", "-no-user-config",
	"-display", "none");

sub kernel {
	my ($root) = @_;
	my ($kernel) = reverse(sort(glob("$root/boot/vmlinuz-*")));

	return $kernel // die "$root has no kernel\n";
}

sub board_command {
	my ($m, $size) = @_;

	return (@virt, "-kernel", kernel("$linux/arm64/root"),
		"-initrd", "$dir/arm64/initrd", "-dtb", tree($boards{virt}{start}, $size),
		"-append", "console=ttyAMA0 panic=-1 quiet loglevel=1 pci=realloc")
		if $m->{board} eq "virt";
	return ("qemu-system-x86_64", "-machine", "q35,smm=off", "-bios", "qboot.rom",
		"-cpu", "qemu64,vendor=GenuineIntel,host-phys-bits=off,phys-bits=40",
		"-m", "512", "-nodefaults", "-no-user-config", "-display", "none",
		"-global", "q35-pcihost.pci-hole64-size=" . $size / G . "G",
		"-kernel", kernel("$linux/root"), "-initrd", "$dir/x86_64/initrd",
		"-append", "console=ttyS0 no_timer_check panic=-1 quiet loglevel=1 " .
			"pci=realloc");
}

sub by_linux {
	my ($m, $size) = @_;
	my ($args, @cards) = qemu_tree($m, $size);
	my $found = boot(board_command($m, $size), "-accel", "tcg", "-serial", "stdio",
		"-no-reboot", @$args);
	my $placed = 0;

	for my $card (@cards) {
		$placed++ unless grep { !is_placed($found, @$_) } @{$card->{functions}};
	}
	return $placed;
}

# The bounds of the search in steps: less than the sum of the BARs is never enough
sub bounds {
	my ($m) = @_;
	my $total = 0;

	for my $d (grep { !$_->{bridge} } plan_of($m, $m->{size})) {
		$total += hex($_->{size}) for grep { $_->{what} =~ /^bar/ &&
			$_->{prefetchable} } @{$d->{resources}};
	}
	my $steps = int($total / $m->{step});
	my ($high, $end) = (4 * $steps + 4, $boards{$m->{board}}{end});

	$high = int(($end - 4 * G) / $m->{step})
		if $end && $high * $m->{step} > $end - 4 * G;
	return ($steps - 1, $high);
}

# The smallest window in which all are placed, in steps; it is sought near that of the
# other side, if there is one. Undefined if there is none.
sub smallest {
	my ($m, $place, $near) = @_;
	my ($low, $max) = bounds($m);
	my ($high, $far) = ($max + 1, 1);
	my $fits = sub { $place->($m, $_[0] * $m->{step}) == $m->{all} };

	while (defined($near) && $near > $low && $near < $high) {
		my $enough = $fits->($near);

		($enough ? $high : $low) = $near;
		$near += $enough ? -$far : $far;
		$far *= 2;
	}
	while ($high - $low > 1) {
		my $middle = int(($low + $high) / 2);

		($fits->($middle) ? $high : $low) = $middle;
	}
	return $high > $max ? undef : $high;
}

my $failed = 0;

system("rm -rf $dir && mkdir -p $dir");
system("@virt[0 .. 4] -machine dumpdtb=$dir/board.dtb >$dir/qemu.log 2>&1");
system("dtc -q -I dtb -O dts -o $dir/board.dts $dir/board.dtb") and die "dtc failed\n";
prepare("$dir/x86_64", "$linux/root/bin/busybox", "$linux/root/bin/busybox");
prepare("$dir/arm64", "$linux/arm64/root/bin/busybox", "$linux/root/bin/busybox");
$| = 1;
for my $m (@machines) {
	next if @names && !grep { index("$m->{name}, $m->{board}", $_) >= 0 } @names;
	my ($lib, $linux) = map { $_->($m, $m->{size}) } \&by_library, \&by_linux;

	print "$m->{name}, $m->{board}: of $m->{all} cards the library places $lib, " .
		"Linux $linux\n";
	$failed++ if $lib < $linux;
	next unless $m->{step};
	$lib = smallest($m, \&by_library) // die "$m->{name}: no window is enough\n";
	$linux = smallest($m, \&by_linux, $lib);
	print "$m->{name}, $m->{board}: all are in a window of " .
		$lib * $m->{step} / G . " GiB; Linux needs " .
		(defined($linux) ? $linux * $m->{step} / G : "more than the board has") .
		" GiB\n";
	$failed++ if defined($linux) && $lib > $linux;
}
exit($failed ? 1 : 0);
