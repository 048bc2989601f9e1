#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Plan each input of a corpus, and compare the answer:
#
#	corpus.pl PROGRAM DIRECTORY CORPUS
#
# A case begins with "%% NAME". Lines with a key follow, then "input:" and the input:
#
#	args	options
#	crlf	the lines of the input end with CRLF
#	utf16	the input is UTF-16, little-endian with a byte order mark
#	status	the exit status
#	missing	number of unknown facts
#	skipped	number of lines that carry nothing
#	device	one for each device: the name, its address in the machine, and its
#		resources
#	note	a remark
#	error	the place and the text of an error
#
# With UPDATE=1 the answers are printed as a new corpus, to be reviewed.

use strict;
use warnings;
use JSON::PP;
no warnings 'portable';

my ($vmr, $dir, $corpus) = @ARGV;
my (@cases, $case);

open(my $in, "<", $corpus) or die "$corpus: $!\n";
while (my $line = <$in>) {
	if ($line =~ /^%% (.*)/) {
		push(@cases, $case = { name => $1, keys => [], text => "" });
	} elsif (!$case || !exists($case->{input})) {
		next unless $case;
		if ($line eq "input:\n") {
			$case->{input} = 1;
		} elsif ($line =~ /^([a-z0-9]+): (.*)/) {
			push(@{$case->{keys}}, [$1, $2]);
		} else {
			die "$corpus:$.: a key, or input:\n";
		}
	} else {
		$case->{text} .= $line;
	}
}

sub size {
	my ($n) = @_;
	my @units = ("", "K", "M", "G", "T");

	while (@units > 1 && $n && $n % 1024 == 0) {
		$n /= 1024;
		shift(@units);
	}
	return "$n$units[0]";
}

sub resource {
	my ($r) = @_;
	my $text = $r->{what};

	return $text if $r->{what} eq "pin";
	$text =~ s/ //g;
	$text .= "=" . ($r->{kind} =~ /msi/ ? hex($r->{size}) : size(hex($r->{size})));
	$text .= ":io" if $r->{kind} eq "pio";
	$text .= ":64" if $r->{"64bit"};
	$text .= ":p" if $r->{prefetchable};
	return $text;
}

sub answer {
	my ($c) = @_;
	my %key = map { $_->[0] => $_->[1] } @{$c->{keys}};
	my $text = $c->{text};
	my @answer = map { "$_->[0]: $_->[1]" }
		grep { $_->[0] =~ /^(args|crlf|utf16)$/ } @{$c->{keys}};

	$text =~ s/\n/\r\n/g if $key{crlf};
	$text =~ s/\\e/\e/g;
	$text = "\xff\xfe" . join("", map { "$_\0" } split(//, $text)) if $key{utf16};
	open(my $out, ">", "$dir/case") or die;
	binmode($out);
	print $out $text;
	close($out) or die;
	my $json = `$vmr --json @{[$key{args} // ""]} $dir/case 2>$dir/case.err`;
	push(@answer, "status: " . ($? >> 8));
	open(my $err, "<", "$dir/case.err") or die;
	while (<$err>) {
		push(@answer, "error: $1") if /^vmr: \S*case:(\d.*)/;
		push(@answer, "error: $_") if /anitizer|runtime error/;
	}
	return @answer if $json eq "";
	my $plan = decode_json($json);
	my $missing = @{$plan->{missing}};

	$missing += @{$_->{missing}} for @{$plan->{devices}};
	push(@answer, "missing: $missing") if $missing;
	push(@answer, "skipped: $plan->{skipped_lines}") if $plan->{skipped_lines};
	push(@answer, "note: $_") for @{$plan->{notes}};
	for my $d (@{$plan->{devices}}) {
		my $where = $d->{placed} ? $d->{pci} // "" : "not placed";

		$where .= " bridge" if $d->{bridge};
		push(@answer, join(" ", "device: $d->{name}", "($where)",
			map { resource($_) } @{$d->{resources}}));
	}
	return @answer;
}

my $failed = 0;

for my $c (@cases) {
	my @want = map { "$_->[0]: $_->[1]" } @{$c->{keys}};
	my @have = answer($c);

	if ($ENV{UPDATE}) {
		print "%% $c->{name}\n", map({ "$_\n" } @have), "input:\n",
			$c->{text};
		next;
	}
	next if join("\n", @want) eq join("\n", @have);
	$failed++;
	print "$corpus: $c->{name}\n", map({ " - $_\n" } @want),
		map({ " + $_\n" } @have);
}
print scalar(@cases), " cases, $failed failed\n" unless $ENV{UPDATE};
exit($failed ? 1 : 0);
