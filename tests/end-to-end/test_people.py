#!/usr/bin/python3
"""What weir does for the person at the keyboard: doctor, completion in real
shells, and help that is whole."""
import os
import re
import shutil
import subprocess
import sys

from cases import Cases, Skip, harness

CASES = Cases()
HERE = os.path.dirname(os.path.abspath(__file__))
COMPLETION = os.path.join(HERE, "../../report/completion")
COMMANDS = ["diff", "doctor", "gate", "report", "run", "why"]


def answer(weir, arguments, status=0, **how):
    done = weir.run(arguments, **how)
    text = done.stdout.decode()
    harness.check(done.status == status, f"{arguments}: exit status {done.status}, expected {status}: {text}{done.stderr.decode()}")
    return text


# ---- doctor -------------------------------------------------------------------

@CASES.add
def doctor_finds_nothing_wrong_here(weir):
    text = answer(weir, ["doctor", "/bin/ls"])
    for topic in ("kernel", "libc", "library", "ptrace", "memory"):
        harness.check(re.search(rf"^ok +{topic} ", text, re.M), f"nothing good is said of {topic}: {text}")
    harness.check("/bin/ls can be traced" in text, text)
    harness.check("\x1b" not in text, "colour where nobody asked")
    harness.check("\x1b" in answer(weir, ["doctor", "--color=always"]), "no colour where it was asked for")


@CASES.add
def doctor_names_what_is_refused(weir):
    text = answer(weir, ["doctor"], 1, preexec_fn=harness.refuse_calls(harness.PTRACE))
    harness.check(re.search(r"^BAD +ptrace .*container", text, re.M), f"a refused ptrace is not told: {text}")
    text = answer(weir, ["doctor"], 1, preexec_fn=harness.refuse_calls(harness.PIDFD_OPEN))
    harness.check(re.search(r"^BAD +kernel .*pidfd_open", text, re.M), f"a refused pidfd_open is not told: {text}")


@CASES.add
def doctor_examines_programs(weir):
    static = f"{weir.directory}/static"
    subprocess.run(["gcc", "-static", "-x", "c", "-", "-o", static], input=b"int main(void) { return 0; }", check=True)
    text = answer(weir, ["doctor", static, "no-such-program", weir.path], 1)
    harness.check(re.search(r"^BAD +program .*static", text, re.M), f"a static program passes: {text}")
    harness.check(re.search(r"^BAD +program .*no-such-program", text, re.M), f"a missing program passes: {text}")
    harness.check(f"{weir.path} can be traced" in text and f"{weir.path} has debug information" in text, text)


# ---- completion ----------------------------------------------------------------

def bash(weir, line):
    """What bash offers for a line."""
    environment = dict(os.environ, PATH=os.path.dirname(weir.path) + ":" + os.environ["PATH"])
    script = (f"source '{COMPLETION}/weir.bash'; COMP_LINE=$1; COMP_POINT=${{#1}}; _weir; "
              "printf '%s\\n' \"${COMPREPLY[@]}\"")
    done = subprocess.run(["bash", "--norc", "-c", script, "bash", line], capture_output=True, text=True, check=True,
                          env=environment, cwd=weir.directory)
    return done.stdout.split()


def zsh(weir, words):
    """What zsh would be given for the words, the completion system's own functions replaced by ones that print."""
    if not shutil.which("zsh"):
        raise Skip("zsh is not installed")
    environment = dict(os.environ, PATH=os.path.dirname(weir.path) + ":" + os.environ["PATH"])
    script = ("compadd() { while [[ $1 == -* && $1 != -- ]]; do [[ $1 == -S ]] && shift; shift; done; shift; "
              "(( $# )) && print -l -- \"$@\" }; _files() { print files }; "
              "_normal() { print normal $CURRENT ${words[CURRENT]} }; compset() { }; "
              f"words=(\"$@\"); CURRENT=$#words; complete_weir() {{ {open(f'{COMPLETION}/_weir', encoding='utf-8').read()}\n}}; complete_weir")
    done = subprocess.run(["zsh", "-f", "-c", script, "zsh", "weir", *words], capture_output=True, text=True, check=True,
                          env=environment)
    return done.stdout.split()


@CASES.add
def bash_completes(weir):
    open(f"{weir.directory}/leaks.json", "w", encoding="utf-8").close()
    for line, expected in (("weir ", COMMANDS), ("weir re", ["report"]), ("weir --pri", ["--print-schema", "--print-suppressions"]),
                           ("weir run --color=", ["auto", "always", "never"]), ("weir run --color a", ["auto", "always"]),
                           ("weir report --format=va", ["valgrind", "valgrind-xml"]),
                           ("weir run --kinds=definite,c", ["definite,cycle"]),
                           ("weir gate le", ["leaks.json"]), ("weir run -o le", ["leaks.json"]),
                           ("weir run --baseline=le", ["leaks.json"])):
        offered = bash(weir, line)
        harness.check(sorted(offered) == sorted(expected), f"{line!r}: {offered}, expected {expected}")
    harness.check("--suppressions=" in bash(weir, "weir run --su"), "an option is not offered")
    harness.check("true" in bash(weir, "weir run -- tru"), "a command is not offered")


@CASES.add
def zsh_completes(weir):
    for words, expected in (([""], COMMANDS), (["re"], ["report"]), (["run", "--color=a"], ["--color=auto", "--color=always"]),
                            (["gate", "le"], ["files"]), (["run", "--", "ls", "-"], ["normal", "2", "-"])):
        offered = zsh(weir, words)
        harness.check(sorted(offered) == sorted(expected), f"{words}: {offered}, expected {expected}")


@CASES.add
def every_option_is_completed(weir):
    for command in COMMANDS:
        helped = set(re.findall(r"--[a-z][a-z-]+", answer(weir, [command, "--help=all"])))
        offered = {line.rstrip("=") for line in answer(weir, ["--complete", command, "--"]).split()}
        unknown, missing = sorted(offered - helped - {"--help"}), sorted(helped - offered)
        harness.check(not unknown, f"{command}: {unknown} completed, and not in --help=all")
        harness.check(not [name for name in missing if weir.run([command, name + "=x"]).stderr.find(b"unknown") < 0],
                      f"{command}: {missing} in --help=all, and not completed")


# ---- manual --------------------------------------------------------------------

@CASES.add
def every_command_has_a_manual_page(weir):
    for command in COMMANDS:
        page = os.path.join(os.path.dirname(weir.path), f"weir-{command}.1")
        done = subprocess.run(["man", "--warnings", "-l", page], capture_output=True, check=False,
                              env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "80"})
        text = done.stdout.decode()
        harness.check(done.returncode == 0 and not done.stderr, f"weir-{command}.1: {done.stderr.decode()}")
        harness.check(f"weir {command}" in text and "SYNOPSIS" in text, f"weir-{command}.1 has no synopsis: {text}")
        helped = set(re.findall(r"--[a-z][a-z-]+", answer(weir, [command, "--help=all"]))) - {"--help"}
        offered = {line.rstrip("=") for line in answer(weir, ["--complete", command, "--"]).split()} - {"--help"}
        for name in sorted(offered):
            harness.check(re.search(f"{name}(?![a-z-])", text), f"{name} is not in weir-{command}.1")
        explained = set(re.findall(r"^ {5,7}(?:-\w, )?(--[a-z][a-z-]+)", text, re.M))
        harness.check(explained <= helped | offered, f"weir-{command}.1 explains {sorted(explained - helped - offered)}")


# ---- annotations ---------------------------------------------------------------

@CASES.add
def installed_header_is_found_and_costs_nothing(weir):
    """What `make install` puts there builds a program, which runs without weir as with it."""
    root, build = f"{weir.directory}/root", os.path.join(os.path.dirname(weir.path), "..")
    subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--destdir", root], check=True, capture_output=True)
    found = [os.path.join(at, "weir.pc") for at, _, files in os.walk(root) if "weir.pc" in files]
    harness.check(len(found) == 1, f"weir.pc: {found}")
    environment = dict(os.environ, PKG_CONFIG_PATH=os.path.dirname(found[0]), PKG_CONFIG_SYSROOT_DIR=root)
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "weir"], check=True, capture_output=True, text=True,
                           env=environment).stdout.split()
    source = ("#include <weir/weir.h>\n#include <stdlib.h>\n"
              "void make() { { %s weir_ignore(malloc(100)); } malloc(11); }\n"
              "void scrub() { volatile char dead[8192]; for (int i = 0; i < 8192; i++) dead[i] = 0; }\n"
              "int main() { make(); scrub(); return weir_check(0) == %s ? 0 : 1; }")
    for name, compiler, words in (("c", "gcc", ("", "1")), ("cxx", "g++", ("weir_scoped_disabler d; malloc(10);", "1"))):
        for suffix, expected in (("traced", "1"), ("alone", "-1")):
            program = f"{weir.directory}/{name}-{suffix}"
            subprocess.run([compiler, "-w", "-O0", "-x", "c++" if name == "cxx" else "c", "-", "-o", program] + flags,
                           input=(source % (words[0], expected)).encode(), check=True)
        harness.check(subprocess.run([f"{weir.directory}/{name}-alone"], check=False).returncode == 0, f"{name} alone")
        done, report = weir.trace([f"{weir.directory}/{name}-traced"])
        kinds = report["summary"]["kinds"]
        harness.check(done.status == 0 and kinds["definite"]["bytes"] == 11, f"{name}: {done.status} {kinds}")


@CASES.add
def installed_tree_may_be_moved(weir):
    """An installed weir traces from wherever its tree lies: below DESTDIR, or unpacked somewhere else."""
    root, build = f"{weir.directory}/moved", os.path.join(os.path.dirname(weir.path), "..")
    subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--destdir", root], check=True, capture_output=True)
    found = [os.path.join(at, "weir") for at, _, files in os.walk(root) if os.path.basename(at) == "bin" and "weir" in files]
    harness.check(len(found) == 1, f"weir: {found}")
    environment = {name: value for name, value in os.environ.items() if name != "WEIR_LIBRARY"}
    done = subprocess.run([found[0], "run", "--", "true"], env=environment, capture_output=True, text=True, check=False)
    harness.check(done.returncode == 0 and "no leaks" in done.stderr, f"{done.returncode}: {done.stderr}")


if __name__ == "__main__":
    sys.exit(CASES.main())
