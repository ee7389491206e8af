#!/usr/bin/python3
"""A leak keeps its id when nothing about it changed: the program is built again
in other ways and places, and the ids are compared; different leaks differ."""
import os
import subprocess
import sys

from cases import Cases, harness

CASES = Cases()

LEAKS = r"""
#include "all.h"
struct pair { struct pair *volatile other; char rest[40]; };
__attribute__((noinline)) void *take(size_t size) { return malloc(size); }
__attribute__((noinline)) void first(void) { *(volatile char *)take(11) = 1; }
__attribute__((noinline)) void second(void) { *(volatile char *)take(12) = 2; }
static __attribute__((noinline)) void deeper(int depth) { if (depth) deeper(depth - 1); else first(); unrelated(depth); }
__attribute__((noinline)) void text(void) { *(volatile char *)strdup("what the C library allocates") = 3; }
__attribute__((noinline)) void formatted(void) { char *to; if (asprintf(&to, "%d of the same", unrelated(4)) > 0) *to = 4; }
__attribute__((noinline)) void ring(void)
{
        struct pair *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);

        a->other = b;
        b->other = a;
}
static void *thread(void *unused) { *(volatile char *)take(13) = 5; return unused; }
__attribute__((noinline)) void library(void) { *(volatile char *)part(14) = 6; }
"""

MAIN = r"""
#include "all.h"
__attribute__((noinline)) static void scrub(void) { volatile char room[8192]; for (int i = 0; i < 8192; i++) room[i] = 0; }
int main(void)
{
        pthread_t other;

        first();
        second();
        deeper(3);
        text();
        formatted();
        ring();
        library();
        pthread_create(&other, NULL, thread, NULL);
        pthread_join(other, NULL);
        scrub();
        return unrelated(0) < 0;
}
"""

OTHER = r"""
int unrelated(int n)
{
        int sum = 0;

        for (int i = 0; i < n * 3; i++)
                sum += i % 7;
        return sum;
}
"""

HEADER = r"""
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int unrelated(int n);
void *part(size_t size);
"""

KINDS = ("definite", "cycle", "indirect", "possible")


def compile_all(directory, sources, flags, link=(), version="1"):
    """Builds the program from {name: (text, flags)} and a library of that version."""
    def run(*command):
        done = subprocess.run(command, capture_output=True, check=False)
        harness.check(done.returncode == 0, f"{command}: {done.stderr.decode()}")

    os.makedirs(directory)
    objects = []
    for name, (text, extra) in {"all.h": (HEADER, ()), **sources}.items():
        with open(f"{directory}/{name}", "w", encoding="utf-8") as file:
            file.write(text)
        if name.endswith(".c"):
            run("gcc", "-w", "-g", "-c", *flags, *extra, f"{directory}/{name}", "-o", f"{directory}/{name}.o")
            objects.append(f"{directory}/{name}.o")
    library = f"{directory}/libpart.so.{version}"
    with open(f"{directory}/part", "w", encoding="utf-8") as file:
        file.write("#include <stdlib.h>\n__attribute__((noinline)) void *part(size_t size) { return malloc(size); }\n")
    run("gcc", "-g", "-shared", "-fPIC", f"-Wl,-soname,libpart.so.{version}", "-x", "c", f"{directory}/part", "-o", library)
    run("gcc", *flags, *link, *objects, library, "-pthread", f"-Wl,-rpath,{directory}", "-o", f"{directory}/program")
    return f"{directory}/program"


def variant(weir, name, leaks=LEAKS, flags=("-O1", "-fPIE"), link=("-pie",), other=(), version="1"):
    sources = {"program.c": (leaks + MAIN.replace('#include "all.h"', ""), ()), "other.c": (OTHER, other)}
    return compile_all(f"{weir.directory}/{name}", sources, flags, link, version)


def ids(weir, command):
    """{(id, kind): bytes} of the leaks."""
    _, report = weir.trace(command)
    return {(leak["id"], leak["kind"]): leak["bytes"] for leak in report["leaks"] if leak["kind"] in KINDS}


def same(weir, base, command, what):
    found = ids(weir, command)
    harness.check(found == base, f"{what}: {sorted(set(found) ^ set(base))}")


@CASES.add
def ids_survive_rebuilds(weir):
    program = variant(weir, "base")
    base = ids(weir, [program])
    harness.check(len(base) == 8 and sum(base.values()) > 100, f"{base}")
    same(weir, base, [program], "again, at other addresses")
    same(weir, base, ["setarch", "-R", program], "without ASLR")
    same(weir, base, [variant(weir, "elsewhere/deep/down")], "in another directory")
    same(weir, base, [variant(weir, "edited", leaks="/* a\n\n comment\n*/\n" + LEAKS.replace("\n__attr", "\n\n/* moved */\n__attr"))],
         "lines added above")
    grown = LEAKS.replace("struct pair {", "int added(int n) { return n * unrelated(n); }\nstruct pair {")
    same(weir, base, [variant(weir, "grown", leaks=grown)], "a function added above")
    same(weir, base, [variant(weir, "fixed", flags=("-O1", "-fno-pie"), link=("-no-pie",))], "not position independent")
    for level in ("-O0", "-O2", "-O3"):
        same(weir, base, [variant(weir, f"other{level}", other=(level,))], f"unrelated code at {level}")
    same(weir, base, [variant(weir, "version", version="2.7")], "another version of a library")
    os.unlink(f"{weir.directory}/base/program.c")
    same(weir, base, [program], "without its source")


@CASES.add
def ids_tell_leaks_apart(weir):
    """What has another caller, depth, function, kind or module is another leak."""
    base = ids(weir, [variant(weir, "base")])
    harness.check(len({key for key, _ in base}) == len(base), f"{base}")
    renamed = ids(weir, [renamed_program(weir)])
    gone, new = set(base) - set(renamed), set(renamed) - set(base)
    harness.check(len(gone) == 1 and len(new) == 1, f"gone {gone}, new {new}")


def renamed_program(weir):
    """`second` has another name."""
    sources = {"program.c": ((LEAKS + MAIN.replace('#include "all.h"', "")).replace("second(", "third("), ()), "other.c": (OTHER, ())}
    return compile_all(f"{weir.directory}/renamed", sources, ("-O1", "-fPIE"), ("-pie",))


@CASES.add
def a_baseline_goes_along(weir):
    """Made from one build, it knows the leaks of another, and finds the one that is new."""
    known = f"{weir.directory}/known.json"
    run, _ = weir.trace([variant(weir, "base")], ["--gate", f"--baseline={known}", "--update-baseline"])
    harness.check(run.status == 0, run.stderr.decode())
    other = variant(weir, "other", leaks="\n\n" + LEAKS, flags=("-O1", "-fno-pie"), link=("-no-pie",), other=("-O3",))
    run, report = weir.trace([other], ["--gate", f"--baseline={known}"])
    harness.check(run.status == 0, f"{report['gate']}")
    run, report = weir.trace([renamed_program(weir)], ["--gate", f"--baseline={known}"])
    harness.check(run.status == 23 and report["gate"]["baseline"]["new"] == 1, f"{run.status} {report['gate']}")


if __name__ == "__main__":
    sys.exit(CASES.main())
