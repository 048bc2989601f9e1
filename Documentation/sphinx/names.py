# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Let the names of the library lead to where they are documented.
#
# Every ``vmr_name()``, ``struct vmr_name`` and ``enum vmr_name`` in the text
# becomes a link into the API pages. One that nothing declares is a warning, so
# that a page cannot speak of a function that is no more. The names that lib/ keeps
# to itself are left as they are.

import glob
import os
import re

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

logger = logging.getLogger(__name__)

NAME = re.compile(r"\b(?:(?P<kind>struct|enum)\s+(?P<type>vmr_\w+)"
                  r"|(?P<function>vmr_\w+|VMR_\w+)\(\))")

# What holds code, or is a link or a declaration already.
OPAQUE = (nodes.literal_block, nodes.reference, nodes.title, nodes.raw,
          nodes.comment, nodes.image, pending_xref)


def target(match):
    if match.group("function"):
        return "func", match.group("function")
    return match.group("kind"), match.group("type")


def link(match, docname, line):
    role, name = target(match)
    ref = pending_xref("", refdomain="c", reftype=role, reftarget=name,
                       refdoc=docname, refexplicit=True, refwarn=False)
    ref["vmr_name"] = True
    ref.line = line
    ref += nodes.literal("", match.group(0), classes=["xref", "c"])
    return ref


def split(text, docname, line):
    at = 0
    for match in NAME.finditer(text):
        if match.start() > at:
            yield nodes.Text(text[at:match.start()])
        yield link(match, docname, line)
        at = match.end()
    if at < len(text):
        yield nodes.Text(text[at:])


def is_opaque(node):
    while node is not None:
        if isinstance(node, OPAQUE) or node.tagname.startswith("desc_sig"):
            return True
        node = node.parent
    return False


class Names(SphinxTransform):
    default_priority = 400

    def apply(self, **kwargs):
        docname = self.env.docname
        for text in list(self.document.findall(nodes.Text)):
            if not NAME.search(text) or is_opaque(text):
                continue
            whole = text.parent
            line = whole.line or (whole.parent and whole.parent.line)
            if isinstance(whole, nodes.literal):
                # ``vmr_name()`` alone is a link; inside other code it is code.
                match = NAME.fullmatch(text)
                if match:
                    whole.replace_self(link(match, docname, line))
            else:
                whole.replace(text, list(split(text, docname, line)))


def private_names():
    names = set()
    for path in glob.glob(os.path.join(os.environ["VMR_SOURCE"], "lib", "*", "*.[ch]")):
        with open(path, encoding="utf-8") as source:
            names.update(re.findall(r"\b(?:vmr|VMR)_\w+", source.read()))
    return names


def missing(app, env, node, contnode):
    """Called for each reference that leads nowhere."""
    if node.get("vmr_name") and node["reftarget"] not in private_names():
        logger.warning("%s: nothing of this name is declared",
                       contnode.astext(), location=node)
    return None


def setup(app):
    app.add_transform(Names)
    app.connect("missing-reference", missing)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
