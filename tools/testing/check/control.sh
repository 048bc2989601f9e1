#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The socket of the VMM serves clients that leave, that wait and that do not read, and says
# what is wrong with a command. No KVM is needed.

set -eu
tools/testing/check/vmm-program.sh control
cd "$W"
./control
