#!/usr/bin/python3
"""What it costs to be traced: by weir, by its peers, by nothing.

    bench_recording.py [--rounds N] [--budget SECONDS] [--no-slow] [--long] WEIR BENCH_PAIRS BENCH_WALK

WEIR_BENCH in the environment may hold options, too.

Each round runs every workload under every variant in turn, whole programs several
times, and every figure is compared with the untraced run of its own turn.  Slow
variants have one round of their own, at the end.  Rounds take half of the budget,
the slow one stops when all of it is spent.  --long traces a program with 10^9
events as well, which takes a minute.  Prints markdown tables; progress goes to
standard error.
"""
import argparse
import json
import os
import platform
import re
import shlex
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import bench_tables as tables
from bench_goals import print_goals
from bench_long import LongRun, print_long
from bench_measure import memory_run, timed_run
from bench_profile import instructions_per_pair
from bench_variants import variants_of
from bench_workloads import pair_workloads, program_workloads, startup_workloads, thread_workloads

MANY = 1000  # processes of one workload, run untraced and under weir alone
MEMORY_PEERS = ("heaptrack's shim to /dev/null", "LeakSanitizer")


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--budget", type=float, default=1200, metavar="SECONDS")
    parser.add_argument("--no-slow", action="store_true", help="leave the slow variants out")
    parser.add_argument("--long", action="store_true", help="trace 10^9 events of one program, too")
    parser.add_argument("weir")
    parser.add_argument("pairs")
    parser.add_argument("walk")
    return parser.parse_args(shlex.split(os.environ.get("WEIR_BENCH", "")) + sys.argv[1:])


def progress(text):
    print(text, file=sys.stderr, flush=True)


def recording_seconds(report):
    """How long the program itself ran: without the stop at its end, and what is made of it."""
    with open(report, encoding="utf-8") as file:
        stored = json.load(file)
    return (stored["duration_ns"] - sum(process["snapshot"]["pause_ns"] for process in stored["processes"]
                                        if process["snapshot"])) / 1e9


class Bench:
    """Everything that is run, and what came of it."""

    def __init__(self, arguments, directory):
        weir, pairs, walk = map(os.path.abspath, (arguments.weir, arguments.pairs, arguments.walk))
        every = variants_of(weir, directory)
        self.variants = [variant for variant in every if not variant.absent]
        self.absent = [f"{variant.name} ({variant.absent})" for variant in every if variant.absent]
        self.slow = not arguments.no_slow
        self.end = time.monotonic() + arguments.budget
        self.directory, self.results, self.rounds = directory, tables.Results(), 0
        self.pair_program = pairs
        self.pairs, self.threads = pair_workloads(pairs, walk), thread_workloads(pairs)
        self.startup = startup_workloads()
        programs = program_workloads(directory)
        self.programs = [program for program in programs if not program.absent]
        self.absent += [program.absent for program in programs if program.absent]

    def variants_in(self, turn, slow):
        """The variants of one round, in an order that changes from round to round."""
        chosen = [variant for variant in self.variants if variant.slow == slow or variant.is_control]
        shift = turn % len(chosen)
        return chosen[shift:] + chosen[:shift]

    def run_pairs(self, workload, variant, turn):
        run = timed_run(variant.command(workload.command(variant.divisor)), variant.environment, keep_output=True)
        if run.status != 0:
            self.results.fail(workload.name, variant.name, run.status)
            return
        # heaptrack writes to standard output, too
        pairs, wall, cpu = map(float, re.search(r"^loop: (\d+) (\d+) (\d+)$", run.output, re.MULTILINE).groups())
        cores = min(workload.threads, os.cpu_count())
        self.results.add(workload.name, variant.name, "wall", turn, wall * cores / pairs)
        self.results.add(workload.name, variant.name, "cpu", turn, cpu / pairs)
        if variant.collects:
            # the pairs before the clock starts, a tenth, are collected as well
            self.results.add(workload.name, variant.name, "collector", turn, run.own_cpu * 1e9 / (1.1 * pairs))

    def run_program(self, workload, variant, turn):
        run = timed_run(variant.command(workload.command), {**workload.environment, **variant.environment})
        if run.status != 0:
            self.results.fail(workload.name, variant.name, run.status)
            return
        self.results.add(workload.name, variant.name, "wall", turn, run.wall)
        self.results.add(workload.name, variant.name, "cpu", turn, run.cpu)
        if variant.collects:
            self.results.add(workload.name, variant.name, "target_cpu", turn, run.other_cpu)
            self.results.add(workload.name, variant.name, "collector_cpu", turn, run.own_cpu)
            self.results.add(workload.name, variant.name, "recording", turn, recording_seconds(variant.report))

    def run_startup(self, workload, variant, turn):
        run = timed_run(variant.command(workload.command), variant.environment)
        if run.status != 0:
            self.results.fail(workload.name, variant.name, run.status)
            return
        self.results.add(workload.name, variant.name, "wall", turn, run.wall * 1000 / workload.processes)

    def round(self, number, end, slow=False):
        """Some runs of each workload under each variant in turn; the first of all do not look at the time."""
        kinds = ((self.pairs + self.threads, self.run_pairs), (self.programs, self.run_program),
                 (self.startup, self.run_startup))
        for workloads, run in kinds:
            for workload in workloads:
                progress(f"{'slow round' if slow else f'round {number + 1}'}: {workload.name}")
                for attempt in range(1 if slow else workload.runs):
                    for variant in self.variants_in(number + attempt, slow):
                        if workload.processes >= MANY and not variant.is_control and not variant.collects:
                            continue
                        if (number, attempt) == (0, 0) or time.monotonic() < end:
                            run(workload, variant, (number, attempt))

    def all_rounds(self, most):
        half = time.monotonic() + (self.end - time.monotonic()) / (2 if self.slow else 1)
        while self.rounds < most and (self.rounds == 0 or time.monotonic() < half):
            self.round(self.rounds, self.end)
            self.rounds += 1
        if self.slow:
            self.round(self.rounds, self.end, slow=True)

    def memory(self):
        names = ("no tool", "weir") + self.memory_peers()
        variants = [variant for variant in self.variants if variant.name in names]
        seen = []
        for program in self.programs:
            progress(f"memory: {program.name}")
            seen.append((program.name, {variant.name: memory_run(
                variant.command(program.command), {**program.environment, **variant.environment}, variant.collects)
                for variant in variants}))
        return seen

    def memory_peers(self):
        return tuple(variant.name for variant in self.variants if variant.name in MEMORY_PEERS)

    def parallelism(self):
        """What the machine's cores are worth together: no claim about threads without it."""
        one, two = (self.results.absolute(name, "no tool", "wall") for name in ("1 thread", "2 threads"))
        if not one or not two or os.cpu_count() < 2:
            return ""
        gain = 2 * statistics.median(one) / statistics.median(two)
        return f" Two untraced threads together did {gain:.2f} times the work of one on this machine."

    def long_runs(self):
        """From a million events to a billion."""
        weir = next(variant for variant in self.variants if variant.name == "weir")
        runs = []
        for events in (10**6, 10**8, 10**9):
            progress(f"{events} events")
            runs.append(LongRun(weir, self.pair_program, events))
        return runs

    def profile(self):
        """Instructions by source file, or an empty list without callgrind."""
        if not any(variant.name.startswith("valgrind") for variant in self.variants):
            return []
        weir = next(variant for variant in self.variants if variant.name == "weir")
        seen = []
        for workload in self.pairs:
            progress(f"callgrind: {workload.name}")
            seen.append((workload.name, instructions_per_pair(weir, workload, self.directory)))
        return seen


def first_line(command):
    """What a tool says its version is; empty when it does not."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return (done.stdout.strip().splitlines() or [""])[0]


def versions(weir):
    debian = {"jemalloc": "libjemalloc2", "gperftools": "libgoogle-perftools4", "LeakSanitizer": "liblsan0"}
    found = [first_line([tool, "--version"]) for tool in (weir, "heaptrack", "valgrind")]
    found += [f"{name} {version}" for name, package in debian.items()
              if (version := first_line(["dpkg-query", "-W", "-f", "${Version}", package]))]
    return ", ".join(text for text in found if text)


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    return f"{os.cpu_count()} x {names[0] if names else platform.machine()}"


PAIRS_TEXT = """\
Code without frame pointers; the loop alone, with the collector running. weir's stacks are complete at every depth,
heaptrack's end at 64 frames, gperftools' at 32, LeakSanitizer's at 30 and at the first function without a frame
pointer. The walk has 5120 stacks of about thirty frames, with alloca, qsort, realigned and C++ frames, in three
modules."""


def print_report(bench, weir, profile, memory, long_runs):
    rounds = f"{bench.rounds} interleaved round{'s' if bench.rounds > 1 else ''}"
    print(f"{processor()}, Linux {platform.release()}; {versions(weir)}.{bench.parallelism()}\n\n"
          f"Medians of up to {rounds}, in brackets the least and the most; one figure alone is one run. "
          "Each is compared with the untraced run of its own turn. "
          f"Absent: {', '.join(bench.absent) or 'none'}.")
    print_goals(bench, long_runs)
    tables.print_pairs(bench.results, bench.variants, bench.pairs, "Nanoseconds added to each malloc and free together",
                       PAIRS_TEXT)
    tables.print_pairs(bench.results, bench.variants, bench.threads, "The same at depth 32 with several threads",
                       "Wall time times the cores in use; the collector needs one of them, too.")
    tables.print_programs(bench.results, bench.variants, bench.programs)
    tables.print_startup(bench.results, bench.variants, bench.startup)
    tables.print_memory(memory, bench.memory_peers())
    if profile:
        tables.print_profile(profile)
    if long_runs:
        print_long(long_runs)


def main():
    arguments = options()
    # a bench that is stopped takes its programs and files with it
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="weir-bench-") as directory:
        bench = Bench(arguments, directory)
        profile, memory = bench.profile(), bench.memory()
        bench.all_rounds(arguments.rounds)
        print_report(bench, arguments.weir, profile, memory, bench.long_runs() if arguments.long else [])
    return 0


if __name__ == "__main__":
    sys.exit(main())
