#!/usr/bin/python3
"""Bad targets, bad options, bad files, bad disks: each gets the documented exit
status and a message that names what it is about, and never a clean report."""
import json
import os
import shutil
import re
import struct
import subprocess
import sys

from cases import Cases, Skip, harness

CASES = Cases()
NOBODY = 65534


def refuse(weir, arguments, status, *parts, **how):
    """weir ends with this status and a message on standard error that holds every part."""
    run = weir.run(arguments, **how)
    text = run.stderr.decode(errors="replace")
    harness.check(run.status == status, f"exit status {run.status}, expected {status}: {text}")
    harness.check(text.startswith("weir: "), f"the message does not begin with 'weir: ': {text!r}")
    for part in parts:
        harness.check(part in text, f"'{part}' is not in the message: {text}")
    harness.check(run.stdout == b"", f"standard output is not empty: {run.stdout!r}")
    return run


def refuse_command(weir, file, status, *parts, **how):
    """The command is refused, is named, and leaves no report that could be read."""
    report = f"{weir.directory}/refused.json"
    refuse(weir, ["run", "-o", report, "--", file], status, os.path.basename(file), *parts, **how)
    harness.check(not os.path.exists(report), "a refused run left a report")
    put(weir, "refused.json", b"{}", 0o666)
    refuse(weir, ["run", "-o", report, "--", file], status, **how)
    harness.check(os.path.getsize(report) == 0, "a refused run left an earlier report")
    os.unlink(report)


def put(weir, name, data, mode=0o755):
    return harness.put(weir, name, data, mode)


def build(weir, name, *flags, compiler="gcc", source="int main(void) { return malloc(1) == 0; }"):
    return harness.build(weir, name, "#include <stdlib.h>\n" + source, *flags, compiler=compiler)


@CASES.add
def missing_command(weir):
    refuse_command(weir, "no-such-command-anywhere", 127, "not found in PATH")
    refuse_command(weir, "./no-such-file", 127, "No such file")


@CASES.add
def empty_command(weir):
    refuse(weir, ["run", "--", ""], 127, "empty")


@CASES.add
def no_command(weir):
    refuse(weir, ["run"], 125, "a command to trace is missing", "weir run --help")
    refuse(weir, ["run", "--gate", "--"], 125, "a command to trace is missing")


@CASES.add
def not_executable(weir):
    refuse_command(weir, put(weir, "plain", b"#!/bin/sh\n", 0o644), 126, "is not executable", "chmod +x")


@CASES.add
def directory_as_command(weir):
    refuse_command(weir, "/usr/lib", 126, "is a directory")


@CASES.add
def script_without_interpreter_line(weir):
    refuse_command(weir, put(weir, "bare-script", b"echo hello\n"), 126, "#!", "weir run -- sh ")


@CASES.add
def script_with_missing_interpreter(weir):
    refuse_command(weir, put(weir, "lost-script", b"#!/no/such/interpreter -x\n"), 126, "/no/such/interpreter, which does not exist")


@CASES.add
def script_for_static_interpreter(weir):
    static = build(weir, "interpreter", "-static")
    refuse_command(weir, put(weir, "script", f"#!{static}\n".encode()), 125, "is a script", "statically linked")


@CASES.add
def static_program(weir):
    refuse_command(weir, build(weir, "static-program", "-static"), 125, "statically linked", "-static")


@CASES.add
def static_pie_program(weir):
    refuse_command(weir, build(weir, "static-pie", "-static-pie"), 125, "statically linked")


@CASES.add
def musl_program(weir):
    refuse_command(weir, build(weir, "musl-program", compiler="musl-gcc"), 125, "musl", "glibc")


@CASES.add
def program_of_another_machine(weir):
    head = bytearray(build_head(64))
    struct.pack_into("<H", head, 18, 183 if os.uname().machine == "x86_64" else 62)
    refuse_command(weir, put(weir, "foreign", bytes(head)), 125, "is built for")


def build_head(bits):
    """The head of an ELF executable without segments."""
    ident = b"\x7fELF" + bytes([2 if bits == 64 else 1, 1, 1]) + bytes(9)
    machine = {"x86_64": 62, "aarch64": 183}[os.uname().machine] if bits == 64 else 3
    if bits == 64:
        return ident + struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, 0, 64, 0, 0, 64, 56, 0, 64, 0, 0)
    return ident + struct.pack("<HHIIIIIHHHHHH", 2, machine, 1, 0, 52, 0, 0, 52, 32, 0, 40, 0, 0)


@CASES.add
def program_of_32_bits(weir):
    refuse_command(weir, put(weir, "narrow", build_head(32)), 125, "32-bit program")


@CASES.add
def damaged_program(weir):
    with open("/bin/true", "rb") as file:
        data = file.read()
    refuse_command(weir, put(weir, "cut-short", data[:70]), 126, "damaged ELF file")


@CASES.add
def sanitizer_built_programs(weir):
    for kind, name in (("address", "AddressSanitizer"), ("thread", "ThreadSanitizer"), ("leak", "LeakSanitizer")):
        refuse_command(weir, build(weir, f"built-with-{kind}", f"-fsanitize={kind}"), 125, name, "without -fsanitize")
    static = build(weir, "built-with-static-runtime", "-fsanitize=address", "-static-libasan")
    refuse_command(weir, static, 125, "a sanitizer", "without -fsanitize")


@CASES.add
def program_with_its_own_malloc(weir):
    source = ("#include <unistd.h>\nvoid *malloc(size_t n) { return sbrk((long)n); } void free(void *p) { (void)p; }"
              "int main(void) { return malloc(1) == 0; }")
    refuse_command(weir, build(weir, "own-malloc", "-w", source=source), 125, "defines malloc itself")


def as_nobody(weir):
    """Arguments that make a process nobody's; weir's directory becomes writable for it, and holds
    a weir that it can reach, wherever the build is."""
    if os.geteuid():
        return {}
    os.chmod(weir.directory, 0o777)
    here, there = os.path.dirname(os.path.dirname(weir.path)), os.path.join(weir.directory, "reachable")
    for file in ("report/weir", "preload/libweir.so"):
        os.makedirs(os.path.dirname(os.path.join(there, file)), exist_ok=True)
        shutil.copy2(os.path.join(here, file), os.path.join(there, file))
    weir.path = os.path.join(there, "report/weir")
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []}


def privileged(weir, mode):
    if os.geteuid():
        raise Skip("needs root to make a privileged file")
    # Its own mount may be nosuid: then nothing would be gained, and nothing refused.
    flags = os.statvfs(weir.directory).f_flag
    if flags & os.ST_NOSUID:
        raise Skip("the temporary directory is mounted nosuid")
    path = build(weir, "privileged")
    os.chmod(path, mode)
    return path


@CASES.add
def setuid_program(weir):
    path = privileged(weir, 0o4755)
    refuse_command(weir, path, 125, "is setuid", **as_nobody(weir))


@CASES.add
def setgid_program(weir):
    path = privileged(weir, 0o2755)
    refuse_command(weir, path, 125, "is setgid", **as_nobody(weir))


@CASES.add
def program_with_capabilities(weir):
    path = privileged(weir, 0o755)
    done = subprocess.run(["setcap", "cap_net_raw+ep", path], capture_output=True, check=False, env={**os.environ, "PATH": os.environ["PATH"] + ":/sbin:/usr/sbin"})
    harness.check(done.returncode == 0, done.stderr.decode())
    refuse_command(weir, path, 125, "has file capabilities", **as_nobody(weir))


@CASES.add
def setuid_without_gain_is_traced(weir):
    if os.geteuid():
        raise Skip("needs root")
    run, report = weir.trace([privileged(weir, 0o4755)])
    harness.check(run.status == 0, run.stderr.decode())
    harness.trusted(report)


@CASES.add
def unwritable_output(weir):
    marker = f"{weir.directory}/ran"
    for path in ("/no/such/directory/report.json", "/no/such/directory/%p.json", weir.directory):
        refuse(weir, ["run", "-o", path, "--", "touch", marker], 125, "cannot write the report to", path)
    harness.check(not os.path.exists(marker), "the command ran although the report cannot be written")


@CASES.add
def full_disk(weir):
    refuse(weir, ["run", "-q", "-o", "/dev/full", "--", "true"], 125, "/dev/full", "No space left")
    refuse(weir, ["run", "-q", "--gate", "-o", "/dev/full", "--", "true"], 125, "/dev/full")


@CASES.add
def missing_suppressions_and_baseline(weir):
    marker = f"{weir.directory}/ran"
    for option in ("--suppressions", "--baseline"):
        refuse(weir, ["run", "--gate", option, "/no/such/file", "--", "touch", marker], 125, "/no/such/file")
    harness.check(not os.path.exists(marker), "the command ran although the gate cannot judge it")


@CASES.add
def bad_baseline(weir):
    path = put(weir, "baseline", b"{}")
    refuse(weir, ["run", "--gate", "--baseline", path, "--", "true"], 125, path)


@CASES.add
def misspelt_words(weir):
    refuse(weir, ["rnu", "--", "true"], 125, "'rnu' is no weir command", "weir run")
    refuse(weir, ["help", "rnu"], 125, "'rnu' is no weir command", "weir run")
    harness.check(weir.run(["help", "run"]).stdout == weir.run(["run", "--help"]).stdout, "weir help run")
    refuse(weir, ["run", "--reprot=x", "--", "true"], 125, "'--reprot'", "'--report'")
    refuse(weir, ["run", "--kinds=lost", "--", "true"], 125, "'lost' is no kind")
    refuse(weir, ["run", "--color=blue", "--", "true"], 125, "auto|always|never")
    refuse(weir, ["run", "--max-bytes=many", "--", "true"], 125, "'many'")
    refuse(weir, ["--gate", "true"], 125, "weir run")
    refuse(weir, ["./app"], 125, "weir run -- ./app")


@CASES.add
def bad_environment_options(weir):
    for text, part in (("--zebra", "'--zebra'"), ("true", "'true' is no option"), ("'", "quote")):
        refuse(weir, ["run", "--", "true"], 125, "WEIR_OPTIONS", part, env={**os.environ, "WEIR_OPTIONS": text})


def stored(weir):
    """A good report of a leaking program, as text."""
    program = build(weir, "leaky", source="int main(void) { return malloc(100) == 0; }", )
    path = f"{weir.directory}/good.json"
    done = weir.run(["run", "-q", "-o", path, "--", program])
    harness.check(done.status == 0, done.stderr.decode())
    with open(path, encoding="utf-8") as file:
        return file.read()


def damaged_reports(text):
    """Name and contents of files that are no report of ours."""
    report = json.loads(text)
    yield "empty", ""
    yield "cut in the middle", text[:len(text) // 2]
    yield "cut at the end", text.rstrip()[:-1]
    yield "not JSON", "#!/bin/sh\n"
    yield "other JSON", '{"leaks": []}'
    yield "a list", "[]"
    yield "another version", json.dumps({**report, "schema": "weir-report/2"})
    yield "no leaks", json.dumps({key: value for key, value in report.items() if key != "leaks"})
    yield "wrong type", json.dumps({**report, "leaks": 7})
    yield "negative", json.dumps({**report, "duration_ns": -1})
    yield "appended", text + "{}"
    yield "deep", "[" * 200000
    yield "binary", "\x00\x01\x02"


@CASES.add
def damaged_report_is_not_printed(weir):
    for name, text in damaged_reports(stored(weir)):
        path = put(weir, "stored.json", text.encode())
        run = refuse(weir, ["report", path], 125, path)
        harness.check(run.status == 125, f"{name}: {run.status}")


@CASES.add
def damaged_report_passes_no_gate(weir):
    for name, text in damaged_reports(stored(weir)):
        path = put(weir, "stored.json", text.encode())
        run = weir.run(["gate", path])
        harness.check(run.status == 125 and path in run.stderr.decode(),
                      f"{name}: exit status {run.status}: {run.stderr.decode()}")


@CASES.add
def missing_report(weir):
    for command in ("report", "gate"):
        refuse(weir, ["diff", "/no/such/report", "/no/such/report"], 125, "/no/such/report", "No such file")
        refuse(weir, [command, "/no/such/report"], 125, "/no/such/report", "No such file")
        refuse(weir, [command], 125, f"weir {command}")
        refuse(weir, [command, weir.directory], 125, weir.directory)


@CASES.add
def untraceable_child_is_named(weir):
    static = build(weir, "static-child", "-static", source='#include <stdio.h>\nint main(void) { puts("child"); return 4; }')
    run, report = weir.trace(["sh", "-c", f"{static}; exit $?"])
    harness.check((run.status, run.stdout) == (4, b"child\n"), f"{run.status} {run.stdout!r}")
    reasons = "\n".join(entry["reason"] for entry in report["incomplete"])
    harness.check(not report["complete"] and "static" in reasons, f"not named: {reasons}")
    run, _ = weir.trace(["sh", "-c", f"{static}; exit $?"], ["--gate"])
    harness.check(run.status == 24, f"the gate ended with {run.status}")


@CASES.add
def gate_statuses(weir):
    leaky = build(weir, "leaky", "-O0", source="int main(void) { malloc(100); return 5; }")
    clean = build(weir, "clean", source="int main(void) { free(malloc(100)); return 6; }")
    killed = build(weir, "killed", source="#include <signal.h>\nint main(void) { malloc(100); raise(SIGKILL); }")
    aborted = build(weir, "aborted", source="int main(void) { abort(); }")
    for program, options, status in (
            (leaky, [], 5), (clean, [], 6), (leaky, ["--gate"], 23), (clean, ["--gate"], 6),
            (leaky, ["--fail-on=cycle"], 5), (leaky, ["--fail-on=definite"], 23), (leaky, ["--gate", "--max-bytes=99"], 23),
            (leaky, ["--gate", "--max-bytes=100"], 5), (killed, [], -9), (killed, ["--gate"], 24), (aborted, [], -6),
            (aborted, ["--gate"], -6)):
        run, report = weir.trace([program], options)
        harness.check(run.status == status, f"{os.path.basename(program)} {options}: {run.status}, expected {status}\n"
                      f"{run.stderr.decode()}\n{report['gate']}")
        wanted = {23: "fail", 24: "incomplete"}.get(status, "pass") if options else "off"
        harness.check(report["gate"]["status"] == wanted, f"{program} {options}: gate {report['gate']}, expected {wanted}")


@CASES.add
def stored_report_is_judged(weir):
    path = put(weir, "stored.json", stored(weir).encode())
    for options, status in (([], 23), (["--fail-on=cycle"], 0), (["--max-bytes=1M"], 0), ([f"--baseline={path}"], 0)):
        run = weir.run(["gate", *options, path])
        harness.check(run.status == status, f"{options}: {run.status}, expected {status}: {run.stderr.decode()}")


@CASES.add
def refused_ptrace(weir):
    """A process of one thread stands still by itself and can be read; one of several threads cannot be held."""
    refused = harness.refuse_calls(harness.PTRACE)
    make = "void *p, *q; void make(void) { p = malloc(10); q = malloc(20); p = malloc(30); }"
    scrub = "void scrub(void) { volatile char dead[8192]; for (int i = 0; i < 8192; i++) dead[i] = 0; }"
    single = build(weir, "single", source=make + scrub + "int main(void) { make(); scrub(); return 0; }")
    run, report = weir.trace([single], ["--gate"], preexec_fn=refused)
    kinds, snapshot = report["summary"]["kinds"], report["processes"][0]["snapshot"]
    harness.check(run.status == 23 and report["complete"], f"{run.status} {report['incomplete']} {run.stderr.decode()}")
    harness.check(snapshot["method"] == "standing" and kinds["definite"]["bytes"] == 10, f"{snapshot} {kinds}")
    dies = build(weir, "dies", source=make + scrub + "int main(void) { make(); scrub(); abort(); }")
    run, report = weir.trace([dies], [], preexec_fn=refused)
    harness.check(report["complete"] and report["summary"]["kinds"]["definite"]["bytes"] == 10, f"{report['summary']}")
    many = build(weir, "many", "-pthread", source="#include <pthread.h>\n#include <unistd.h>\n" + make +
                 "void *wait(void *unused) { pause(); return unused; }"
                 "int main(void) { pthread_t t; make(); pthread_create(&t, NULL, wait, NULL); return 0; }")
    run, report = weir.trace([many], ["--gate"], preexec_fn=refused)
    harness.check(run.status == 24 and not report["complete"], f"{run.status} {report['incomplete']}")
    harness.check("ptrace" in report["incomplete"][0]["reason"], f"{report['incomplete']}")


@CASES.add
def not_dumpable_without_rights(weir):
    source = ("#include <sys/prctl.h>\nint main(void) { prctl(PR_SET_DUMPABLE, 0); return malloc(100) == 0; }")
    program = build(weir, "secret", source=source)
    rights = as_nobody(weir)
    run, report = weir.trace([program], ["--gate"], **rights)
    harness.check(run.status == 24, f"the gate ended with {run.status}: {run.stderr.decode()}")
    harness.check(not report["complete"] and report["incomplete"], "the report says it is complete")
    unknown = report["summary"]["kinds"]["unknown"]
    harness.check(unknown["bytes"] >= 100, f"the block is not in the report: {unknown}")


def command_names(weir):
    """The commands that `weir --help` shows."""
    text = weir.run(["--help"]).stdout.decode()
    names = [line.split()[0] for line in text.split("Commands:\n")[1].split("\n\n")[0].splitlines()]
    harness.check("run" in names and len(names) > 2, f"commands: {names}")
    return names


@CASES.add
def help_fits_a_screen(weir):
    for arguments in [["--help"]] + [[name, "--help"] for name in command_names(weir)]:
        run = weir.run(arguments)
        lines = run.stdout.decode().splitlines()
        harness.check(run.status == 0 and run.stderr == b"", f"{arguments}: {run.status} {run.stderr.decode()}")
        harness.check(0 < len(lines) <= 24, f"{arguments}: {len(lines)} lines")
        for line in lines:
            harness.check(len(line) <= 80, f"{arguments}: {len(line)} columns: {line}")


@CASES.add
def answers_on_standard_output(weir):
    version = weir.run(["--version"])
    harness.check(version.stdout.startswith(b"weir ") and version.status == 0, f"{version.stdout!r}")
    harness.jsonschema.Draft202012Validator.check_schema(weir.schema)
    with open("/dev/full", "wb") as full:
        done = subprocess.run([weir.path, "--print-schema"], stdout=full, stderr=subprocess.PIPE, check=False)
    harness.check(done.returncode == 125 and b"standard output" in done.stderr, f"{done.returncode} {done.stderr!r}")


@CASES.add
def manual_page_is_well_formed(weir):
    page = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../report/man/weir.1")
    done = subprocess.run(["man", "--warnings", "-l", page], capture_output=True, check=False,
                          env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "80"})
    harness.check(done.returncode == 0 and not done.stderr, done.stderr.decode())
    text = done.stdout.decode()
    for command in command_names(weir):
        harness.check(f"weir {command}" in text, f"weir {command} is not in the manual page")
        for name in re.findall(r"--[a-z][a-z-]+", weir.run([command, "--help=all"]).stdout.decode()):
            harness.check(re.search(f"{name}(?![a-z-])", text), f"{name} of weir {command} is not in the manual page")


if __name__ == "__main__":
    sys.exit(CASES.main())
