#!/usr/bin/python3
"""Whole trees of processes: which programs are traced and which are left out,
and leaks that many processes share."""
import os
import sys

from cases import Cases, harness

CASES = Cases()

LEAKY = "int main(int argc, char **argv) { return malloc(100) == 0; }"


def build(weir, name, *flags, source=LEAKY):
    return harness.build(weir, name, "#include <stdlib.h>\n" + source, *flags)


def put(weir, name, text, mode=0o755):
    return harness.put(weir, name, text, mode)


def names(report):
    """The programs in the report, each once."""
    return sorted({os.path.basename(process["exe"] or "?") for process in report["processes"]})


def left_out(report):
    """What the report says of those that were left out; "" = none were."""
    return "".join(note["message"] for note in report["diagnostics"] if note["code"] == "left-out")


def traced(weir, command, options, programs, status=0, note=None):
    """The run ends so, and these programs are in its report; others are told."""
    run, report = weir.trace(command, options, tools=False)
    text = f"{options}: {run.status} {names(report)} {left_out(report)} {run.stderr.decode()} {report['incomplete']}"
    harness.check(run.status == status and names(report) == sorted(programs), text)
    harness.check((note or "") in left_out(report) and bool(note) == bool(left_out(report)), text)
    return report


@CASES.add
def tools_are_left_out(weir):
    """make, the shells and compilers it runs; not what they build, nor a program of a tool's name."""
    leaky, sed = build(weir, "leaky"), build(weir, "sed")
    makefile = put(weir, "Makefile", "check: built\n\t@for i in 1 2; do ./leaky; done\n\t@./sed && sed --version >/dev/null; ./built\n"
                   "built: built.c\n\t@gcc -w built.c -o built\n")
    put(weir, "built.c", "#include <stdlib.h>\n" + LEAKY)
    report = traced(weir, ["make", "-C", weir.directory, "--no-print-directory", "check"], ["--gate"], ["built", "leaky", "sed"], 23,
                    "dash")
    harness.check("make 1" in left_out(report) and "cc1 1" in left_out(report), left_out(report))
    harness.check(report["complete"] and report["summary"]["left_out"] > 4, f"{report['incomplete']} {report['summary']}")
    counts = {leak["blocks"]: len(leak["processes"]) for leak in report["leaks"]}
    harness.check(counts.get(2) == 2, f"the two runs of leaky are not one leak: {report['leaks']}")
    harness.check(leaky and sed and makefile, "built")


@CASES.add
def the_command_is_traced(weir):
    """Also a shell; not what it runs of the system's tools."""
    leaky = build(weir, "leaky")
    traced(weir, ["sh", "-c", f"{leaky}; true; ls / >/dev/null"], [], ["dash", "leaky"], note="ls 1")
    traced(weir, ["bash", "-c", f"{leaky}; (exit 0); sh -c {leaky}"], [], ["bash", "leaky"], note="dash 1")
    traced(weir, [leaky], [], ["leaky"])


@CASES.add
def patterns_choose(weir):
    """By name, by path, and by a script's own name."""
    leaky, other = build(weir, "leaky"), build(weir, "other")
    script = put(weir, "runner.sh", f"#!/bin/sh\n{leaky}; {other}; env {leaky}\n")
    for options, programs, note in (
            (["--trace-all"], ["dash", "env", "leaky", "other"], None), (["--skip-exe=leaky"], ["dash", "other"], "leaky 2"),
            (["--skip-exe=runner.*"], ["leaky", "other"], "dash 1"), (["--skip-exe=*/other"], ["dash", "leaky"], "other 1"),
            (["--only-exe=other"], ["other"], "leaky 2"), (["--only-exe=l*", "--only-exe=oth??"], ["leaky", "other"], "dash 1"),
            (["--only-exe=runner.sh", "--only-exe=leaky"], ["dash", "leaky"], "other 1"),
            (["--only-exe=*", "--skip-exe=dash", "--skip-exe=env"], ["leaky", "other"], "dash 1")):
        report = traced(weir, [script], options, [p for p in programs if p != "env" or "--trace-all" in options], note=note)
        harness.check(report["complete"], f"{options}: {report['incomplete']}")


@CASES.add
def the_environment_chooses(weir):
    leaky = build(weir, "leaky")
    run = weir.run(["run", "--", "sh", "-c", f"{leaky}; exit 3"], env={**os.environ, "WEIR_OPTIONS": "--only-exe=leaky -q --gate"})
    harness.check(run.status == 23, f"{run.status} {run.stderr.decode()}")
    run = weir.run(["run", "--", "sh", "-c", f"{leaky}; exit 3"], env={**os.environ, "WEIR_OPTIONS": "--skip-exe=leaky -q --gate"})
    harness.check(run.status == 3, f"{run.status} {run.stderr.decode()}")


@CASES.add
def nothing_traced_passes_no_gate(weir):
    run, report = weir.trace([build(weir, "leaky")], ["--gate", "--skip-exe=leaky"], tools=False)
    reasons = "".join(entry["reason"] for entry in report["incomplete"])
    harness.check(run.status == 24 and "all programs were left out" in reasons, f"{run.status} {reasons}")
    run, report = weir.trace(["make", "--version"], ["--gate"], tools=False)
    harness.check(run.status == 24, f"{run.status} {report['incomplete']}")


@CASES.add
def what_a_tool_runs_untraced_is_named(weir):
    """A static program below a shell that is left out."""
    static = build(weir, "static-child", "-static")
    for script in (f"{static}", f"{static}; true", f"exec {static}", f"({static})"):
        run, report = weir.trace(["sh", "-c", script], ["--gate", "--skip-exe=dash"], tools=False)
        reasons = "".join(entry["reason"] for entry in report["incomplete"])
        harness.check(run.status == 24 and "static" in reasons, f"{script!r}: {run.status} {reasons}")


@CASES.add
def left_out_programs_behave(weir):
    """Their output, status, signals and failing execs are their own."""
    for script, status in (("echo $((6*7)); exit 5", 5), ("kill -TERM $$", -15), ("no-such-program; echo $?", 0), ("exec no-such-program", 127),
                           ("(exit 3) || echo $? | cat", 0), ("sh -c 'sh -c \"exit 9\"'", 9)):
        alone = harness.run(["bash", "-c", script])
        run = weir.run(["run", "-q", "--skip-exe=*", "--", "bash", "-c", script])
        harness.check((run.status, run.stdout) == (status, alone.stdout), f"{script!r}: {run.status} {run.stdout!r} {run.stderr!r}")


@CASES.add
def a_bare_session_leaves_out_too(weir):
    """The report is there when the last process ends, though that one is left out."""
    leaky, report = build(weir, "leaky"), f"{weir.directory}/bare.json"
    library = os.path.join(os.path.dirname(weir.path), "../preload/libweir.so")
    for skip in ("--skip-exe=dash", "--trace-all"):
        env = {**os.environ, "LD_PRELOAD": os.path.abspath(library), "WEIR_OPTIONS": f"-q --report={report} {skip}"}
        run = harness.run(["sh", "-c", f"{leaky}; {leaky}; exit 4"], env=env)
        judged = weir.run(["gate", "-q", report])
        harness.check(run.status == 4 and judged.status == 23, f"{skip}: {run.status} {judged.status} {judged.stderr.decode()}")


@CASES.add
def leaks_of_many_processes_are_one(weir):
    leaky = build(weir, "leaky")
    _, report = weir.trace(["sh", "-c", f"for i in 1 2 3 4 5 6 7 8 9 10 11 12; do {leaky} & done; wait"], tools=False)
    leaks = [leak for leak in report["leaks"] if leak["kind"] == "definite"]
    harness.check(len(leaks) == 1 and leaks[0]["blocks"] == 12 and leaks[0]["bytes"] == 1200, f"{leaks}")
    harness.check(len(leaks[0]["processes"]) == 12, f"{leaks[0]['processes']}")


@CASES.add
def bad_patterns(weir):
    many = [f"--skip-exe={'x' * 200}{i}" for i in range(60)]
    for options, part in (([*many], "longer than"), (["--skip-exe="], "wants a value"), (["--only-exe"], "--only-exe")):
        run = weir.run(["run", "-q", *options, "--", "true"] if options != ["--only-exe"] else ["run", "--only-exe"])
        harness.check(run.status == 125 and part in run.stderr.decode(), f"{options[0][:20]}: {run.status} {run.stderr.decode()}")


if __name__ == "__main__":
    sys.exit(CASES.main())
