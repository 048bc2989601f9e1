#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
"""
Change lib/ in one place at a time and see whether the selftests notice:

	mutation.py O KFILES

O is a directory with a built library; what is made here goes to O/mutation. SEED=
says which changes, N= how many, SHARD=2/4 does the second quarter of them, JOBS= at
a time. The state file has a line for each mutant; a second run continues the first.

A draw depends on the seed, its number and the text of the changed lines, not on the
rest of lib/: an edit elsewhere leaves it as it is. A mutant that compiles to the same
object as the original is equivalent. A mutant is killed by the first test that fails.
The file "explained" has the survivors that change nothing observable; EXPLAINED=yes
tries these too. "order" says which programs killed mutants of which folder, and
ORDER=yes prints it anew.
"""

import collections
import fcntl
import hashlib
import math
import multiprocessing
import os
import re
import resource
import select
import shutil
import signal
import subprocess
import sys
import time

import points

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
TESTS = os.path.join(TOP, "tools/testing/selftests/vmalloc")
CC = os.environ.get("CC", "gcc")
CLANG = os.environ.get("CLANG", "clang")
SEED = os.environ.get("SEED") or "1"
N = int(os.environ.get("N") or 100)
SHARD = os.environ.get("SHARD") or "1/1"
JOBS = int(os.environ.get("JOBS") or os.cpu_count())
# Programs that are left out, to see that their mutants survive without them
WITHOUT = os.environ.get("WITHOUT", "").split()
# The part of the repetitions that a test does, as in quick.sh
SETTINGS = {"VMR_TEST_DIVISOR": "32", "VMR_TEST_EXITS": "50000",
            "VMR_TEST_MOVES": "2000", "VMR_TEST_ROUNDS": "10",
            "VMR_TEST_STRESS_CYCLES": "200", "VMR_TEST_STRESS_MOVES": "2000"}
IDLE_SECONDS = 120		# without any CPU time: a deadlock


def run(command, **more):
    return subprocess.run(command, capture_output=True, text=True, **more)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def digest(*texts):
    return hashlib.sha1(b"\0".join(
        t if isinstance(t, bytes) else t.encode() for t in texts)).hexdigest()


def chance(*parts):
    """A number between 0 and 1 that depends on the parts alone"""
    return (int(digest(*parts)[:12], 16) + 0.5) / 16**12


class Library:
    """The sources, and how they are compiled"""

    def __init__(self, o, kfiles):
        self.o = os.path.join(o, "mutation")
        self.built = o
        self.kfiles = kfiles
        self.points = {}
        os.makedirs(self.o, exist_ok=True)
        self.flags = self.print_flags(CC)
        self.clang_flags = self.print_flags(CLANG)
        sources = run(["make", "-s", "-f", "-", "print"], cwd=TOP, check=True,
                      input="include lib/sources.mk\nprint:\n\t@echo $(VMR_SRCS)\n"
                      "\t@echo $(VMR_KVM)\n").stdout.split("\n")
        self.kvm = ["lib/" + s for s in sources[1].split()]
        self.sources = ["lib/" + s for s in sources[0].split()] + ["lib/port/user.c"]
        self.headers = collections.defaultdict(list)	# header: the sources with it
        for source in self.sources:
            text = read(self.object(source)[:-2] + ".d").decode()
            for header in re.findall(r"\blib/\w+/\w+\.h\b", text):
                if source not in self.headers[header]:
                    self.headers[header].append(source)
        self.files = sorted(self.sources + self.kvm + list(self.headers))
        self.text = {f: read(os.path.join(TOP, f)) for f in self.files}

    def print_flags(self, compiler):
        make = ["make", "-s", "KFILES=" + self.kfiles, "O=" + self.built,
                "CC=" + compiler, "WERROR=0", "print-cflags"]
        return run(make, cwd=TOP, check=True).stdout.replace("'", "").split()

    def object(self, source):
        """The object of the library as it is"""
        if source in self.kvm:
            return os.path.join(self.o, "base", source[:-2] + ".o")
        return os.path.join(self.built, source[:-2] + ".pic.o")

    def command(self, compiler, flags, file):
        """How a file is compiled in a copy of the tree"""
        if file in self.kvm or file.startswith("lib/kvm/"):
            return [compiler, "-std=gnu11", "-O2", "-I" + TOP + "/include"]
        return [compiler] + [f for f in flags if f != "-g"]

    def compile(self, tree, source, out):
        """Status of compiling a source of a copy of lib/"""
        os.makedirs(os.path.dirname(out), exist_ok=True)
        command = self.command(CC, self.flags, source)
        command = ["-Ilib" if f == "-I" + TOP + "/lib" else f for f in command]
        return run(command + ["-w", "-fPIC", "-fno-semantic-interposition", "-c", "-o",
                              out, source], cwd=tree).returncode

    def changes(self, file):
        if file not in self.points:
            command = self.command(CLANG, self.clang_flags, file)
            self.points[file] = points.changes(
                file, self.text[file], command + ["-x", "c", os.path.join(TOP, file)])
            seen = collections.Counter()
            for c in self.points[file]:
                c.before, c.after = c.lines(self.text[file])
                key = (c.function, c.before, c.after)
                c.nth = seen[key]
                seen[key] += 1
        return self.points[file]

    def draw(self, number):
        """
        A file by its size, then one of its changes. Each comes with a number of its
        own, and the best one is taken.
        """
        def lot(file):
            return -len(self.text[file]) / math.log(chance(SEED, str(number), file))

        for file in sorted(self.files, key=lot, reverse=True):
            if self.changes(file):
                return min(self.changes(file), key=lambda c: chance(
                    SEED, str(number), c.function, c.before, c.after, str(c.nth)))
        sys.exit("lib/ has nothing to change")

    def users(self, change):
        """The sources with a change: all that can call the function of a header"""
        if change.file not in self.headers:
            return [change.file]
        names, bodies = {change.function}, {}
        for header in self.headers:
            text = self.text[header].decode()
            for name, body in re.findall(r"^[^\s#/*][^;{}]*?\b(\w+)\([^;{}]*\)\n\{(.*?)^\}",
                                         text, re.M | re.S):
                bodies[name] = body
            for name, body in re.findall(r"^#define (\w+)((?:.*\\\n)*.*)", text, re.M):
                bodies[name] = body
        more = True
        while more:
            found = {n for n, body in bodies.items()
                     if any(re.search(r"\b%s\b" % name, body) for name in names)}
            more = not found <= names
            names |= found
        return [s for s in self.headers[change.file] if re.search(
            r"\b(%s)\b" % "|".join(names), self.text[s].decode())]


class Tests:
    """The test programs, built when they are needed, and how they are run"""

    def __init__(self, library):
        self.library = library
        self.o = os.path.join(library.o, "tests")
        self.names = sorted(f[:-2] for f in os.listdir(TESTS) if re.match(
            r"test_\w+\.c$", f) and f[:-2] not in WITHOUT)
        self.digest = digest(*[read(os.path.join(TESTS, f)) for f in sorted(
            os.listdir(TESTS)) if f.endswith((".c", ".h"))])
        self.past = collections.Counter()
        for line in read(os.path.join(HERE, "order")).decode().split("\n"):
            if line and not line.startswith("#"):
                folder, name, kills = line.split()
                self.past[folder, name] = int(kills)
        os.makedirs(self.o, exist_ok=True)

    def build(self, names):
        return run(["make", "-s", "-j%d" % JOBS, "-C", TESTS, "TESTS=" + " ".join(names),
                    "KSELFTEST=" + os.path.join(self.library.kfiles,
                                                "tools/testing/selftests"),
                    "VMALLOC=" + TOP, "VMALLOC_O=" + self.library.o, "VMALLOC_BUILT=1",
                    "LIBVMALLOC=" + os.path.join(self.library.o, "base/libmutant.so"),
                    "OUTPUT=" + self.o, "CC=" + CC, "TEST_OPT=-O0", "all"])

    def seconds(self, name):
        """CPU time of a program without any mutant; builds and runs it once"""
        program = os.path.join(self.o, name)
        with open(program + ".lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            record = os.path.join(self.o, name + "." + self.digest[:12])
            if not os.path.exists(record):
                built = self.build([name])
                if built.returncode:
                    raise RuntimeError(built.stderr)
                failure, seconds = self.execute(
                    name, os.path.join(self.library.o, "base"), 600)
                if failure:
                    raise RuntimeError("%s without a mutant: %s" % (name, failure))
                with open(record, "w") as f:
                    f.write("%.2f\n" % seconds)
        with open(record) as f:
            return float(f.read())

    def known_seconds(self, name):
        record = os.path.join(self.o, name + "." + self.digest[:12])
        if not os.path.exists(record):
            return 1.0
        with open(record) as f:
            return float(f.read())

    def execute(self, name, directory, limit):
        """The first failure or None, and the CPU time"""
        def limits():
            os.setsid()
            resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 26, 1 << 26))

        before = cpu_of_us()
        child = subprocess.Popen(
            [os.path.join(self.o, name)], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, preexec_fn=limits,
            env=dict(os.environ, LD_LIBRARY_PATH=directory, **SETTINGS), cwd=directory)
        failure = self.watch(child)
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        status = child.wait()
        if not failure and status not in (0, 4):
            failure = "status %d" % status
        return failure, cpu_of_us() - before

    def watch(self, child):
        """Read the results until one is a failure or nothing goes on any more"""
        line, idle_since, used = b"", time.monotonic(), -1
        while True:
            if select.select([child.stdout], [], [], 5)[0]:
                part = os.read(child.stdout.fileno(), 65536)
                if not part:
                    return None
                lines = (line + part).split(b"\n")
                line = lines.pop()[:65536]
                for result in lines:
                    match = re.match(rb"not ok \d+ (.*)", result)
                    if match:
                        return match[1].decode(errors="replace").split()[0]
                idle_since = time.monotonic()
                continue
            now = cpu_of_group(child.pid)
            if now != used:
                used, idle_since = now, time.monotonic()
            elif time.monotonic() - idle_since > IDLE_SECONDS:
                return "idle"

    def order(self, change, kills):
        """The programs, first those that killed most beside it for their time"""
        folder = change.file.split("/")[1]
        stem = os.path.basename(change.file)[:-2]

        def worth(name):
            score = 10 * kills[change.file, name] + 3 * kills[folder, name]
            score += 3 * self.past[folder, name] + kills["", name] / 10 + 0.1
            score += 5 * (stem in name) + 2 * (folder in name)
            return -score / (0.1 + self.known_seconds(name))
        return sorted(self.names, key=worth)


def cpu_of_us():
    """Seconds of this process and of those that it waited for"""
    return sum(os.times()[:4])


def cpu_of_group(group):
    """The ticks of all processes of a group"""
    total = 0
    for pid in os.listdir("/proc"):
        if not pid.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % pid) as f:
                fields = f.read().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group:
            total += sum(int(x) for x in fields[11:15])
    return total


class Explained:
    """The survivors that change nothing observable"""

    def __init__(self, library):
        self.entries = {}
        self.used = set()
        self.stale = []
        lines = read(os.path.join(HERE, "explained")).decode().split("\n")
        place, before, after = None, None, []
        for line in lines + [""]:
            if line.startswith("#"):
                continue
            if line.startswith("- "):
                before = " ".join(line[2:].split())
                after = []
            elif line.startswith("+ "):
                after.append(" ".join(line[2:].split()))
            elif line.startswith("\t"):
                for a in after:
                    self.entries[place + (before, a)] = line.strip()
                after = []
            elif line:
                if after:
                    self.stale.append("%s: %s: no reason" % (place, before))
                place = tuple(line.split())
        for file, function, before, after in self.entries:
            if not self.matches(library, file, function, before, after):
                self.stale.append("%s: %s: no longer there: %s" % (file, function, before))

    @staticmethod
    def matches(library, file, function, before, after):
        """Whether the function still has the line; exact once the file was parsed"""
        if file in library.points:
            return any((c.function, c.before) == (function, before) and
                       after in ("*", c.after) for c in library.points[file])
        text = library.text.get(file, b"").decode()
        body = re.search(r"^[^\s#][^;{}]*\b%s\([^;{}]*\)\n\{\n.*?^\}" % re.escape(function),
                         text, re.M | re.S)
        return bool(body) and before in " ".join(body[0].split())

    def reason(self, change):
        for after in (change.after, "*"):
            key = (change.file, change.function, change.before, after)
            if key in self.entries:
                self.used.add(key)
                return self.entries[key]
        return None


Mutant = collections.namedtuple("Mutant", "number key change")
Verdict = collections.namedtuple("Verdict", "number key what by seconds tests place")


class Bench:
    """The tree of one process, in which it tries mutants"""

    def __init__(self, library, tests, state):
        self.library, self.tests, self.state = library, tests, state
        self.tree = os.path.join(library.o, "tree-%d" % os.getpid())
        os.makedirs(self.tree)
        shutil.copytree(os.path.join(TOP, "lib"), os.path.join(self.tree, "lib"))

    def base(self, source):
        """The object of the unchanged source, compiled as a mutant is"""
        out = os.path.join(self.library.o, "plain",
                           digest(*self.library.text.values())[:12], source + ".o")
        if not os.path.exists(out):
            part = "%s.%d.o" % (out, os.getpid())
            if self.library.compile(self.tree, source, part):
                raise RuntimeError(source + " does not compile")
            os.replace(part, out)
        return out

    def attempt(self, mutant):
        change = mutant.change
        text = self.library.text[change.file]
        begin = cpu_of_us()
        users = self.library.users(change)
        plain = {s: self.base(s) for s in users}
        path = os.path.join(self.tree, change.file)
        with open(path, "wb") as f:
            f.write(change.apply(text))
        try:
            what, by = self.judge(change, users, plain)
        finally:
            with open(path, "wb") as f:
                f.write(text)
        place = "%s:%d: %s: %s" % (change.file, change.line(text), change.function,
                                   "%s -> %s" % (words(change.old), words(change.new)))
        return Verdict(mutant.number, mutant.key, what, by, "%.1f" % (cpu_of_us() - begin),
                       self.tests.digest[:12], place)

    def judge(self, change, users, plain):
        objects = {}
        for source in users:
            out = os.path.join(self.tree, "new", source[:-2] + ".o")
            if self.library.compile(self.tree, source, out):
                return "invalid", "-"
            if read(out) != read(plain[source]):
                objects[source] = out
        if not objects:
            return "equivalent", "-"
        if link(self.library, objects, self.tree):
            return "invalid", "-"
        kills = kills_of(read_state(self.state))
        for name in self.tests.order(change, kills):
            limit = 2 + int(10 * self.tests.seconds(name))
            failure, _ = self.tests.execute(name, self.tree, limit)
            if failure:
                return "killed", "%s:%s" % (name, failure)
        return "survived", "-"


def words(text):
    return " ".join(text.split()) or "nothing"


def link(library, objects, directory):
    """Make the shared library with these objects in place of the original's"""
    os.makedirs(directory, exist_ok=True)
    files = [objects.get(s) or library.object(s) for s in library.sources + library.kvm]
    return run([CC, "-shared", "-Wl,-soname,libmutant.so", "-o",
                os.path.join(directory, "libmutant.so"), os.path.join(
                    library.built, "lib/rbtree.pic.o"),
                os.path.join(library.o, "base/alarm.o")] + files).returncode


def prepare(library):
    """Objects that the library lacks, and the shared library without a mutant"""
    base = os.path.join(library.o, "base")
    os.makedirs(base, exist_ok=True)
    failed = run([CC, "-O2", "-fPIC", "-c", "-o", os.path.join(base, "alarm.o"),
                  os.path.join(HERE, "alarm.c")]).returncode
    for source in library.kvm:
        failed = failed or library.compile(TOP, source, library.object(source))
    if failed or link(library, {}, base):
        sys.exit("the library without a mutant cannot be made")


def read_state(path):
    if not os.path.exists(path):
        return []
    with open(path) as f:
        return [Verdict(*line.rstrip("\n").split("\t")) for line in f
                if line.count("\t") == len(Verdict._fields) - 1]


def kills_of(verdicts):
    kills = collections.Counter()
    for v in verdicts:
        if v.what == "killed":
            file, name = v.place.split(":")[0], v.by.split(":")[0]
            for where in (file, file.split("/")[1], ""):
                kills[where, name] += 1
    return kills


bench = None


def start(library, tests, state):
    global bench
    bench = Bench(library, tests, state)


def work(mutant):
    return bench.attempt(mutant)


def draw_all(library):
    part, parts = (int(x) for x in SHARD.split("/"))
    for number in range(N):
        if number % parts != part - 1:
            continue
        change = library.draw(number)
        yield Mutant(str(number), digest(library.text[change.file], str(change.begin),
                                         str(change.end), change.new)[:16], change)


def report(library, explained, mutants, done):
    """Lists the survivors; the status of the whole"""
    count = collections.Counter()
    for mutant in mutants:
        verdict = done[mutant.key]
        reason = verdict.what == "survived" and explained.reason(mutant.change)
        count["explained" if reason else verdict.what] += 1
        if verdict.what == "survived" and not reason:
            change = mutant.change
            print("survived %s\n%s %s\n- %s\n+ %s\n" % (
                verdict.place, change.file, change.function, change.before, change.after))
    for line in explained.stale:
        print("explained: " + line)
    print("%d mutants of seed %s, %d do not compile, %d compile to the same code" % (
        len(mutants), SEED, count["invalid"], count["equivalent"]))
    print("%d killed, %d survived and are explained, %d survived" % (
        count["killed"], count["explained"], count["survived"]))
    return bool(count["survived"] or explained.stale or not count["killed"])


def main():
    library = Library(*(os.path.abspath(a) for a in sys.argv[1:]))
    tests = Tests(library)
    prepare(library)
    for old in os.listdir(library.o):
        if old.startswith("tree-") and not os.path.exists("/proc/" + old[5:]):
            shutil.rmtree(os.path.join(library.o, old))
    state = os.path.join(library.o, "state-without" if WITHOUT else "state")
    mutants = list(draw_all(library))
    explained = Explained(library)
    # A mutant that a test killed stays dead, a survivor has to survive the present tests.
    done = {v.key: v for v in read_state(state) if v.what != "survived" or
            v.tests == tests.digest[:12]}
    todo, seen = [], set(done)
    for mutant in mutants:
        if mutant.key in seen:
            continue
        seen.add(mutant.key)
        if explained.reason(mutant.change) and not os.environ.get("EXPLAINED"):
            done[mutant.key] = Verdict(mutant.number, mutant.key, "survived", "-", "0",
                                       "", "")
        else:
            todo.append(mutant)
    with multiprocessing.Pool(JOBS, start, (library, tests, state)) as pool:
        for verdict in pool.imap_unordered(work, todo):
            with open(state, "a") as f:
                f.write("\t".join(verdict) + "\n")
            done[verdict.key] = verdict
            if verdict.what == "survived" or os.environ.get("V"):
                print("\t".join(verdict), flush=True)
    if os.environ.get("ORDER"):
        print_order(read_state(state))
    return report(library, explained, mutants, done)


def print_order(verdicts):
    """The lines of the file "order": folder, program, kills"""
    for (where, name), kills in sorted(kills_of(verdicts).items()):
        if where and "/" not in where:
            print(where, name, kills)


if __name__ == "__main__":
    sys.exit(main())
