"""Instructions of the shim for each pair of malloc and free, by its source file, counted by callgrind."""
import collections
import os
import re

from bench_measure import timed_run


def instructions_by_file(path, library):
    """Self cost of each source file in one object of a callgrind output."""
    names, costs = {}, collections.Counter()
    here, file, skip = False, "", False
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            position = re.match(r"(ob|fl|fi|fe|fn|calls)=(?:(\(\d+\))(?: (.*))?)?", line)
            if position:
                kind, number, name = position.groups()
                family = "ob" if kind == "ob" else "fn" if kind == "fn" else "fl"
                if name:
                    names[family, number] = name.strip()
                if kind == "ob":
                    here = names.get(("ob", number), "").endswith(library)
                elif family == "fl" and kind != "calls":
                    file = os.path.basename(names.get(("fl", number), "?"))
                skip = kind == "calls"
            elif re.match(r"c(ob|fi|fl|fn)=", line):
                remember_callee(line, names)
            elif re.match(r"[+\-*\d]", line):
                if here and not skip:
                    costs[file] += int(line.split()[1])
                skip = False
    return costs


def remember_callee(line, names):
    """A callee's object, file and name may be spelled here first."""
    found = re.match(r"c(ob|fi|fl|fn)=(\(\d+\)) (.*)", line)
    if found:
        kind, number, name = found.groups()
        names["fl" if kind in ("fi", "fl") else kind, number] = name.strip()


def count(variant, command, directory):
    output = f"{directory}/callgrind.out"
    run = timed_run(variant.command(["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={output}", *command]),
                    variant.environment)
    if run.status != 0:
        raise RuntimeError(f"callgrind ended with {run.status}")
    return instructions_by_file(output, "libweir.so")


def instructions_per_pair(variant, workload, directory):
    """{source file: instructions per pair}, from a long run less a short one: what is done once is left out."""
    few, many = workload.command(200), workload.command(20)
    short, long = count(variant, few, directory), count(variant, many, directory)
    # a tenth as many pairs are made before the clock starts
    pairs = (int(many[-1]) - int(few[-1])) * 1.1 * workload.threads
    return {file: cost for file, cost in ((file, (long[file] - short[file]) / pairs) for file in long) if cost >= 0.5}
