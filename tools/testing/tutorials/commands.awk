# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Print the commands of a page: its blocks of shell code, but for those that the page
# names "skip" because only a reader can fill them in.

/^\.\. code-block:: sh$/ {
	block = 1
	skip = 0
	next
}

block && /^   :name: skip/ {
	skip = 1
	next
}

block && /^[^ ]/ { block = 0 }

block && !skip && /^   / { print substr($0, 4) }
