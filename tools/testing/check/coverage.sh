#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The tests reach every line and every branch of lib/, but those that the source
# marks as out of reach, with the reason.

exec tools/testing/coverage.sh "$W"
