# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
"""
Execute a function of an LLVM module for all inputs at once.

A value is a bit-vector, a condition (i1) or a list of guarded addresses. Where paths
join, their states become one state, whose values depend on the conditions of the
paths. Memory that was not written holds any value. The proofs are conditions that
hold on every path that reaches them.

The functions of a proof (prove.h):

 - any_u64() and the like return any value, any_bytes() bytes that are only read;
 - assume() restricts the inputs, prove() states what has to hold;
 - stub_F() in the proof is executed where the library calls F();
 - invariant_of_F() in the proof is the invariant of the loops of F(), with
   invariant_2_of_F() for the second one if it is another. The parameters
   are variables of F() by name. It is proved where a loop begins and at the end of an
   arbitrary round. Loops of other functions are executed round by round.
"""

from z3 import (
    And, BitVec, BitVecVal, Bool, BoolVal, Concat, Extract, If, Implies, LShR, Not, Or,
    SignExt, Solver, UDiv, UGE, UGT, ULE, ULT, URem, ZeroExt, is_bv_value, is_false,
    is_true, simplify, unsat,
)

import llvm

TRUE = BoolVal(True)
FALSE = BoolVal(False)
ROUNDS = 80		# of a loop without an invariant


def fold(condition):
    return simplify(condition)


def both(a, b):
    if is_true(a):
        return b
    if is_true(b):
        return a
    return FALSE if is_false(a) or is_false(b) else And(a, b)


def conjunction(conditions):
    if not conditions:
        return TRUE
    return conditions[0] if len(conditions) == 1 else And(*conditions)


def opposite(condition):
    if is_true(condition):
        return FALSE
    return TRUE if is_false(condition) else Not(condition)


def complementary(a, b):
    """Whether two paths differ in the last condition alone, which is a or not a"""
    if len(a) != len(b) or not a or any(
            not x.eq(y) for x, y in zip(a[:-1], b[:-1])):
        return False
    return a[-1].eq(opposite(b[-1])) or b[-1].eq(opposite(a[-1]))


def common_length(paths):
    nr = 0
    while all(len(p) > nr and p[nr].eq(paths[0][nr]) for p in paths):
        nr += 1
    return nr


def union(paths):
    """The conditions of paths that join"""
    paths = list(paths)
    merged = True
    while merged and len(paths) > 1:
        merged = False
        for i in range(len(paths)):
            for j in range(i):
                if complementary(paths[i], paths[j]):
                    paths[j] = paths[j][:-1]
                    del paths[i]
                    merged = True
                    break
            if merged:
                break
    nr = common_length(paths)
    rests = [p[nr:] for p in paths]
    if any(not rest for rest in rests):
        return paths[0][:nr]
    return paths[0][:nr] + (Or(*[conjunction(rest) for rest in rests]),)


def number(value, bits=64):
    return BitVecVal(value, bits)


class Object:
    """Memory that an address can point to: @size bytes, None if it is a number"""

    def __init__(self, name, size, bytes=None, constant=False):
        self.name = name
        self.size = size
        self.bytes = bytes		# of an input: its symbolic size
        self.constant = constant
        self.base = BitVec("address of " + name, 64)


class Address:
    """Guarded pairs of an object and an offset; without an object it is a number"""

    def __init__(self, choices):
        self.choices = choices

    @staticmethod
    def of(object, offset=0):
        return Address([(TRUE, object, number(offset))])


NULL = Address.of(None)


class State:
    """Memory, and the conditions of the path to it"""

    def __init__(self, conditions, memory):
        self.conditions = conditions
        self.memory = memory

    @property
    def path(self):
        return conjunction(self.conditions)

    def copy(self, condition=TRUE):
        state = State(self.conditions, dict(self.memory))
        state.restrict(condition)
        return state

    def restrict(self, condition):
        if not is_true(condition):
            self.conditions += (condition,)


class Machine:
    def __init__(self, module, case=None):
        self.module = module
        self.case = case		# what each_of() returns
        self.objects = {}
        self.initial = {}
        self.seen_bytes = {}
        self.goals = []			# (text, condition)
        self.facts = []			# about addresses
        self.faults = []		# paths that have no defined meaning
        self.quiet = 0
        self.nr = 0
        self.calls = 0

    # Values

    def fresh(self, what):
        self.nr += 1
        return "%s#%d" % (what, self.nr)

    def any(self, type, what):
        type = self.resolve(type)
        if isinstance(type, llvm.Int):
            name = self.fresh(what)
            return Bool(name) if type.bits == 1 else BitVec(name, type.bits)
        if isinstance(type, llvm.Pointer):
            return Address([(TRUE, None, BitVec(self.fresh(what), 64))])
        raise TypeError("any %s for %s" % (type, what))

    def resolve(self, type):
        while isinstance(type, llvm.Named):
            type = self.module.types[type.name]
        return type

    def object_of(self, name):
        if name not in self.objects:
            if name in self.module.globals:
                type, _, constant = self.module.globals[name]
                size = self.module.size(type)
            else:
                size, constant = 1, True	# a function
            # cvc5 reserves names that begin with @
            self.objects[name] = Object(name[1:], size, constant=constant)
        return self.objects[name]

    def fill_global(self, object, name):
        """The first content of a global"""
        type, value, constant = self.module.globals[name]
        if value is not None:
            self.fill(object, 0, type, value)

    def fill(self, object, at, type, value):
        resolved = self.resolve(type)
        if isinstance(value, (llvm.Zero, llvm.Null)) and not isinstance(
            resolved, (llvm.Int, llvm.Pointer)
        ):
            for i in range(self.module.size(type)):
                self.initial[object, at + i] = (1, number(0, 8))
        elif isinstance(value, llvm.Text):
            for i, byte in enumerate(value.bytes):
                self.initial[object, at + i] = (1, number(byte, 8))
        elif isinstance(value, llvm.Aggregate):
            for i, (member_type, member) in enumerate(value.members):
                if isinstance(resolved, llvm.Array):
                    offset = i * self.module.size(member_type)
                else:
                    offset = self.module.offset(resolved, i)
                self.fill(object, at + offset, member_type, member)
        else:
            self.initial[object, at] = (
                self.module.size(type), self.constant(type, value))

    def constant(self, type, value, registers=None):
        type = self.resolve(type)
        if isinstance(value, llvm.Reg):
            return registers[value.name]
        if isinstance(value, llvm.Const):
            if isinstance(type, llvm.Int) and type.bits == 1:
                return BoolVal(bool(value.value & 1))
            return number(value.value, type.bits)
        if isinstance(value, (llvm.Null, llvm.Zero)):
            if isinstance(type, llvm.Pointer):
                return NULL
            return FALSE if type.bits == 1 else number(0, type.bits)
        if isinstance(value, llvm.Undef):
            return self.any(type, "undefined")
        if isinstance(value, llvm.Global):
            new = value.name not in self.objects
            object = self.object_of(value.name)
            if new and value.name in self.module.globals:
                self.fill_global(object, value.name)
            return Address.of(object)
        if isinstance(value, llvm.Expr):
            if value.op == "getelementptr":
                return self.element(value.type, [
                    (t, self.constant(t, v, registers)) for t, v in value.operands])
            t, v = value.operands[0]
            return self.cast(value.op, t, self.constant(t, v, registers), value.to)
        raise TypeError(value)

    def base(self, object):
        """Where an object is, if that matters: anywhere but at 0"""
        fact = object.base != 0
        if not any(fact.eq(f) for f in self.facts):
            self.facts.append(fact)
        return object.base

    def integer(self, address):
        result = None
        for guard, object, offset in address.choices:
            value = offset if object is None else self.base(object) + offset
            result = value if result is None else If(guard, value, result)
        return simplify(result)

    def cast(self, op, source, value, to):
        to = self.resolve(to)
        if op == "bitcast" or (
            op in ("ptrtoint", "inttoptr") and isinstance(value, Address)
            and isinstance(to, llvm.Pointer)
        ):
            return value
        if op == "ptrtoint":
            return self.integer(value)
        if op == "inttoptr":
            return Address([(TRUE, None, value)])
        if op == "trunc":
            if to.bits == 1:
                return Extract(0, 0, value) == 1
            return Extract(to.bits - 1, 0, value)
        bits = self.resolve(source).bits
        if bits == 1:
            one = -1 if op == "sext" else 1
            return If(value, number(one, to.bits), number(0, to.bits))
        extend = ZeroExt if op == "zext" else SignExt
        return extend(to.bits - bits, value)

    def element(self, type, operands):
        """getelementptr"""
        address = operands[0][1]
        step = number(0)
        for i, (_, index) in enumerate(operands[1:]):
            wide = SignExt(64 - index.size(), index) if index.size() < 64 else index
            if i == 0:
                step = step + wide * self.module.size(type)
                continue
            type = self.resolve(type)
            if isinstance(type, llvm.Array):
                type = type.element
                step = step + wide * self.module.size(type)
            else:
                member = simplify(index).as_long()
                step = step + self.module.offset(type, member)
                type = type.members[member]
        return Address([
            (g, o, simplify(offset + step)) for g, o, offset in address.choices])

    def choose(self, condition, a, b):
        """The value of two paths that join"""
        if a is b:
            return a
        if isinstance(a, Address) or isinstance(b, Address):
            if not isinstance(a, Address):
                a = Address([(TRUE, None, a)])
            if not isinstance(b, Address):
                b = Address([(TRUE, None, b)])
            choices = []
            for guard, object, offset in [
                (both(condition, g), o, f) for g, o, f in a.choices
            ] + [(both(Not(condition), g), o, f) for g, o, f in b.choices]:
                for i, (g, o, f) in enumerate(choices):
                    if o is object and f.eq(offset):
                        choices[i] = (Or(g, guard), o, f)
                        break
                else:
                    choices.append((guard, object, offset))
            if len(choices) == 1:
                choices = [(TRUE,) + choices[0][1:]]
            return Address(choices)
        return a if a.eq(b) else If(condition, a, b)

    # Memory

    def fault(self, path, why):
        if not self.quiet and not is_false(fold(path)):
            self.faults.append((path, why))

    def default(self, object, offset, size):
        """What memory holds that was not written, a byte if it overlaps others"""
        key = (object, offset)
        if key in self.initial and self.initial[key][0] == size:
            return self.initial[key][1]
        for at in range(offset - 15, offset + size):
            known = self.initial.get((object, at))
            if known and at + known[0] > offset:
                return None
        name = self.fresh("%s+%d" % (object.name, offset))
        self.initial[key] = (size, BitVec(name, 8 * size))
        return self.initial[key][1]

    def byte(self, state, object, offset):
        for at in range(offset, offset - 16, -1):
            for memory in (state.memory, self.initial):
                known = memory.get((object, at))
                if not known or at + known[0] <= offset:
                    continue
                if memory is self.initial and self.overwritten(state, object, offset):
                    continue
                value = known[1]
                if isinstance(value, Address):
                    value = self.integer(value)
                low = 8 * (offset - at)
                return Extract(low + 7, low, value) if known[0] > 1 else value
        return self.default(object, offset, 1)

    def overwritten(self, state, object, offset):
        return any(
            (object, at) in state.memory
            and at + state.memory[object, at][0] > offset
            for at in range(offset, offset - 16, -1)
        )

    def cell(self, state, object, offset, size):
        known = state.memory.get((object, offset))
        if known and known[0] == size:
            return known[1]
        touched = known or any(
            self.overwritten(state, object, offset + i) for i in range(size))
        if not touched:
            value = self.default(object, offset, size)
            if value is not None:
                return value
        parts = [self.byte(state, object, offset + i) for i in range(size)]
        return Concat(*reversed(parts)) if size > 1 else parts[0]

    def offsets(self, object, offset, size, path):
        """The offsets that an access can have, each with its condition"""
        if is_bv_value(offset):
            at = offset.as_long()
            if at + size > object.size:
                self.fault(path, "outside of " + object.name)
                return []
            return [(TRUE, at)]
        self.fault(both(path, UGT(offset, object.size - size)),
                   "outside of " + object.name)
        if object.size > 4096:
            raise OverflowError("any place in " + object.name)
        return [(offset == at, at) for at in range(0, object.size - size + 1)
                if object.size <= 64 or at % size == 0]

    def load(self, state, type, address):
        type = self.resolve(type)
        size = self.module.size(type)
        result = None
        for guard, object, offset in address.choices:
            path = both(state.path, guard)
            if object is None:
                self.fault(path, "no object at this address")
                continue
            if object.bytes is not None:
                self.fault(both(path, Or(UGT(number(size), object.bytes),
                                         UGT(offset, object.bytes - size))),
                           "outside of " + object.name)
                value = self.input(object, offset, size)
                result = value if result is None else self.choose(guard, value, result)
                continue
            for here, at in self.offsets(object, offset, size, path):
                value = self.as_type(type, self.cell(state, object, at, size))
                where = both(guard, here)
                result = value if result is None else self.choose(where, value, result)
        if result is None:
            return self.any(type, "nowhere")
        return self.as_type(type, result)

    def input(self, object, offset, size):
        parts = []
        for i in range(size):
            key = (object, simplify(offset + i).sexpr())
            if key not in self.seen_bytes:
                self.seen_bytes[key] = BitVec(self.fresh(object.name + "[]"), 8)
            parts.append(self.seen_bytes[key])
        return Concat(*reversed(parts)) if size > 1 else parts[0]

    def as_type(self, type, value):
        if isinstance(type, llvm.Pointer) and not isinstance(value, Address):
            return Address([(TRUE, None, value)])
        if isinstance(type, llvm.Int):
            if isinstance(value, Address):
                return self.integer(value)
            if type.bits == 1 and value.sort().name() != "Bool":
                return Extract(0, 0, value) == 1
        return value

    def store(self, state, type, value, address):
        size = self.module.size(self.resolve(type))
        if not isinstance(value, Address) and value.sort().name() == "Bool":
            value = If(value, number(1, 8), number(0, 8))
        for guard, object, offset in address.choices:
            path = both(state.path, guard)
            if object is None or object.constant or object.bytes is not None:
                self.fault(path, "not writable")
                continue
            for here, at in self.offsets(object, offset, size, path):
                where = both(guard, here)
                new = value
                if not is_true(where):
                    old = self.cell(state, object, at, size)
                    new = self.choose(where, value, old)
                self.put(state, object, at, size, new)

    def put(self, state, object, at, size, value):
        """Write a cell; what it cuts of others becomes bytes"""
        for low in range(at - 15, at + size):
            known = state.memory.get((object, low))
            if known and low + known[0] > at and (low, known[0]) != (at, size):
                rest = [(i, self.byte(state, object, i))
                        for i in range(low, low + known[0])]
                del state.memory[object, low]
                for i, byte in rest:
                    state.memory[object, i] = (1, byte)
        for i in range(at, at + size):
            state.memory.pop((object, i), None)
        state.memory[object, at] = (size, value)

    def join(self, states):
        """One state of several, whose paths exclude each other"""
        states = [s for s in states if s is not None]
        if len(states) < 2:
            return states[0] if states else None
        nr = common_length([s.conditions for s in states])
        memory = states[0].memory
        for other in states[1:]:
            memory = self.join_two(conjunction(other.conditions[nr:]), other,
                                   State((), memory))
        return State(union(s.conditions for s in states), memory)

    def join_two(self, condition, a, b):
        memory = {}
        for key in dict.fromkeys(list(a.memory) + list(b.memory)):
            x, y = a.memory.get(key), b.memory.get(key)
            if x is y:
                memory[key] = x
                continue
            object, at = key
            size = max(known[0] for known in (x, y) if known)
            values = [
                s.memory[key][1] if key in s.memory and s.memory[key][0] == size
                else self.cell(s, object, at, size)
                for s in (a, b)
            ]
            memory[key] = (size, self.choose(condition, *values))
        # A wide cell replaces the narrow ones that it covers
        for (object, at), (size, _) in list(memory.items()):
            for i in range(1, size):
                memory.pop((object, at + i), None)
        return memory

    # Execution

    def call(self, name, operands, state, caller):
        """Returns the state behind the call and the value"""
        intrinsic = getattr(self, "do_" + name[1:].replace(".", "_"), None)
        if intrinsic:
            return intrinsic(state, operands)
        for prefix, method in (
            ("@llvm.memset", self.memset), ("@llvm.memcpy", self.memcpy),
            ("@memset", self.memset), ("@memcpy", self.memcpy),
            ("@llvm.ctlz", self.ctlz), ("@llvm.cttz", self.cttz),
            ("@llvm.", self.overflow),
        ):
            if name.startswith(prefix):
                return method(state, operands, name)
        stub = "@stub_" + name[1:]
        if stub in self.module.functions and not caller.startswith("@prove_"):
            name = stub
        body = self.module.functions.get(name)
        if body is None:
            raise NameError("no body and no stub of " + name)
        return Activation(self, body, operands).run(state)

    def step(self, activation, state, i):
        registers = activation.registers
        value = lambda typed: self.constant(typed[0], typed[1], registers)
        op, args = i.op, i.args
        if op == "load":
            result = self.load(state, args[0], value(args[1]))
        elif op == "store":
            self.store(state, args[0][0], value(args[0]), value(args[1]))
            return state
        elif op == "alloca":
            name = activation.local(i.result)
            result = Address.of(Object(name, self.module.size(args[0])))
        elif op == "getelementptr":
            result = self.element(args[0], [(o[0], value(o)) for o in args[1]])
        elif op in llvm.CASTS:
            result = self.cast(op, args[0][0], value(args[0]), args[1])
        elif op in llvm.BINARY:
            result = self.binary(state, op, self.constant(args[0], args[1], registers),
                                 self.constant(args[0], args[2], registers))
        elif op == "icmp":
            result = self.compare(args[0], self.constant(args[1], args[2], registers),
                                  self.constant(args[1], args[3], registers))
        elif op == "select":
            result = self.choose(value(args[0]), value(args[1]), value(args[2]))
        elif op == "extractvalue":
            result = value(args[0])[args[1]]
        elif op == "fence":
            return state
        elif op == "call":
            if args[1] is None:
                return state			# a compiler barrier
            if not isinstance(args[1], llvm.Global):
                raise NameError("%s calls through a pointer" % activation.body.name)
            state, result = self.call(args[1].name, [value(o) for o in args[2]], state,
                                      activation.body.name)
        else:
            raise NotImplementedError(i.text)
        if i.result:
            registers[i.result] = result
        return state

    def binary(self, state, op, x, y):
        if x.sort().name() == "Bool":
            return {"and": And, "or": Or,
                    "xor": lambda a, b: simplify(a != b)}[op](x, y)
        bits = x.size()
        if op in ("udiv", "urem", "sdiv", "srem"):
            self.fault(both(state.path, y == 0), "a division by 0")
        if op in ("shl", "lshr", "ashr"):
            self.fault(both(state.path, UGE(y, bits)), "a shift beyond the width")
        result = {
            "add": lambda: x + y, "sub": lambda: x - y, "mul": lambda: x * y,
            "and": lambda: x & y, "or": lambda: x | y, "xor": lambda: x ^ y,
            "udiv": lambda: UDiv(x, y), "urem": lambda: URem(x, y),
            "sdiv": lambda: x / y, "srem": lambda: x % y,
            "shl": lambda: x << y, "lshr": lambda: LShR(x, y), "ashr": lambda: x >> y,
        }[op]()
        return simplify(result) if is_bv_value(x) and is_bv_value(y) else result

    def compare(self, predicate, x, y):
        if isinstance(x, Address):
            if predicate in ("eq", "ne"):
                same = self.same(x, y)
                return same if predicate == "eq" else fold(Not(same))
            x, y = self.integer(x), self.integer(y)
        if x.sort().name() == "Bool":
            return x == y if predicate == "eq" else x != y
        result = {
            "eq": lambda: x == y, "ne": lambda: x != y,
            "ult": lambda: ULT(x, y), "ule": lambda: ULE(x, y),
            "ugt": lambda: UGT(x, y), "uge": lambda: UGE(x, y),
            "slt": lambda: x < y, "sle": lambda: x <= y,
            "sgt": lambda: x > y, "sge": lambda: x >= y,
        }[predicate]()
        return fold(result) if is_bv_value(x) and is_bv_value(y) else result

    def same(self, x, y):
        cases = []
        for g, o, f in x.choices:
            for h, p, e in y.choices:
                if o is p:
                    equal = f == e
                elif o is None or p is None:
                    a = f if o is None else self.base(o) + f
                    b = e if p is None else self.base(p) + e
                    fixed = f if o is None else e
                    equal = FALSE if is_bv_value(fixed) and (
                        fixed.as_long() == 0) else a == b
                else:
                    equal = FALSE		# addresses inside of two objects
                cases.append(both(both(g, h), equal))
        return fold(Or(cases))

    # Functions of the compiler

    def clear(self, state, object):
        for key in [k for k in state.memory if k[0] is object]:
            del state.memory[key]

    def memset(self, state, operands, _):
        size = simplify(operands[2])
        address, byte = operands[0], operands[1]
        byte = Extract(7, 0, byte) if byte.size() > 8 else byte
        for guard, object, offset in address.choices:
            if object is None or not is_true(guard) or not is_bv_value(offset):
                raise NotImplementedError("memset of one of several")
            at = offset.as_long()
            for i in range(0, size.as_long()):
                self.put(state, object, at + i, 1, byte)
        return state, address

    def memcpy(self, state, operands, _):
        size = simplify(operands[2]).as_long()
        to, source = operands[0], operands[1]
        chunks = [size] if size in (1, 2, 4, 8) else None
        if chunks is None:
            chunks = [8] * (size // 8) + [1] * (size % 8)
        at = 0
        for chunk in chunks:
            move = lambda a: Address([
                (g, o, simplify(f + at)) for g, o, f in a.choices])
            type = llvm.Pointer() if chunk == 8 and self.holds_address(
                state, move(source)) else llvm.Int(8 * chunk)
            self.store(state, type, self.load(state, type, move(source)), move(to))
            at += chunk
        return state, to

    def holds_address(self, state, address):
        for _, object, offset in address.choices:
            if object is not None and is_bv_value(offset):
                known = state.memory.get((object, offset.as_long()))
                if known and isinstance(known[1], Address):
                    return True
        return False

    def ctlz(self, state, operands, _):
        x = operands[0]
        bits = x.size()
        self.fault(both(state.path, And(x == 0, operands[1])), "clz of 0")
        # By halves: few levels are easier than one case for each bit
        count, width = number(0, bits), bits
        while width > 1:
            width //= 2
            upper = LShR(x, bits - width) == 0
            count = If(upper, count + width, count)
            x = If(upper, x << width, x)
        return state, count

    def cttz(self, state, operands, _):
        x = operands[0]
        bits = x.size()
        self.fault(both(state.path, And(x == 0, operands[1])), "ctz of 0")
        count, width = number(0, bits), bits
        while width > 1:
            width //= 2
            lower = x << (bits - width) == 0
            count = If(lower, count + width, count)
            x = If(lower, LShR(x, width), x)
        return state, count

    def overflow(self, state, operands, name):
        """Arithmetic with a test, which the compiler inserts"""
        part = name.split(".")
        if part[1] == "ubsantrap" or part[1] == "trap":
            self.fault(state.path, "arithmetic that is not defined")
            return None, None
        if part[1] in ("lifetime", "dbg", "assume"):
            return state, None
        if part[1] == "expect":
            return state, operands[0]
        if part[1] == "bswap":
            x = operands[0]
            return state, Concat(*[
                Extract(8 * i + 7, 8 * i, x) for i in range(x.size() // 8)])
        x, y = operands
        bits = x.size()
        extend = SignExt if part[1][0] == "s" else ZeroExt
        wide = {"add": lambda a, b: a + b, "sub": lambda a, b: a - b,
                "mul": lambda a, b: a * b}[part[1][1:]](
                    extend(bits, x), extend(bits, y))
        result = Extract(bits - 1, 0, wide)
        return state, (result, extend(bits, result) != wide)

    # Functions of a proof

    def do_assume(self, state, operands):
        condition = fold(operands[0])
        state.restrict(condition)
        return (None if is_false(condition) else state), None

    def text_of(self, address):
        object = address.choices[0][1]
        out = bytearray()
        while True:
            byte = self.initial[object, len(out)][1].as_long()
            if byte == 0:
                return out.decode()
            out.append(byte)

    def do_prove(self, state, operands):
        if not self.quiet:
            self.goals.append((self.text_of(operands[1]),
                               Implies(state.path, operands[0])))
        return state, None

    def do_any_bool(self, state, operands):
        return state, Bool(self.fresh("bool"))

    def do_any_u8(self, state, operands):
        return state, BitVec(self.fresh("u8"), 8)

    def do_any_u16(self, state, operands):
        return state, BitVec(self.fresh("u16"), 16)

    def do_any_u32(self, state, operands):
        return state, BitVec(self.fresh("u32"), 32)

    def do_any_u64(self, state, operands):
        return state, BitVec(self.fresh("u64"), 64)

    def do_each_of(self, state, operands):
        return state, number(self.case, 32)

    def do_any_bytes(self, state, operands):
        object = Object(self.fresh("bytes"), None, bytes=operands[0])
        return state, Address.of(object)

    def do_any_contents(self, state, operands):
        """The object holds any value from now on"""
        for guard, object, offset in operands[0].choices:
            if not is_true(guard):
                raise NotImplementedError("contents of one of several")
            for key in [k for k in self.initial if k[0] is object]:
                size = self.initial[key][0]
                self.put(state, object, key[1], size,
                         BitVec(self.fresh(object.name), 8 * size))
        return state, None

    def feasible(self, path):
        if is_false(path):
            return False
        solver = Solver()
        solver.set("rlimit", 1000000)
        solver.add(path)
        return solver.check() != unsat


class Activation:
    """One call of a function"""

    def __init__(self, machine, body, operands):
        machine.calls += 1
        if machine.calls > 20000:
            raise RecursionError(body.name)
        self.machine = machine
        self.body = body
        self.id = machine.calls
        self.registers = {
            name: operand for (_, name), operand in zip(body.parameters, operands)}
        self.index = {name: i for i, name in enumerate(body.order)}
        self.loops = self.find_loops()
        self.invariants = {}
        for i, header in enumerate(sorted(self.loops, key=self.index.get)):
            for name in ("@invariant_%d_of_" % (i + 1), "@invariant_of_"):
                function = machine.module.functions.get(name + body.name[1:])
                if function:
                    self.invariants[header] = function
                    break

    def local(self, name):
        return "%s.%s.%d" % (self.body.name[1:], name[1:], self.id)

    def targets(self, block):
        last = self.machine.module.code(self.body, block)[-1]
        if last.op == "br":
            return [last.args[1]] + ([last.args[2]] if last.args[2] else [])
        if last.op == "switch":
            return [last.args[1]] + [target for _, target in last.args[2]]
        return []

    def find_loops(self):
        """The blocks of each loop, by the block that it begins with"""
        sources = {}
        for block in self.body.order:
            for target in self.targets(block):
                sources.setdefault(target, []).append(block)
        loops = {}
        for target, all_sources in sources.items():
            for source in all_sources:
                if self.index[source] < self.index[target]:
                    continue
                blocks, todo = loops.setdefault(target, {target}), [source]
                while todo:
                    block = todo.pop()
                    if block not in blocks:
                        blocks.add(block)
                        todo += sources.get(block, [])
        return loops

    def run(self, state):
        leaves = self.blocks({self.body.order[0]: [(None, state)]}, None, None)
        returns = leaves.get("return", [])
        if not returns:
            return None, None
        nr = common_length([s.conditions for _, s in returns])
        result = returns[0][0]
        for value, s in returns[1:]:
            if value is not None:
                result = self.machine.choose(
                    conjunction(s.conditions[nr:]), value, result)
        return self.machine.join([s for _, s in returns]), result

    def blocks(self, pending, inside, header):
        """
        Execute all blocks that are pending, in the order of the text. Edges that
        leave @inside, and edges back to @header, are returned.
        """
        machine = self.machine
        leaves = {}
        rounds = {}
        while pending:
            block = min(pending, key=self.index.get)
            incoming = pending.pop(block)
            abstract = block in self.invariants and block != header
            state = self.enter(block, incoming)
            if state is None:
                continue
            if abstract:
                for target, edges in self.any_round(block, state).items():
                    if target == "return":
                        leaves.setdefault(target, []).extend(edges)
                    else:
                        self.follow(target, edges, pending, leaves, inside, header)
                continue
            if block in self.loops and block != header:
                rounds[block] = rounds.get(block, 0) + 1
                if rounds[block] > ROUNDS:
                    raise RecursionError("the loops of %s need an invariant"
                                         % self.body.name)
                if rounds[block] > 2 and not machine.feasible(state.path):
                    continue
            for target, edge in self.execute(block, state):
                if target == "return":
                    leaves.setdefault(target, []).append(edge)
                else:
                    self.follow(target, [edge], pending, leaves, inside, header)
        return leaves

    def follow(self, target, edges, pending, leaves, inside, header):
        leaving = target == header or (inside is not None and target not in inside)
        (leaves if leaving else pending).setdefault(target, []).extend(edges)

    def enter(self, block, incoming):
        """Join the paths into a block"""
        machine = self.machine
        phis = [i for i in machine.module.code(self.body, block) if i.op == "phi"]
        values = {}
        nr = common_length([state.conditions for _, state in incoming])
        for i in phis:
            type, by_source = i.args
            by_source = {source: v for v, source in by_source}
            for source, state in incoming:
                value = machine.constant(type, by_source[source], self.registers)
                values[i.result] = value if i.result not in values else (
                    machine.choose(conjunction(state.conditions[nr:]), value,
                                   values[i.result]))
        self.registers.update(values)
        return machine.join([state for _, state in incoming])

    def execute(self, block, state):
        """The edges out of a block, each a target and what is true there"""
        machine = self.machine
        for i in machine.module.code(self.body, block):
            if i.op == "phi":
                continue
            if i.op == "unreachable":
                machine.fault(state.path, "unreachable")
                return []
            if i.op == "ret":
                value = i.args[0] if i.args else None
                if value is not None:
                    value = machine.constant(value[0], value[1], self.registers)
                return [("return", (value, state))]
            if i.op == "br":
                return self.branch(block, state, i)
            if i.op == "switch":
                return self.switch(block, state, i)
            state = machine.step(self, state, i)
            if state is None:
                return []
        raise SyntaxError(block)

    def branch(self, block, state, i):
        if i.args[0] is None:
            return [(i.args[1], (block, state))]
        condition = fold(self.machine.constant(*i.args[0], self.registers))
        return [
            (target, (block, state.copy(where)))
            for target, where in ((i.args[1], condition),
                                  (i.args[2], opposite(condition)))
            if not is_false(where)
        ]

    def switch(self, block, state, i):
        value = self.machine.constant(*i.args[0], self.registers)
        edges = []
        for case, target in i.args[2]:
            here = fold(value == number(case, value.size()))
            if not is_false(here):
                edges.append((target, (block, state.copy(here))))
            if is_true(here):
                return edges
            state = state.copy(opposite(here))
        return edges + [(i.args[1], (block, state))]

    # Loops with an invariant

    def evaluate_invariant(self, header, state):
        """Its parameters have the names of variables of the function"""
        machine = self.machine
        operands = []
        invariant = self.invariants[header]
        for type, name in invariant.parameters:
            at = self.registers.get(name + ".addr") or self.registers[name]
            operands.append(machine.load(state, type, at))
        return Activation(machine, invariant, operands).run(state)

    def check_invariant(self, header, state, text):
        machine = self.machine
        _, holds = self.evaluate_invariant(header, state.copy())
        if not machine.quiet and not is_true(holds):
            machine.goals.append((text % self.body.name[1:],
                                  Implies(state.path, holds)))
        return holds

    def any_round(self, header, state):
        """
        Execute an arbitrary round: what the loop changes holds any value that the
        invariant permits. Returns the edges out of the loop.
        """
        machine = self.machine
        inside = self.loops[header]
        self.check_invariant(header, state, "invariant of %s: first")
        changed = {}
        machine.quiet += 1
        while True:
            saved = dict(self.registers)
            start = self.any_state(state, changed)
            # The copy, since a block changes the state that it begins with
            backs = self.blocks({header: [(None, start.copy())]}, inside, header).get(
                header, [])
            self.registers = saved
            more = self.differences(start, [s for _, s in backs], changed, state)
            if not more:
                break
        machine.quiet -= 1
        start = self.any_state(state, changed)
        _, holds = self.evaluate_invariant(header, start.copy())
        start.restrict(holds)
        leaves = self.blocks({header: [(None, start)]}, inside, header)
        for _, back in leaves.pop(header, []):
            self.check_invariant(header, back, "invariant of %s: kept")
        return leaves

    def any_state(self, state, changed):
        start = state.copy()
        for (object, at), (size, choices) in changed.items():
            if choices:
                value = None
                for o, offsets in choices.items():
                    offset = (next(iter(offsets.values())) if len(offsets) == 1
                              else BitVec(self.machine.fresh("offset"), 64))
                    one = Address([(TRUE, o, offset)])
                    value = one if value is None else self.machine.choose(
                        Bool(self.machine.fresh("which")), one, value)
            else:
                value = BitVec(self.machine.fresh(object.name), 8 * size)
            self.machine.put(start, object, at, size, value)
        return start

    def differences(self, start, backs, changed, before):
        """Add to @changed what a round changes; returns whether it did"""
        more = False
        for back in backs:
            for key, (size, value) in back.memory.items():
                known = start.memory.get(key)
                if known and known[1] is value:
                    continue
                if not known and not self.is_older(key[0]):
                    continue
                if isinstance(value, Address):
                    old = self.machine.as_type(llvm.Pointer(), self.machine.cell(
                        before, key[0], key[1], size))
                    size, choices = changed.setdefault(key, (size, {}))
                    for _, o, f in old.choices + value.choices:
                        offsets = choices.setdefault(o, {})
                        if f.sexpr() not in offsets and len(offsets) < 2:
                            offsets[f.sexpr()] = f
                            more = True
                elif key not in changed:
                    if known and not isinstance(known[1], Address) and (
                            known[1].eq(value)):
                        continue
                    changed[key] = (size, None)
                    more = True
        return more

    def is_older(self, object):
        """Whether the object exists outside of the calls that the loop makes"""
        parts = object.name.split(".")
        return not parts[-1].isdigit() or int(parts[-1]) <= self.id
