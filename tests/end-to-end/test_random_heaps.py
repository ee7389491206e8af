#!/usr/bin/python3
"""Random heaps in a real process: the kind of every block, what each leak alone
holds, who owns what, and each cycle, compared with the definitions (DESIGN.md,
section 4) computed the long way round from the plan of the heap."""
import json
import random
import sys

from cases import Cases, harness

CASES = Cases()

BLOCKS = 24
EXACT, TAGGED, INTERIOR, END = 7, 5, 4, 3
DELTAS = {EXACT: 0, TAGGED: 3, INTERIOR: 40}

# Builds what its first argument says.  Addresses are kept complemented, and
# each block comes from a function of its own.
PROGRAM = """
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
static uintptr_t hidden[64];
uintptr_t roots[64];
%s
static void *(*const sites[])(size_t) = { %s };
__attribute__((noinline)) static void scrub(void)
{
        volatile char dead[16384];
        memset((char *)dead, 0, sizeof dead);
}
__attribute__((noinline)) static void build(char *plan)
{
        while (*plan) {
                char op = *plan++;
                unsigned long a = strtoul(plan, &plan, 10), b = strtoul(plan, &plan, 10);
                unsigned long c = strtoul(plan, &plan, 10), d = strtoul(plan, &plan, 10);

                plan += *plan == ' ';
                if (op == 'a')
                        hidden[a] = ~(uintptr_t)sites[a](b);
                else if (op == 'e')
                        ((uintptr_t *)~hidden[a])[b] = ~hidden[c] + d;
                else
                        roots[a] = ~hidden[c] + d;
        }
}
int main(int argc, char **argv)
{
        build(argv[argc - 1]);
        scrub();
        return 0;
}
"""


def build(weir):
    sites = "".join(f"static void *site{i}(size_t size) {{ void *p = calloc(1, size); return p; }}\n"
                    for i in range(BLOCKS))
    source = PROGRAM % (sites, ", ".join(f"site{i}" for i in range(BLOCKS)))
    return harness.build(weir, "heap", source)


class Plan:
    """Blocks of different sizes, at most one pointer for each pair."""

    def __init__(self, rng):
        self.count = rng.randint(2, BLOCKS)
        self.sizes = [112 + 16 * i + 8 * rng.randint(0, 1) for i in range(self.count)]
        rng.shuffle(self.sizes)
        self.edges, self.roots, self.text = {}, {}, ""
        order = list(range(self.count))
        rng.shuffle(order)
        for block in order:
            self.text += f"a{block} {self.sizes[block]} 0 0 "
        used = set()
        for _ in range(rng.randint(0, self.count * 2)):
            source, to = rng.randrange(self.count), rng.randrange(self.count)
            word = rng.randrange(3) if source == to else rng.randrange(self.sizes[source] // 8)
            strength = EXACT if source == to else rng.choice([EXACT] * 6 + [TAGGED, INTERIOR, END])
            if (source, to) not in self.edges and (source, word) not in used:
                used.add((source, word))
                self.edges[source, to] = strength
                self.text += f"e{source} {word} {to} {DELTAS.get(strength, self.sizes[to])} "
        for slot in range(rng.randint(0, 3)):
            to, strength = rng.randrange(self.count), rng.choice([EXACT] * 3 + [TAGGED, INTERIOR, END])
            self.roots[to] = max(self.roots.get(to, 0), strength)
            self.text += f"r{slot * 2} 0 {to} {DELTAS.get(strength, self.sizes[to])} "


class Truth:
    """The definitions, to a fixed point."""

    def __init__(self, plan):
        blocks = range(plan.count)
        self.confidence = [plan.roots.get(i, 0) for i in blocks]
        for _ in blocks:
            for (source, to), strength in plan.edges.items():
                self.confidence[to] = max(self.confidence[to], min(self.confidence[source], strength))
        lost = [i for i in blocks if not self.confidence[i]]
        self.edges = {(a, b) for (a, b), strength in plan.edges.items()
                      if strength >= INTERIOR and a in lost and b in lost and a != b}
        self.reach = {i: {i} for i in lost}
        for _ in blocks:
            for a, b in self.edges:
                self.reach[a] |= self.reach[b]
        self.cycle_of = {i: frozenset(j for j in self.reach[i] if i in self.reach[j]) for i in lost}
        self.sources = {c for c in self.cycle_of.values()
                        if not any(b in c and a not in c for a, b in self.edges)}
        self.owners = {i: {c for c in self.sources if i in self.reach[min(c)]} for i in lost}
        self.kinds = []
        for i in blocks:
            if self.confidence[i]:
                self.kinds.append("reachable" if self.confidence[i] >= TAGGED else "possible")
            elif self.cycle_of[i] not in self.sources:
                self.kinds.append("indirect")
            else:
                self.kinds.append("cycle" if len(self.cycle_of[i]) > 1 else "definite")

    def girth(self, cycle):
        return min(length for start in cycle if (length := self.way_round(start)))

    def way_round(self, start):
        level, met, length = {start}, set(), 0
        while level:
            length += 1
            level = {b for a, b in self.edges if a in level} - met
            if start in level:
                return length
            met |= level
        return 0


def compare(plan, report):
    truth = Truth(plan)
    block_of = {size: block for block, size in enumerate(plan.sizes)}
    kinds, heads, exclusive = {}, {}, 0
    leaks = [leak for leak in report["leaks"] if any(size in block_of for size, _ in leak["sizes"])]
    for leak in leaks:
        members = frozenset(block_of[size] for size, _ in leak["sizes"])
        for block in members:
            harness.check(block not in kinds, f"block {block} is in two leaks")
            kinds[block] = leak["kind"]
        heads[leak["id"]] = members
        if leak["kind"] not in ("definite", "cycle"):
            continue
        harness.check(members in truth.sources, f"{members} is no head")
        alone = [i for i, owners in truth.owners.items() if owners == {members}]
        exclusive += leak["exclusive_bytes"]
        harness.check((leak["exclusive_blocks"], leak["exclusive_bytes"]) ==
                      (len(alone), sum(plan.sizes[i] for i in alone)), f"exclusive of {members}: {leak}")
        if leak["kind"] == "cycle":
            inner = sum(a in members and b in members for a, b in truth.edges)
            told = leak["cycle"]
            harness.check((told["blocks"], told["edges"], len(told["path"])) ==
                          (len(members), inner, truth.girth(members)), f"cycle {members}: {told}")
    harness.check([kinds.get(i) for i in range(plan.count)] == truth.kinds,
                  f"kinds {kinds}, should be {truth.kinds}")
    for leak in leaks:
        if leak["kind"] == "indirect":
            owners = {heads[owner] for owner in leak["owners"]}
            for block in heads[leak["id"]]:
                harness.check(owners == truth.owners[block] or len(truth.owners[block]) > 8,
                              f"owners of {block}: {owners}, should be {truth.owners[block]}")
    total = sum(plan.sizes[i] for i in truth.owners)
    shared = sum(plan.sizes[i] for i, owners in truth.owners.items() if len(owners) > 1)
    harness.check(exclusive + shared == total, f"{exclusive} alone, {shared} shared, {total} lost")


def run_plans(weir, seeds):
    program, path = build(weir), f"{weir.directory}/report.json"
    for seed in seeds:
        plan = Plan(random.Random(seed))
        run = weir.run(["run", "-q", "-o", path, "--kinds=all", "--", program, plan.text])
        harness.check(run.status == 0, f"seed {seed}: exit status {run.status}: {run.stderr.decode()}")
        with open(path, encoding="utf-8") as file:
            report = json.load(file)
        try:
            compare(plan, report)
        except harness.Failure as failure:
            raise harness.Failure(f"seed {seed}, plan {plan.text}: {failure}") from None


@CASES.add
def kinds_owners_sizes_and_cycles(weir):
    run_plans(weir, range(100))


if __name__ == "__main__":
    sys.exit(CASES.main())
