#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Build with gcc's sanitizers, where the check "sanitizers" builds its own: a check that
# runs alone needs it, too.
#
#	sanitized.sh ARGUMENT...	of make: programs, variables

san='-fsanitize=address,undefined'
exec $VMR_MAKE -s O="$O/check/sanitizers" CC=gcc \
	EXTRA_CFLAGS="$san -fno-sanitize-recover=all" EXTRA_LDFLAGS=$san "$@"
