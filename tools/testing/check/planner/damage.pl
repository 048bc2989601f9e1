#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Give a program built with sanitizers each sample cut short and damaged, always in
# the same ways, and see that it ends as it should:
#
#	damage.pl PROGRAM DIRECTORY SAMPLE...

use strict;
use warnings;

my ($vmr, $dir, @samples) = @ARGV;
my $input = "$dir/damaged";
my %statuses;

# Small and always the same, on every machine
my $state = 1;
sub chance {
	$state = ($state * 1103515245 + 12345) & 0x7fffffff;
	return ($state >> 8) % $_[0];
}

sub try {
	my ($text, $what) = @_;
	my @options = (["--json"], ["--bridges"], ["--flat", "-b", 40],
		       ["-s", "/dev/null", "-g"]);
	my @args = @{$options[chance(scalar(@options))]};

	open(my $out, ">", $input) or die;
	binmode($out);
	print $out $text;
	close($out) or die;
	my $pid = fork() // die;
	if (!$pid) {
		open(STDOUT, ">", "/dev/null");
		open(STDERR, ">", "$dir/damaged.err");
		alarm(300);
		exec($vmr, @args, $input);
		die;
	}
	waitpid($pid, 0);
	my $status = $?;
	$statuses{$status >> 8}++;
	open(my $err, "<", "$dir/damaged.err") or die;
	my @said = <$err>;
	if ($status & 127 || $status >> 8 > 3 ||
	    grep(/Sanitizer|runtime error/, @said)) {
		print @said, "vmr @args $input: status $status, $what\n";
		exit(1);
	}
	if ($status >> 8 == 2 && !@said) {
		print "vmr @args $input: no word of what is wrong, $what\n";
		exit(1);
	}
}

for my $sample (@samples) {
	my $text = do { local (@ARGV, $/) = ($sample); <> };
	my @lines = split(/^/, $text);

	for (1 .. 30) {
		my $cut = chance(length($text));

		try(substr($text, 0, $cut), "cut at $cut");
	}
	for my $nr (1 .. 60) {
		my $bad = $text;

		for (0 .. chance(4)) {
			substr($bad, chance(length($bad)), 1) = chr(chance(256));
		}
		try($bad, "damaged, $nr");
	}
	for my $nr (1 .. 30) {
		my @some = @lines;

		splice(@some, chance(scalar(@some)), chance(4));
		splice(@some, chance(scalar(@some)), 0,
		       $lines[chance(scalar(@lines))]);
		try(join("", @some), "lines changed, $nr");
	}
}
print "ended with: ", join(", ", map { "$_ ($statuses{$_})" }
	sort(keys(%statuses))), "\n";
exit(keys(%statuses) == 4 ? 0 : 1);
