#!/usr/bin/python3
"""Captures: what a run found can be found again from its capture, byte for byte;
damaged files are refused; weir why explains blocks and leaks."""
import glob
import json
import os
import re
import subprocess
import sys

from cases import Cases, Skip, harness

CASES = Cases()
HERE = os.path.dirname(os.path.abspath(__file__))

# One program for each way of holding or losing memory, by what tells it apart.
KINDS = """
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
struct node { struct node *next, *other; char text[48]; };
struct node *list_head;
static char *interior;
static __thread struct node *of_thread;
static struct node *node(struct node *next)
{
        struct node *n = calloc(1, sizeof *n);
        n->next = next;
        strcpy(n->text, "hunter2-is-the-password");
        return n;
}
__attribute__((noinline)) static void lose(void)
{
        struct node *a = node(NULL), *b = node(a);
        a->next = b;
        a->other = node(NULL);
        node(node(node(NULL)));
}
__attribute__((noinline)) static void clobber(void)
{
        volatile char room[4096];
        memset((char *)room, 0, sizeof room);
}
int main(void)
{
        list_head = node(node(node(NULL)));
        interior = (char *)malloc(100) + 40;
        of_thread = node(NULL);
        lose();
        clobber();
        printf("%p %p %p\\n", (void *)list_head, (void *)list_head->next->next, (void *)of_thread);
        fflush(stdout);
        return 0;
}
"""


def build(weir, source=KINDS, name="kinds"):
    return harness.build(weir, name, source, "-pthread")


def captured(weir, command, options=()):
    """Runs the command; its report's text, the capture's name, what it wrote."""
    report, capture = f"{weir.directory}/live.json", f"{weir.directory}/run.capture"
    run = weir.run(["run", "-q", "-o", report, "--kinds=all", "--trace-all", "--capture", capture, *options, "--", *command])
    harness.check(os.path.exists(capture), f"no capture: {run.stderr.decode()}")
    with open(report, encoding="utf-8") as file:
        return file.read(), capture, run.stdout.decode()


def succeed(weir, arguments, status=0):
    run = weir.run(arguments)
    harness.check(run.status == status, f"{arguments}: exit status {run.status}: {run.stderr.decode()}")
    return run.stdout.decode()


def same(weir, command, options=()):
    live, capture, _ = captured(weir, command, options)
    again = succeed(weir, ["report", "--format=json", "--kinds=all", capture])
    if live != again:
        lines = [(a, b) for a, b in zip(live.splitlines(), again.splitlines()) if a != b]
        raise harness.Failure(f"{command}: the capture tells another story: {lines[:5]}")
    return json.loads(live), capture


# Everything is equal: what a run without policy options and its capture say
# differs in no byte, on one machine with the same files.
@CASES.add
def same_report_of_small_programs(weir):
    report, _ = same(weir, [build(weir)])
    kinds = report["summary"]["kinds"]
    harness.check((kinds["cycle"]["blocks"], kinds["definite"]["blocks"], kinds["indirect"]["blocks"]) == (2, 1, 3),
                  f"kinds: {kinds}")
    harness.check(kinds["possible"]["blocks"] == 1, f"kinds: {kinds}")
    same(weir, [build(weir)], ["--capture-contents"])


@CASES.add
def same_report_of_a_process_tree(weir):
    same(weir, ["sh", "-c", f"{build(weir)} | cat; (sleep 0; {build(weir)}) & wait; kill -9 $$"])


@CASES.add
def same_report_of_an_interpreter(weir):
    same(weir, ["perl", "-e", 'my %h; $h{$_} = [$_, \\$_] for 1..5000; my $x; $x = \\$x; print scalar keys %h'])


@CASES.add
def same_report_of_test_programs(weir):
    directory = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(weir.path))), "tests", "programs")
    names = ("cycle_of_shared_ptr", "cycles_sharing_a_tail", "held_by_packed_pointer", "held_by_second_base", "array_new_cookie",
             "held_by_register", "held_by_low_tag", "held_by_high_tag", "lost_names", "standard_containers", "end_by_kill",
             "end_by_abort", "exec_fails", "fork_inherits", "shared_by_two_leaks", "lost_mapping", "modules_come_and_go")
    found = [path for name in names for path in glob.glob(f"{directory}/{name}-O[02]")]
    if not found:
        raise Skip("the test programs are not built")
    for path in found:
        same(weir, [path])


@CASES.add
def same_report_where_the_program_is_not(weir):
    """Names are in the capture: a program that is gone, or another in its place, change nothing."""
    program = build(weir)
    live, capture, addresses = captured(weir, [program], ["--retained"])
    held = addresses.split()[0]
    why = succeed(weir, ["why", capture, held])
    other = build(weir, "int main(void) { return 0; }", "other")
    for change in (lambda: os.rename(program, program + ".away"), lambda: os.rename(other, program)):
        change()
        again = succeed(weir, ["report", "--format=json", "--kinds=all", "--retained", capture])
        harness.check(again == live, "the capture says something else without the program")
        harness.check(succeed(weir, ["why", capture, held]) == why, "weir why says something else")
    harness.check("(list_head)" in why and "node (" in why, why)


@CASES.add
def gate_judges_a_capture(weir):
    _, capture, _ = captured(weir, [build(weir)])
    succeed(weir, ["gate", "-q", capture], 23)
    succeed(weir, ["gate", "--max-bytes=1M", capture])
    path = f"{weir.directory}/live.json"
    succeed(weir, ["gate", f"--baseline={path}", capture])
    text = succeed(weir, ["diff", path, capture])
    harness.check("0 new" in text and "0 gone" in text, text)
    killed = build(weir, "#include <signal.h>\n#include <stdlib.h>\nint main(void) { malloc(9); raise(SIGKILL); }", "killed")
    _, capture, _ = captured(weir, [killed])
    succeed(weir, ["gate", "-q", capture], 24)


@CASES.add
def a_capture_keeps_no_contents(weir):
    """Nothing is left of the text but in the sections that compression makes unreadable; so those are measured."""
    source = KINDS.replace("int main(void)\n{", """static char noise[1 << 20];
int main(void)
{
        FILE *f = fopen("/dev/urandom", "r");
        char *secret = malloc(1 << 20);
        fread(secret, 1, 1 << 20, f);
        fclose(f);
        memcpy(noise, secret, 1 << 20);""")
    program = build(weir, source, "noisy")
    _, capture, _ = captured(weir, [program])
    filtered = os.path.getsize(capture)
    _, capture, _ = captured(weir, [program], ["--capture-contents"])
    whole = os.path.getsize(capture)
    harness.check(filtered < 400000, f"{filtered} bytes: random bytes are in the capture")
    harness.check(whole > 2 << 20, f"{whole} bytes: the contents that were asked for are not in the capture")
    harness.check(os.stat(capture).st_mode & 0o077 == 0, "others may read the capture")


def refuse(weir, arguments, *parts):
    run = weir.run(arguments)
    text = run.stderr.decode(errors="replace")
    harness.check(run.status == 125 and text.startswith("weir: "), f"{arguments}: {run.status}: {text}")
    harness.check(run.stdout == b"", f"{arguments}: {run.stdout!r}")
    for part in parts:
        harness.check(part in text, f"'{part}' is not in the message: {text}")


@CASES.add
def damaged_captures_are_refused(weir):
    _, capture, _ = captured(weir, [build(weir)])
    with open(capture, "rb") as file:
        good = file.read()
    path = f"{weir.directory}/damaged"

    def put(data):
        with open(path, "wb") as file:
            file.write(data)

    for size in (0, 3, 8, 15, 16, 30, len(good) // 3, len(good) // 2, len(good) - 1):
        put(good[:size])
        for command in ("report", "gate"):
            refuse(weir, [command, path], path)
        refuse(weir, ["why", path, "0x1000"], path)
    # A change of any one bit is seen, by the check of a section's head or of its content, but for those that mean
    # nothing: in the frames that fill up a section (see file.h), and what zstd leaves unused.
    whole = succeed(weir, ["report", "--format=json", capture])
    for at in range(0, len(good), max(1, len(good) // 150)):
        put(good[:at] + bytes([good[at] ^ 1 << at % 8]) + good[at + 1:])
        run = weir.run(["report", "--format=json", path])
        harness.check(run.status == 125 or (run.status == 0 and run.stdout.decode() == whole),
                      f"byte {at} of {len(good)}: exit status {run.status}")
    put(good + b"more")
    refuse(weir, ["gate", path], path, "follows its end")
    put(good[:8] + b"\x63" + good[9:])
    refuse(weir, ["gate", path], path, "version 99")


@CASES.add
def unwritable_capture(weir):
    marker = f"{weir.directory}/ran"
    for path in ("/no/such/directory/capture", weir.directory, "/dev/full"):
        refuse(weir, ["run", "--capture", path, "--", "touch", marker], path, "capture")
    refuse(weir, ["run", "--capture-contents", "--", "touch", marker], "--capture FILE")
    refuse(weir, ["run", "-o", marker, "--capture", marker, "--", "true"], "both")
    harness.check(not os.path.exists(marker), "the command ran although its capture cannot be written")


@CASES.add
def a_disk_that_fills_up(weir):
    disk = f"{weir.directory}/disk"
    os.mkdir(disk)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "none", disk], capture_output=True, check=False)
    if done.returncode:
        raise Skip("needs to mount a file system")
    try:
        refuse(weir, ["run", "-q", "--capture", f"{disk}/capture", "--", "perl", "-e", "1"], "No space left", "capture")
        harness.check(os.listdir(disk) == [], "half a capture was left")
    finally:
        subprocess.run(["umount", disk], check=False)


@CASES.add
def no_capture_of_a_refused_command(weir):
    path = f"{weir.directory}/old.capture"
    with open(path, "w", encoding="utf-8") as file:
        file.write("old")
    run = weir.run(["run", "--capture", path, "--", "/no/such/command"])
    harness.check(run.status == 127 and not os.path.exists(path), f"{run.status}, {os.listdir(weir.directory)}")


@CASES.add
def why_a_block_is_held(weir):
    _, capture, addresses = captured(weir, [build(weir)])
    head, third, of_thread = addresses.split()
    text = succeed(weir, ["why", capture, head])
    harness.check(re.search(r"held by\n  global .*kinds \(list_head\)\n", text), text)
    text = succeed(weir, ["why", capture, hex(int(third, 16) + 20)])
    steps = re.findall(r"\+\d+ (?:\w+ )?exact -> (0x[0-9a-f]+)", text)
    harness.check(steps == [head, steps[1], third], f"{steps}: {text}")
    harness.check("20 bytes into it" in text and "reachable" in text and "node (" in text, text)
    text = succeed(weir, ["why", capture, of_thread])
    harness.check("thread-local storage of thread" in text, text)
    refuse(weir, ["why", capture, "0x10"], "no live block", capture)
    refuse(weir, ["why", capture, "0x0"], "at 0x0")
    refuse(weir, ["why", capture, "fifteen"], "'fifteen'")
    refuse(weir, ["why", capture, "0123456789abcdef"], "no leak")
    refuse(weir, ["why", capture], "weir why")


def by_kind(text):
    return {leak["kind"]: leak for leak in json.loads(text)["leaks"]}


@CASES.add
def why_a_block_is_lost(weir):
    live, capture, _ = captured(weir, [build(weir)])
    leaks = by_kind(live)
    text = succeed(weir, ["why", capture, leaks["definite"]["id"]])
    harness.check("lost: nothing holds it" in text and text.count(" -> ") >= 2, text)
    text = succeed(weir, ["why", capture, leaks["cycle"]["id"]])
    harness.check("nothing but the cycle" in text and "(see above)" in text, text)
    for member in set(re.findall(r" -> (0x[0-9a-f]+)", text)):
        text = succeed(weir, ["why", capture, member])
        harness.check("nothing but the cycle" in text or "\ncycle, " not in text, text)
    head = {leaks[kind]["examples"][0]["address"] for kind in ("definite", "cycle")}
    for example in leaks["indirect"]["examples"]:
        text = succeed(weir, ["why", capture, example["address"]])
        harness.check("lost, and held by the" in text and any(address in text for address in head), text)
    text = succeed(weir, ["why", capture, leaks["possible"]["examples"][0]["address"]])
    harness.check("+40 interior" not in text and "interior ->" in text and "(interior)" in text, text)


@CASES.add
def why_from_a_report(weir):
    live, _, _ = captured(weir, [build(weir)])
    report = f"{weir.directory}/live.json"
    leaks = by_kind(live)
    for kind in ("definite", "cycle", "indirect"):
        example = leaks[kind]["examples"][0]
        text = succeed(weir, ["why", report, leaks[kind]["id"]])
        harness.check(example["address"] in text and leaks[kind]["id"] in text, text)
        text = succeed(weir, ["why", report, hex(int(example["address"], 16) + 1)])
        harness.check(example["address"] in text and leaks[kind]["id"] in text, text)
    refuse(weir, ["why", report, "0x10"], "weir run --capture", report)
    refuse(weir, ["why", report, "0123456789abcdef"], "no leak")


if __name__ == "__main__":
    sys.exit(CASES.main())
