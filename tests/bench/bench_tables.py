"""The measurements as markdown tables."""
import statistics


def number(value):
    return f"{value:.2f}" if abs(value) < 10 else f"{value:,.0f}"


def spread(values, form=number):
    """The median, with the least and the most when there are several."""
    if not values:
        return "-"
    middle = form(statistics.median(values))
    return middle if len(values) < 2 else f"{middle} ({form(min(values))} to {form(max(values))})"


def print_table(title, text, head, rows):
    print(f"\n### {title}\n\n{text}\n")
    print("| | " + " | ".join(head) + " |")
    print("|---" * (len(head) + 1) + "|")
    for name, cells in (entry for entry in rows if set(entry[1]) != {"-"}):
        print(f"| {name} | " + " | ".join(cells) + " |")


class Results:
    """What each variant needed for each workload, round by round."""

    def __init__(self):
        self.values, self.failures = {}, {}

    def add(self, workload, variant, measure, turn, value):
        self.values.setdefault((workload, variant, measure), {})[turn] = value

    def fail(self, workload, variant, status):
        self.failures[workload, variant] = status

    def absolute(self, workload, variant, measure):
        return list(self.values.get((workload, variant, measure), {}).values())

    def against(self, workload, variant, measure, control, compare):
        """compare(value, the control's of the same round) for each round."""
        base = self.values.get((workload, "no tool", control), {})
        mine = self.values.get((workload, variant, measure), {})
        return [compare(value, base[turn]) for turn, value in mine.items() if base.get(turn)]

    def added(self, workload, variant, measure="wall"):
        return self.against(workload, variant, measure, measure, lambda value, base: value - base)

    def ratio(self, workload, variant, measure="wall", control="wall"):
        return self.against(workload, variant, measure, control, lambda value, base: value / base)

    def cell(self, workload, variant, values):
        status = self.failures.get((workload, variant))
        if status is None:
            return spread(values)
        return f"exits with {status}" if status > 0 else f"dies of signal {-status}"


def row(results, name, variant, workloads, values_of):
    return name, [results.cell(workload, variant, values_of(workload)) for workload in workloads]


def times_less(results, workloads, peer, measure):
    """How many times less weir adds than a peer: the quotient of the medians."""
    cells = []
    for workload in workloads:
        mine, other = results.added(workload, "weir", measure), results.added(workload, peer, measure)
        quotient = statistics.median(other) / max(statistics.median(mine), 0.1) if mine and other else 0
        cells.append(f"{quotient:.1f}" if quotient > 0 else "-")
    return cells


def pair_rows(results, variants, workloads):
    rows = [row(results, "no tool, absolute", "no tool", workloads,
                lambda workload: results.absolute(workload, "no tool", "wall"))]
    for variant in variants[1:]:
        name = variant.name
        rows.append(row(results, f"**{name}**" if name == "weir" else name, name, workloads,
                        lambda workload, name=name: results.added(workload, name)))
        if name == "weir":
            rows.append(row(results, "weir: CPU added to the target", name, workloads,
                            lambda workload: results.added(workload, "weir", "cpu")))
            rows.append(row(results, "weir: CPU of the collector", name, workloads,
                            lambda workload: results.absolute(workload, "weir", "collector")))
    for peer in ("heaptrack's shim to /dev/null", "LeakSanitizer"):
        if any(variant.name == peer for variant in variants):
            rows.append((f"{peer} / weir", times_less(results, workloads, peer, "wall")))
            rows.append((f"{peer} / weir, CPU of the target", times_less(results, workloads, peer, "cpu")))
    return rows


def print_pairs(results, variants, workloads, title, text):
    names = [workload.name for workload in workloads]
    print_table(title, text, names, pair_rows(results, variants, names))


def print_programs(results, variants, workloads):
    names = [workload.name for workload in workloads]
    rows = [row(results, "no tool, milliseconds", "no tool", names,
                lambda workload: [1000 * value for value in results.absolute(workload, "no tool", "wall")])]
    for variant in variants[1:]:
        name = variant.name
        rows.append(row(results, f"**{name}**" if name == "weir" else name, name, names,
                        lambda workload, name=name: results.ratio(workload, name)))
        if name == "weir":
            rows.append(row(results, "weir: until the program's end", name, names,
                            lambda workload: results.ratio(workload, "weir", "recording")))
            rows += [row(results, label, name, names,
                         lambda workload, measure=measure: results.ratio(workload, "weir", measure, "cpu"))
                     for label, measure in (("weir: CPU of the program", "target_cpu"),
                                            ("weir: CPU of the collector and reporter", "collector_cpu"))]
        elif not variant.slow:
            rows.append(row(results, f"{name}: CPU", name, names,
                            lambda workload, name=name: results.ratio(workload, name, "cpu", "cpu")))
    print_table("Whole programs: how many times the untraced run",
                "Wall time of everything: start, run, and what the tool does at the end (weir and LeakSanitizer look\n"
                "for leaks and name them, heaptrack does not). CPU is compared with the untraced program's.",
                names, rows)


def print_startup(results, variants, workloads):
    names = [workload.name for workload in workloads]
    rows = [row(results, "no tool, absolute", "no tool", names,
                lambda workload: results.absolute(workload, "no tool", "wall"))]
    rows += [row(results, f"**{variant.name}**" if variant.name == "weir" else variant.name, variant.name, names,
                 lambda workload, name=variant.name: results.added(workload, name)) for variant in variants[1:]]
    print_table("Start and end: milliseconds added",
                "Wall time of programs that do nothing; heaptrack and Valgrind do not follow the shell's children.",
                names, rows)


def print_memory(programs, peers):
    """programs: [(name, {variant: (memory of the target, memory of the tool or None)})]"""
    head = ["no tool, peak RSS", "weir: RSS added", "of it shared", "PSS added", "weir: collector's peak RSS"]
    head += [f"{peer}: RSS added" for peer in peers]
    rows = []
    for name, seen in programs:
        if not seen["no tool"][0] or not seen["weir"][0]:
            continue
        base, (traced, collector) = seen["no tool"][0], seen["weir"]
        kib = [base.resident, traced.resident - base.resident, traced.shared - base.shared,
               traced.proportional - base.proportional, collector.resident]
        kib += [seen[peer][0].resident - base.resident if seen[peer][0] else None for peer in peers]
        rows.append((name, ["fails" if value is None else f"{value / 1024:.1f}" for value in kib]))
    print_table("Memory of the program, MiB",
                "One run each, looked at every 10 ms. Shared memory is the channel to the collector; the proportional\n"
                "share (PSS) halves what both have mapped.", head, rows)


def print_profile(workloads):
    """workloads: [(name, {source file: instructions for each pair})]"""
    files = sorted({file for _, parts in workloads for file in parts},
                   key=lambda file: -max(parts.get(file, 0) for _, parts in workloads))
    rows = [(file, [f"{parts.get(file, 0):.0f}" for _, parts in workloads]) for file in files]
    rows.append(("**all**", [f"{sum(parts.values()):.0f}" for _, parts in workloads]))
    print_table("Instructions of the shim for each malloc and free together, by source file",
                "Counted by callgrind with the collector running; what is done once is left out.",
                [name for name, _ in workloads], rows)
