"""Named cases: each test file is a table of functions, each function one test of
the build.

    CASES = Cases()

    @CASES.add
    def unwritable_report(weir): ...

    sys.exit(CASES.main())

    FILE --list                     the names, sorted
    FILE --weir WEIR NAME           runs one
"""
import argparse
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness  # noqa: E402

SKIPPED = 77


class Skip(Exception):
    """The machine cannot run this test."""


class Cases:
    """The tests of one file."""

    def __init__(self):
        self.functions = {}

    def add(self, function):
        self.functions[function.__name__.replace("_", "-")] = function
        return function

    def main(self):
        parser = argparse.ArgumentParser()
        parser.add_argument("--list", action="store_true")
        parser.add_argument("--weir")
        parser.add_argument("name", nargs="?")
        args = parser.parse_args()
        if args.list:
            print("\n".join(sorted(self.functions)))
            return 0
        weir = harness.Weir(args.weir)
        try:
            self.functions[args.name](weir)
        except harness.Failure as e:
            print(e)
            return 1
        except subprocess.TimeoutExpired as e:
            print(f"still running after {e.timeout} s: {e.cmd}")
            return 1
        except Skip as e:
            print(e)
            return SKIPPED
        finally:
            weir.close()
        return 0
