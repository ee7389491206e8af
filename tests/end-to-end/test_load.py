#!/usr/bin/python3
"""More than the collector can take: a ring that is full because it stands still, and very many processes."""
import json
import os
import resource
import select
import signal
import subprocess
import sys
import time

from cases import Cases, harness

CASES = Cases()
PAIRS = 300000  # many times what a ring holds

PROGRAM = """
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int main(void)
{
        printf("%d\\n", getpid());
        fflush(stdout);
        (void)getchar();
        for (int i = 0; i < %PAIRS%; i++)
                free(malloc(32));
        puts("done");
        fflush(stdout);
        (void)getchar();
        return 0;
}
"""


class Stopped:
    """A traced program that waits for its input, and a collector that stands still."""

    def __init__(self, weir, options):
        program = f"{weir.directory}/program"
        done = subprocess.run(["gcc", "-fno-builtin", "-x", "c", "-", "-o", program], capture_output=True, check=False,
                              input=PROGRAM.replace("%PAIRS%", str(PAIRS)).encode())
        harness.check(done.returncode == 0, done.stderr.decode())
        self.weir, self.path = weir, f"{weir.directory}/report.json"
        self.process = subprocess.Popen([weir.path, "run", "-q", *options, "-o", self.path, "--", program],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.pid = int(self.process.stdout.readline())
        os.kill(self.process.pid, signal.SIGSTOP)
        self.go_on()

    def go_on(self):
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def is_done(self, seconds):
        return bool(select.select([self.process.stdout], [], [], seconds)[0]) and \
            self.process.stdout.readline() == b"done\n"

    def cpu_seconds(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def cont(self):
        os.kill(self.process.pid, signal.SIGCONT)

    def report(self):
        """Lets the program end."""
        self.go_on()
        harness.check(self.process.wait(60) == 0, f"status {self.process.returncode}")
        with open(self.path, encoding="utf-8") as file:
            report = json.load(file)
        harness.jsonschema.validate(report, self.weir.schema)
        return report


@CASES.add
def a_full_ring_drops_and_counts_by_kind(weir):
    stopped = Stopped(weir, ["--on-full", "drop"])
    harness.check(stopped.is_done(30), "a program that need not wait does")
    stopped.cont()
    report = stopped.report()
    reasons = " ".join(entry["reason"] for entry in report["incomplete"])
    harness.check(not report["complete"] and report["summary"]["events_lost"] > PAIRS, str(report["summary"]))
    for kind in ("allocations", "releases"):
        harness.check(f"{kind} were not recorded" in reasons, reasons)
    harness.check(report["summary"]["events"] + report["summary"]["events_lost"] >= 2 * PAIRS, str(report["summary"]))
    # the room kept for releases: no allocation is told as live whose release was dropped
    harness.check(report["summary"]["live_blocks"] < 100, str(report["summary"]))


@CASES.add
def a_full_ring_waits_without_a_core(weir):
    stopped = Stopped(weir, [])
    before = time.monotonic()
    harness.check(not stopped.is_done(1), "nobody waited for room")
    waited, used = time.monotonic() - before, stopped.cpu_seconds()
    harness.check(used < waited / 2, f"{used} s of processor time in {waited} s of waiting")
    stopped.cont()
    harness.check(stopped.is_done(60), "the program still waits")
    report = stopped.report()
    harness.trusted(report)
    harness.check(report["summary"]["events"] >= 2 * PAIRS, str(report["summary"]))


def tree(weir, count, **options):
    """A shell that runs so many programs."""
    loop = f"i=0; while [ $i -lt {count} ]; do /bin/true; i=$((i + 1)); done"
    run, report = weir.trace(["/bin/sh", "-c", loop], **options)
    harness.check((run.status, run.stderr) == (0, b""), f"{run.status} {run.stderr!r}")
    harness.trusted(report)
    return report


@CASES.add
def every_process_of_many_is_known(weir):
    """They end before the collector has read that they began, and none is told as untraced."""
    report = tree(weir, 500, tools=False)
    harness.check(report["summary"]["processes"] == 1, str(report["summary"]))


@CASES.add
def a_thousand_processes(weir):
    report = tree(weir, 1000)
    harness.check(report["summary"]["processes"] == 1001, str(report["summary"]))
    # the most of any one child of this process, so of weir: its own children are far smaller
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    harness.check(peak < 40960, f"{peak} KiB")


if __name__ == "__main__":
    sys.exit(CASES.main())
