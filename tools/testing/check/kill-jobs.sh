# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
# shellcheck shell=bash
#
# For scripts that run others: ending all that they have started

# end PID - with all that it started
end()
{
	local pids pid

	pids=$(cat /proc/"$1"/task/*/children)
	kill "$1"
	for pid in $pids; do
		end "$pid"
	done
}

# end_jobs - all that run in the background of this shell
end_jobs()
{
	local pid

	for pid in $(jobs -rp); do
		end "$pid"
	done 2>/dev/null
}
