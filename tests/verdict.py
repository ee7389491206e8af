#!/usr/bin/python3
"""Says how the last `meson test` of a build directory went.

    tests/verdict.py BUILD

Compares the tests that the build lists with those that ran.  A test that timed
out or did not run at all has failed, and with WEIR_SKIPS_FAIL in the
environment one that was skipped has, too.  One that is expected to fail, as a
control does with its fault in it, passes by failing.  The last line is always
"N passed, N failed"; the exit status is 0 only when none failed.
"""
import json
import os
import subprocess
import sys


def listed(build):
    tests = json.loads(subprocess.check_output(["meson", "introspect", "--tests", build]))
    return [f"{test['suite'][0].split(':')[-1]} / {test['name']}" if test["suite"] else test["name"] for test in tests]


def results(build):
    found = {}
    try:
        with open(f"{build}/meson-logs/testlog.json", encoding="utf-8") as log:
            for line in log:
                test = json.loads(line)
                # "weir:unit / bytes"
                found[test["name"].split(":", 1)[-1]] = test["result"]
    except FileNotFoundError:
        pass
    return found


def main():
    build = sys.argv[1]
    names, ran = listed(build), results(build)
    results_of = [(name, ran.get(name, "did not run")) for name in names]
    passed = ("OK", "EXPECTEDFAIL")
    fine = passed if os.environ.get("WEIR_SKIPS_FAIL") else (*passed, "SKIP")
    for name, result in results_of:
        if result not in passed:
            print(f"{result}: {name}")
    bad = [(name, result) for name, result in results_of if result not in fine]
    if len(set(names)) != len(names):
        bad.append(("two tests with one name", ""))
        print("two tests have the same name")
    if not names:
        bad.append(("no tests", ""))
        print("no tests are listed")
    print(f"{sum(result in passed for _, result in results_of)} passed, {len(bad)} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
