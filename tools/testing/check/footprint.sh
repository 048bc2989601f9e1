#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# No data, no recursion, nothing needed that was not promised, nothing linked that
# is not used, and no more bytes of code and stack than are recorded.

exec tools/testing/footprint/footprint.sh "$W/out"
