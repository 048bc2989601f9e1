#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Translate a program from the names of version 0.1 to those of 0.2.0, in place:
#
#	translate.sh FILE... [-- COMPILER-FLAG...]
#
# FILE is a source or a header of the program. The flags are those that the program is
# compiled with, such as -I. CC names the compiler, gcc by default; its messages have
# to be gcc's. Needs python3. Documentation/changes.rst has the table of names.
#
# Names of functions, types and headers are replaced everywhere. Members need types: the
# script compiles the sources and replaces the members that the compiler reports. The
# status is 0 if all sources then compile. A callback whose parameters have changed is an
# error, which the programmer mends.

command -v python3 >/dev/null || { echo "python3 is not installed"; exit 4; }
exec python3 "$(dirname "$0")/translate/translate.py" "$@"
