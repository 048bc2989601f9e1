# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# A Linux guest in QEMU whose PCI devices stand in for those of a plan of vmr.
#
# QEMU has no device with any BARs. A function of pci-testdev has registers (4 KiB), 256
# I/O ports, and one 64-bit prefetchable BAR of any size; a device with several such BARs
# becomes as many functions of one device, whose port has the same window. What stands in
# has more registers and ports than the device, and these do not count.

package guest;

use strict;
use warnings;
use Exporter "import";
no warnings 'portable';

our @EXPORT = qw(read_file write_file prepare stand_ins boot is_placed K M G T);

use constant { K => 1 << 10, M => 1 << 20, G => 1 << 30, T => 1 << 40 };
use constant { IORESOURCE_IO => 0x100, IORESOURCE_UNSET => 0x20000000, ROM => 6 };

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

# The first program of the guest shows the resources of each function, below the path of
# the bridges that lead to it.
sub prepare {
	my ($dir, $busybox, $cpio) = @_;

	system("rm -rf $dir && mkdir -p $dir/root/bin $dir/root/proc $dir/root/sys " .
		"$dir/root/dev") and die "$dir: not made\n";
	system("cp $busybox $dir/root/bin/busybox") and die "$busybox: no copy\n";
	write_file("$dir/root/init", "#!/bin/busybox sh\nb=/bin/busybox\n" .
		"\$b mount -t proc proc /proc\n\$b mount -t sysfs sysfs /sys\n" .
		"\$b cat /proc/iomem\n" .
		"for d in /sys/bus/pci/devices/*; do\n" .
		"\techo function \$(\$b readlink -f \$d)\n\t\$b cat \$d/resource\n" .
		"done\necho guest: end\n\$b poweroff -f\n");
	chmod(0755, "$dir/root/init");
	system("cd $dir/root && find . | $cpio cpio -o -H newc 2>/dev/null | " .
		"gzip -1 >../initrd") and die "no initrd\n";
}

sub rom_file {
	my ($dir, $size) = @_;
	my $path = "$dir/rom-$size";

	if (!-e $path) {
		write_file($path, "");
		truncate($path, $size) or die "$path: $!\n";
	}
	return $path;
}

# The functions that stand in for one with these resources of a plan: for each the model
# with its properties, and the BARs that count, "mem SIZE", "io SIZE" or "rom SIZE"
sub stand_ins {
	my ($dir, @resources) = @_;
	my (@functions, %small, $rom);

	for my $r (@resources) {
		my $size = hex($r->{size});

		if ($r->{what} =~ /rom/) {
			$rom = $size;
		} elsif ($r->{what} !~ /^bar/) {
			next;
		} elsif ($r->{kind} eq "mmio" && $r->{prefetchable} && $r->{"64bit"}) {
			push(@functions, ["pci-testdev,membar=$size", "mem $size"]);
		} elsif ($r->{kind} eq "mmio" && $size >= 16 * M) {
			push(@functions, ["bochs-display,vgamem=$size", "mem $size"]);
		} elsif ($r->{kind} eq "mmio" && $size == 16 * K) {
			push(@functions, ["qemu-xhci", "mem $size"]);
		} elsif ($r->{kind} eq "mmio" && $size <= 4 * K) {
			$small{"mem " . 4 * K}++;
		} elsif ($r->{kind} eq "pio") {
			$small{"io 256"}++;
		} else {
			die "nothing stands in for $r->{what} of $size bytes\n";
		}
	}
	# Each function of pci-testdev has one of both.
	for my $bar (sort(keys(%small))) {
		for my $i (0 .. $small{$bar} - 1) {
			my @have = grep { $_->[0] =~ /testdev/ } @functions;

			push(@functions, $have[$i] = ["pci-testdev"]) unless $have[$i];
			push(@{$have[$i]}, $bar);
		}
	}
	if ($rom) {
		push(@functions, ["pci-testdev"]) unless @functions;
		$functions[0][0] .= ",romfile=" . rom_file($dir, $rom);
		push(@{$functions[0]}, "rom $rom");
	}
	die "more than eight functions stand in for one device\n" if @functions > 8;
	return @functions;
}

# Run QEMU, and give the BARs that have an address, by the path of the function and by its
# address: each "KIND SIZE" and where it begins
sub boot {
	my (@command) = @_;
	my (%found, $function, $line);

	open(my $qemu, "-|", "timeout", $ENV{TIMEOUT} // 600, @command) or
		die "$command[0]: $!\n";
	local $/;
	my $said = <$qemu>;
	close($qemu);
	die "Linux does not boot: ", substr($said, -400), "\n"
		unless $said =~ /^guest: end/m;
	for (split(/\r?\n/, $said)) {
		if (m,^function /sys/devices/(?:\S+/)?pci0000:00/(\S+)$,) {
			my @steps = split("/", $1);

			$function = { address => $steps[-1], bars => [] };
			$found{join("/", map { substr($_, -4) } @steps)} = $function;
			$found{$steps[-1]} = $function;
			$line = 0;
		} elsif ($function && /^(0x\w+) (0x\w+) (0x\w+)$/ && $line <= ROM) {
			my ($first, $last, $flags) = map { hex($_) } $1, $2, $3;
			my $kind = $line == ROM ? "rom" :
				   $flags & IORESOURCE_IO ? "io" : "mem";

			$line++;
			next if !$first || $flags & IORESOURCE_UNSET;
			push(@{$function->{bars}},
				["$kind " . ($last - $first + 1), $first, $last]);
		}
	}
	return \%found;
}

# Whether the function at this path has all of these BARs
sub is_placed {
	my ($found, $path, @wanted) = @_;
	my $function = $found->{$path} or die "Linux has no function at $path\n";
	my %have;

	$have{$_->[0]}++ for @{$function->{bars}};
	return !grep { --$have{$_} < 0 } map { my $bar = $_; $have{$bar} //= 0; $bar }
		@wanted;
}

1;
