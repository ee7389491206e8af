#!/usr/bin/python3
"""LD_PRELOAD=libweir.so COMMAND without weir run: the library starts its own
collector, and the report goes where WEIR_OPTIONS says."""
import json
import os
import sys
import time

from cases import Cases, harness

CASES = Cases()


def library(weir):
    return os.path.join(os.path.dirname(os.path.dirname(weir.path)), "preload", "libweir.so")


def preload(weir, command, options, **how):
    return harness.run(command, env={**os.environ, "LD_PRELOAD": library(weir), "WEIR_OPTIONS": options}, **how)


def build(weir, source):
    return harness.build(weir, "program", source)


def read(weir, path):
    for _ in range(100):
        if os.path.exists(path) and os.path.getsize(path):
            break
        time.sleep(0.1)
    with open(path, encoding="utf-8") as file:
        report = json.load(file)
    harness.jsonschema.validate(report, weir.schema)
    return report


@CASES.add
def leaking_program(weir):
    program = build(weir, "#include <stdio.h>\n#include <stdlib.h>\n"
                          "int main(void) { malloc(100); puts(\"out\"); return 3; }")
    path = f"{weir.directory}/report.json"
    run = preload(weir, [program], f"-q --report={path}")
    harness.check((run.status, run.stdout, run.stderr) == (3, b"out\n", b""), f"{run.status} {run.stdout!r} {run.stderr!r}")
    report = read(weir, path)
    harness.trusted(report)
    harness.check(report["summary"]["kinds"]["definite"] == {"groups": 1, "blocks": 1, "bytes": 100},
                  str(report["summary"]["kinds"]))
    harness.check(report["processes"][0]["end"] == {"how": "exited", "status": 3, "exec": None}, str(report["processes"][0]["end"]))


@CASES.add
def shell_pipeline(weir):
    path = f"{weir.directory}/report.json"
    run = preload(weir, ["bash", "-c", "seq 100 | sort -n | tail -1; (exit 4)"], f"-q --report={path}")
    harness.check((run.status, run.stdout) == (4, b"100\n"), f"{run.status} {run.stdout!r} {run.stderr!r}")
    report = read(weir, path)
    harness.trusted(report)
    harness.check(len(report["processes"]) >= 5, f"{len(report['processes'])} processes")


@CASES.add
def report_named_after_the_process(weir):
    program = build(weir, "#include <stdlib.h>\n#include <stdio.h>\n#include <unistd.h>\n"
                          "int main(void) { printf(\"%d\", getpid()); return malloc(100) == 0; }")
    run = preload(weir, [program], f"-q --report={weir.directory}/r.%p.json")
    harness.trusted(read(weir, f"{weir.directory}/r.{run.stdout.decode()}.json"))


@CASES.add
def text_on_standard_error(weir):
    program = build(weir, "#include <stdlib.h>\nint main(void) { malloc(100); return 0; }")
    run = preload(weir, [program], "")
    harness.check(run.status == 0 and b"100 bytes" in run.stderr and b"definite" in run.stderr,
                  f"{run.status} {run.stderr.decode()}")


@CASES.add
def bad_options_do_not_stop_the_program(weir):
    program = build(weir, "#include <stdio.h>\nint main(void) { puts(\"out\"); return 3; }")
    run = preload(weir, [program], "--zebra")
    harness.check((run.status, run.stdout) == (3, b"out\n"), f"{run.status} {run.stdout!r}")
    harness.check(b"zebra" in run.stderr, run.stderr.decode())


if __name__ == "__main__":
    sys.exit(CASES.main())
