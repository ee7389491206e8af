#!/usr/bin/python3
"""The forms that other tools read, from real programs: many at once, each as
its readers want it, in files that are whole; and the lines for CI that the README
shows."""
import json
import os
import re
import resource
import signal
import subprocess
import sys

try:
    import yaml
except ImportError:  # as in harness.py
    yaml = None

from cases import Cases, harness

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import formats  # noqa: E402

CASES = Cases()
README = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "README.md")
SECRET = "hunter2-is-the-password"

LEAKY = f"""
#include <stdlib.h>
#include <string.h>
__attribute__((noinline)) static void *lose(size_t size)
{{
        return strcpy(memset(malloc(size), 0, size), "{SECRET}");
}}
__attribute__((noinline)) static void lose_ring(void)
{{
        void **a = malloc(16), **b = malloc(24);
        *a = b;
        *b = a;
}}
__attribute__((noinline)) static void clobber(void)
{{
        volatile char room[4096];
        memset((char *)room, 0, sizeof room);
}}
int main(void)
{{
        for (int i = 0; i < 3; i++)
                lose(1000);
        lose_ring();
        clobber();
        return 0;
}}
"""

# What reads each form, and how many leaks it finds.
READERS = {
    "sarif": lambda text: len(formats.sarif(text)["results"]),
    "junit": lambda text: list(formats.junit(text).values()).count("failure") - 1,
    "tap": lambda text: [test[::2] for test in formats.tap(text)].count((False, None)) - 1,
    "github": lambda text: [command for command, _, _ in formats.github(text)].count("error") - 1,
    "markdown": lambda text: len(formats.markdown(text)),
    "gitlab": lambda text: len(formats.gitlab(text)),
    "gcc": lambda text: [level for _, level, _ in formats.gcc(text)].count("error"),
    "valgrind": lambda text: len(formats.valgrind(text)[0]),
    "valgrind-xml": lambda text: len(formats.valgrind_xml(text)),
}


def build(weir, directory="tree", source="src/leaky.c", program="leaky"):
    """A source tree with a program built in a directory of its own; gives both."""
    root = os.path.join(weir.directory, directory)
    path = os.path.join(root, source)
    os.makedirs(os.path.dirname(path))
    os.makedirs(os.path.join(root, "build"))
    with open(path, "w", encoding="utf-8") as file:
        file.write(LEAKY)
    subprocess.check_call(["gcc", "-g", "-O0", "-o", program, os.path.join("..", source)], cwd=os.path.join(root, "build"))
    return root, os.path.join(root, "build", program)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def every_form(weir, root, program):
    """One run in every form; gives {form: text} and what was on standard error."""
    files = {form: os.path.join(weir.directory, "form-" + form) for form in READERS}
    done = weir.run(["run", "--gate", "--source-root", root, *(f"--format={form}={path}" for form, path in files.items()),
                     "--", program], env={key: value for key, value in os.environ.items() if key != "GITHUB_STEP_SUMMARY"})
    harness.check(done.status == 23, f"exit status {done.status}\n{done.stderr.decode(errors='replace')}")
    return {form: read(path) for form, path in files.items()}, done.stderr


def check_every_form(texts):
    for form, reader in READERS.items():
        try:
            found = reader(texts[form])
        except (AssertionError, ValueError, SyntaxError) as e:
            raise harness.Failure(f"{form}: {e}\n{texts[form].decode(errors='replace')[:3000]}") from e
        harness.check(found == 2, f"{form}: {found} leaks, not 2\n{texts[form].decode(errors='replace')[:3000]}")
        harness.check(SECRET.encode() not in texts[form], f"{form} has contents of memory")


@CASES.add
def every_form_at_once(weir):
    root, program = build(weir)
    texts, stderr = every_form(weir, root, program)
    check_every_form(texts)
    harness.check(b"weir: 2 leaks" in stderr and SECRET.encode() not in stderr, stderr)
    result = formats.sarif(texts["sarif"])["results"][0]
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]
    harness.check(place == {"uri": "src/leaky.c", "uriBaseId": "SRCROOT"}, place)
    harness.check(formats.gitlab(texts["gitlab"])[0]["location"]["path"] == "src/leaky.c", "gitlab")
    harness.check(formats.gcc(texts["gcc"])[0][0].startswith("src/leaky.c:"), "gcc")
    harness.check(formats.github(texts["github"])[1][1]["file"] == "src/leaky.c", "github")
    harness.check(formats.valgrind_xml(texts["valgrind-xml"])[-1][3][:3] == ["malloc", "lose", "main"], "valgrind-xml")


@CASES.add
def a_stored_report_in_every_form(weir):
    root, program = build(weir)
    stored = os.path.join(weir.directory, "stored.json")
    texts, _ = every_form(weir, root, program)
    weir.run(["run", "-q", "--gate", "-o", stored, "--", program])
    harness.check(SECRET.encode() not in read(stored), "json has contents of memory")
    for form in READERS:
        done = weir.run(["gate", "--source-root", root, "--format", form, stored])
        harness.check(done.status == 23 and READERS[form](done.stdout) == 2, f"{form}: {done.status}")
        again = weir.run(["report", "--source-root", root, "--format", form, stored])
        harness.check(again.status == 0 and again.stdout == done.stdout, f"{form}: report and gate differ")
        if form in ("sarif", "gitlab", "gcc", "markdown"):
            harness.check(done.stdout == texts[form], f"{form}: two equal runs differ")


@CASES.add
def hostile_names(weir):
    name = "ev\n::error::%0A,]]>&amp;<b>\"'`|*_#\\ \x1b[31m\udcff"
    root, program = build(weir, name, f"s{name.replace('/', '')}/{name}.c", name)
    texts, stderr = every_form(weir, root, program)
    check_every_form(texts)
    formats.harmless(stderr.decode())
    for form in ("junit", "valgrind-xml"):
        formats.xmllint(texts[form])


@CASES.add
def prove_reads_tap(weir):
    _, program = build(weir)
    path = os.path.join(weir.directory, "leaks.tap")
    weir.run(["run", "--gate", f"--format=tap={path}", "--", program])
    done = harness.run(["prove", "-e", "cat", path])
    harness.check(done.status == 1 and b"Failed 3/3" in done.stdout + done.stderr, done.stdout + done.stderr)
    weir.run(["run", f"--format=tap={path}", "--", program])
    done = harness.run(["prove", "-v", "-e", "cat", path])
    harness.check(done.status == 0 and b"Result: PASS" in done.stdout, done.stdout + done.stderr)


@CASES.add
def step_summary_of_github(weir):
    _, program = build(weir)
    summary = os.path.join(weir.directory, "summary.md")
    environment = dict(os.environ, GITHUB_STEP_SUMMARY=summary)

    def run_with(text):
        with open(summary, "w", encoding="utf-8") as file:
            file.write(text)
        done = weir.run(["run", "--gate", "--format", "github", "--", program], env=environment)
        harness.check(done.status == 23 and READERS["github"](done.stderr) == 2, done.stderr)
        added = read(summary)
        harness.check(added.startswith(text.encode()), "what others wrote is gone")
        return added[len(text):]

    harness.check(READERS["markdown"](run_with("# Tests\n")) == 2, "no table")
    # So much room that one leak fits, then none.
    harness.check(READERS["markdown"](run_with("x" * ((1 << 20) - 1500))) == 1, "not one leak")
    harness.check(run_with("x" * ((1 << 20) - 10)) == b"", "GitHub would take nothing of this")
    environment["GITHUB_STEP_SUMMARY"] = "/no/such/place"
    done = weir.run(["run", "--format", "github", "--", program], env=environment)
    harness.check(done.status == 125 and b"/no/such/place" in done.stderr, done.stderr)


# ---- files -------------------------------------------------------------------


@CASES.add
def output_goes_on_where_it_is(weir):
    path = os.path.join(weir.directory, "out")
    with open(path, "wb") as out:
        out.write(b"before\n")
        out.flush()
        done = subprocess.run([weir.path, "run", "-o", "/dev/stdout", "--", "echo", "hello"], stdout=out, check=False)
        out.seek(0, os.SEEK_END)
        out.write(b"after\n")
    text = read(path)
    harness.check(done.returncode == 0 and text.startswith(b"before\nhello\n{") and text.endswith(b"}\nafter\n"), text)
    done = weir.run(["run", "-o", "/dev/stdout", "--format", "gcc=/dev/fd/2", "--", "true"])
    harness.check(done.stdout.startswith(b"{") and done.status == 0, done.stdout)
    done = weir.run(["run", "-o", "-", "--", "true"], cwd=weir.directory)
    harness.check(done.stdout.startswith(b"{") and not os.path.exists(f"{weir.directory}/-"), done.stdout)


@CASES.add
def one_file_has_one_form(weir):
    _, program = build(weir)
    for name in ("there", "kept.json"):
        weir.run(["run", "-o", name, "--", program], cwd=weir.directory)
    os.symlink("there", os.path.join(weir.directory, "link"))
    for first, second in (("new", "./new"), ("there", os.path.join(weir.directory, "there")), ("there", "link")):
        done = weir.run(["run", "-o", first, f"--format=sarif={second}", "--", program], cwd=weir.directory)
        harness.check(done.status == 125 and b"cannot have two forms" in done.stderr, f"{second}: {done.stderr}")
    done = weir.run(["report", "-o", "./kept.json", "kept.json"], cwd=weir.directory)
    harness.check(done.status == 125 and b"both read and written" in done.stderr, done.stderr)


@CASES.add
def names_of_files_know_the_process(weir):
    done = weir.run(["run", "-q", f"--format=json={weir.directory}/%p-100%%.json", "--", "sh", "-c", "echo $$"])
    harness.check(os.path.exists(f"{weir.directory}/{done.stdout.decode().strip()}-100%.json"),
                  os.listdir(weir.directory))


@CASES.add
def captures_know_the_process(weir):
    """Of several runs each has its own; nothing else is left, nor of a run that could not begin."""
    pids = [weir.run(["run", "-q", f"--capture={weir.directory}/%p-100%%.capture", "--", "sh", "-c", "echo $$"])
            .stdout.decode().strip() for _ in range(2)]
    names = {f"{pid}-100%.capture" for pid in pids}
    done = weir.run(["run", f"--capture={weir.directory}/%p", "--", "/no/such/program"])
    harness.check(done.status == 127, f"{done.status} {done.stderr}")
    harness.check(len(names) == 2 and set(os.listdir(weir.directory)) == names, os.listdir(weir.directory))
    for pid, name in zip(pids, sorted(names, key=lambda name: pids.index(name.split("-")[0]))):
        told = weir.run(["report", "--format=json", os.path.join(weir.directory, name)])
        harness.check(json.loads(told.stdout)["processes"][0]["pid"] == int(pid), told.stdout)
    done = weir.run(["run", "-o", "x-%p", "--capture=x-%p", "--", "true"], cwd=weir.directory)
    harness.check(done.status == 125 and b"both the report and the capture" in done.stderr, done.stderr)


@CASES.add
def no_torn_file(weir):
    _, program = build(weir)
    stored, out = os.path.join(weir.directory, "stored.json"), os.path.join(weir.directory, "out.sarif")
    weir.run(["run", "-q", "-o", stored, "--", program])
    with open(out, "w", encoding="utf-8") as file:
        file.write("old")

    def little_room():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

    done = weir.run(["report", "--format", f"sarif={out}", stored], preexec_fn=little_room)
    harness.check(done.status == 125 and f"cannot write {out}".encode() in done.stderr, done.stderr)
    harness.check(read(out) == b"old" and sorted(os.listdir(weir.directory)) == ["out.sarif", "stored.json", "tree"],
                  f"{read(out)} {os.listdir(weir.directory)}")


@CASES.add
def forms_that_cannot_be(weir):
    stored = os.path.join(weir.directory, "stored.json")
    weir.run(["run", "-q", "-o", stored, "--", "true"])
    for words, said in ((["--format=sarfi"], "did you mean 'sarif'"), (["--format=sarif="], "a file is missing"),
                        (["--format=sarif=x", "--format=junit=x"], "two forms"), (["-ox", "--format=junit=x"], "two forms"),
                        (["--format=tap", stored], "room for one report"), ([f"--format=text={stored}"], "both read"),
                        (["--format=text=/no/such/place"], "/no/such/place"), (["--source-root=/no/such"], "/no/such")):
        done = weir.run(["report", *words, stored], cwd=weir.directory)
        harness.check(done.status == 125 and said in done.stderr.decode(), f"{words}: {done.status} {done.stderr}")
    harness.check(not os.path.exists(os.path.join(weir.directory, "x")), "a file was made")


# ---- the README --------------------------------------------------------------

SUITE = """
all: tidy
tidy: tidy.c
check: tidy
\t./tidy
"""


def lines_for_ci(value):
    """The commands in a piece of CI configuration that call weir, and the files that it expects of them."""
    commands, files = [], []
    if isinstance(value, list):
        parts = [lines_for_ci(member) for member in value]
    elif isinstance(value, dict):
        parts = [lines_for_ci(member) for member in value.values()]
    else:
        text = str(value)
        commands += [text] if re.search(r"\bweir (run|gate)\b", text) else []
        files += re.findall(r"[\w.-]+\.(?:json|sarif|xml)\b", text) if not commands else []
        parts = []
    for more_commands, more_files in parts:
        commands += more_commands
        files += more_files
    return commands, files


@CASES.add
def what_the_readme_shows_for_ci(weir):
    with open(README, encoding="utf-8") as file:
        blocks = re.findall(r"^```yaml\n(.*?)^```", file.read(), re.S | re.M)
    harness.check(blocks, "the README shows nothing for CI")
    environment = dict(os.environ, PATH=os.path.dirname(weir.path) + ":" + os.environ["PATH"])
    environment.pop("GITHUB_STEP_SUMMARY", None)
    for number, block in enumerate(blocks):
        commands, files = lines_for_ci(yaml.safe_load(block))
        harness.check(commands, f"no weir in:\n{block}")
        directory = os.path.join(weir.directory, f"readme-{number}")
        os.mkdir(directory)
        for name, text in (("Makefile", SUITE), ("tidy.c", "int main(void) { return 0; }\n")):
            with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
                file.write(text)
        harness.run(["make"], cwd=directory)
        for command in commands:
            done = harness.run(["sh", "-c", command], cwd=directory, env=environment)
            harness.check(done.status == 0, f"{command}: exit status {done.status}\n{done.stderr.decode()}")
        for name in files:
            harness.check(os.path.getsize(os.path.join(directory, name)) > 0, f"{name} is not there")


sys.exit(CASES.main())
