# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
"""
The places of a C file where one change makes a mutant.

clang parses the file and prints its syntax tree; a change is a replacement of bytes
between two offsets. Only functions of the file itself count, and only text that stands
in the file: what a macro expands to does not, but its arguments do.
"""

import json
import re
import subprocess

SWAPPED = {
    "<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"),
    "==": ("!=",), "!=": ("==",), "&&": ("||",), "||": ("&&",),
    "+": ("-",), "-": ("+",), "*": ("/",), "/": ("*",), "%": ("*",),
    "&": ("|",), "|": ("&",), "^": ("&",), "<<": (">>",), ">>": ("<<",),
    "+=": ("-=", "="), "-=": ("+=", "="), "|=": ("&=", "="), "&=": ("|=", "="),
    "<<=": (">>=",), ">>=": ("<<=",), "*=": ("/=",), "/=": ("*=",),
}
CONDITIONS = {"IfStmt": 0, "WhileStmt": 0, "DoStmt": 1, "ForStmt": 2,
              "ConditionalOperator": 0}
LOOPS = ("WhileStmt", "DoStmt", "ForStmt")
STATEMENTS = ("CallExpr", "BinaryOperator", "CompoundAssignOperator", "UnaryOperator",
              "BreakStmt", "ContinueStmt")


class Change:
    """A replacement of the bytes from begin to end"""

    def __init__(self, file, function, kind, begin, end, old, new):
        self.file = file
        self.function = function
        self.kind = kind
        self.begin = begin
        self.end = end
        self.old = old
        self.new = new

    def apply(self, text):
        return text[:self.begin] + self.new.encode() + text[self.end:]

    def line(self, text):
        return text.count(b"\n", 0, self.begin) + 1

    def lines(self, text):
        """The lines that change, before and after, each as one text"""
        first = text.rfind(b"\n", 0, self.begin) + 1
        last = text.find(b"\n", self.end)
        before, after = text[first:last], self.apply(text)
        after = after[first:last + len(after) - len(text)]
        return words(before), words(after)


def words(text):
    """Text with single spaces, for comparing"""
    return " ".join(text.decode().split())


class Places:
    """Walks the tree of one file"""

    def __init__(self, file, text):
        self.file = file
        self.text = text
        self.function = ""
        self.found = {}

    def offsets(self, node):
        """Where a node begins and ends, or None if the file does not have it as text"""
        result = []
        for which in ("begin", "end"):
            place = node.get("range", {}).get(which, {})
            if "spellingLoc" in place:
                if not place["expansionLoc"].get("isMacroArgExpansion"):
                    return None
                place = place["spellingLoc"]
            if "includedFrom" in place or "offset" not in place:
                return None
            result.append(place["offset"] + (place["tokLen"] if which == "end" else 0))
        return result if result[0] < result[1] <= len(self.text) else None

    def add(self, kind, begin, end, new):
        old = self.text[begin:end].decode()
        if old != new:
            self.found.setdefault((begin, end, new), Change(
                self.file, self.function, kind, begin, end, old, new))

    def operator(self, node):
        """Between the operands of a binary operator"""
        left, right = (self.offsets(n) for n in node["inner"])
        if not left or not right:
            return
        between = self.text[left[1]:right[0]]
        if between.strip().decode() != node["opcode"]:
            return
        begin = left[1] + len(between) - len(between.lstrip())
        for new in SWAPPED.get(node["opcode"], ()):
            self.add("operator", begin, begin + len(node["opcode"]), new)

    def unary(self, node, begin, end):
        text = self.text[begin:end]
        if node["opcode"] in ("!", "~", "-") and text.startswith(node["opcode"].encode()):
            self.add("operator", begin, begin + 1, "")
        elif node["opcode"] in ("++", "--"):
            at = end - 2 if node.get("isPostfix") else begin
            self.add("operator", at, at + 2, {"++": "--", "--": "++"}[node["opcode"]])

    def literal(self, begin, end):
        match = re.fullmatch(rb"(0[xX][0-9a-fA-F]+|\d+)([uUlL]*)", self.text[begin:end])
        if not match:
            return
        value, suffix = int(match[1], 0 if match[1][:1] != b"0" or match[1][1:2] in b"xX"
                            else 8), match[2].decode()
        for new in (value + 1, value - 1):
            if new >= 0:
                self.add("constant", begin, end, (hex(new) if new > 99 else str(new)) +
                         suffix)

    def condition(self, node):
        child = node["inner"][CONDITIONS[node["kind"]]]
        place = self.offsets(child) if child.get("kind") else None
        if not place:
            return
        text = self.text[place[0]:place[1]].decode()
        self.add("condition", *place, "!(%s)" % text)
        self.add("condition", *place, "0")
        if node["kind"] not in LOOPS:
            self.add("condition", *place, "1")

    def statement(self, node):
        """A statement of its own may go"""
        if node.get("kind") not in STATEMENTS:
            return
        place = self.offsets(node)
        if place and self.text[place[1]:place[1] + 1] == b";":
            self.add("statement", *place, "")

    def body(self, node):
        """What of the parts of a node are statements"""
        kind, inner = node["kind"], node.get("inner", [])
        if kind == "CompoundStmt":
            parts = inner
        elif kind == "IfStmt":
            parts = inner[1:]
        elif kind in ("ForStmt", "WhileStmt", "CaseStmt", "DefaultStmt", "LabelStmt"):
            parts = inner[-1:]
        elif kind == "DoStmt":
            parts = inner[:1]
        else:
            parts = []
        for part in parts:
            self.statement(part)

    def returned(self, node):
        place = self.offsets(node["inner"][0])
        if place:
            self.add("statement", *place, "0")

    def visit(self, node):
        kind, inner = node.get("kind"), node.get("inner", [])
        if kind in CONDITIONS:
            self.condition(node)
        if kind:
            self.body(node)
        if kind in ("BinaryOperator", "CompoundAssignOperator"):
            self.operator(node)
        elif kind == "ReturnStmt" and inner:
            self.returned(node)
        elif kind in ("UnaryOperator", "IntegerLiteral"):
            place = self.offsets(node)
            if place and kind == "UnaryOperator":
                self.unary(node, *place)
            elif place:
                self.literal(*place)
        for child in inner:
            self.visit(child)


def changes(file, text, command):
    """
    All changes of a file, in the order of their places. The command parses the file
    with clang.
    """
    run = subprocess.run(command + ["-w", "-fsyntax-only", "-Xclang", "-ast-dump=json"],
                         capture_output=True, check=True)
    places = Places(file, text)
    for node in json.loads(run.stdout)["inner"]:
        if node["kind"] != "FunctionDecl":
            continue
        loc = node.get("loc", {})
        if "includedFrom" in loc or "offset" not in loc:
            continue
        places.function = node["name"]
        for part in node.get("inner", []):
            if part["kind"] == "CompoundStmt":
                places.visit(part)
    return [places.found[key] for key in sorted(places.found)]
