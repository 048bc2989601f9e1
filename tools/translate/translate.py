#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
"""Translate sources to the names of 0.2.0; ../translate.sh says how to call this."""
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROUNDS = 50
CALLBACKS = ("-Wno-error", "-Werror=incompatible-pointer-types")
ERROR = re.compile(r"(.+?):(\d+):(\d+): (?:fatal )?error: (.*)")
EXPANSION = re.compile(r"(.+?):(\d+):(\d+): note: in expansion of macro")
NO_MEMBER = re.compile(r"'(?:const )?(?:volatile )?(?:struct )?(\w+)[^']*' "
                       r"has no member named '(\w+)'")


def table(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as lines:
        return [line.split() for line in lines
                if line.strip() and not line.startswith("#")]


def read(path):
    # Keep any byte, whatever its encoding
    with open(path, encoding="latin-1", newline="") as source:
        return source.read()


def write(path, text):
    with open(path, "w", encoding="latin-1", newline="") as source:
        source.write(text)


def replace_names(text):
    names = dict(table("identifiers"))
    text = re.sub(r"\b(?:vmr|VMR)_\w+", lambda m: names.get(m[0], m[0]), text)
    for old, new in table("headers"):
        text = re.sub(r"vmalloc/%s(?=[>\"])" % re.escape(old), "vmalloc/" + new, text)
    # These two have moved to a header of their own, which includes snapshot.h
    if (re.search(r"\bvmr_snapshot_describe_(?:pci|bridge)\b", text)
            and not re.search(r"vmalloc/(?:vmalloc|pci_snapshot)\.h", text)):
        text = text.replace("vmalloc/snapshot.h", "vmalloc/pci_snapshot.h")
    return text


def compile_errors(source, flags, warnings=("-w",)):
    """Each error as its message and the locations that it may be at"""
    run = subprocess.run([os.environ.get("CC", "gcc"), "-fsyntax-only",
                          "-fmax-errors=0", "-fdiagnostics-color=never", "-ftabstop=1",
                          *flags, *warnings, source],
                         env={**os.environ, "LC_ALL": "C"}, text=True,
                         stderr=subprocess.PIPE, check=False)
    errors = []
    for line in run.stderr.splitlines():
        error = ERROR.match(line)
        expansion = EXPANSION.match(line)
        if error:
            errors.append((error[4], [(error[1], int(error[2]), int(error[3]))]))
        elif expansion and errors:
            errors[-1][1].append((expansion[1], int(expansion[2]), int(expansion[3])))
    if run.returncode and not errors:
        errors.append((run.stderr.strip(), []))
    return errors


def replace_member(files, locations, old, new):
    """Replace it at the first location in one of the files that shows it"""
    for path, line, column in locations:
        if os.path.realpath(path) not in files:
            continue
        lines = read(path).split("\n")
        # The arguments of a macro may be on the next lines
        for number in range(line - 1, min(line + 5, len(lines))):
            start = column - 1 if number == line - 1 else 0
            match = re.compile(r"\b%s\b" % re.escape(old)).search(lines[number], start)
            if match:
                lines[number] = lines[number][:match.start()] + new + lines[number][match.end():]
                write(path, "\n".join(lines))
                return True
    return False


def replace_members(source, files, flags):
    """Replace members until the source compiles; return the errors that are left"""
    members = {(struct, old): new for struct, old, new in table("members")}
    errors = []
    for _ in range(ROUNDS):
        errors = compile_errors(source, flags)
        known = {}
        for message, locations in errors:
            match = NO_MEMBER.search(message)
            if match and match.groups() in members:
                known.setdefault((tuple(locations), match[2]), members[match.groups()])
        # From the end of a line, so that the columns stay right
        replaced = [replace_member(files, locations, old, new) for (locations, old), new
                    in sorted(known.items(), key=lambda k: k[0][0][0], reverse=True)]
        if not any(replaced):
            break
    # A callback whose parameters have changed is only a warning of older compilers
    return errors or compile_errors(source, flags, CALLBACKS)


def main(arguments):
    split = arguments.index("--") if "--" in arguments else len(arguments)
    paths, flags = arguments[:split], arguments[split + 1:]
    if not paths or paths[0].startswith("-"):
        sys.exit("usage: translate.sh FILE... [-- COMPILER-FLAG...]")
    files = {os.path.realpath(path) for path in paths}
    for path in paths:
        text = read(path)
        if replace_names(text) != text:
            write(path, replace_names(text))
    status = 0
    for path in paths:
        if path.endswith(".h"):
            continue
        for message, locations in replace_members(path, files, flags):
            where = "%s:%d:%d" % locations[0] if locations else path
            print("%s: %s" % (where, message), file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
