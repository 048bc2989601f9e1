#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
"""
The table of Documentation/checks.rst, from a recorded run and from "found":

	costs.py			compare the page with both, and name checks that
					it lacks
	costs.py update [RECORD]	write it, from a new record that run.sh has left

A record has the seconds of each item. Items of one check are added up.
"""

import collections
import os
import re
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PAGE = os.path.join(HERE, "../../../Documentation/checks.rst")
HEAD = ".. The table is made by tools/testing/check/costs.py.\n"
END = "\n.. End of the table.\n"


def lines(name):
    with open(os.path.join(HERE, name)) as f:
        return [l.rstrip("\n").split("\t") for l in f if l.strip() and l[0] != "#"]


def checks():
    """The names that run.sh has, without the arguments"""
    with open(os.path.join(HERE, "run.sh")) as f:
        names = re.findall(r"^\t?(?:[A-Z_]+=\S+ )*(?:variant|check|check_ktap|add_item) "
                           r"\"?([a-z][\w.-]*)", f.read(), re.M)
    return list(dict.fromkeys(names))


def table():
    seconds = collections.Counter()
    for item, spent in lines("costs"):
        first = item.split()[0]
        seconds[first] += int(spent)
    rows = [HEAD, ".. list-table::\n   :header-rows: 1\n   :widths: 20 10 70\n",
            "   * - check\n     - seconds\n     - what it has found"]
    for name, found in lines("found"):
        spent = seconds[name] if name in seconds else "not recorded"
        rows.append("   * - ``%s``\n     - %s\n     - %s" % (name, spent, found))
    return "\n".join(rows) + "\n", sum(seconds.values())


def main():
    if len(sys.argv) > 2:
        shutil.copy(sys.argv[2], os.path.join(HERE, "costs"))
    known = [name for name, _ in lines("found")]
    wrong = []
    for name in sorted(set(checks()) ^ set(known)):
        print("in run.sh or in found, and not in both: " + name)
    with open(PAGE) as f:
        page = f.read()
    new, total = table()
    begin, end = page.index(HEAD), page.index(END)
    made = page[:begin] + new + page[end:]
    made = re.sub(r"\*\*\d+ seconds\*\*", "**%d seconds**" % total, made)
    if len(sys.argv) > 1:
        with open(PAGE, "w") as f:
            f.write(made)
    elif made != page:
        wrong.append("the page is not what costs.py writes: costs.py update")
    print("\n".join(wrong or ["%d checks, %d seconds" % (len(known), total)]))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
