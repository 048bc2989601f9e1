#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Check a JSON document by a JSON schema, as far as the planner's schema goes: type,
# enum, pattern, properties, required, items and $ref. No property is allowed that the
# schema lacks.
#
#	schema.pl SCHEMA DOCUMENT

use strict;
use warnings;
use JSON::PP;

sub load {
	my ($file) = @_;
	local (@ARGV, $/) = ($file);

	return decode_json(<>);
}

my $schema = load($ARGV[0]);
my $document = load($ARGV[1]);

sub type_of {
	my ($value) = @_;

	return "null" if !defined($value);
	return "boolean" if JSON::PP::is_bool($value);
	return "object" if ref($value) eq "HASH";
	return "array" if ref($value) eq "ARRAY";
	return encode_json([$value]) =~ /^\["/ ? "string" : "integer";
}

sub check {
	my ($s, $value, $at) = @_;

	if ($s->{'$ref'}) {
		my ($name) = $s->{'$ref'} =~ m{^#/\$defs/(\w+)$};

		$s = $schema->{'$defs'}{$name} or die "schema: $at: no $name\n";
	}
	my $type = type_of($value);
	my @types = ref($s->{type}) ? @{$s->{type}} : $s->{type};

	die "schema: $at is of type $type\n" unless grep { $_ eq $type } @types;
	die "schema: $at is $value\n"
		if $s->{enum} && !grep { $_ eq $value } @{$s->{enum}};
	die "schema: $at is $value\n"
		if $s->{pattern} && $value !~ /$s->{pattern}/;
	if ($type eq "array") {
		check($s->{items}, $value->[$_], "$at\[$_]") for 0 .. $#$value;
	} elsif ($type eq "object") {
		for my $key (@{$s->{required}}) {
			die "schema: $at has no $key\n" unless exists($value->{$key});
		}
		for my $key (sort(keys(%$value))) {
			die "schema: $at.$key is in no schema\n"
				unless $s->{properties}{$key};
			check($s->{properties}{$key}, $value->{$key}, "$at.$key");
		}
	}
}

check($schema, $document, "plan");
