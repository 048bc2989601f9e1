# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
"""Read the text of an LLVM module, as clang prints it at -O0."""

import re
from collections import namedtuple

Int = namedtuple("Int", "bits")
Pointer = namedtuple("Pointer", "")
Array = namedtuple("Array", "nr element")
Struct = namedtuple("Struct", "members packed")
Named = namedtuple("Named", "name")
Void = namedtuple("Void", "")
Function = namedtuple("Function", "")

# Operands: a register, a global, a constant or a constant expression
Reg = namedtuple("Reg", "name")
Global = namedtuple("Global", "name")
Const = namedtuple("Const", "value")
Undef = namedtuple("Undef", "")
Null = namedtuple("Null", "")
Zero = namedtuple("Zero", "")
Text = namedtuple("Text", "bytes")
Aggregate = namedtuple("Aggregate", "members")
Expr = namedtuple("Expr", "op type operands to")

Instruction = namedtuple("Instruction", "result op args text")

TOKEN = re.compile(
    r'c"(?:[^"])*"|[%@]"[^"]*"|[%@][-\w.$]+|"[^"]*"|-?\d+|\.\.\.|[A-Za-z_][\w.]*'
    r"|[(){}\[\]<>,=*!#:]"
)

ATTRIBUTES = {
    "noundef", "zeroext", "signext", "nonnull", "noalias", "nocapture",
    "dso_local", "internal", "private", "unnamed_addr", "local_unnamed_addr",
    "inbounds", "nuw", "nsw", "exact", "volatile", "tail", "notail", "readonly",
    "writeonly", "immarg", "returned", "hidden", "external", "readnone", "nofree",
}


class Parser:
    """One line of the module, read from the left"""

    def __init__(self, text):
        self.tokens = TOKEN.findall(text)
        self.text = text
        self.at = 0

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def next(self):
        token = self.peek()
        self.at += 1
        return token

    def accept(self, token):
        if self.peek() == token:
            self.at += 1
            return True
        return False

    def expect(self, token):
        if not self.accept(token):
            raise SyntaxError("%s: %s and not %s" % (self.text, self.peek(), token))

    def skip_attributes(self):
        while True:
            token = self.peek()
            if token in ATTRIBUTES:
                self.at += 1
            elif token in ("align", "dereferenceable", "dereferenceable_or_null"):
                self.at += 1
                if self.accept("("):
                    self.next()
                    self.expect(")")
                else:
                    self.next()
            elif token in ("sret", "byval"):
                self.at += 1
                self.expect("(")
                self.type()
                self.expect(")")
            else:
                return

    def type(self):
        token = self.next()
        if token == "void":
            result = Void()
        elif token == "ptr":
            result = Pointer()
        elif re.fullmatch(r"i\d+", token):
            result = Int(int(token[1:]))
        elif token.startswith("%"):
            result = Named(token)
        elif token == "[":
            nr = int(self.next())
            self.expect("x")
            result = Array(nr, self.type())
            self.expect("]")
        elif token == "{":
            result = Struct(self.type_list("}"), False)
        elif token == "<":
            self.expect("{")
            result = Struct(self.type_list("}"), True)
            self.expect(">")
        elif token in ("float", "double", "metadata", "label", "opaque"):
            result = Void()
        else:
            raise SyntaxError("%s: no type at %s" % (self.text, token))
        while True:
            if self.accept("*"):
                result = Pointer()
            elif self.peek() == "(":
                self.next()
                self.type_list(")")
                result = Function()
            else:
                return result

    def type_list(self, end):
        types = []
        while not self.accept(end):
            if not self.accept("..."):
                types.append(self.type())
                self.skip_attributes()
            self.accept(",")
        return tuple(types)

    def value(self, type):
        self.skip_attributes()
        token = self.next()
        if token.startswith("%"):
            return Reg(token)
        if token.startswith("@"):
            return Global(token)
        if re.fullmatch(r"-?\d+", token):
            return Const(int(token))
        if token.startswith('c"'):
            return Text(unescape(token[2:-1]))
        if token in ("true", "false"):
            return Const(int(token == "true"))
        if token in ("undef", "poison"):
            return Undef()
        if token == "null":
            return Null()
        if token == "zeroinitializer":
            return Zero()
        if token in ("[", "{", "<"):
            if token == "<":
                self.expect("{")
            members = []
            end = {"[": "]", "{": "}", "<": "}"}[token]
            while not self.accept(end):
                members.append(self.typed())
                self.accept(",")
            if token == "<":
                self.expect(">")
            return Aggregate(tuple(members))
        if token == "getelementptr":
            self.skip_attributes()
            self.expect("(")
            source = self.type()
            operands = []
            while self.accept(","):
                self.accept("inrange")
                operands.append(self.typed())
            self.expect(")")
            return Expr(token, source, tuple(operands), None)
        if token in ("bitcast", "ptrtoint", "inttoptr", "trunc", "zext"):
            self.expect("(")
            operand = self.typed()
            self.expect("to")
            to = self.type()
            self.expect(")")
            return Expr(token, None, (operand,), to)
        raise SyntaxError("%s: no value at %s" % (self.text, token))

    def typed(self):
        self.skip_attributes()
        type = self.type()
        return type, self.value(type)


def unescape(text):
    out = bytearray()
    i = 0
    while i < len(text):
        if text[i] == "\\":
            out.append(int(text[i + 1 : i + 3], 16))
            i += 3
        else:
            out.append(ord(text[i]))
            i += 1
    return bytes(out)


BINARY = {
    "add", "sub", "mul", "udiv", "urem", "sdiv", "srem", "shl", "lshr", "ashr",
    "and", "or", "xor",
}
CASTS = {"zext", "sext", "trunc", "bitcast", "ptrtoint", "inttoptr"}


def instruction(line):
    p = Parser(line)
    result = None
    if p.peek().startswith("%") and p.tokens[1] == "=":
        result = p.next()
        p.expect("=")
    p.skip_attributes()
    op = p.next()
    p.skip_attributes()
    if op == "alloca":
        args = (p.type(),)
    elif op == "load":
        p.accept("atomic")
        p.skip_attributes()
        type = p.type()
        p.expect(",")
        args = (type, p.typed())
    elif op == "store":
        p.accept("atomic")
        p.skip_attributes()
        value = p.typed()
        p.expect(",")
        args = (value, p.typed())
    elif op == "getelementptr":
        source = p.type()
        operands = []
        while p.accept(","):
            operands.append(p.typed())
        args = (source, tuple(operands))
    elif op in CASTS:
        operand = p.typed()
        p.expect("to")
        args = (operand, p.type())
    elif op in BINARY:
        type = p.type()
        left = p.value(type)
        p.expect(",")
        args = (type, left, p.value(type))
    elif op == "icmp":
        predicate = p.next()
        type = p.type()
        left = p.value(type)
        p.expect(",")
        args = (predicate, type, left, p.value(type))
    elif op == "select":
        condition = p.typed()
        p.expect(",")
        left = p.typed()
        p.expect(",")
        args = (condition, left, p.typed())
    elif op == "phi":
        type = p.type()
        incoming = []
        while p.accept("["):
            value = p.value(type)
            p.expect(",")
            incoming.append((value, p.next()))
            p.expect("]")
            p.accept(",")
        args = (type, tuple(incoming))
    elif op == "br":
        if p.accept("label"):
            args = (None, p.next(), None)
        else:
            condition = p.typed()
            p.expect(",")
            p.expect("label")
            yes = p.next()
            p.expect(",")
            p.expect("label")
            args = (condition, yes, p.next())
    elif op == "switch":
        value = p.typed()
        p.expect(",")
        p.expect("label")
        default = p.next()
        p.expect("[")
        cases = []
        while not p.accept("]"):
            case = p.typed()
            p.expect(",")
            p.expect("label")
            cases.append((case[1].value, p.next()))
        args = (value, default, tuple(cases))
    elif op == "ret":
        args = () if p.accept("void") else (p.typed(),)
    elif op == "call":
        args = call(p)
    elif op == "extractvalue":
        operand = p.typed()
        p.expect(",")
        args = (operand, int(p.next()))
    elif op in ("unreachable", "fence"):
        args = ()
    else:
        # Nothing that is proved executes it: see Machine.step()
        args = ()
    return Instruction(result, op, args, line.strip())


def call(p):
    type = p.type()
    if p.accept("asm"):
        return type, None, ()
    if isinstance(type, Pointer) and p.peek() == "(":
        p.type_list(")")
    callee = p.value(Pointer())
    p.expect("(")
    operands = []
    while not p.accept(")"):
        p.skip_attributes()
        if p.accept("metadata"):
            raise SyntaxError(p.text)
        operands.append(p.typed())
        p.accept(",")
    return type, callee, tuple(operands)


class Body:
    """A function: the names of its parameters and its blocks, in the order of text"""

    def __init__(self, name, result, parameters):
        self.name = name
        self.result = result
        self.parameters = parameters
        self.order = []
        self.blocks = {}


class Module:
    def __init__(self, text):
        self.types = {}
        self.globals = {}
        self.functions = {}
        body = block = None
        lines = iter(text.split("\n"))
        for line in lines:
            if body is None:
                body = self.top(line)
                block = None
                continue
            if line == "}":
                body = None
                continue
            line = line.split(" ;")[0]
            label = re.match(r'^("[^"]*"|[-\w.$]+):', line)
            if label:
                block = "%" + label[1]
                body.order.append(block)
                body.blocks[block] = []
            elif line.strip():
                while line.lstrip().startswith("switch") and "]" not in line:
                    line += " " + next(lines)
                body.blocks[block].append(line)

    def top(self, line):
        if line.startswith("%"):
            p = Parser(line)
            name = p.next()
            p.expect("=")
            p.expect("type")
            self.types[name] = p.type()
        elif line.startswith("@"):
            p = Parser(line)
            name = p.next()
            p.expect("=")
            external = "external" in p.tokens[:6]
            p.skip_attributes()
            while p.peek() not in ("global", "constant"):
                if p.peek() == "":
                    return None
                p.next()
            constant = p.next() == "constant"
            type = p.type()
            value = None if external else p.value(type)
            self.globals[name] = (type, value, constant)
        elif line.startswith("define"):
            return self.define(line)
        return None

    def define(self, line):
        p = Parser(line)
        p.next()
        p.skip_attributes()
        result = p.type()
        name = p.next()
        p.expect("(")
        parameters = []
        while not p.accept(")"):
            if p.accept("..."):
                continue
            p.skip_attributes()
            type = p.type()
            p.skip_attributes()
            parameters.append((type, p.next()))
            p.accept(",")
        self.functions[name] = body = Body(name, result, parameters)
        return body

    def code(self, body, block):
        """The instructions of a block, read when it is first executed"""
        code = body.blocks[block]
        if code and isinstance(code[0], str):
            code[:] = [instruction(line) for line in code]
        return code

    def size(self, type):
        if isinstance(type, Int):
            return max(1, type.bits // 8)
        if isinstance(type, Pointer):
            return 8
        if isinstance(type, Array):
            return type.nr * self.size(type.element)
        if isinstance(type, Named):
            return self.size(self.types[type.name])
        if isinstance(type, Struct):
            end = self.offset(type, len(type.members))
            align = self.align(type)
            return (end + align - 1) // align * align
        raise TypeError(type)

    def align(self, type):
        if isinstance(type, Array):
            return self.align(type.element)
        if isinstance(type, Named):
            return self.align(self.types[type.name])
        if isinstance(type, Struct):
            if type.packed:
                return 1
            return max([self.align(m) for m in type.members] or [1])
        return min(self.size(type), 16 if isinstance(type, Int) and type.bits > 64 else 8)

    def offset(self, type, index):
        """The offset of a member, the end of the last one if there is none"""
        at = 0
        for i, member in enumerate(type.members):
            align = 1 if type.packed else self.align(member)
            at = (at + align - 1) // align * align
            if i == index:
                return at
            at += self.size(member)
        return at
