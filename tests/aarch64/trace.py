#!/usr/bin/python3
"""Traces one aarch64 program under user-mode emulation, and compares what weir
says with what the program is known to do.

    trace.py --sysroot DIRECTORY --build DIRECTORY

Emulation cannot start another emulated program, so the collector is started
first, the way libweir.so would have started it."""
import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile

# Size of each block that stays, how many there are, and the functions of the
# program on its stack, innermost first.
EXPECTED = {
    1001: (1, ["leaf", "with_array", "main"]),
    1002: (1, ["leaf"] + ["deep"] * 51 + ["main"]),
    1003: (1, ["leaf", "catches", "main"]),
    1004: (1, ["leaf", "compare", "sorts", "main"]),
    1005: (1, ["leaf", "handler", "signals", "main"]),
    1006: (1, ["reallocates", "main"]),
    1007: (4, ["in_thread"]),
}


def start_collector(emulate, build, report):
    ours, theirs = socket.socketpair()
    environment = dict(os.environ, WEIR_OPTIONS=f"--report={report}")
    collector = subprocess.Popen(emulate + [f"{build}/report/weir", "collect", "--socket-fd", str(theirs.fileno())],
                                 pass_fds=[theirs.fileno()], env=environment)
    theirs.close()
    text, descriptors, _, _ = socket.recv_fds(ours, 4096, 1)
    for descriptor in descriptors:
        os.close(descriptor)
    return collector, text.rstrip(b"\0").decode()


def trace(emulate, build):
    with tempfile.TemporaryDirectory() as directory:
        report = os.path.join(directory, "report.json")
        collector, session = start_collector(emulate, build, report)
        program = subprocess.run(emulate + ["-E", f"LD_PRELOAD={build}/preload/libweir.so", "-E", f"WEIR_SESSION={session}",
                                            f"{build}/tests/aarch64/traced"], check=False)
        collector.wait(timeout=60)
        # The first one only starts the collector proper and ends.
        for _ in range(600):
            if os.path.exists(report) and os.path.getsize(report):
                try:
                    with open(report, encoding="utf-8") as file:
                        return program.returncode, json.load(file)
                except json.JSONDecodeError:
                    pass
            subprocess.run(["sleep", "0.1"], check=True)
    raise SystemExit("no report was written")


def functions(leak):
    names = [(frame["function"] or "").split("(")[0] for frame in leak["stack"]]
    known = {name for _, stack in EXPECTED.values() for name in stack}
    return [name for name in names if name in known]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sysroot", required=True)
    parser.add_argument("--build", required=True)
    arguments = parser.parse_args()
    status, report = trace(["qemu-aarch64", "-L", arguments.sysroot], arguments.build)
    wrong = []
    if status:
        wrong.append(f"the program ended with {status}")
    found = {}
    for leak in report["leaks"]:
        for size, blocks in leak["sizes"]:
            if size in EXPECTED:
                found[size] = (found.get(size, (0,))[0] + blocks, functions(leak))
    for size, expected in EXPECTED.items():
        if found.get(size) != expected:
            wrong.append(f"blocks of {size} bytes: expected {expected}, found {found.get(size)}")
    summary = report["summary"]
    if summary["events_lost"] or summary["threads"] != 5:
        wrong.append(f"{summary['events_lost']} events lost, {summary['threads']} threads")
    if summary["allocations"] - summary["frees"] != summary["live_blocks"] or summary["allocations"] < 4000:
        wrong.append(f"{summary['allocations']} allocations, {summary['frees']} frees, {summary['live_blocks']} live")
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
