#!/usr/bin/python3
"""What weir calls lost, Valgrind calls lost: the test programs and programs of
Debian run under both, and the blocks that nothing reaches must be the same, in
number and size, for each line of the program that asked for them.

Valgrind's `definitely` and `indirectly lost` together are weir's definite,
indirect and cycle together: both split what is lost into heads and the rest,
by rules of their own.  Where the two differ, EXPLAINED says by which rule, and
by exactly how much.
"""
import collections
import glob
import os
import re
import subprocess
import sys
import xml.etree.ElementTree

from cases import Cases, harness

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = os.path.join(HERE, "..", "programs")
sys.path.insert(0, PROGRAMS)
import run as programs  # noqa: E402

CASES = Cases()
ALLOCATORS = ("jemalloc", "tcmalloc", "mimalloc")


class Amount(collections.namedtuple("Amount", "blocks bytes")):
    """Blocks, and bytes in them."""

    def __add__(self, other):
        return Amount(self.blocks + other.blocks, self.bytes + other.bytes)

    def __sub__(self, other):
        return Amount(self.blocks - other.blocks, self.bytes - other.bytes)

    def __str__(self):
        return f"{self.bytes} bytes in {self.blocks} blocks"


NONE = Amount(0, 0)

# What Valgrind calls lost and weir does not, less the reverse, and why.
EXPLAINED = {
    "array_new_of_nothing": (Amount(1, 8), """`known`: the address just past an array cookie is how the program holds an
        array without elements; Valgrind knows no cookies, and to it the end of a block holds nothing."""),
    "held_by_end_pointer": (Amount(1, 96), "`end`: where no block starts, one past the end is a weak link, so `possible`."),
    "held_by_high_tag": (Amount(3, 96), "`tagged`: high bits under a mask are looked through."),
    "held_by_packed_pointer": (Amount(1, 40), "`unaligned`: a pointer at an odd place is a weak link, so `possible`."),
    "held_by_register": (Amount(1, 200), "a vector register is a root; Valgrind looks in the general ones only."),
    "lost_mapping": (NONE - Amount(4, 65584), """memory the program mapped is a block, lost like any other, with what it
        alone holds; to Valgrind it is a root."""),
    "ring_of_million": (NONE - Amount(1000000, 16000000), """a finished frame is no root: Valgrind's stack pointer at exit is
        below that of main, which has returned."""),
    "list_of_a_million": (None, "the same; Valgrind finds a part of the list from a stale word."),
    "end_by_stack_overflow": (Amount(1, 67), "`unknown`: there was no stack left to ask for a snapshot on."),
    "end_by_exit_system_call": (Amount(1, 61), "`unknown`: nobody was asked; Valgrind is there at every system call."),
    "end_by_kill": (Amount(1001, 42066), "`unknown`: SIGKILL leaves nothing to look at; Valgrind acts it out itself."),
}

# Not comparable, and why.
APART = {
    "annotate_checks": "Valgrind does not answer weir_check",
    "annotate_default_options": "Valgrind does not ask for __lsan_default_options",
    "annotate_ignored": "Valgrind has no __lsan_ignore_object",
    "annotate_last_check": "Valgrind has no __lsan_do_leak_check",
    "cpp_new_handler_signalled": "Valgrind's own malloc is never interrupted by a signal",
    "signal_in_allocator": "Valgrind's own malloc is never interrupted by a signal",
    "cpp_bad_alloc": "Valgrind ends the program where new fails and cannot throw",
    "munmap_fails": "Valgrind has less room for mappings than the kernel, and ends the program",
    "page_allocation": "Valgrind has no pvalloc",
    "first_thread_ends_first": "Valgrind goes on until the last thread, and frees what the loader allocated",
    "signal_storm": "Valgrind delivers some signals of a storm late, and takes minutes",
}


# Finished frames are roots to Valgrind, and which stale words they show depends
# on where the stack is: where it finds less lost than weir it is asked again
# with its stack moved by so many bytes.
SHIFTS = (0, 200, 1100, 4200)


def number(text):
    return int(text.replace(",", ""))


def own_amount(error):
    """What a loss record has itself, without what hangs from it."""
    text = error.findtext("xwhat/text")
    found = re.match(r"([\d,]+)(?: \(([\d,]+) direct, [\d,]+ indirect\))? bytes in ([\d,]+) blocks", text)
    harness.check(found, f"Valgrind writes '{text}'")
    return Amount(number(found[3]), number(found[2] or found[1]))


def site_of(frames, program):
    """The innermost line of the program itself; frames are (module, file, line)."""
    for module, file, line in frames:
        if module and os.path.realpath(module) == program:
            return f"{os.path.basename(file)}:{line}" if file else "?"
    return "elsewhere"


def valgrind(weir, command, program, environment=None):
    """How the program ended, and what Valgrind calls lost, by site."""
    path = f"{weir.directory}/valgrind.%p.xml"
    for earlier in glob.glob(path.replace("%p", "*")):
        os.unlink(earlier)
    run = harness.run(["valgrind", "--leak-check=full", "--show-leak-kinds=all", "--num-callers=40", "--run-libc-freeres=no",
                       "--xml=yes", f"--xml-file={path}", *command], env=environment, timeout=240)
    files = glob.glob(path.replace("%p", "*"))
    harness.check(len(files) == 1, f"Valgrind wrote {len(files)} files\n{run.stderr.decode(errors='replace')}")
    lost = collections.defaultdict(lambda: NONE)
    for error in xml.etree.ElementTree.parse(files[0]).getroot().findall("error"):
        if error.findtext("kind") in ("Leak_DefinitelyLost", "Leak_IndirectlyLost"):
            frames = [(frame.findtext("obj"), frame.findtext("file"), frame.findtext("line"))
                      for frame in error.find("stack").findall("frame")]
            lost[site_of(frames, program)] += own_amount(error)
    return run, dict(lost)


def traced(weir, command, program, options=(), environment=None):
    """The same under weir, with the report."""
    run, report = weir.trace(command, options, env=environment)
    lost = collections.defaultdict(lambda: NONE)
    for leak in report["leaks"]:
        if leak["kind"] in harness.LOST:
            frames = [(frame["module"], frame["file"], frame["line"]) for frame in leak["stack"]]
            lost[site_of(frames, program)] += Amount(leak["blocks"], leak["bytes"])
    return run, dict(lost), report


def total(lost):
    return sum(lost.values(), NONE)


def compare(theirs, ours, explained, sites):
    """Raises unless the two agree but for what is explained; by site if asked."""
    if explained:
        difference, why = explained
        found = total(theirs) - total(ours)
        harness.check(difference is None or found == difference,
                      f"Valgrind finds {found} more lost than weir, not {difference} as explained: {why}")
        return
    harness.check(total(theirs) == total(ours), f"Valgrind: {total(theirs)} lost, weir: {total(ours)}: {theirs} {ours}")
    for site in sorted(set(theirs) | set(ours)) if sites else ():
        harness.check(theirs.get(site, NONE) == ours.get(site, NONE),
                      f"from {site}, Valgrind: {theirs.get(site, NONE)} lost, weir: {ours.get(site, NONE)}")


def same_end(one, other):
    harness.check(one.status == other.status, f"under Valgrind the program ends with {one.status}, under weir with {other.status}")


# ---- the test programs -------------------------------------------------------


def sources():
    """Name of each program -> its source."""
    return {os.path.splitext(os.path.basename(path))[0]: path
            for pattern in ("*.c", "*.cpp") for path in glob.glob(os.path.join(PROGRAMS, pattern))
            if not os.path.basename(path).startswith(("module_leaky", "allocator_program"))}


def has_one_process(expected):
    """Valgrind counts what a process inherited as its own, so only single ones
    are compared."""
    return "processes" not in expected.counts or expected.counts["processes"].high == 1


def compare_program(weir, name, level, expected):
    directory = os.path.join(os.path.dirname(os.path.dirname(weir.path)), "tests", "programs")
    program = os.path.realpath(f"{directory}/{name}-O{level}")
    command = [program] + ([f"{directory}/module_leaky.so"] if "module" in expected.flags else [])
    environment = {"PATH": os.environ["PATH"], **expected.env}
    weir_run, ours, report = traced(weir, command, program, expected.options, environment)
    for shift in SHIFTS:
        valgrind_run, theirs = valgrind(weir, command, program, {**environment, "SHIFT": "x" * shift})
        if name in EXPLAINED or total(theirs).blocks >= total(ours).blocks:
            break
    same_end(valgrind_run, weir_run)
    # A cycle is one leak, of blocks from several sites.
    compare(theirs, ours, EXPLAINED.get(name), sites=not report["summary"]["cycles"])


def add_programs():
    for name, source in sorted(sources().items()):
        expected = programs.Expectation(source)
        if name in APART or not has_one_process(expected) or "needs root" in expected.flags:
            continue
        for level in "02":
            CASES.functions[f"{name.replace('_', '-')}-O{level}"] = (
                lambda weir, name=name, level=level, expected=expected: compare_program(weir, name, level, expected))


@CASES.add
def explanations_are_of_programs(_weir):
    unknown = (set(EXPLAINED) | set(APART)) - set(sources())
    harness.check(not unknown, f"no such programs: {sorted(unknown)}")


# ---- Debian's programs -------------------------------------------------------

LEAKY_SQL = "create table t(a, b); insert into t values(1, 'x'), (2, 'y'); select count(*), max(b) from t;"

COMMANDS = {
    "ls": ["ls", "-l", "/usr/lib"],
    "sort": ["sort", "-r", "/etc/passwd"],
    "date": ["date", "-d", "2020-02-02 02:02 UTC", "+%s"],
    "sed": ["sed", "-n", "s/bin/&&/p", "/etc/passwd"],
    "grep": ["grep", "-Ec", "(ro|da).*[on]", "/etc/passwd"],
    "tar": ["tar", "-cf", "/dev/null", "-C", "/etc", "apt"],
    "jq": ["jq", "-n", "[range(200)] | map({k: ., v: (. * . | tostring)}) | group_by(.k % 7) | length"],
    "xmllint": ["xmllint", "--xpath", "count(//*)", os.path.join(HERE, "small.xml")],
    "sqlite3": ["sqlite3", ":memory:", LEAKY_SQL],
    "openssl": ["openssl", "dgst", "-sha256", "/etc/passwd"],
    "xz": ["xz", "--list", "--robot", "--version"],
    "perl": ["perl", "-e", "my %h = map { $_ => [1 .. $_] } 1 .. 50; print scalar keys %h"],
    "python": ["/usr/bin/python3", "-S", "-E", "-c", "print(sum(range(100)))"],
    "gcc": ["gcc", "--version"],
    "readelf": ["readelf", "-hW", "/bin/ls"],
    "objdump": ["objdump", "-d", "--start-address=0", "/bin/true"],
    "c++filt": ["c++filt", "_ZN3FooC4Ev"],
    "ninja": ["ninja", "-C", HERE, "-f", os.path.join(HERE, "small.ninja"), "-n"],
}


def compare_command(weir, command):
    program = os.path.realpath(subprocess.check_output(["which", command[0]], text=True).strip())
    environment = {"PATH": os.environ["PATH"], "HOME": weir.directory, "LC_ALL": "C.UTF-8", "TZ": "UTC",
                   "PERL_HASH_SEED": "0", "PYTHONHASHSEED": "0", "PYTHONMALLOC": "malloc"}
    valgrind_run, theirs = valgrind(weir, command, program, environment)
    weir_run, ours, report = traced(weir, command, program, (), environment)
    same_end(valgrind_run, weir_run)
    harness.same_output(weir_run, valgrind_run, stderr=False)
    harness.trusted(report)
    compare(theirs, ours, None, sites=False)


def add_commands():
    for name, command in COMMANDS.items():
        CASES.functions[f"debian-{name}"] = lambda weir, command=command: compare_command(weir, command)


add_programs()
add_commands()

if __name__ == "__main__":
    sys.exit(CASES.main())
