# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
"""
Translate a condition on bit-vectors to linear arithmetic of integers.

A bit-vector of w bits is an integer from 0 to 2^w - 1. What an operation drops is a
multiple of a power of two, for which there is a variable with the only value that
it can have. The translation is therefore exact. It decides chains of additions and
comparisons at once that take long as bits. NotLinear is raised for operations
that are not linear.
"""

import z3


class NotLinear(Exception):
    pass


class Translation:
    def __init__(self):
        self.known = {}
        self.facts = []
        self.nr = 0

    def variable(self, least, most):
        self.nr += 1
        v = z3.Int("integer %d" % self.nr)
        self.facts.append(z3.And(v >= least, v <= most))
        return v

    def part(self, value, bits, low, high):
        """Bits low to high of an integer of this many bits"""
        if low == 0 and high == bits - 1:
            return value
        middle = self.variable(0, 2 ** (high - low + 1) - 1)
        below = self.variable(0, 2**low - 1) if low else 0
        above = self.variable(0, 2 ** (bits - 1 - high) - 1) if high < bits - 1 else 0
        self.facts.append(value == above * 2 ** (high + 1) + middle * 2**low + below)
        return middle

    def wrap(self, value, bits, least, most):
        """An integer modulo 2^bits; it is between least and most times 2^bits"""
        result = self.variable(0, 2**bits - 1)
        carry = self.variable(least, most)
        self.facts.append(value == result + carry * 2**bits)
        return result

    def of(self, e):
        key = e.get_id()
        if key not in self.known:
            # The expression is kept, so that its number stays its own
            self.known[key] = (self.translate(e), e)
        return self.known[key][0]

    def translate(self, e):
        kind = e.decl().kind()
        if z3.is_bool(e):
            return self.condition(e, kind)
        bits = e.size()
        if z3.is_bv_value(e):
            return z3.IntVal(e.as_long())
        if kind == z3.Z3_OP_UNINTERPRETED and e.num_args() == 0:
            return self.variable(0, 2**bits - 1)
        if kind == z3.Z3_OP_ITE:
            return z3.If(*[self.of(c) for c in e.children()])
        if kind == z3.Z3_OP_BMUL:
            return self.product(e, bits)
        if kind in (z3.Z3_OP_BUDIV, z3.Z3_OP_BUREM, z3.Z3_OP_BUDIV_I,
                    z3.Z3_OP_BUREM_I):
            return self.quotient(e, kind)
        if kind in (z3.Z3_OP_BSHL, z3.Z3_OP_BLSHR):
            return self.shift(e, kind, bits)
        if kind == z3.Z3_OP_BAND:
            return self.mask(e, bits)
        args = [self.of(c) for c in e.children()]
        if kind == z3.Z3_OP_BADD:
            return self.wrap(sum(args), bits, 0, len(args) - 1)
        if kind == z3.Z3_OP_BSUB:
            return self.wrap(args[0] - sum(args[1:]), bits, 1 - len(args), 0)
        if kind == z3.Z3_OP_BNEG:
            return self.wrap(-args[0], bits, -1, 0)
        if kind == z3.Z3_OP_BNOT:
            return 2**bits - 1 - args[0]
        if kind == z3.Z3_OP_EXTRACT:
            high, low = e.params()
            return self.part(args[0], e.arg(0).size(), low, high)
        if kind == z3.Z3_OP_ZERO_EXT:
            return args[0]
        if kind == z3.Z3_OP_CONCAT:
            value = 0
            for child, arg in zip(e.children(), args):
                value = value * 2 ** child.size() + arg
            return value
        raise NotLinear(str(e.decl()))

    def product(self, e, bits):
        constant, rest = 1, []
        for c in e.children():
            if z3.is_bv_value(c):
                constant *= c.as_signed_long()
            else:
                rest.append(c)
        if len(rest) != 1:
            raise NotLinear("a product")
        value = constant * self.of(rest[0])
        return self.wrap(value, bits, min(constant, 0), max(constant, 0))

    def quotient(self, e, kind):
        if not z3.is_bv_value(e.arg(1)) or e.arg(1).as_long() == 0:
            raise NotLinear("a quotient")
        divisor = e.arg(1).as_long()
        quotient = self.variable(0, 2 ** e.size() - 1)
        rest = self.variable(0, divisor - 1)
        self.facts.append(self.of(e.arg(0)) == quotient * divisor + rest)
        return quotient if kind in (z3.Z3_OP_BUDIV, z3.Z3_OP_BUDIV_I) else rest

    def shift(self, e, kind, bits):
        if not z3.is_bv_value(e.arg(1)) or e.arg(1).as_long() >= bits:
            raise NotLinear("a shift")
        by = e.arg(1).as_long()
        value = self.of(e.arg(0))
        if kind == z3.Z3_OP_BLSHR:
            return self.part(value, bits, by, bits - 1)
        return self.part(value, bits, 0, bits - 1 - by) * 2**by

    def mask(self, e, bits):
        if e.num_args() != 2:
            raise NotLinear("a mask")
        value, mask = e.arg(0), e.arg(1)
        if z3.is_bv_value(value):
            value, mask = mask, value
        if not z3.is_bv_value(mask):
            raise NotLinear("a mask")
        text = format(mask.as_long(), "0%db" % bits)
        total = 0
        at = 0		# each run of ones is a part
        while at < bits:
            if text[bits - 1 - at] == "1":
                high = at
                while high + 1 < bits and text[bits - 2 - high] == "1":
                    high += 1
                total = total + self.part(self.of(value), bits, at, high) * 2**at
                at = high
            at += 1
        return total

    def condition(self, e, kind):
        args = [self.of(c) for c in e.children()]
        simple = {
            z3.Z3_OP_ULEQ: lambda: args[0] <= args[1],
            z3.Z3_OP_ULT: lambda: args[0] < args[1],
            z3.Z3_OP_UGEQ: lambda: args[0] >= args[1],
            z3.Z3_OP_UGT: lambda: args[0] > args[1],
            z3.Z3_OP_EQ: lambda: args[0] == args[1],
            z3.Z3_OP_IFF: lambda: args[0] == args[1],
            z3.Z3_OP_XOR: lambda: args[0] != args[1],
            z3.Z3_OP_DISTINCT: lambda: z3.Distinct(*args),
            z3.Z3_OP_NOT: lambda: z3.Not(args[0]),
            z3.Z3_OP_AND: lambda: z3.And(*args),
            z3.Z3_OP_OR: lambda: z3.Or(*args),
            z3.Z3_OP_IMPLIES: lambda: z3.Implies(*args),
            z3.Z3_OP_ITE: lambda: z3.If(*args),
            z3.Z3_OP_TRUE: lambda: z3.BoolVal(True),
            z3.Z3_OP_FALSE: lambda: z3.BoolVal(False),
        }
        if kind in simple:
            return simple[kind]()
        if kind == z3.Z3_OP_UNINTERPRETED and not args:
            self.nr += 1
            return z3.Bool("condition %d" % self.nr)
        half = 2 ** (e.arg(0).size() - 1) if args else 0
        signed = [z3.If(a >= half, a - 2 * half, a) for a in args]
        by_sign = {
            z3.Z3_OP_SLEQ: lambda: signed[0] <= signed[1],
            z3.Z3_OP_SLT: lambda: signed[0] < signed[1],
            z3.Z3_OP_SGEQ: lambda: signed[0] >= signed[1],
            z3.Z3_OP_SGT: lambda: signed[0] > signed[1],
        }
        if kind in by_sign:
            return by_sign[kind]()
        raise NotLinear(str(e.decl()))


def check(conditions, tries, steps):
    """
    The answer of a solver for integers, unknown if it is not linear. The order in
    which the solver decides is the luck of a seed, so it gets several of them, each
    for so many steps. Steps are the same on every machine, seconds are not.
    """
    t = Translation()
    try:
        linear = [t.of(z3.simplify(c)) for c in conditions]
    except NotLinear:
        return "unknown"
    answer = "unknown"
    for seed in range(tries):
        # The older simplex is by far the faster one here
        solver = z3.SimpleSolver()
        solver.set("arith.solver", 2)
        solver.set("random_seed", seed)
        solver.set("rlimit", steps)
        solver.add(*linear)
        solver.add(*t.facts)
        answer = str(solver.check())
        if answer != "unknown":
            break
        steps += steps
    return answer
