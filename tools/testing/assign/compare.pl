#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Compare the assignment of the library with that of Linux:
#
#	compare.pl VMR LINUX [NAME...]
#
# Each machine below is planned by VMR, and booted in QEMU's board virt, which has no
# firmware: Linux assigns all addresses. The device tree gets the window of 64-bit
# memory that the comparison wants. A card is placed if all of its BARs are. For each
# machine there are two figures, the cards that are placed in the given window, and the
# smallest window in which all are. The library must not be worse in either.
#
# LINUX is the directory where tools/vmm/run-linux.sh has unpacked a kernel for arm64. The
# processor is emulated.

use strict;
use warnings;
use JSON::PP;
no warnings 'portable';

use constant { M => 1 << 20, G => 1 << 30, T => 1 << 40 };

my ($vmr, $linux, @names) = @ARGV;
my $dir = "$linux/assign";
my ($kernel) = reverse(sort(glob("$linux/arm64/root/boot/vmlinuz-*")));
my $busybox = "$linux/arm64/root/bin/busybox";

# Each machine: the window for 64-bit memory, which is 1 TiB further up than on a PC,
# beside the configuration space of the board; and the ports. A port is a list of BAR
# sizes, one for each function of the card in it, or of the cards behind a switch.
my @machines = (
	{
		name => "eight cards of 128 GiB in 40 bits",
		start => T + 4 * G, last => 2 * T - 1, step => 32 * G,
		ports => [map { [128 * G, 32 * M] } 1 .. 8],
	}, {
		name => "three cards of each of two sizes",
		start => T + 4 * G, last => T + 4 * G + 256 * G - 1, step => 4 * G,
		ports => [map { ([32 * G, 256 * M], [8 * G, 16 * M]) } 1 .. 3],
	}, {
		name => "a switch with four cards of 16 GiB, and two cards",
		start => T + 4 * G, last => T + 4 * G + 128 * G - 1, step => 4 * G,
		ports => [{ switch => [map { [16 * G, 64 * M] } 1 .. 4] },
			  [16 * G, 64 * M], [1 * G]],
	}, {
		name => "fourteen cards of 4 GiB and 2 GiB",
		start => T + 4 * G, last => T + 4 * G + 48 * G - 1, step => 1 * G,
		ports => [map { [$_ & 1 ? 4 * G : 2 * G, 2 * M] } 1 .. 14],
	},
);

sub write_file {
	my ($path, $text) = @_;

	open(my $out, ">", $path) or die "$path: $!\n";
	print $out $text;
	close($out) or die "$path: $!\n";
}

sub read_file {
	my ($path) = @_;

	open(my $in, "<", $path) or return "";
	local $/;
	my $text = <$in>;
	return defined($text) ? $text : "";
}

# The functions of QEMU's test device: registers, ports, and the memory
sub statements {
	my ($name, $on, @sizes) = @_;
	my $text = "";

	for my $i (0 .. $#sizes) {
		$text .= $i ? "function f$i\n" : "device $name on $on\n";
		$text .= "\tbar 0 4K\n\tio 1 256\n";
		$text .= "\tbar 2 " . ($sizes[$i] / M) . "M 64bit prefetchable\n";
	}
	return $text;
}

sub plan_text {
	my ($m, $last) = @_;
	my ($text, $n) = (sprintf("machine custom\nbits 48\nmemory 512M\n" .
		"ram ram 0x40000000-0x7fffffff\n" .
		"window high 0x%x-0x%x 64bit prefetchable bottom-up\n" .
		"window low 0x10000000-0x3efeffff\nports 0x1000-0xffff\n",
		$m->{start}, $last), 0);

	for my $port (@{$m->{ports}}) {
		$n++;
		$text .= "port p$n\n";
		if (ref($port) eq "ARRAY") {
			$text .= statements("card$n", "p$n", @$port);
			next;
		}
		my $k = 0;

		$text .= "bridge up$n on p$n\n";
		for my $card (@{$port->{switch}}) {
			$k++;
			$text .= "port d${n}_$k on up$n\n";
			$text .= statements("card${n}_$k", "d${n}_$k", @$card);
		}
	}
	return $text;
}

sub by_library {
	my ($m, $last) = @_;

	write_file("$dir/plan.vmr", plan_text($m, $last));
	my $plan = decode_json(scalar(`$vmr --json $dir/plan.vmr`) || "{}");

	die "$m->{name}: $vmr has no plan\n" unless $plan->{devices};
	my %placed;

	for my $d (@{$plan->{devices}}) {
		my ($card) = $d->{name} =~ /^(card\w+)/ or next;

		$placed{$card} = ($placed{$card} // 1) && $d->{placed};
	}
	return scalar(grep { $_ } values(%placed));
}

sub qemu_card {
	my ($bus, $id, @sizes) = @_;

	return map { ("-device", "pci-testdev,bus=$bus,addr=0.$_,multifunction=" .
		($#sizes ? "on" : "off") . ",membar=" . ($sizes[$_] / M) . "M") }
		0 .. $#sizes;
}

sub qemu_devices {
	my ($m) = @_;
	my ($n, $chassis, @args) = (0, 0);

	for my $port (@{$m->{ports}}) {
		$n++;
		$chassis++;
		push(@args, "-device", "pcie-root-port,id=p$n,hotplug=off," .
			"chassis=$chassis,slot=$chassis,addr=" . ($n + 1) . ".0");
		if (ref($port) eq "ARRAY") {
			push(@args, qemu_card("p$n", "card$n", @$port));
			next;
		}
		push(@args, "-device", "x3130-upstream,id=up$n,bus=p$n");
		my $k = 0;

		for my $card (@{$port->{switch}}) {
			$k++;
			$chassis++;
			push(@args, "-device", "xio3130-downstream,id=d${n}_$k," .
				"bus=up$n,chassis=$chassis,slot=$chassis,hotplug=off");
			push(@args, qemu_card("d${n}_$k", "card", @$card));
		}
	}
	return @args;
}

sub cards_of {
	my ($m) = @_;

	return map { ref($_) eq "ARRAY" ? $_ : @{$_->{switch}} } @{$m->{ports}};
}

# The board's device tree with another window
sub tree {
	my ($m, $last) = @_;
	my $high = sprintf("0x43000000 0x%x 0x%x 0x%x 0x%x 0x%x 0x%x",
		map { ($_ >> 32, $_ & 0xffffffff) }
		$m->{start}, $m->{start}, $last - $m->{start} + 1);
	my $text = read_file("$dir/board.dts");

	$text =~ s/(ranges = <0x1000000 .*?) 0x3000000 0x80 .*?>/$1 $high>/ or
		die "the board has no window of 64-bit memory\n";
	write_file("$dir/tree.dts", $text);
	system("dtc -q -I dts -O dtb -o $dir/tree.dtb $dir/tree.dts") and
		die "dtc failed\n";
}

my @board = ("-machine", "virt,gic-version=3", "-cpu", "cortex-a57", "-m", "512",
	"-nodefaults", "-no-user-config", "-display", "none");

sub by_linux {
	my ($m, $last) = @_;
	my @args = (@board, "-accel", "tcg", "-serial", "stdio", "-no-reboot",
		"-kernel", $kernel, "-initrd", "$dir/initrd", "-dtb", "$dir/tree.dtb",
		"-append", "console=ttyAMA0 panic=-1 quiet loglevel=1 pci=realloc",
		qemu_devices($m));

	tree($m, $last);
	open(my $qemu, "-|", "timeout", $ENV{TIMEOUT} // 600,
		"qemu-system-aarch64", @args) or die "qemu: $!\n";
	local $/;
	my $said = <$qemu>;
	close($qemu);
	die "$m->{name}: Linux does not boot\n" unless $said =~ /^iomem: end/m;
	write_file("$dir/iomem", $said);
	my %bars;

	while ($said =~ /^ +([0-9a-f]+)-([0-9a-f]+) : 0000:(\S\S:\S\S)\.(\d)\r?$/mg) {
		my ($size, $card, $fn) = (hex($2) - hex($1) + 1, $3, $4);

		$bars{$card}{$fn}{$size} = 1;
	}
	return placed_of($m, \%bars);
}

# The cards are alike for Linux: match each one with the sizes of a card on a bus
sub placed_of {
	my ($m, $bars) = @_;
	my (%left, $placed);

	for my $bus (values(%$bars)) {
		my @fns = sort(keys(%$bus));
		my $key = join(" ", map {
			join("+", sort { $a <=> $b } grep { $_ >= M }
				keys(%{$bus->{$_}})) } @fns);

		$left{$key}++;
	}
	$placed = 0;
	for my $card (cards_of($m)) {
		my $key = join(" ", @$card);

		next unless $left{$key};
		$left{$key}--;
		$placed++;
	}
	return $placed;
}

# The end of the smallest window in which all are placed, in steps
sub smallest {
	my ($m, $place) = @_;
	my $all = scalar(cards_of($m));
	my $total = 0;

	$total += $_ for map { @$_ } cards_of($m);
	my ($low, $high) = (int($total / $m->{step}) - 1,
		4 * int($total / $m->{step}) + 4);

	while ($high - $low > 1) {
		my $middle = int(($low + $high) / 2);
		my $last = $m->{start} + $middle * $m->{step} - 1;

		if ($place->($m, $last) == $all) {
			$high = $middle;
		} else {
			$low = $middle;
		}
	}
	return $high * $m->{step} / G;
}

sub prepare {
	system("rm -rf $dir && mkdir -p $dir/root/bin $dir/root/proc $dir/root/dev");
	system("qemu-system-aarch64 @board[0 .. 5] -machine dumpdtb=$dir/board.dtb" .
		" >$dir/qemu.log 2>&1");
	system("dtc -q -I dtb -O dts -o $dir/board.dts $dir/board.dtb") and
		die "dtc failed\n";
	system("cp $busybox $dir/root/bin/busybox") and die "$busybox: no copy\n";
	write_file("$dir/root/init", "#!/bin/busybox sh\nb=/bin/busybox\n" .
		"\$b mount -t proc proc /proc\n\$b cat /proc/iomem\n" .
		"echo iomem: end\n\$b poweroff -f\n");
	chmod(0755, "$dir/root/init");
	system("cd $dir/root && find . | $linux/root/bin/busybox cpio -o -H newc" .
		" 2>/dev/null | gzip -1 >../initrd") and die "no initrd\n";
}

my $failed = 0;

prepare();
for my $m (@machines) {
	next if @names && !grep { index($m->{name}, $_) >= 0 } @names;
	my ($lib, $linux) = map { $_->($m, $m->{last}) } \&by_library, \&by_linux;
	my $all = scalar(cards_of($m));

	print "$m->{name}: of $all cards the library places $lib, Linux $linux\n";
	$failed++ if $lib < $linux;
	($lib, $linux) = map { smallest($m, $_) } \&by_library, \&by_linux;
	print "$m->{name}: all are in a window of $lib GiB; Linux needs $linux GiB\n";
	$failed++ if $lib > $linux;
}
exit($failed ? 1 : 0);
