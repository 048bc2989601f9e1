#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
"""
Run a target of libFuzzer until it has reached no new edge for a number of seconds:

	flat.py NAME SECONDS LOG PROGRAM [ARGUMENT...]

Edges are "cov:" of libFuzzer's status lines: the edges of the control flow that
the inputs of the corpus have reached, in the library, the tools and the target.
"ft:" also counts how often an edge was passed, and is not used: it grows for
very long. LOG receives what PROGRAM prints. The last line of the output has the
result, also after SIGINT or SIGTERM. The exit status is 0 if the edges were flat.
"""

import os
import re
import selectors
import signal
import subprocess
import sys
import time

STATUS = re.compile(rb"^#(\d+)\s.*?\bcov: (\d+)")
EXECUTED = re.compile(rb"^stat::number_of_executed_units:\s*(\d+)")
LOADED = re.compile(rb"^#\d+\s+INITED\b")
TICK = 5		# seconds between two looks at the clock
GRACE = 60		# seconds for the last lines of the program
INTERRUPTED = 72	# exit status of libFuzzer after SIGINT


class Run:
    def __init__(self):
        self.start = self.grown = time.monotonic()
        self.first = None       # edges of the corpus that the run began with
        self.edges = 0
        self.executed = 0
        self.rest = b""
        self.signal = 0

    def line(self, line):
        status = STATUS.match(line)
        if status:
            self.executed = max(self.executed, int(status[1]))
            if int(status[2]) > self.edges:
                self.edges = int(status[2])
                self.grown = time.monotonic()
            if LOADED.match(line):
                self.first = self.edges
                self.grown = time.monotonic()
        executed = EXECUTED.match(line)
        if executed:
            self.executed = int(executed[1])

    def read(self, data):
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            self.line(line)

    def flat(self):
        """The seconds since the last new edge; loading the corpus does not count"""
        return 0 if self.first is None else time.monotonic() - self.grown


def stop(child, signum):
    if child.poll() is None:
        child.send_signal(signum)


def pump(run, child, log, limit):
    """Read the output of the program to its end. Return whether it was stopped."""
    sel = selectors.DefaultSelector()
    sel.register(child.stderr, selectors.EVENT_READ)
    stopped = None
    while True:
        if sel.select(TICK):
            data = os.read(child.stderr.fileno(), 65536)
            if not data:
                return stopped is not None
            log.write(data)
            log.flush()
            run.read(data)
        if stopped is None and (run.signal or run.flat() >= limit):
            stopped = time.monotonic()
            stop(child, signal.SIGINT)
        elif stopped is not None and time.monotonic() - stopped > GRACE:
            stop(child, signal.SIGKILL)


def main():
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    name, limit, path, *command = sys.argv[1:]
    run = Run()

    def interrupted(signum, frame):
        run.signal = signum

    with open(path, "wb") as log:
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, interrupted)
        # A signal for the terminal's group must reach this program alone.
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE, start_new_session=True)
        stopped = pump(run, child, log, int(limit))
        status = child.wait()
    flat = not run.signal and stopped
    crashed = not stopped or status not in (0, INTERRUPTED, -signal.SIGKILL)
    print("%s: %d s, %d executions, edges %d at the begin, %d at the end, "
          "none new in the last %d s, %s%s" %
          (name, time.monotonic() - run.start, run.executed, run.first or 0,
           run.edges, run.flat(),
           "a crash, see " + path if crashed else "no crash",
           ", interrupted" if run.signal else ""), flush=True)
    sys.exit(0 if flat and not crashed else 1)


main()
