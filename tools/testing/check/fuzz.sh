#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Every file of the fuzzers' corpora, and some generated operations for each
# target, under gcc's sanitizers; prints KTAP. No fuzzer is needed for it.

set -eu

exec tools/testing/check/sanitized.sh TEST_OPT=-O1 OPERATIONS=30000 fuzz-replay
