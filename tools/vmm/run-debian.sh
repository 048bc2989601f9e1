#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Run Debian from a disk in the reference VMM, with the terminal as its serial port:
#
#	run-debian.sh O VMM [--login]
#
# The login is root, without a password. Ctrl-A x ends the machine.
#
# With --login this script types: it awaits the login prompt, logs in, has the shell
# calculate, and switches the guest off. It fails if one of them does not come.

set -eu

o=$(realpath "$1")
vmm=$(realpath "$2")
how=${3:-}
cd "$(dirname "$0")"
mkdir -p "$o/linux"
./debian-disk.sh "$o/linux/debian"
export ROOT_DISK=$o/linux/debian
[ "$how" = --login ] || exec ./run-linux.sh "$o" "$vmm"

said=$o/linux/debian.said
keys=$o/linux/debian.keys
rm -f "$keys"
mkfifo "$keys"
: >"$said"
timeout "${TIMEOUT:-1800}" ./run-linux.sh "$o" "$vmm" <"$keys" >"$said" 2>&1 &
guest=$!
exec 3>"$keys"

# await REGEX - what the guest says; the end of the guest ends the wait
await() {
	until grep -aqE "$1" "$said"; do
		kill -0 "$guest" 2>/dev/null || break
		sleep 1
	done
	grep -aqE "$1" "$said" || {
		tail -n 30 "$said"
		echo "run-debian: the guest ended without '$1'"
		exit 1
	}
	grep -aE "$1" "$said" | tail -n 1 | tr -d '\r'
}

await 'login: '
echo root >&3
await 'root@[^ ]*# '
# The shell of the guest expands this, so the echo of what is typed is not the answer.
# shellcheck disable=SC2016
echo 'echo $((6 * 7)) is the answer of $(uname -sr); poweroff' >&3
await '42 is the answer of Linux'
status=0
wait "$guest" || status=$?
exec 3>&-
if grep -aE 'Kernel panic|\] WARNING:|BUG:|Oops|Call [Tt]race' "$said"; then
	status=1
fi
echo "debian: login prompt, login and shell; status $status"
exit $status
