"""One program with very many events: the collector's memory must not depend on how many there are."""
import json
import time

import bench_tables as tables
from bench_measure import memory_run

DEPTH, SITES = 16, 2


class LongRun:
    """events made by pairs of malloc and free from two sites; kib is the collector's peak."""

    def __init__(self, weir, program, events):
        pairs = events * 10 // 22  # a tenth as many before the clock starts
        begin = time.monotonic()
        target, tool = memory_run(weir.command([program, str(DEPTH), str(SITES), "1", str(pairs)]), weir.environment,
                                  True)
        self.seconds = time.monotonic() - begin
        with open(weir.report, encoding="utf-8") as file:
            stored = json.load(file)
        summary = stored["summary"]
        self.events, self.lost = summary["events"], summary["events_lost"]
        self.expected, self.kib = 2 * (pairs + pairs // 10), tool.resident
        self.complete = bool(target) and stored["complete"] and self.events >= self.expected and not self.lost


def print_long(runs):
    rows = [(f"{run.events:,}", [f"{run.seconds:.1f}", f"{run.events / run.seconds / 1e6:.1f}", f"{run.kib / 1024:.1f}",
                                 str(run.lost), "yes" if run.complete else "**NO**"]) for run in runs]
    tables.print_table("Events without end",
                       f"Pairs of malloc and free from {SITES} sites at depth {DEPTH}; each row is one run, with start "
                       "and report.",
                       ["seconds", "million events a second", "collector's peak RSS, MiB", "lost", "complete"], rows)
