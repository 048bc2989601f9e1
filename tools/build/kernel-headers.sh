#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Print the directory of the newest kernel headers that modules can be built
# against, or nothing. In a container the running kernel's are rarely there.

for d in /lib/modules/*/build /usr/src/linux-headers-*; do
	# Debian keeps what the flavours share beside them; that builds nothing.
	[ -e "$d/Module.symvers" ] && echo "$d"
done | sort -V | tail -n 1
