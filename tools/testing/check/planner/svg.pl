#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Check a drawing: elements are closed in the order in which they were opened, text
# has no bare < or &, and every box is inside the frame.

use strict;
use warnings;

my $svg = do { local $/; <> };
my (@open, $width, $height, $boxes);

while ($svg =~ /\G([^<]*)(?:<(\/?)([a-z]+)((?:\s+[a-zA-Z-]+="[^"<]*")*)\s*(\/?)>|\z)/gc) {
	my ($text, $end, $name, $attributes, $empty) = ($1, $2, $3, $4, $5);

	die "svg: a bare &: $text\n" if $text =~ /&(?!(?:lt|gt|amp);)/;
	last unless defined $name;
	if ($end) {
		die "svg: </$name> ends nothing\n" if pop(@open) ne $name;
		next;
	}
	my %a = $attributes =~ /([a-zA-Z-]+)="([^"]*)"/g;
	($width, $height) = @a{qw(width height)} if $name eq "svg";
	if ($name eq "rect" && defined $a{x}) {
		$boxes++;
		die "svg: a box leaves the frame\n"
			if $a{x} + $a{width} > $width ||
				$a{y} + $a{height} > $height;
	}
	push(@open, $name) unless $empty;
}
die "svg: not understood at ", pos($svg) // 0, "\n"
	if (pos($svg) // 0) != length($svg);
die "svg: @open not closed\n" if @open;
die "svg: no boxes\n" unless $boxes;
