#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Move the example's device while it is read, as root.

set -eu

place=/sys/module/vmr_example/parameters/place
echo "the timer is at $(cat $place)"
sleep 1
echo 0xe0004000 >$place
echo "the timer is at $(cat $place)"
sleep 1

# Not everywhere: what the library says stays as it was.
if echo 0x1ffffffff >$place 2>/dev/null; then
	echo "a place outside of the domain was taken"
	exit 1
fi
echo "the timer is at $(cat $place)"
