#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Try the series of patches for a kernel tree (tools/kernel/series.sh), and print KTAP:
#
#	series.sh DIR TREE
#
# TREE is a kernel source that this script may change: the unpacked package. Each patch is
# checked by the kernel's checkpatch, applied, and lib/vmr/ is compiled for User Mode
# Linux. With the last one that kernel is linked and boots, and KUnit runs the suites. All
# of its results are results of this script.

set -u

dir=$1
tree=$2
here=$(cd "$(dirname "$0")/../../.." && pwd)
um=$dir/um
number=0
failed=0

result()
{
	number=$((number + 1))
	[ "$1" = 0 ] || failed=1
	[ "$1" = 0 ] && echo "ok $number $2" || echo "not ok $number $2"
}

fatal()
{
	echo "# $*"
	result 1 "${*%%:*}"
	echo "1..$number"
	exit 1
}

build()
{
	make -s -C "$tree" ARCH=um O="$um" -j"${JOBS:-$(nproc)}" "$@" >"$dir/build.log" 2>&1
}

# A tree that has the series has it from the last run.
remove()
{
	local p

	[ -e "$tree/lib/vmr" ] || return 0
	for p in $(ls -r "$dir"/applied/0*.patch); do
		patch -d "$tree" -s -R -p1 <"$p" || return
	done
}

mkdir -p "$dir"
echo "TAP version 13"
remove >"$dir/remove.log" || fatal "remove: the tree has changes, see $dir/remove.log"
rm -rf "$dir/applied"
mkdir -p "$dir/applied"

export GIT_AUTHOR_NAME="${GIT_AUTHOR_NAME:-A. U. Thor}"
export GIT_AUTHOR_EMAIL="${GIT_AUTHOR_EMAIL:-author@example.org}"
export GIT_COMMITTER_NAME="$GIT_AUTHOR_NAME" GIT_COMMITTER_EMAIL="$GIT_AUTHOR_EMAIL"
"$here/tools/kernel/series.sh" "$tree" "$dir" >"$dir/series.log" 2>&1 ||
	fatal "series: $(tail -n 1 "$dir/series.log")"

mkdir -p "$um"
build tinyconfig || fatal "tinyconfig: see $dir/build.log"
cat "$here/tools/testing/kernel/um.config" >>"$um/.config"
cp "$um/.config" "$um/wanted"

for p in "$dir"/series/0*.patch; do
	name=$(basename "$p" .patch)
	[ "${name%%-*}" != 0000 ] || continue
	"$here/tools/kernel/checkpatch.sh" "$tree/scripts/checkpatch.pl" "$p" |
		sed 's/^/# /'
	result "${PIPESTATUS[0]}" "$name checkpatch"
	patch -d "$tree" -s -p1 <"$p" >"$dir/patch.log" 2>&1 || fatal "$name applies"
	cp "$p" "$dir/applied/"
	cp "$um/wanted" "$um/.config"
	build olddefconfig && build lib/vmr/
	status=$?
	grep -E 'error|warning' "$dir/build.log" | grep -v '^make' | sed 's/^/# /' |
		grep . && status=1
	result $status "$name builds"
	[ $status = 0 ] || break
done

[ $failed = 0 ] || { echo "1..$number"; exit 1; }
build || fatal "kernel links: $(tail -n 1 "$dir/build.log")"
result 0 "kernel links"

timeout -k 10 "${BOOT_TIMEOUT:-1200}" "$um/linux" mem=256M console=tty kunit_shutdown=halt \
	'kunit.filter_glob=vmr_*' >"$dir/console.log" 2>&1 </dev/null

# The cases are indented twice, the suites once.
tr -d '\r' <"$dir/console.log" >"$dir/kunit.log"
suites=$(find "$tree/lib/vmr/tests" -name '*_kunit.c' ! -name vmr_kunit.c | wc -l)
seen=$(grep -cE '^(not )?ok [0-9]+ vmr_' "$dir/kunit.log")
[ "$suites" = "$seen" ]
result $? "$seen of $suites suites run"
cases=$(grep -c KUNIT_CASE "$tree"/lib/vmr/tests/*_kunit.c | awk -F: '{ n += $2 } END { print n }')
seen=$(grep -cE '^    (not )?ok [0-9]+ ' "$dir/kunit.log")
[ "$cases" = "$seen" ]
result $? "$seen of $cases tests run"
while read -r line; do
	case $line in
	*'# '[Ee]*|*': expected '*)
		echo "# ${line#*# }"
		continue
		;;
	esac
	name=$(sed -E 's/^(not )?ok [0-9]+ //' <<<"$line")
	[ "${line#not }" = "$line" ]
	result $? "kunit.$name"
done < <(sed -nE 's/^    ((not )?ok [0-9]+ .*)/\1/p; /^    # .*expected/p' "$dir/kunit.log")
grep -E 'WARNING:|BUG:|Kernel panic|Call Trace' "$dir/kunit.log" | sed 's/^/# /' | grep .
[ $? = 1 ]
result $? "console is silent"
echo "1..$number"
echo "# the console: $dir/console.log"
exit $failed
