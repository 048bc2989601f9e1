#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Check the language of comments and messages: no word or construction of
# words.table occurs, and no sentence has more than 40 words.
#
#	words.sh [FILE]...
#
# In C the check reads comments and those string literals that have several words,
# in scripts and makefiles the comments. words.allowed lists the exceptions.

set -u

cd "$(dirname "$0")/../../.." || exit 1
here=tools/testing/check

if [ $# = 0 ]; then
	if git ls-files >/dev/null 2>&1; then
		files=$(git ls-files -c -o --exclude-standard include lib tools \
			examples Makefile Kbuild Kconfig .ci)
	else
		files=$(find include lib tools examples Makefile Kbuild Kconfig .ci \
			-type f)
	fi
	# shellcheck disable=SC2046,SC2086
	set -- $(echo "$files" | sort -u)
fi
exec perl $here/words.pl $here/words.table $here/words.allowed "$@"
