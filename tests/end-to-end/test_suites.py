#!/usr/bin/python3
"""weir where test suites already are: as CTest's memory checker, as the wrapper of
Meson's, Automake's and pytest's tests, and around whole suites."""
import glob
import json
import os
import sys
import xml.etree.ElementTree

from cases import Cases, harness

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import formats  # noqa: E402

CASES = Cases()

LEAKS = """
#include <stdlib.h>
#include <string.h>
__attribute__((noinline)) static void *lose(size_t size) { return memset(malloc(size), 1, size); }
__attribute__((noinline)) static void lose_ring(void)
{
        void **a = malloc(16), **b = malloc(24);
        *a = b;
        *b = a;
}
__attribute__((noinline)) static void clobber(void)
{
        volatile char room[4096];
        memset((char *)room, 0, sizeof room);
}
int main(void)
{
        for (int i = 0; i < 2; i++)
                lose(1000);
        lose_ring();
        clobber();
        return 0;
}
"""
TIDY = "#include <stdlib.h>\nint main(void) { free(malloc(100)); return STATUS; }\n"

CMAKE = """
cmake_minimum_required(VERSION 3.18)
project(suite C)
set(CMAKE_C_FLAGS "-g -O0")
include(CTest)
foreach(name leaks again tidy)
  add_executable(${name}_program ${name}.c)
  add_test(NAME ${name} COMMAND ${name}_program)
endforeach()
"""

MESON = """
project('suite', 'c', default_options: ['buildtype=debug'])
foreach name : ['leaks', 'again', 'tidy']
  test(name, executable(name, name + '.c'))
endforeach
"""

MAKE = """
CFLAGS = -g -O0
check: leaks again tidy
\t./leaks
\t./again
\t./tidy
"""

CONFIGURE = """
AC_INIT([suite], [1])
AM_INIT_AUTOMAKE([foreign])
AC_PROG_CC
AC_CONFIG_FILES([Makefile])
AC_OUTPUT
"""
AUTOMAKE = """
check_PROGRAMS = leaks tidy
TESTS = leaks tidy
"""


class Suite:
    """A directory with two programs that leak in the same place and one that does not."""

    def __init__(self, weir, status=0, **files):
        self.weir = weir
        self.path = os.path.join(weir.directory, "suite")
        os.mkdir(self.path)
        self.write("leaks.c", LEAKS)
        os.symlink("leaks.c", os.path.join(self.path, "again.c"))
        self.write("tidy.c", TIDY.replace("STATUS", str(status)))
        for name, text in files.items():
            stem, _, suffix = name.rpartition("_")
            self.write(f"{stem}.{suffix}" if stem else name, text)

    def write(self, name, text):
        with open(os.path.join(self.path, name), "w", encoding="utf-8") as file:
            file.write(text)

    def do(self, *command, cwd="."):
        """A command that must succeed."""
        done = harness.run(command, cwd=os.path.join(self.path, cwd))
        harness.check(done.status == 0, f"{' '.join(command)}: exit status {done.status}\n"
                      + (done.stdout + done.stderr).decode(errors="replace"))
        return done.stdout.decode()

    def trace(self, *command, cwd=".", status=23):
        """The command traced as a whole and judged; gives its report."""
        done, report = self.weir.trace(command, ["--gate"], tools=False, cwd=os.path.join(self.path, cwd))
        harness.check(done.status == status, f"exit status {done.status}, not {status}\n"
                      + (done.stdout + done.stderr).decode(errors="replace"))
        return report


def merged(report):
    """The leaks that two programs have in common are told once, with both processes."""
    harness.complete(report)
    ours = [leak for leak in report["leaks"] if any(frame["function"] in ("lose", "lose_ring") for frame in leak["stack"])]
    lost = sum(leak["bytes"] for leak in ours if leak["kind"] in ("definite", "cycle"))
    harness.check(lost == 2 * 2040, f"{lost} bytes lost, not {2 * 2040}: {json.dumps(ours)[:2000]}")
    others = [leak for leak in report["leaks"] if leak["fails_gate"] and leak not in ours]
    harness.check(not others, f"leaks of the tools fail the gate: {json.dumps(others)[:2000]}")
    names = {os.path.basename(process["exe"]) for process in report["processes"] if process["exe"]}
    harness.check(sum(name.startswith(("leaks", "again", "tidy")) for name in names) == 3, f"processes: {names}")
    harness.check(report["gate"]["status"] == "fail", report["gate"])


# ---- CTest -------------------------------------------------------------------


def memcheck(suite, *options):
    """Configures for weir and gives {test: {defect: number}} as CTest understood it."""
    suite.do("cmake", "-B", "build", f"-DMEMORYCHECK_COMMAND={suite.weir.path}", "-DMEMORYCHECK_TYPE=Valgrind", *options)
    suite.do("cmake", "--build", "build")
    harness.run(["ctest", "-T", "memcheck"], cwd=f"{suite.path}/build")
    results, = glob.glob(f"{suite.path}/build/Testing/2*/DynamicAnalysis.xml")
    found = {}
    for test in xml.etree.ElementTree.parse(results).iter("Test"):
        if test.find("Name") is not None:
            defects = test.find("Results").findall("Defect")
            found[test.findtext("Name")] = {defect.get("type"): int(defect.text) for defect in defects}
    return found


@CASES.add
def ctest_memcheck(weir):
    suite = Suite(weir, CMakeLists_txt=CMAKE)
    found = memcheck(suite)
    harness.check(found == {"leaks": {"Memory Leak": 2}, "again": {"Memory Leak": 2}}, found)
    with open(f"{suite.path}/build/Testing/Temporary/MemoryChecker.1.log", "rb") as log:
        records, _ = formats.valgrind(log.read())
    harness.check(sorted(records) == [("definitely lost", 40, 2), ("definitely lost", 2000, 2)], records)


@CASES.add
def ctest_memcheck_with_suppressions(weir):
    suite = Suite(weir, CMakeLists_txt=CMAKE,
                  leaks_supp="{\n  known\n  Memcheck:Leak\n  fun:malloc\n  fun:lose\n  ...\n}\n")
    found = memcheck(suite, f"-DMEMORYCHECK_SUPPRESSIONS_FILE={suite.path}/leaks.supp",
                     "-DMEMORYCHECK_COMMAND_OPTIONS=--leak-check=full --error-exitcode=7")
    harness.check(found == {"leaks": {"Memory Leak": 1}, "again": {"Memory Leak": 1}}, found)


@CASES.add
def memcheck_by_itself(weir):
    suite = Suite(weir)
    suite.do("gcc", "-g", "-o", "leaks", "leaks.c")
    log, out = f"{suite.path}/log", f"{suite.path}/out.xml"

    def check(status, *options):
        done = weir.run([*options, f"{suite.path}/leaks"])
        harness.check(done.status == status, f"exit status {done.status}\n{done.stderr.decode()}")
        return done.stderr

    check(0, f"--log-file={log}", "-q", "--tool=memcheck", "--leak-check=yes", "--show-reachable=yes", "--num-callers=2")
    with open(log, "rb") as file:
        text = file.read()
    harness.check(len(formats.valgrind(text)[0]) == 2 and b"SUMMARY" not in text and text.count(b"by 0x") == 2, text)
    records, sums = formats.valgrind(check(9, "-v", "--leak-check=full", "--track-origins=yes", "--error-exitcode=9"))
    harness.check(len(records) == 2 and sums["definitely lost"] == (2040, 4), (records, sums))
    records, sums = formats.valgrind(check(0, "--tool=memcheck"))
    harness.check(not records and sums["definitely lost"] == (2040, 4), (records, sums))
    check(0, "--leak-check=full", "--error-exitcode=9", "--errors-for-leak-kinds=possible")
    check(0, "--xml=yes", f"--xml-file={out}", "--leak-check=full", f"--log-file={log}")
    with open(out, "rb") as file:
        harness.check(len(formats.valgrind_xml(file.read())) == 2, "XML")
    for wrong in ("--tool=massif", "--leak-check=some", "--show-leak-kinds=cycle", "--log-file=%q{HOME}", "--xml=yes"):
        done = weir.run(["--tool=memcheck", wrong, "true"])
        harness.check(done.status == 125 and b"weir: " in done.stderr, f"{wrong}: {done.status} {done.stderr}")


@CASES.add
def ctest_as_a_whole(weir):
    suite = Suite(weir, CMakeLists_txt=CMAKE)
    suite.do("cmake", "-B", "build")
    suite.do("cmake", "--build", "build")
    merged(suite.trace("ctest", cwd="build"))


# ---- Meson -------------------------------------------------------------------


def meson(suite):
    suite.do("meson", "setup", "build")
    suite.do("ninja", "-C", "build")


@CASES.add
def meson_wrapper(weir):
    suite = Suite(weir, meson_build=MESON)
    meson(suite)
    done = harness.run(["meson", "test", "-C", "build", "--no-rebuild", "--wrapper", f"{weir.path} run -q --gate --"],
                       cwd=suite.path)
    harness.check(done.status != 0, "meson test passed")
    log, = glob.glob(f"{suite.path}/build/meson-logs/testlog-*.json")
    with open(log, encoding="utf-8") as lines:
        tests = {test["name"]: (test["result"], test["returncode"]) for test in map(json.loads, lines)}
    harness.check(tests == {"leaks": ("FAIL", 23), "again": ("FAIL", 23), "tidy": ("OK", 0)}, tests)


@CASES.add
def meson_as_a_whole(weir):
    suite = Suite(weir, meson_build=MESON)
    meson(suite)
    merged(suite.trace("meson", "test", "--no-rebuild", cwd="build"))


# ---- make and Automake --------------------------------------------------------


@CASES.add
def make_as_a_whole(weir):
    suite = Suite(weir, Makefile=MAKE)
    suite.do("make", "leaks", "again", "tidy")
    merged(suite.trace("make", "check"))


@CASES.add
def a_failing_suite_keeps_its_status(weir):
    suite = Suite(weir, 3, Makefile=MAKE.replace("leaks again ", "").replace("\t./leaks\n\t./again\n", ""))
    suite.do("make", "tidy")
    report = suite.trace("make", "check", status=2)
    harness.check(report["gate"]["status"] == "pass", report["gate"])


@CASES.add
def automake_log_compiler(weir):
    suite = Suite(weir, configure_ac=CONFIGURE, Makefile_am=AUTOMAKE)
    suite.do("autoreconf", "-i")
    suite.do("./configure", "CFLAGS=-g -O0")
    suite.do("make", "leaks", "tidy")
    done = harness.run(["make", "check", f"LOG_COMPILER={weir.path} run --gate --"], cwd=suite.path)
    harness.check(done.status == 2, f"exit status {done.status}")
    results = {line.strip() for line in done.stdout.decode().splitlines() if line.startswith(("PASS:", "FAIL:"))}
    harness.check(results == {"FAIL: leaks", "PASS: tidy"}, results)
    with open(f"{suite.path}/leaks.log", encoding="utf-8") as log:
        text = log.read()
    harness.check("2,000 bytes in 2 blocks definitely lost" in text and "exit status: 23" in text, text)


# ---- pytest ------------------------------------------------------------------

PYTEST = """
import ctypes
import os

LIBRARY = ctypes.CDLL(os.path.join(os.path.dirname(__file__), "library.so"))


def test_tidy():
    assert [str(number) for number in range(1000)]


def test_use():
    for _ in range(2):
        LIBRARY.use(1000)
"""
LIBRARY = """
#include <stdlib.h>
#include <string.h>
void use(int size)
{
        char *p = memset(malloc(size), 1, size);
        if (TIDY)
                free(p);
}
"""


def pytest(weir, tidy, status):
    suite = Suite(weir, library_c=LIBRARY.replace("TIDY", str(tidy)), test_library_py=PYTEST)
    suite.do("gcc", "-g", "-shared", "-fPIC", "-o", "library.so", "library.c")
    return suite.trace("/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", status=status)


@CASES.add
def pytest_of_a_library_that_leaks(weir):
    report = pytest(weir, 0, 23)
    # A stale word may hide one of the two.
    found = [leak for leak in report["leaks"] if leak["fails_gate"]]
    harness.check(len(found) == 1 and found[0]["stack"][1]["function"] == "use", json.dumps(found)[:2000])
    harness.check(all(leak["stack"][1]["function"] == "use" for leak in report["leaks"] if leak["kind"] == "possible"),
                  "Python's own memory is in doubt")


@CASES.add
def pytest_of_a_library_that_does_not(weir):
    report = pytest(weir, 1, 0)
    harness.check(report["gate"]["status"] == "pass", report["gate"])


sys.exit(CASES.main())
