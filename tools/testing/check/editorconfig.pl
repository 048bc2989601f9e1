#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Print each line of the files whose names come on the standard input that is not
# as .editorconfig says, and exit with 1 if there is one:
#
#	editorconfig.pl <NAMES
#
# It supports the part of .editorconfig that ours uses: sections with *, ** and {a,b},
# end_of_line, insert_final_newline, trim_trailing_whitespace, max_line_length and
# indent_style = tab, whose files begin no line with eight blanks.

use strict;
use warnings;

# pattern GLOB - as a regular expression for a path below the top
sub pattern
{
	my ($glob) = @_;
	my $re = '';
	my $depth = 0;

	while ($glob =~ /(\*\*|.)/g) {
		if ($1 eq '**') {
			$re .= '.*';
		} elsif ($1 eq '*') {
			$re .= '[^/]*';
		} elsif ($1 eq '{') {
			$re .= '(?:';
			$depth++;
		} elsif ($1 eq '}') {
			$re .= ')';
			$depth--;
		} elsif ($1 eq ',' && $depth) {
			$re .= '|';
		} else {
			$re .= quotemeta $1;
		}
	}
	# A name without a directory is meant in all of them.
	return $glob =~ m{/} ? qr{^$re$} : qr{(?:^|/)$re$};
}

# columns LINE - how wide it is, tabs every eight columns
sub columns
{
	my ($line) = @_;

	$line =~ s/[\x80-\xbf]//g;
	1 while $line =~ s/^([^\t]*)\t/$1 . ' ' x (8 - length($1) % 8)/e;
	return length $line;
}

my @sections;
open my $config, '<', '.editorconfig' or die ".editorconfig: $!\n";
while (<$config>) {
	next if /^\s*([#;]|$)/;
	if (/^\[(.*)\]\s*$/) {
		push @sections, { re => pattern($1), set => {} };
	} elsif (/^\s*(\w+)\s*=\s*(\S+)\s*$/) {
		$sections[-1]{set}{$1} = $2 if @sections;
	} else {
		die ".editorconfig:$.: cannot be understood\n";
	}
}
close $config;

my $status = 0;

sub complain
{
	print @_, "\n";
	$status = 1;
}

while (my $file = <STDIN>) {
	my %rule;
	my $last = "\n";

	chomp $file;
	for my $section (@sections) {
		next if $file !~ $section->{re};
		$rule{$_} = $section->{set}{$_} for keys %{$section->{set}};
	}
	my $most = $rule{max_line_length} // 'off';
	my $tabs = ($rule{indent_style} // '') eq 'tab';
	my $unix = ($rule{end_of_line} // '') eq 'lf';
	my $trim = ($rule{trim_trailing_whitespace} // '') eq 'true';

	open my $in, '<:raw', $file or die "$file: $!\n";
	while (<$in>) {
		$last = $_;
		s/\n$//;
		complain("$file:$.: a carriage return") if $unix && /\r/;
		complain("$file:$.: blanks at the end") if $trim && /[ \t]$/;
		complain("$file:$.: eight blanks or more for a tab")
			if $tabs && /^\t* {8}/;
		complain("$file:$.: a tab after blanks") if $tabs && /^\t* +\t/;
		complain("$file:$.: ", columns($_), " columns")
			if $most ne 'off' && columns($_) > $most;
	}
	close $in;
	complain("$file: no newline at the end")
		if ($rule{insert_final_newline} // '') eq 'true' && $last !~ /\n$/;
}
exit $status;
