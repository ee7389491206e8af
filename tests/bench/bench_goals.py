"""What weir is to reach, and what it reached: one line for each goal."""
import statistics

import bench_tables as tables

HEAPTRACK, LSAN = "heaptrack's shim to /dev/null", "LeakSanitizer"


def median(values):
    return statistics.median(values) if values else None


def added(results, workload, variant, measure):
    return median(results.added(workload, variant, measure))


def shown(value, unit=""):
    return "-" if value is None else tables.number(value) + unit


def quotient(upper, lower):
    return None if upper is None or lower is None else upper / max(lower, 0.1)


def times_below(results, workload, peer):
    """(by wall time, by CPU time of the target): how many times less weir adds than the peer."""
    return [quotient(added(results, workload, peer, measure), added(results, workload, "weir", measure))
            for measure in ("wall", "cpu")]


def pair_goals(results):
    for workload, goal in (("depth 8", 7), ("depth 32", 12), ("depth 128", 9), ("walk", 8), ("2 threads", 15)):
        wall, cpu = times_below(results, workload, HEAPTRACK)
        yield (f"{workload}: added cost against heaptrack's shim", f"1/{goal}",
               f"1/{shown(wall)} wall, 1/{shown(cpu)} CPU")
    for workload in ("depth 8", "depth 32"):
        figures = [f"{shown(added(results, workload, 'weir', measure))} to "
                   f"{shown(added(results, workload, LSAN, measure))} ns {name}"
                   for measure, name in (("wall", "wall"), ("cpu", "CPU"))]
        yield f"{workload}: below LeakSanitizer's default", "below", ", ".join(figures)
    yield ("two sites in turn, against one", "2",
           shown(quotient(added(results, "two sites at 16", "weir", "cpu"),
                          added(results, "one site at 16", "weir", "cpu"))) + " CPU")


def thread_goals(results):
    for count in (2, 4, 8):
        figures = [shown(quotient(added(results, f"{count} threads", "weir", measure),
                                  added(results, "1 thread", "weir", measure))) for measure in ("wall", "cpu")]
        yield f"{count} threads: added cost, times one thread's", "1.3", f"{figures[0]} wall, {figures[1]} CPU"


def program_goals(results, programs):
    for measure, what in (("wall", "whole programs, wall"), ("recording", "until their end")):
        ratios = {program.name: median(results.ratio(program.name, "weir", measure)) for program in programs}
        known = {name: ratio for name, ratio in ratios.items() if ratio}
        if known:
            worst = max(known, key=known.get)
            yield f"{what}: median", "1.15", shown(median(known.values()))
            yield f"{what}: worst", "1.30", f"{shown(known[worst])} ({worst})"


def startup_goals(results, workloads):
    for workload in workloads:
        yield f"{workload.name}: milliseconds more", "15", shown(added(results, workload.name, "weir", "wall"))


def print_goals(bench, long_runs):
    results = bench.results
    rows = [*pair_goals(results), *thread_goals(results), *program_goals(results, bench.programs),
            *startup_goals(results, bench.startup)]
    if long_runs:
        first, last = long_runs[0], long_runs[-1]
        rows.append((f"{last.events:.1e} events of one program: the collector's peak memory", "flat",
                     f"{last.kib / 1024:.1f} MiB, {first.kib / 1024:.1f} at {first.events:.0e}; "
                     f"the report is {'complete' if last.complete else 'NOT complete'}"))
    tables.print_table("What was to be reached", "Medians; nothing here is from another run.", ["goal", "reached"],
                       [(name, [goal, reached]) for name, goal, reached in rows])
