# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# How Sphinx builds these pages. tools/build/docs.sh calls it, on a tree where the API
# pages that kernel-doc makes lie beside the others.

import glob
import os
import sys

sys.path.insert(0, os.path.abspath("sphinx"))

project = "vmalloc"
author = "the authors of vmalloc"
copyright = "the authors of vmalloc; GPL-2.0 OR BSD-3-Clause"
release = os.environ.get("VERSION", "")
version = release

extensions = ["names"]
exclude_patterns = ["generated/*.txt"]
primary_domain = "c"
highlight_language = "none"
smartquotes = False

# Results of long runs: |name| in a page
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "figures.txt")) as lines:
    records = [line.rstrip("\n").split("\t") for line in lines if line[0] not in "#\n"]
# Counts of the tree itself
patches = glob.glob(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                 "../tools/testing/selftests/vmalloc/regressions/*.patch"))
records.append(["known-bugs-now", "", "", str(len(patches))])
rst_epilog = "\n" + "".join(".. |%s| replace:: %s\n" % (r[0], r[3]) for r in records)

html_theme = "furo"
pygments_style = "xcode"
pygments_dark_style = "github-dark"
html_title = "vmalloc " + release
html_static_path = ["static"]
html_css_files = ["vmalloc.css"]
html_copy_source = False
html_show_sourcelink = False

# (page, name, description, authors, section)
man_pages = [
    ("vmm", "vmm", "reference virtual machine monitor of vmalloc", "", 1),
]
