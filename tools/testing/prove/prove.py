#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
"""
Prove conditions about functions of lib/ for all inputs:

	prove.py O COMPILER FLAGS...

Each C file beside this one includes sources of lib/ and has proofs, see prove.h. The
compiler makes an LLVM module of it, machine.py executes a proof for all inputs, and
z3 or cvc5 decides. ONLY=REGEX restricts the proofs. Then each line of the file
"mutants" changes lib/ in one place, and the proof that it names has to fail.
"""

import glob
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import time

import z3

import integers
import llvm
import machine

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
INTEGER_STEPS = int(os.environ.get("INTEGER_STEPS", "3000000"))
# Steps and not seconds, so that other work on the machine decides nothing. The longest
# proof in bits takes 10 million.
BIT_STEPS = int(os.environ.get("BIT_STEPS", "200000000"))
CVC5_STEPS = int(os.environ.get("CVC5_STEPS", "5000000"))
JOBS = int(os.environ.get("JOBS", os.cpu_count()))

PROVE_FLAGS = """-O0 -w -g0 -S -emit-llvm -Xclang -disable-O0-optnone
-fno-discard-value-names -fsanitize=signed-integer-overflow -fsanitize-trap=all
-UVMR_PROBES""".split()


def compile(source, flags, lib, out):
    """Returns the text of the module"""
    flags = [lib if f == "-I" + TOP + "/lib" else f for f in flags]
    command = flags + PROVE_FLAGS + ["-I" + HERE, "-o", out, source]
    run = subprocess.run(command, capture_output=True, text=True, cwd=TOP)
    if run.returncode:
        sys.exit("%s\n%s" % (" ".join(command), run.stderr))
    with open(out) as text:
        return text.read()


def by_cvc5(conditions, steps):
    solver = z3.Solver()
    solver.add(*conditions)
    text = "(set-logic QF_BV)\n" + solver.to_smt2()
    try:
        run = subprocess.run(
            ["cvc5", "--lang=smt2", "--rlimit=%d" % steps, "-"],
            input=text, capture_output=True, text=True)
    except OSError:
        return "unknown"
    return run.stdout.split("\n")[0]


BITS = ("simplify", "propagate-values", "solve-eqs", "elim-uncnstr", "simplify",
        "max-bv-sharing", "bit-blast", "sat")


def decide(facts, goal):
    """proved, refuted or unknown; the prover; an input that refutes it"""
    goal = z3.simplify(goal)
    if z3.is_true(goal):
        return "proved", "at once", ""
    conditions = list(facts) + [z3.Not(goal)]
    answer, by = integers.check(conditions, 5, INTEGER_STEPS), "integers"
    solver = z3.Then(*BITS).solver()
    solver.set("rlimit", BIT_STEPS)
    solver.add(*conditions)
    if answer != "unsat":
        # An example in bits is one in the words of the proof
        answer, by = str(solver.check()), "bits"
    model = str(solver.model()) if answer == "sat" else ""
    if answer == "unknown":
        answer, by = by_cvc5(conditions, CVC5_STEPS), "cvc5"
    return {"unsat": "proved", "sat": "refuted"}.get(answer, "unknown"), by, model


def statements(module, name, case):
    """The facts and the goals of a proof; all faults are one goal"""
    m = machine.Machine(module, case)
    machine.Activation(m, module.functions["@" + name], []).run(machine.State((), {}))
    goals = {}
    for what, goal in m.goals:
        goals.setdefault(what, []).append(goal)
    goals["no access outside, nothing undefined"] = [z3.Not(path) for path, _ in m.faults] or [
        machine.TRUE]
    return m.facts, goals


def prove(job):
    """Returns a list of (what, answer, prover, seconds, example)"""
    name, file, cases, stop = job
    results = []
    try:
        with open(file) as f:
            module = llvm.Module(f.read())
        for case in cases:
            facts, goals = statements(module, name, case)
            for what, parts in goals.items():
                begin = time.process_time()
                answer, by, model = decide(facts, z3.And(*parts))
                results.append((what, answer, by, time.process_time() - begin, model))
                if stop and answer != "proved":
                    return results
    except Exception as e:  # what the machine cannot execute is not proved
        results.append(("%s: %s" % (type(e).__name__, e), "unknown", "none", 0, ""))
    return results


def report(owner, results):
    """What became of a proof or of a mutant"""
    if isinstance(owner, str):
        return summarise(owner, results)
    seen = any(r[1] == "refuted" for r in results)
    print("%s %s: %s: %s" % ("mutant    dies by" if seen else "unproved  mutant survives",
                             owner[0], owner[1], owner[3]), flush=True)
    return 0, not seen


def summarise(name, results):
    """Print a line for each statement; returns how many are proved and are not"""
    proved = others = 0
    for what in dict.fromkeys(r[0] for r in results):
        mine = [r for r in results if r[0] == what]
        worst = next((r for r in mine if r[1] != "proved"), mine[0])
        line = "%-9s %s: %s # %s, %.1f s" % (
            worst[1], name[6:], what, "+".join(sorted({r[2] for r in mine})),
            sum(r[3] for r in mine))
        if len(mine) > 1:
            line += " in %d cases" % len(mine)
        if worst[1] == "proved":
            proved += 1
        else:
            others += 1
            if worst[4]:
                line += "\n#   for example " + " ".join(worst[4].split())[:600]
        print(line, flush=True)
    return proved, others


def proofs_of(text):
    """The proofs of a module, and the number of cases of each"""
    for name, body in re.findall(r"^define [^@]*@(prove_\w+)\(.*?\{(.*?)^\}", text,
                                 re.M | re.S):
        cases = re.search(r"@each_of\(i32 [a-z ]*(\d+)\)", body)
        yield name, int(cases[1]) if cases else 1


def read_mutants():
    """Tuples of proof, file, old and new text"""
    with open(os.path.join(HERE, "mutants")) as f:
        lines = [l.rstrip("\n") for l in f if l.strip() and not l.startswith("#")]
    return [tuple(re.split(r"\t+", line)) for line in lines]


def mutate(o, mutant, number):
    """A copy of lib/ with one change"""
    _, file, old, new = mutant
    lib = os.path.join(o, "mutant-%d" % number, "lib")
    shutil.rmtree(lib, ignore_errors=True)
    shutil.copytree(os.path.join(TOP, "lib"), lib)
    path = os.path.join(lib, file)
    with open(path) as f:
        text = f.read()
    if text.count(old) != 1:
        sys.exit("mutants: %d times in lib/%s: %s" % (text.count(old), file, old))
    with open(path, "w") as f:
        f.write(text.replace(old, new))
    return lib


def jobs_of(name, file, nr_cases, stop):
    size = -(-nr_cases // (2 * JOBS)) if not stop else nr_cases
    return [(name, file, range(first, min(first + size, nr_cases)), stop)
            for first in range(0, nr_cases, size)]


def main():
    o, flags = sys.argv[1], sys.argv[2:]
    only = re.compile(os.environ.get("ONLY", ""))
    os.makedirs(o, exist_ok=True)
    proofs = {}
    for source in sorted(glob.glob(os.path.join(HERE, "*.c"))):
        out = os.path.join(o, os.path.basename(source)[:-2] + ".ll")
        text = compile(source, flags, "-I" + TOP + "/lib", out)
        for name, nr_cases in proofs_of(text):
            proofs[name] = (source, out, nr_cases)
    all_mutants = read_mutants()
    jobs = []		# (what it is for, job)
    for name, (_, out, nr_cases) in proofs.items():
        if only.search(name):
            jobs += [(name, job) for job in jobs_of(name, out, nr_cases, False)]
    for number, mutant in enumerate(all_mutants):
        name = "prove_" + mutant[0]
        if only.search(name):
            source, _, nr_cases = proofs[name]
            out = os.path.join(o, "mutant-%d.ll" % number)
            compile(source, flags, "-I" + mutate(o, mutant, number), out)
            jobs += [(mutant, job) for job in jobs_of(name, out, nr_cases, True)]
    proved = unproved = 0
    # A process for each job: the steps of one do not depend on what came before.
    with multiprocessing.Pool(JOBS, maxtasksperchild=1) as pool:
        results = []
        for i, result in enumerate(pool.imap(prove, [job for _, job in jobs])):
            results += result
            owner = jobs[i][0]
            if i + 1 < len(jobs) and jobs[i + 1][0] == owner:
                continue
            good, bad = report(owner, results)
            proved += good
            unproved += bad
            results = []
    for name in sorted(set(proofs) - {"prove_" + m[0] for m in all_mutants}):
        print("unproved  %s: no mutant" % name[6:])
        unproved += 1
    print("%d proved, %d unproved" % (proved, unproved))
    return unproved != 0


if __name__ == "__main__":
    sys.exit(main())
