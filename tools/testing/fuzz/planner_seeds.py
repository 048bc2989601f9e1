#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
"""
Inputs for the fuzz targets of the planner:

	planner_seeds.py DIRECTORY DICTIONARY

DIRECTORY receives the text of each case of the planner's check, and DICTIONARY the
words in the planner's sources, in the format of libFuzzer.
"""

import glob
import os
import re
import sys

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../..")
CASES = os.path.join(TOP, "tools/testing/check/planner/corpus.txt")
LONGEST = 4096		# bytes of an input


def read(path):
    with open(path, "rb") as f:
        return f.read()


def words():
    """The string literals of the planner that have no conversion"""
    found = set()
    for path in glob.glob(os.path.join(TOP, "tools/vmr/*.c")):
        found.update(re.findall(rb'"((?:[^"\\\n]|\\[nt"\\]){3,37})"', read(path)))
    for word in sorted(found):
        if b"%" not in word:
            yield word.replace(b"\\n", b"\\x0a").replace(b"\\t", b"\\x09")


def main():
    directory, dictionary = sys.argv[1:]
    os.makedirs(directory, exist_ok=True)
    for number, case in enumerate(re.split(rb"^%% ", read(CASES), flags=re.M)[1:]):
        text = re.search(rb"^input:\n(.*)", case, re.S | re.M)
        if text:
            with open(os.path.join(directory, "%03d" % number), "wb") as f:
                f.write(text[1][:LONGEST])
    with open(dictionary, "wb") as f:
        f.writelines(b'"%s"\n' % word for word in words())


main()
