# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# How Sphinx builds these pages. tools/build/docs.sh calls it, on a tree where the API
# pages that kernel-doc makes lie beside the others.

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
