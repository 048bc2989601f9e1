#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The machine that firmware boots a kernel on is, before and after a reset, what that
# firmware needs: a program does what SeaBIOS and the option ROM do. No KVM is needed.

set -eu
tools/testing/check/vmm-program.sh boot-firmware
"$W/boot-firmware" "$W/snapshot"
