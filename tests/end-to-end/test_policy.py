#!/usr/bin/python3
"""What makes a gate fail, pass, or refuse to judge: limits, baselines,
suppressions, the scope; every option with good and with bad input."""
import json
import os
import subprocess
import sys

from cases import Cases, harness
from test_refusals import as_nobody

CASES = Cases()

LEAKY = r"""
#include <stdlib.h>
struct node { struct node *next; char rest[56]; };
__attribute__((noinline)) void *lose(size_t size) { return malloc(size); }
__attribute__((noinline)) void list(int count)
{
        struct node *head = NULL;

        for (int i = 0; i < count; i++) {
                struct node *node = malloc(sizeof *node);

                node->next = head;
                head = node;
        }
}
__attribute__((noinline)) void ring(void)
{
        struct node *a = malloc(sizeof *a), *b = malloc(sizeof *b);

        a->next = b;
        b->next = a;
}
__attribute__((noinline)) void clear(void) { volatile char room[4096]; for (int i = 0; i < 4096; i++) room[i] = 0; }
int main(int argc, char **argv)
{
        for (int i = 1; i < argc; i++) {
                if (*argv[i] == 'l')
                        list(atoi(argv[i] + 1));
                else if (*argv[i] == 'r')
                        ring();
                else
                        lose((size_t)atoi(argv[i]));
        }
        clear();
        return 0;
}
"""


def leaky(weir):
    path = f"{weir.directory}/leaky"
    return path if os.path.exists(path) else harness.build(weir, "leaky", LEAKY)


def stored(weir, *arguments, options=()):
    """A report of the leaky program on disk."""
    path = f"{weir.directory}/stored-{'-'.join(arguments)}.json"
    done = weir.run(["run", "-q", "-o", path, *options, "--", leaky(weir), *arguments])
    harness.check(done.status == 0, done.stderr.decode())
    return path


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def judge(weir, path, options, status, *parts):
    """weir gate ends with the status and says every part."""
    run = weir.run(["gate", *options, path])
    text = (run.stdout + run.stderr).decode()
    harness.check(run.status == status, f"gate {options}: {run.status}, expected {status}\n{text}")
    for part in parts:
        harness.check(part in text, f"gate {options}: '{part}' is not in\n{text}")
    return text


def refuse(weir, arguments, *parts):
    """125, and a message with every part."""
    run = weir.run(arguments)
    text = run.stderr.decode()
    harness.check(run.status == 125, f"{arguments}: {run.status}, expected 125: {text}")
    for part in parts:
        harness.check(part in text, f"{arguments}: '{part}' is not in: {text}")


def judged(weir, path, options):
    """The report that the gate writes."""
    output = f"{weir.directory}/judged.json"
    weir.run(["gate", "-q", "-o", output, *options, path])
    report = load(output)
    harness.jsonschema.validate(report, weir.schema)
    return report


# ---- limits ---------------------------------------------------------------

@CASES.add
def limits(weir):
    """In all, of a kind, of one leak; in bytes and blocks; a list weighs all it holds."""
    path = stored(weir, "100", "l5", "r")  # definite 100 in 1, 320 in 5; cycle 128 in 2
    for options, status in (
            (["--max-bytes=548"], 0), (["--max-bytes=547"], 23), (["--max-blocks=8"], 0), (["--max-blocks=7"], 23),
            (["--max-bytes=definite=420"], 23), (["--max-bytes=definite=420,cycle=128"], 0),
            (["--max-bytes=definite=419,cycle=128"], 23), (["--max-bytes=definite=1K", "--max-blocks=cycle=2"], 0),
            (["--max-leak-bytes=320"], 0), (["--max-leak-bytes=319"], 23), (["--max-leak-blocks=5"], 0),
            (["--max-leak-blocks=4"], 23), (["--max-leak-bytes=cycle=128,definite=320"], 0),
            (["--fail-on=possible"], 0), (["--fail-on=possible", "--max-bytes=cycle=127"], 23)):
        judge(weir, path, options, status)
    text = judge(weir, path, ["--max-bytes=540"], 23, "max-bytes: 548, at most 540: FAIL, 8 too many", "to do:")
    harness.check("the gate FAILED" in text, text)
    rules = judged(weir, path, ["--max-bytes=540", "--max-leak-blocks=definite=5"])["gate"]["rules"]
    harness.check(rules == [{"rule": "max-bytes", "limit": 540, "value": 548, "pass": False},
                            {"rule": "max-leak-blocks definite", "limit": 5, "value": 5, "pass": True}], f"{rules}")


@CASES.add
def limits_on_a_run(weir):
    for options, status in ((["--max-bytes=100"], 0), (["--max-bytes=99"], 23), (["--max-leak-blocks=0"], 23)):
        run, report = weir.trace([leaky(weir), "100"], options)
        harness.check(run.status == status, f"{options}: {run.status}")
        harness.check(report["gate"]["status"] == ("fail" if status else "pass"), f"{report['gate']}")


@CASES.add
def reachable_blocks_can_fail(weir):
    """Though nobody asked for their list."""
    program = harness.build(weir, "holder", "#include <stdlib.h>\nvoid *kept; int main(void) { kept = malloc(64); return 0; }")
    run, report = weir.trace([program], ["--fail-on=reachable"])
    harness.check(run.status == 23, f"{run.status} {report['gate']}")
    _, report = weir.trace([program])
    judge(weir, harness.put(weir, "plain.json", json.dumps(report)), ["--fail-on=reachable"], 23)


@CASES.add
def bad_limits(weir):
    path = stored(weir, "100")
    for option in ("--max-bytes=x", "--max-bytes=lost=4", "--max-bytes=definite=", "--max-blocks=1,", "--max-leak-bytes=-1",
                   "--max-leak-blocks=99999999999999999999", "--fail-on=lost", "--limit=x", "--baseline-tolerance=10%%",
                   "--baseline-tolerance=%", "--gen-suppressions=xml", "--gen-suppressions=weir="):
        refuse(weir, ["gate", option, path], option.split("=")[0])


@CASES.add
def limit_of_the_list(weir):
    path = stored(weir, "100", "l5", "r")
    text = weir.run(["report", "--limit=1", path]).stdout.decode()
    harness.check("#1 " in text and "#2 " not in text and "... and 2 more" in text, text)
    text = weir.run(["report", "--limit=0", path]).stdout.decode()
    harness.check("#3 " in text and "more:" not in text, text)


# ---- baselines ------------------------------------------------------------

@CASES.add
def baseline_is_made_and_kept(weir):
    """Nothing fails with it; a new leak, and one that has grown, do; what is gone is told and taken out."""
    known = f"{weir.directory}/known.json"
    program = leaky(weir)
    run, report = weir.trace([program, "100", "l5"], ["--gate", f"--baseline={known}", "--update-baseline"])
    harness.check(run.status == 0, f"{run.status}: {run.stderr.decode()}")
    harness.check(any(d["code"] == "baseline-written" for d in report["diagnostics"]), f"{report['diagnostics']}")
    harness.check(len(load(known)["leaks"]) == 3, f"{load(known)}")  # the list's rest is indirect
    before = open(known, encoding="utf-8").read()
    run, report = weir.trace([program, "100", "l5"], ["--gate", f"--baseline={known}"])
    harness.check(run.status == 0 and report["gate"]["baseline"]["known"] == 2, f"{run.status} {report['gate']}")
    run, report = weir.trace([program, "100", "l5", "r"], ["--gate", f"--baseline={known}"])
    harness.check(run.status == 23 and report["gate"]["baseline"]["new"] == 1, f"{run.status} {report['gate']}")
    run, report = weir.trace([program, "101", "l5"], ["--gate", f"--baseline={known}"])
    harness.check(run.status == 23 and report["gate"]["baseline"]["grown"] == 1, f"{run.status} {report['gate']}")
    grown = [leak for leak in report["leaks"] if leak["bytes"] == 101]
    harness.check(grown and grown[0]["baseline"] == {"blocks": 1, "bytes": 100} and grown[0]["status"] == "new", f"{grown}")
    harness.check(open(known, encoding="utf-8").read() == before, "a gate changed the baseline")
    run, report = weir.trace([program, "100"], ["--gate", f"--baseline={known}", "--update-baseline"])
    harness.check(run.status == 0 and len(load(known)["leaks"]) == 1, f"{run.status} {load(known)}")


@CASES.add
def gone_leaks_are_told(weir):
    known = f"{weir.directory}/known.json"
    weir.run(["gate", "-q", f"--baseline={known}", "--update-baseline", stored(weir, "100", "r")])
    text = judge(weir, stored(weir, "100"), [f"--baseline={known}"], 0, "gone: ring", "--update-baseline")
    harness.check("1 known, 1 gone" in text, text)
    gone = judged(weir, stored(weir, "100"), [f"--baseline={known}"])["gate"]["baseline"]["gone_leaks"]
    harness.check(len(gone) == 1 and gone[0]["kind"] == "cycle" and gone[0]["site"].startswith("ring"), f"{gone}")


@CASES.add
def growth_is_tolerated(weir):
    baseline = f"--baseline={stored(weir, '100')}"
    judge(weir, stored(weir, "110"), [baseline], 23, "known, and grown: 100 bytes in 1 block in the baseline")
    for size, tolerance, status in (("110", "10%", 0), ("111", "10%", 23), ("150", "50", 0), ("151", "50", 23), ("1124", "1K", 0)):
        judge(weir, stored(weir, size), [baseline, f"--baseline-tolerance={tolerance}"], status)


@CASES.add
def bad_baselines(weir):
    path = stored(weir, "100")
    good = f"{weir.directory}/good-baseline"
    weir.run(["gate", "-q", f"--baseline={good}", "--update-baseline", path])
    text = open(good, encoding="utf-8").read()
    for name, content in (("empty", ""), ("cut", text[:-4]), ("list", "[]"), ("version", text.replace("baseline/1", "baseline/9")),
                          ("kind", text.replace("definite", "lost")), ("id", text.replace('"id": "', '"id": "x')),
                          ("negative", text.replace('"bytes": ', '"bytes": -')), ("binary", "\0\1"), ("text", "leak:x\n")):
        bad = harness.put(weir, f"baseline-{name}", content)
        refuse(weir, ["gate", f"--baseline={bad}", path], bad)
        refuse(weir, ["gate", f"--baseline={bad}", "--update-baseline", path], bad)
        harness.check(open(bad, encoding="utf-8").read() == content, f"{name} was written over")
    refuse(weir, ["gate", f"--baseline={weir.directory}", path], weir.directory)
    refuse(weir, ["gate", "--baseline=/no/such/file", path], "/no/such/file")
    refuse(weir, ["gate", "--baseline=/no/such/file", "--update-baseline", path], "/no/such/file")
    refuse(weir, ["gate", "--update-baseline", path], "--baseline FILE")
    refuse(weir, ["gate", f"--baseline={path}", "--update-baseline", path], "is a report")
    refuse(weir, ["run", "--baseline=/no/such/file", "--update-baseline", "--", "touch", f"{weir.directory}/ran"], "/no/such")
    harness.check(not os.path.exists(f"{weir.directory}/ran"), "the command ran although the baseline cannot be written")


@CASES.add
def incomplete_evidence_makes_no_baseline(weir):
    known = f"{weir.directory}/known.json"
    killed = harness.build(weir, "killed", "#include <signal.h>\n#include <stdlib.h>\nint main(void) { malloc(9); raise(SIGKILL); }")
    run, report = weir.trace([killed], ["--gate", f"--baseline={known}", "--update-baseline"])
    harness.check(run.status == 24 and not os.path.exists(known), f"{run.status} {report['diagnostics']}")


# ---- suppressions ---------------------------------------------------------

@CASES.add
def generated_suppressions_work(weir):
    """In each syntax, from a run and from a stored report; every rule is used."""
    arguments = ["100", "l5", "r"]
    for form in ("weir", "valgrind", "lsan"):
        rules = f"{weir.directory}/{form}.supp"
        done = weir.run(["run", "-q", f"--gen-suppressions={form}={rules}", "--", leaky(weir), *arguments])
        harness.check(done.status == 0, done.stderr.decode())
        run, report = weir.trace([leaky(weir), *arguments], ["--gate", "--strict-suppressions", f"--suppressions={rules}"])
        harness.check(run.status == 0, f"{form}: {run.status}\n{open(rules, encoding='utf-8').read()}{report['gate']}")
        harness.check(report["summary"]["kinds"]["suppressed"]["bytes"] == 548, f"{report['summary']['kinds']}")
        told = weir.run(["gate", f"--gen-suppressions={form}", stored(weir, *arguments)])
        with open(rules, "rb") as file:
            harness.check(told.stdout == file.read() and told.status == 23, f"{form}: {told.stdout.decode()}")
        if form == "lsan":
            continue  # its rules know no kinds
        weir.run(["run", "-q", "--kinds=all", f"--gen-suppressions={form}={rules}", "--", sys.executable, "-c", ""])
        run, report = weir.trace([sys.executable, "-c", ""], ["--gate", "--strict-suppressions", f"--suppressions={rules}"])
        harness.check(run.status == 0, f"{form}: rules for what is not listed: {report['gate']}")


@CASES.add
def strict_suppressions(weir):
    path = stored(weir, "100")
    used = harness.put(weir, "used.supp", "leak:lose\n")
    unused = harness.put(weir, "unused.supp", "leak:lose\nleak:misspelt\n")
    expired = harness.put(weir, "expired.supp", "leak:lose\n{\n x\n weir:Leak\n expires: 2020-01-31\n reason: later\n fun:malloc\n}\n")
    judge(weir, path, [f"--suppressions={used}", "--strict-suppressions"], 0)
    judge(weir, path, [f"--suppressions={unused}"], 0, "matched nothing: leak:misspelt")
    judge(weir, path, [f"--suppressions={unused}", "--strict-suppressions"], 23, "unused suppressions: 1", f"{unused}:2")
    judge(weir, path, [f"--suppressions={expired}", "--strict-suppressions"], 23, "expired suppressions: 1", "has expired")
    for file, status in ((used, 0), (unused, 23)):
        run, _ = weir.trace([leaky(weir), "100", "r"], [f"--suppressions={file}", "--strict-suppressions"])
        harness.check(run.status == status, f"{file} alone: {run.status}")
    rules = judged(weir, path, [f"--suppressions={expired}"])["suppressions"]
    harness.check([(rule["line"], rule["leaks"], rule["bytes"], rule["expired"], rule["expires"], rule["reason"]) for rule in rules]
                  == [(1, 1, 100, False, None, None), (2, 0, 0, True, "2020-01-31", "later")], f"{rules}")


@CASES.add
def what_was_suppressed_is_judged_again(weir):
    rules = harness.put(weir, "lose.supp", "leak:lose\n{\n  old\n  weir:Leak\n  expires: 2020-01-31\n  fun:*\n}\n")
    path = stored(weir, "100", "r", options=[f"--suppressions={rules}", "--only-frame=main"])
    before = json.loads(open(path, encoding="utf-8").read())
    harness.check([leak["status"] for leak in before["leaks"]].count("suppressed") == 1, f"{before['leaks']}")
    harness.check("expired-suppression" in [note["code"] for note in before["diagnostics"]], f"{before['diagnostics']}")
    without = judged(weir, path, [])
    harness.check({leak["status"] for leak in without["leaks"]} == {"new"}, f"{without['leaks']}")
    harness.check(without["suppressions"] == [] and without["diagnostics"] == [], f"{without['suppressions']}")
    harness.check(without["summary"]["kinds"]["suppressed"]["blocks"] == 0, f"{without['summary']['kinds']}")
    again = judged(weir, path, [f"--suppressions={rules}"])
    for key in ("leaks", "suppressions", "diagnostics"):
        harness.check([dict(item, fails_gate=None) for item in again[key]] == [dict(item, fails_gate=None) for item in before[key]],
                      f"{again[key]}\n{before[key]}")


@CASES.add
def suppressed_blocks_in_use_stay_in_the_sums(weir):
    source = "int main(void) { static void *kept; kept = malloc(1000); return !kept; }"
    program = harness.build(weir, "keeps", "#include <stdlib.h>\n" + source)
    rules = harness.put(weir, "all.supp", "leak:*\n")
    reports = [weir.trace([program], [f"--kinds={kinds}", f"--suppressions={rules}"])[1] for kinds in ("definite", "all")]
    for kind in ("reachable", "suppressed"):
        sums = [report["summary"]["kinds"][kind]["bytes"] for report in reports]
        harness.check(sums[0] == sums[1], f"{kind}: {sums}")
    harness.check([leak["status"] for leak in reports[1]["leaks"] if leak["bytes"] == 1000] == ["suppressed"], "listed")


@CASES.add
def own_syntax_of_suppressions(weir):
    path = stored(weir, "100", "l5")
    for body, left in (("fun:malloc\n fun:lose", 1), ("fun:malloc\n ...\n fun:main", 0), ("max-bytes: 99\n ...\n fun:lose", 2),
                       ("max-bytes: 100\n ...\n fun:lose", 1), ("match-leak-kinds: cycle\n ...\n fun:lose", 2),
                       ("expires: 2999-01-01\n ...\n fun:lose", 1), ("fun:malloc\n obj:*/leaky", 0), ("...\n src:*:4", 1)):
        rules = harness.put(weir, "own.supp", f"{{\n rule\n weir:Leak\n {body}\n}}\n")
        report = judged(weir, path, [f"--suppressions={rules}"])
        new = [leak for leak in report["leaks"] if leak["status"] == "new" and leak["kind"] == "definite"]
        held = [leak for leak in report["leaks"] if leak["status"] == "new" and leak["kind"] == "indirect"]
        harness.check(len(new) == left, f"{body!r}: {len(new)} leaks are left, expected {left}")
        harness.check(bool(held) == any(leak["exclusive_blocks"] > 1 for leak in new), f"{body!r}: {held}")


@CASES.add
def bad_suppressions(weir):
    path = stored(weir, "100")
    for content, part in (("race:x\n", ":1: expected leak:PATTERN"), ("#\n{\n x\n Memcheck:Leak\n fun:a\n", ":2: "),
                          ("{\n x\n weir:Leak\n expires: never\n fun:a\n}\n", ":4: expected a date"), ("\0\0", "byte 0 is 0")):
        bad = harness.put(weir, "bad.supp", content)
        refuse(weir, ["gate", f"--suppressions={bad}", path], bad, part)
    refuse(weir, ["gate", f"--suppressions={weir.directory}", path], weir.directory)
    refuse(weir, ["gate", f"--gen-suppressions=weir={weir.directory}/no/dir", path], f"{weir.directory}/no/dir")
    with open(f"{weir.directory}/large.supp", "wb") as file:
        file.truncate(65 << 20)
    refuse(weir, ["gate", f"--suppressions={file.name}", path], "larger than")
    judge(weir, path, [f"--suppressions={harness.put(weir, 'none.supp', '')}"], 23)


@CASES.add
def built_in_suppressions(weir):
    """They are shown, can be read again, and can be switched off, also for a capture."""
    text = weir.run(["--print-suppressions"]).stdout.decode()
    harness.check("weir:Leak" in text and "ld-linux" in text, text)
    judge(weir, stored(weir, "100"), [f"--suppressions={harness.put(weir, 'built-in.supp', text)}"], 23)
    source = ("#include <dlfcn.h>\n#include <stdlib.h>\n"
              "__attribute__((noinline)) void lose(void) { malloc(100); } int main(void) { lose(); return 0; }")
    capture = f"{weir.directory}/app.capture"
    program = harness.build(weir, "app", source)
    weir.run(["run", "-q", f"--capture={capture}", "--", program])
    with_them, without = judged(weir, capture, []), judged(weir, capture, ["--no-builtin-suppressions"])
    harness.check(not [rule for rule in without["suppressions"] if not rule["file"]], f"{without['suppressions']}")
    harness.check(without["summary"]["kinds"]["suppressed"]["blocks"] == 0, f"{without['summary']['kinds']}")
    harness.check(with_them["summary"]["kinds"]["definite"]["bytes"] == 100, f"{with_them['summary']['kinds']}")


@CASES.add
def unreadable_files_pass_no_gate(weir):
    path, secret = stored(weir, "100"), harness.put(weir, "secret", "leak:lose\n")
    rights = as_nobody(weir)
    os.chmod(path, 0o644)
    os.chmod(secret, 0)
    for arguments in ([f"--suppressions={secret}", path], [f"--baseline={secret}", path], [secret],
                      [f"--baseline={secret}", "--update-baseline", path]):
        run = weir.run(["gate", *arguments], **rights)
        text = run.stderr.decode()
        harness.check(run.status == 125 and secret in text and "Permission denied" in text, f"{arguments}: {run.status} {text}")


# ---- scope ----------------------------------------------------------------

@CASES.add
def only_ones_own_code(weir):
    path = stored(weir, "100", "l5", "r")
    for options, left in ((["--only-module=leaky"], 3), (["--only-module=libother*"], 0), (["--only-module=*/leaky"], 3),
                          (["--only-frame=lose"], 1), (["--only-frame=lose", "--only-frame=ri*"], 2),
                          (["--only-module=leaky", "--only-frame=ring"], 1), (["--only-module=x", "--only-frame=ring"], 0)):
        report = judged(weir, path, options)
        new = [leak for leak in report["leaks"] if leak["status"] == "new" and leak["kind"] != "indirect"]
        harness.check(len(new) == left, f"{options}: {len(new)} leaks, expected {left}")
        aside = [rule for rule in report["suppressions"] if rule["rule"].startswith("not in")]
        harness.check(sum(rule["leaks"] for rule in aside) == len(report["leaks"]) - sum(leak["status"] == "new" for leak in report["leaks"]),
                      f"{options}: {aside}")
        judge(weir, path, options, 23 if left else 0)


@CASES.add
def a_pattern_that_matches_nothing_is_told(weir):
    report = f"{weir.directory}/idle.json"
    program = f"{weir.directory}/idle"
    source = ("#include <stdlib.h>\nvoid lose(int n) { *(volatile char *)malloc(n) = 1; }\n"
              "void scrub() { volatile char dead[8192]; for (int i = 0; i < 8192; i++) dead[i] = 0; }\n"
              "int main() { lose(10); lose(20); scrub(); }")
    subprocess.run(["g++", "-g", "-x", "c++", "-", "-o", program], check=True, input=source.encode())
    weir.run(["run", "-q", "-o", report, "--", program])
    done = weir.run(["gate", "--only-frame=misspelt", report])
    said = (done.stdout + done.stderr).decode()
    harness.check("misspelt" in said and "no frame" in said, f"nobody says that the pattern matches nothing: {said}")
    for pattern in ("lose", "lose(int)", "lo*"):
        done = weir.run(["gate", f"--only-frame={pattern}", report])
        harness.check(done.status == 23 and b"no frame" not in done.stderr + done.stdout, f"{pattern}: {done.status}")
    done = weir.run(["gate", "--baseline-tolerance=10%", report])
    harness.check(done.status == 125 and b"--baseline FILE" in done.stderr, f"{done.status} {done.stderr}")


@CASES.add
def a_capture_is_judged_as_a_report_is(weir):
    capture = f"{weir.directory}/leaky.capture"
    weir.run(["run", "-q", f"--capture={capture}", "--", leaky(weir), "100", "l5", "r"])
    for options, status in (([], 23), (["--max-bytes=548"], 0), (["--max-bytes=547"], 23), (["--only-frame=lose", "--max-bytes=100"], 0),
                            (["--fail-on=possible"], 0), ([f"--baseline={stored(weir, '100', 'l5', 'r')}"], 0)):
        judge(weir, capture, options, status)


@CASES.add
def a_capture_is_a_baseline(weir):
    known, more = f"{weir.directory}/known.capture", stored(weir, "100", "l5", "r")
    weir.run(["run", "-q", f"--capture={known}", "--", leaky(weir), "100", "l5"])
    judge(weir, more, [f"--baseline={known}"], 23)
    judge(weir, stored(weir, "100", "l5"), [f"--baseline={known}"], 0)
    judge(weir, known, [f"--baseline={known}"], 0)
    run, report = weir.trace([leaky(weir), "100", "l5", "r"], ["--gate", f"--baseline={known}"])
    harness.check(run.status == 23 and (report["gate"]["baseline"]["new"], report["gate"]["baseline"]["known"]) == (1, 2), f"{report['gate']}")
    refuse(weir, ["gate", f"--baseline={known}", "--update-baseline", more], "is a report or a capture")
    cut = f"{weir.directory}/cut.capture"
    with open(known, "rb") as whole, open(cut, "wb") as part:
        part.write(whole.read()[:-9])
    refuse(weir, ["gate", f"--baseline={cut}", more], "is truncated")


@CASES.add
def diff_says_what_changed(weir):
    run = weir.run(["diff", stored(weir, "100", "r"), stored(weir, "150", "l5")])
    text = run.stdout.decode()
    for part in ("new: ", "list", "gone: ", "ring", "grown: 100 bytes in 1 block -> 150 bytes in 1 block", "1 new, 1 grown, 0 shrunk, 1 gone"):
        harness.check(part in text, f"'{part}' is not in\n{text}")


if __name__ == "__main__":
    sys.exit(CASES.main())
