"""What the tests of whole programs share: running a command with and without
weir, and judging the report it left.

A check that fails raises Failure with one line for each thing that is wrong.
"""
import ctypes
import json
import os
import re
import resource
import shutil
import signal
import struct
import subprocess
import tempfile

try:
    import jsonschema
except ImportError:  # a build lists the tests without it; to run one needs it
    jsonschema = None

LOST = ("definite", "cycle", "indirect")


class Failure(Exception):
    """What a test found wrong."""


def check(condition, text):
    if not condition:
        raise Failure(text)


class Run:
    """How a command ended and what it wrote."""

    def __init__(self, status, stdout, stderr):
        self.status, self.stdout, self.stderr = status, stdout, stderr


def as_from_a_terminal():
    """In a child: no core files, and signals that nohup or a background shell ignores are not ignored."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)


def run(command, timeout=120, **options):
    """Runs a command with no input; its status is negative when a signal ended it."""
    options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("preexec_fn", as_from_a_terminal)
    done = subprocess.run(command, capture_output=True, timeout=timeout, check=False, **options)
    return Run(done.returncode, done.stdout, done.stderr)


def refuse_calls(*numbers):
    """In a child: the system calls fail with EPERM from now on, as in a container."""
    def install():
        load_number, refuse, allow = (0x20, 0, 0, 0), (0x06, 0, 0, 0x00050001), (0x06, 0, 0, 0x7fff0000)
        program = [load_number]
        for i, number in enumerate(numbers):
            program.append((0x15, len(numbers) - i, 0, number))
        program += [allow, refuse]
        code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
        filter_ = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(program), ctypes.addressof(code)))
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, filter_, 0, 0):
            os._exit(99)
    return install


PTRACE, PIDFD_OPEN = (101, 434) if os.uname().machine == "x86_64" else (117, 434)


class Weir:
    """The program under test, with a directory of its own for reports."""

    def __init__(self, path):
        self.path = os.path.abspath(path)
        self.directory = tempfile.mkdtemp(prefix="weir-test-")
        os.chmod(self.directory, 0o755)
        self.reports = 0
        self._schema = None

    def close(self):
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def schema(self):
        if not self._schema:
            text = subprocess.check_output([self.path, "--print-schema"])
            self._schema = json.loads(text)
        return self._schema

    def run(self, arguments, **options):
        """weir with any arguments."""
        return run([self.path] + list(arguments), **options)

    def trace(self, command, options=(), tools=True, **how):
        """Runs a command traced, with the tools that it runs; gives (Run,
        report), the report validated against the schema."""
        self.reports += 1
        if tools:
            options = ["--trace-all", *options]
        path = f"{self.directory}/report-{self.reports}.json"
        done = self.run(["run", "-q", "-o", path, *options, "--", *command], **how)
        try:
            with open(path, encoding="utf-8") as file:
                report = json.load(file)
        except (OSError, ValueError) as e:
            raise Failure(f"no report ({e}); exit status {done.status}\n{done.stderr.decode(errors='replace')}") from e
        jsonschema.validate(report, self.schema)
        return done, report


def put(weir, name, data, mode=0o644):
    """A file in weir's directory, of text or bytes."""
    path = f"{weir.directory}/{name}"
    with open(path, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())
    os.chmod(path, mode)
    return path


def build(weir, name, source, *flags, compiler="gcc", language="c"):
    """A program there, made of the source without optimisation, with what it takes to name its lines."""
    path = f"{weir.directory}/{name}"
    done = subprocess.run([compiler, "-g", "-O0", "-w", *flags, "-x", language, "-", "-o", path], input=source.encode(),
                          capture_output=True, check=False)
    check(done.returncode == 0, f"{compiler}: {done.stderr.decode(errors='replace')}")
    return path


def noted(report, code, pattern):
    """The sum of the numbers that all diagnostics of that code give; each must match."""
    notes = [note["message"] for note in report["diagnostics"] if note["code"] == code]
    found = [re.search(pattern, note) for note in notes]
    check(all(found), "\n".join(notes))
    return sum(int(match.group(1)) for match in found)


def checked_stacks(report):
    """How many stacks --check-stacks compared with libunwind's; each must be equal."""
    return noted(report, "checked-stacks", r": (\d+) stacks compared with libunwind's, 0 differed$")


def truncated_stacks(report):
    return noted(report, "truncated-stacks", r": (\d+) stacks could not be walked")


def same_output(traced, untraced, stderr=True):
    """The program did under weir what it does alone."""
    check(traced.status == untraced.status, f"exit status {traced.status}, untraced {untraced.status}\n"
          + traced.stderr.decode(errors="replace")[-2000:])
    check(traced.stdout == untraced.stdout,
          f"standard output differs:\n{traced.stdout[-1000:]!r}\nuntraced:\n{untraced.stdout[-1000:]!r}")
    if stderr:
        check(traced.stderr == untraced.stderr,
              f"standard error differs:\n{traced.stderr[-1000:]!r}\nuntraced:\n{untraced.stderr[-1000:]!r}")


def process_name(process):
    return f"process {process['pid']} ({' '.join(process.get('argv') or [process.get('exe') or '?'])[:100]})"


def balanced(report):
    """Every event is there and every count is in balance."""
    wrong = []
    for process in report["processes"]:
        totals = process["totals"]
        live = totals["allocations"] - totals["frees"]
        if live != totals["live_blocks"]:
            wrong.append(f"{process_name(process)}: allocations - frees = {live}, live_blocks = {totals['live_blocks']}")
        for count in ("events_lost", "unknown_frees", "reused"):
            if totals.get(count, 0):
                wrong.append(f"{process_name(process)}: {count} = {totals[count]}")
    if report["summary"]["events_lost"]:
        wrong.append(f"events_lost = {report['summary']['events_lost']}")
    check(not wrong, "\n".join(wrong))


def sums_hold(report):
    """The leaks add up to the summary, and what they hold to what is lost."""
    summary = report["summary"]
    for kind in LOST + ("possible", "unknown"):
        of_kind = [leak for leak in report["leaks"] if leak["kind"] == kind and leak["status"] != "suppressed"]
        for field in ("blocks", "bytes"):
            listed, told = sum(leak[field] for leak in of_kind), summary["kinds"][kind][field]
            check(listed == told, f"{kind}: {listed} {field} in the leaks, {told} in the summary")
        check(len(of_kind) == summary["kinds"][kind]["groups"],
              f"{kind}: {len(of_kind)} leaks, {summary['kinds'][kind]['groups']} groups in the summary")
    if report.get("suppressions"):
        return
    for field in ("blocks", "bytes"):
        owned = sum(leak[f"exclusive_{field}"] for leak in report["leaks"] if leak["kind"] in ("definite", "cycle"))
        lost = sum(summary["kinds"][kind][field] for kind in LOST)
        shared = summary["shared"][field]
        check(owned + shared == lost, f"exclusive {owned} + shared {shared} = {owned + shared} {field}, but {lost} are lost")


def complete(report):
    """Nothing was missed, and the report says so."""
    reasons = "; ".join(f"{entry['process']}: {entry['reason']}" for entry in report["incomplete"])
    check(report["complete"] and not report["incomplete"], f"the report is incomplete: {reasons}")


def trusted(report):
    """All that every report of an ordinary run must be."""
    complete(report)
    balanced(report)
    sums_hold(report)
