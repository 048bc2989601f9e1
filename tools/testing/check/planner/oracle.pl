#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Check a plan that the planner wrote as JSON, by rules simple enough to be right:
# what is placed has its size and alignment, touches nothing else, is below 4 GiB
# if it has to be, and is inside the window of its bridge; what is not placed says
# why; the counts are those of the list.

use strict;
use warnings;
use JSON::PP;
no warnings 'portable';

my $text = do { local (@ARGV, $/) = ($ARGV[0]); <> };
my $plan = decode_json($text);
my (%thing, %taken, $asked, $placed);

sub wrong { die "oracle: ", join(" ", @_), "\n" }

for my $t (@{$plan->{devices}}) {
	wrong("two are named", $t->{name}) if $thing{$t->{name}};
	$thing{$t->{name}} = $t;
}

sub window_around {
	my ($bridge, $r) = @_;
	my $pref = $r->{kind} eq "mmio" && $r->{"64bit"} && $r->{prefetchable};

	for my $w (@{$bridge->{resources}}) {
		next unless $w->{what} =~ /window/ && $w->{kind} eq $r->{kind};
		next if $w->{what} =~ /prefetchable/ xor $pref;
		return 1 if hex($w->{start}) <= hex($r->{start}) &&
			hex($w->{last}) >= hex($r->{last});
	}
	return 0;
}

for my $t (@{$plan->{devices}}) {
	$asked++ unless $t->{bridge} || $t->{function_of};
	if (!$t->{placed}) {
		wrong($t->{name}, "does not say why") unless $t->{why};
		next;
	}
	$placed++ unless $t->{bridge} || $t->{function_of};
	wrong($t->{name}, "is placed without its device")
		if $t->{function_of} && !$thing{$t->{function_of}}{placed};
	my $up = $t->{behind} ? $thing{$t->{behind}} : undef;
	wrong($t->{name}, "is behind what is not placed")
		if $up && !$up->{placed};
	for my $r (@{$t->{resources}}) {
		my ($start, $last) = (hex($r->{start}), hex($r->{last}));
		my $who = "$t->{name}: $r->{what}";

		wrong($who, "has another size")
			if $last - $start != hex($r->{size}) - 1;
		wrong($who, "is not aligned") if $start & hex($r->{align}) - 1;
		wrong($who, "is no multiple of its size")
			if $r->{what} =~ /^(bar|rom)/ &&
				$start & hex($r->{size}) - 1;
		wrong($who, "is too high")
			if $r->{kind} eq "mmio" && !$r->{"64bit"} &&
				$last >> 32;
		wrong($who, "is wider than an address")
			if $plan->{address_bits} < 64 &&
				$last >> $plan->{address_bits};
		wrong($who, "is in no window of", $up->{name})
			if $up && $r->{kind} =~ /mmio|pio/ &&
				!window_around($up, $r);
		next if $r->{what} eq "pin";
		my $space = $r->{kind} =~ /mmio|pio/ ?
			($up ? "$up->{name} " : "") . $r->{kind} : "numbers";
		push @{$taken{$space}}, [$start, $last, $who];
	}
}

for my $space (keys %taken) {
	my @ranges = sort { $a->[0] <=> $b->[0] } @{$taken{$space}};

	for my $i (1 .. $#ranges) {
		wrong($ranges[$i][2], "overlaps", $ranges[$i - 1][2])
			if $ranges[$i][0] <= $ranges[$i - 1][1];
	}
}

wrong("counts") if $asked != $plan->{devices_asked} ||
	($placed // 0) != $plan->{devices_placed} ||
	($plan->{fits} ? 1 : 0) != ($asked == ($placed // 0) ? 1 : 0);
