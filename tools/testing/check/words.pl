#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Find words and constructions in comments and messages:
#
#	words.pl TABLE ALLOWED FILE...
#
# TABLE has "regular expression<TAB>use instead" in each line. A match may span
# lines. ^ matches the start of a sentence. ALLOWED has "file<TAB>text of the
# sentence<TAB>reason". An entry that excuses nothing is an error.

use strict;
use warnings;

my $max_words = 40;
my ($table, $allowed, @files) = @ARGV;
my (@rules, @exceptions);
my ($found, $texts) = (0, 0);

# lines FILE - without comments and blank lines
sub lines
{
	open my $in, '<', $_[0] or die "$_[0]: $!\n";
	my @lines = grep { !/^(#|\s*$)/ } <$in>;
	chomp @lines;
	return @lines;
}

for (lines($table)) {
	my ($regex, $instead) = split /\t+/, $_, 2;
	die "$table: no replacement in: $_\n" unless defined $instead;
	# Start of a sentence only where the table asks for it; no part of an
	# identifier, of a member or of a call
	$regex =~ s/^\^// ? push @rules, [qr/^$regex(?![\w(])/, $instead] :
		push @rules, [qr/(?<![\w@&%.>\$-])(?:$regex)(?![\w(=-])/i, $instead];
}
for (lines($allowed)) {
	my ($file, $text, $reason) = split /\t+/, $_, 3;
	die "$allowed: no reason in: $_\n" unless defined $reason;
	push @exceptions, { file => $file, text => $text, used => 0 };
}

sub report
{
	my ($file, $line, $what, $sentence) = @_;

	for my $e (@exceptions) {
		next unless $e->{file} eq $file &&
			index($sentence, $e->{text}) >= 0;
		$e->{used} = 1;
		return;
	}
	print "$file:$line: $what\n";
	$found++;
}

# check_paragraph FILE, [line number, text]... - one paragraph, as its lines
sub check_paragraph
{
	my ($file, @lines) = @_;
	my ($text, @starts) = ('');

	for (@lines) {
		push @starts, [length $text, $_->[0]];
		$text .= "$_->[1] ";
	}
	$texts++;
	my $line_at = sub {
		my $line = $starts[0][1];
		for (@starts) {
			$line = $_->[1] if $_->[0] <= $_[0];
		}
		return $line;
	};
	# The next sentence begins with a capital or with the name of a file or function
	my $next = qr/\s+(?:[A-Z0-9(@%&"']|[a-z]\w*[_.(]\w)/;

	while ($text =~ /\G\s*(\S.*?(?:[.?!][)"']?(?=$next|\s*$)|$))/gs) {
		my ($sentence, $at) = ($1, $-[1]);

		for my $rule (@rules) {
			while ($sentence =~ /$rule->[0]/g) {
				my ($from, $to) = ($-[0], $+[0]);
				my $match = substr $sentence, $from, $to - $from;

				$match =~ s/\s+/ /g;
				$match =~ s/^(.{30}).*(.{20})$/$1...$2/;
				report($file, $line_at->($at + $from),
					"\"$match\": $rule->[1]", $sentence);
				last if $to == $from;
			}
		}
		my $words = () = $sentence =~ /[A-Za-z][\w'()-]*/g;
		report($file, $line_at->($at), "a sentence of $words words",
			$sentence) if $words > $max_words;
	}
}

# check_block FILE, [line number, text]... - split a comment into paragraphs. Lines
# with columns, or indented by a tab, are no prose.
sub check_block
{
	my ($file, @lines) = @_;
	my @paragraph;

	for (@lines, [0, '']) {
		my ($nr, $text) = @$_;
		my $indented = $text =~ /^ ?\t/ || $text =~ /\S(\t| {3,})\S/;
		my $starts = $text =~ /^\s*(@[\w.]+:|[-*]\s|\d+\.\s|%\w+:)/;

		$text =~ s/^\s+|\s+$//g;
		if (@paragraph && ($text eq '' || $indented || $starts)) {
			check_paragraph($file, @paragraph);
			@paragraph = ();
		}
		push @paragraph, [$nr, $text] unless $text eq '' || $indented ||
			$text =~ /^SPDX-License-Identifier/;
	}
}

sub check_c
{
	my ($file, $code) = @_;
	my ($line, @message, @slashes) = (1);
	my $flush = sub {
		my $text = join '', map { $_->[1] } @message;
		check_block($file, @message) if $text =~ /[a-z]{2,} [a-z]{2,}/;
		@message = ();
		check_block($file, @slashes);
		@slashes = ();
	};

	while ($code =~ m{\G(?:/\*(.*?)\*/|//([^\n]*)|"((?:[^"\\\n]|\\.)*)"|
			'(?:[^'\\\n]|\\.)*'|\#\s*include[^\n]*|(\s+)|(.))}gsx) {
		my ($comment, $rest, $string, $other) = ($1, $2, $3, $5);
		my ($token, $nr) = ($&, $line);

		$line += $token =~ tr/\n//;
		if (defined $comment) {
			$flush->();
			$comment =~ s/^\*//;
			$comment =~ s/^\s*\n?//;
			$nr = $line - ($comment =~ tr/\n//);
			check_block($file, map { s/^\s*\* ?//; [$nr++, $_] }
				split /\n/, $comment);
		} elsif (defined $rest) {
			push @slashes, [$nr, $rest];
		} elsif (defined $string) {
			$string =~ s/\\[nt]/ /g;
			push @message, [$nr, $string];
		} elsif (defined $other && $other !~ /[A-Zx0-9]/) {
			$flush->();
		}
	}
	$flush->();
}

sub check_hashes
{
	my ($file, $code) = @_;
	my ($nr, @block) = (0);

	for (split /\n/, $code) {
		$nr++;
		if (/^\s*#(?!!)(.*)/) {
			push @block, [$nr, $1];
			next;
		}
		check_block($file, @block);
		@block = ();
		check_block($file, [$nr, $1]) if /\s#\s+([^'"]*)$/;
	}
	check_block($file, @block);
}

for my $file (@files) {
	next unless -f $file && $file !~ /\.(patch|expected|txt|rst|1|vmr|lspci|abi|trace)$/ &&
		$file !~ m{/(corpus|planner|testdata)/};
	open my $in, '<', $file or die "$file: $!\n";
	local $/;
	my $code = <$in>;
	if ($file =~ /\.(c|h|cc|S|pml|cocci|lds)$/) {
		check_c($file, $code);
	} elsif ($file =~ /\.(sh|mk|awk|pl|py|yml|yaml|config|table|suppressions)$/ ||
		 $file =~ m{(^|/)(Makefile|Kbuild|Kconfig|required-in-ci|limits)$} ||
		 $code =~ /^#!/) {
		check_hashes($file, $code);
	}
}

if ("@files" !~ /^\S+$/ && $texts < 100) {
	print "the check finds only $texts comments\n";
	$found++;
}
for my $e (@exceptions) {
	next if $e->{used} || !grep { $_ eq $e->{file} } @files;
	print "$allowed: $e->{file} has no such sentence: $e->{text}\n";
	$found++;
}
exit($found != 0);
