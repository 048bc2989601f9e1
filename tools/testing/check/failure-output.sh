#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The first lines after a failure say how to run it alone and where its output is, and
# that command fails in the same way. The tree is a small one whose checks fail.

set -eu
tree=$W/tree
here=tools/testing/check

mkdir -p "$tree/$here" "$tree/tools/build" "$tree/tools/testing/spin" \
	"$tree/tools/testing/selftests/vmalloc"
cp $here/run.sh $here/ktap.sh $here/kill-jobs.sh $here/required-in-ci "$tree/$here/"

cat >"$tree/Makefile" <<'E'
O ?= build
override O := $(abspath $(O))
all lib vmm:
tests:
	mkdir -p $(O)/selftests
	cp tools/testing/spin/run.sh $(O)/selftests/test_fails
check:
	tools/testing/check/run.sh $(O)
.PHONY: all lib vmm tests check
E
cat >"$tree/tools/testing/spin/run.sh" <<'E'
#!/bin/sh
echo 1..1
echo not ok 1 a test
exit 1
E
printf '#!/bin/sh\n' >"$tree/tools/build/kernel-files.sh"
printf '#!/bin/sh\necho a word\nexit 1\n' >"$tree/$here/words.sh"
: >"$tree/tools/testing/selftests/vmalloc/test_fails.c"
find "$tree" -name '*.sh' -exec chmod +x {} +

unset O KFILES LINUX CI MAKEFLAGS CHECK

# run_alone NAME TEXT - the command that a failure names, whose output has the text
run_alone()
{
	local command log

	command=$(sed -n "/^not ok [0-9]* $1 /{n;s/^# again, alone: //p}" "$W/output")
	log=$(sed -n "/^not ok [0-9]* $1 /{n;n;s/^# its output: //p}" "$W/output")
	echo "$1: $command: $log"
	grep -q "$2" "$log"
	if (cd "$tree" && sh -c "$command") >"$W/again" 2>&1; then
		echo 'alone it passes'
		exit 1
	fi
	grep -q "$2" "$W/again"
}

for o in build elsewhere; do
	if make -C "$tree" check CHECK='words debug spin' O=$o >"$W/output" 2>&1; then
		echo 'no check has failed'
		exit 1
	fi
	run_alone words 'a word'
	run_alone spin 'not ok 1 a test'
	run_alone 'debug test_fails' 'not ok 1 a test'
done
