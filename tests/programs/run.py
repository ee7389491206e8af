#!/usr/bin/python3
"""Runs one test program with and without weir, and compares the report with
what the program's first comment expects.

    run.py --weir WEIR [--module MODULE] PROGRAM SOURCE

The comment's lines, after the title:

    expect: KIND [N groups] N blocks [N bytes]     a kind that is not named must not occur (but reachable)
    expect: cycles N        processes N            of the summary; process images
    expect: checked N       truncated N            stacks: found equal to libunwind's (--check-stacks); cut
    expect: exit N          signal N               how the program ends (default: exit 0)
    expect: stdout TEXT                            what it writes, a line
    expect: function NAME   file NAME              somewhere in a leak's stack
    expect: type TEXT       field TEXT             of a leak, an example or a step; of a pointer in one
    expect: likely TEXT                            what one without a type most likely is
    expect: no type TEXT                           and so on: it must not be there
    expect: advice TEXT     weak TEXT              how to break a cycle; why a leak is only possible
    expect: cut TEXT                               what breaking a cycle there does: ends, alike, together
    incomplete | maybe incomplete                  the report must be, may be incomplete
    options: ...            env: NAME=VALUE        for weir; for the program
    needs: root             module

N is a number, A..B or A.. (at least A).
"""
import argparse
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness  # noqa: E402

KINDS = ("definite", "cycle", "indirect", "possible", "unknown", "reachable")
PLACES = ("stdout", "function", "file", "type", "field", "advice", "cut", "weak", "likely")
SKIPPED = 77


class Range:
    """A number that is expected: "3", "1..5" or "2.."."""

    def __init__(self, text):
        low, dots, high = text.partition("..")
        self.low = int(low)
        self.high = int(high) if high else (None if dots else self.low)
        self.text = text

    def __contains__(self, value):
        return self.low <= value and (self.high is None or value <= self.high)

    def __repr__(self):
        return self.text


class Expectation:
    """What a program's comment says."""

    def __init__(self, source):
        with open(source, encoding="utf-8") as file:
            comment = re.match(r"/\*(.*?)\*/", file.read(), re.S).group(1)
        self.kinds, self.counts, self.texts, self.refused = {}, {}, [], []
        self.status, self.options, self.env, self.flags = 0, [], {}, set()
        lines = [line.strip(" *\t") for line in comment.splitlines()]
        for line in filter(None, lines[lines.index(""):] if "" in lines else []):
            self.read(line)

    def read(self, line):
        key, colon, rest = line.partition(": ")
        words = rest.split()
        if not colon:
            self.flags.add(line)
        elif key == "options":
            self.options += words
        elif key == "env":
            self.env.update(word.split("=", 1) for word in words)
        elif key == "needs":
            self.flags.add(f"needs {rest}")
        elif key == "expect" and words[0] in KINDS:
            numbers = words[1:]
            self.kinds[words[0]] = {unit.rstrip("s") + "s": Range(n) for n, unit in zip(numbers[::2], numbers[1::2])}
        elif key == "expect" and words[0] in ("cycles", "processes", "checked", "truncated"):
            self.counts[words[0]] = Range(words[1])
        elif key == "expect" and words[0] in ("exit", "signal"):
            self.status = int(words[1]) * (1 if words[0] == "exit" else -1)
        elif key == "expect" and words[0] == "no" and words[1] in PLACES:
            self.refused.append((words[1], rest.split(" ", 2)[2]))
        elif key == "expect" and words[0] in PLACES:
            self.texts.append((words[0], rest.split(" ", 1)[1]))
        else:
            raise harness.Failure(f"the comment's line '{line}' makes no sense")


def compare_kinds(expected, report):
    wrong = []
    for kind in KINDS:
        found = report["summary"]["kinds"][kind]
        wanted = expected.kinds.get(kind, {} if kind == "reachable" else {"blocks": Range("0")})
        for unit, numbers in wanted.items():
            if found[unit] not in numbers:
                wrong.append(f"{kind}: {found[unit]} {unit}, expected {numbers}")
    found = {**report["summary"], "checked": harness.checked_stacks(report),
             "truncated": harness.truncated_stacks(report)}
    for name, numbers in expected.counts.items():
        if found[name] not in numbers:
            wrong.append(f"{name}: {found[name]}, expected {numbers}")
    return wrong


def things(report):
    """Leaks, examples, steps and references."""
    for leak in report["leaks"]:
        cycle = leak["cycle"] or {"path": [], "break_at": []}
        yield from [leak, *cycle["path"], *cycle["break_at"]]
        for example in leak["examples"]:
            yield from [example, *example["referenced_by"], *example["references"]]


def compare_texts(expected, run, report):
    frames = [frame for leak in report["leaks"] for frame in leak["stack"]]
    places = {
        **{key: [thing.get(key) for thing in things(report)] for key in ("type", "field", "advice", "cut")},
        "likely": [thing.get("likely_type") for thing in things(report)],
        "weak": [leak["weak_link"]["why"] for leak in report["leaks"] if leak["weak_link"]],
        "stdout": run.stdout.decode(errors="replace").splitlines(),
        "function": [frame.get("function") for frame in frames],
        "file": [os.path.basename(frame.get("file") or "") for frame in frames],
    }
    wrong = [f"{what} {text} is not there" for what, text in expected.texts if text not in places[what]]
    return wrong + [f"{what} {text} is there" for what, text in expected.refused if text in places[what]]


def compare_end(expected, report):
    end = report["processes"][0]["end"]
    if end["how"] == "exec":
        return []
    wanted = ("signaled", -expected.status) if expected.status < 0 else ("exited", expected.status)
    found = (end["how"], end["status"])
    return [] if found == wanted else [f"the first process's end: {found}, expected {wanted}"]


def explain(report):
    """The leaks, short, for a person who must find out what went wrong."""
    for entry in report["incomplete"]:
        yield f"incomplete: {entry['process']}: {entry['reason']}"
    for note in report["diagnostics"]:
        yield f"{note['level']}: {note['message']}"
    for leak in report["leaks"][:12]:
        stack = " < ".join(str(frame.get("function") or frame.get("module")) for frame in leak["stack"][:6])
        yield f"{leak['kind']}: {leak['blocks']} blocks {leak['bytes']} bytes: {stack}"


def test(weir, program, expected, module):
    command = [os.path.abspath(program)] + ([os.path.abspath(module)] if "module" in expected.flags else [])
    environment = {**os.environ, **expected.env}
    untraced = harness.run(command, env=environment)
    harness.check(untraced.status == expected.status, f"untraced, it ends with {untraced.status}")
    traced, report = weir.trace(command, ["--kinds=all", *expected.options], env=environment)
    harness.same_output(traced, untraced)
    wrong = compare_kinds(expected, report) + compare_texts(expected, traced, report) + compare_end(expected, report)
    if "incomplete" in expected.flags:
        if report["complete"]:
            wrong.append("the report says it is complete")
    elif "maybe incomplete" not in expected.flags and not report["complete"]:
        wrong.append("the report is incomplete")
    for look in (harness.balanced, harness.sums_hold):
        try:
            look(report)
        except harness.Failure as e:
            wrong.append(str(e))
    harness.check(not wrong, "\n".join(wrong + list(explain(report))))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weir", required=True)
    parser.add_argument("--module")
    parser.add_argument("program")
    parser.add_argument("source")
    args = parser.parse_args()
    expected = Expectation(args.source)
    if "needs root" in expected.flags and os.geteuid():
        print("needs root")
        return SKIPPED
    weir = harness.Weir(args.weir)
    try:
        test(weir, args.program, expected, args.module)
    except harness.Failure as e:
        print(e)
        return 1
    finally:
        weir.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
