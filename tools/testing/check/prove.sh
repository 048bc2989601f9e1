#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The arithmetic of lib/ holds for all inputs, and each proof notices a change of what
# it proves (tools/testing/prove).

set -eu
command -v clang >/dev/null || { echo 'clang is not installed'; exit 4; }
/usr/bin/python3 -c 'import z3' 2>/dev/null ||
	{ echo 'the prover z3 is not installed (python3-z3)'; exit 4; }

# shellcheck disable=SC2046
tools/testing/prove/prove.py "$W" clang \
	$($VMR_MAKE -s CC=clang print-cflags)
