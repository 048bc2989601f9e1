#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Documentation/checks.rst is what the recorded run and the list of findings say, and
# names the checks that it lacks.

set -eu
[ -x /usr/bin/python3 ] || { echo 'python3 is not installed'; exit 4; }
tools/testing/check/costs.py
