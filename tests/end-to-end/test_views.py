#!/usr/bin/python3
"""What a person sees of the graph: what keeps the memory, cycles, and how they
are told again from captures and reports."""
import json
import re
import sys

from cases import Cases, harness

CASES = Cases()

# A heap with one of each thing that holds many blocks.
KEEPERS = """
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>
struct node { node *next; char *name; };
struct tree { tree *left, *right; };
struct shape { virtual ~shape() {} char room[40]; };
node *list;
tree *root;
node **table;
std::map<int, std::string> *names;
std::vector<shape *> *shapes;
static node *make_node(node *next)
{
        node *n = static_cast<node *>(malloc(sizeof *n));
        n->next = next;
        n->name = nullptr;
        return n;
}
static void make_list()
{
        for (int i = 0; i < 1000; i++)
                list = make_node(list);
}
static tree *make_tree(int depth)
{
        tree *t = static_cast<tree *>(calloc(1, sizeof *t));
        if (depth)
                t->left = make_tree(depth - 1), t->right = make_tree(depth - 1);
        return t;
}
static void make_table()
{
        table = static_cast<node **>(calloc(256, sizeof *table));
        for (int i = 0; i < 2000; i++) {
                table[i % 256] = make_node(table[i % 256]);
                table[i % 256]->name = static_cast<char *>(malloc(64));
        }
}
int main()
{
        make_list();
        make_table();
        root = make_tree(9);
        names = new std::map<int, std::string>;
        for (int i = 0; i < 300; i++)
                (*names)[i] = std::string(100, 'x');
        shapes = new std::vector<shape *>;
        for (int i = 0; i < 200; i++)
                shapes->push_back(new shape);
        exit(0);
}
"""


def build(weir, source, name, *flags):
    return harness.build(weir, name, source, *flags, compiler="g++", language="c++")


def succeed(weir, arguments, status=0):
    run = weir.run(arguments)
    harness.check(run.status == status, f"{arguments}: exit status {run.status}: {run.stderr.decode()}")
    return run.stdout.decode()


def kept(weir, program, *options):
    _, report = weir.trace([program], ["--retained", *options])
    harness.trusted(report)
    harness.check(len(report["retained"]) == 1, "one process, one entry")
    return report["retained"][0], report


def whole_tree(retained):
    """The lines, and what they leave out, are all there is: of each line what it keeps is its own and what is below."""
    open_lines = []

    def close(depth):
        while len(open_lines) > depth:
            line, below = open_lines.pop()
            total = line["bytes"] + below + line["more"]["bytes"]
            harness.check(total == line["retained_bytes"], f"{total} below and in {line}")

    top = retained["tree_more"]["bytes"]
    for line in retained["tree"]:
        close(line["depth"])
        harness.check(len(open_lines) == line["depth"], f"no line above {line}")
        if open_lines:
            open_lines[-1][1] += line["retained_bytes"]
        else:
            top += line["retained_bytes"]
        open_lines.append([line, 0])
    close(0)
    harness.check(top == retained["bytes"], f"{top} bytes in the tree of {retained['bytes']}")


@CASES.add
def what_keeps_the_memory(weir):
    program = build(weir, KEEPERS, "keepers")
    for limit in ("all", "1", "5", "20"):
        retained, report = kept(weir, program, f"--limit={limit}")
        whole_tree(retained)
        reachable = report["summary"]["kinds"]["reachable"]
        harness.check((retained["blocks"], retained["bytes"]) == (reachable["blocks"], reachable["bytes"]),
                      f"{retained['blocks']} blocks are kept, {reachable} reachable")
        for name in ("by_site", "by_type", "accumulation_points", "top_blocks"):
            told, total = len(retained[name]), retained[f"{name}_total"]
            harness.check(told == (total if limit == "all" else min(total, int(limit))), f"{name}: {told} of {total}")


@CASES.add
def where_blocks_pile_up(weir):
    retained, _ = kept(weir, build(weir, KEEPERS, "keepers"), "--limit=all")
    points = {}
    for point in retained["accumulation_points"]:
        way = [step["root"] or step["site"] for step in point["held_by"]] + [point["keeper"]["root"] or ""]
        for variable in ("list", "root", "table", "names", "shapes"):
            if any(re.search(rf"\({variable}\b", step) for step in way):
                points.setdefault(variable, point)
    harness.check(set(points) == {"list", "root", "table", "names", "shapes"}, f"found {sorted(points)}")
    harness.check((points["list"]["blocks"], points["list"]["tops"]) == (1000, 1), points["list"])
    harness.check((points["root"]["blocks"], points["root"]["tops"]) == (1023, 1), points["root"])
    harness.check(points["table"]["blocks"] == 2000 and points["table"]["retained_blocks"] == 4000
                  and points["table"]["keeper"]["size"] == 2048, points["table"])
    harness.check(points["names"]["blocks"] == 300 and points["names"]["retained_blocks"] == 600, points["names"])
    harness.check(points["shapes"]["blocks"] == 200 and points["shapes"]["type"] == "shape", points["shapes"])
    shapes = [entry for entry in retained["by_type"] if entry["type"] == "shape"]
    harness.check(len(shapes) == 1 and shapes[0]["blocks"] == 200 and shapes[0]["bytes"] == 9600, shapes)
    sites = [entry for entry in retained["by_site"] if "make_tree" in (entry["site"] or "")]
    harness.check(len(sites) == 1 and sites[0]["blocks"] == 1023, sites)
    top = [block for block in retained["top_blocks"] if block["size"] == 2048
           and "(table)" in block["referenced_by"][0]["from"]]
    harness.check(len(top) == 1 and top[0]["reference_count"] == 1 and len(top[0]["references"]) == 8, top)


@CASES.add
def told_again_from_a_capture_and_from_a_report(weir):
    program = build(weir, KEEPERS, "keepers")
    report, capture = f"{weir.directory}/kept.json", f"{weir.directory}/kept.capture"
    for kinds in ("--kinds=all", "--kinds=definite"):
        succeed(weir, ["run", "-q", "-o", report, "--retained", kinds, "--capture", capture, "--", program])
        with open(report, encoding="utf-8") as file:
            live = file.read()
        again = succeed(weir, ["report", "--format=json", "--retained", kinds, capture])
        harness.check(again == live, f"{kinds}: the capture says something else")
        harness.check(succeed(weir, ["report", "--format=json", report]) == live, "the report reads differently")
    text = succeed(weir, ["report", "--retained", report])
    harness.check(text == succeed(weir, ["report", "--retained", capture]), "two texts of one heap")
    for part in ("global keepers (list)", "1,000 x make_node", "one chain or tree", "where blocks of one sort pile up",
                 "by type", "the blocks that keep most", "2 references" if "2 references" in text else "1 reference"):
        harness.check(part in text, f"'{part}' is not in the text:\n{text}")
    harness.check("in use:" not in succeed(weir, ["report", report]), "shown without being asked for")
    # What was captured without being asked for is there all the same.
    succeed(weir, ["run", "-q", "-o", report, "--capture", capture, "--", program])
    text = succeed(weir, ["report", "--retained", capture])
    harness.check("shape" in text and "global keepers (names" in text, text)
    run = weir.run(["report", "--retained", report])
    harness.check(run.status == 125 and b"needs a capture" in run.stderr, run.stderr.decode())


@CASES.add
def of_every_process_and_of_none(weir):
    program = build(weir, KEEPERS, "keepers")
    _, report = weir.trace(["sh", "-c", f"{program}; {program}; kill -9 $$"], ["--retained"])
    pids = [entry["process"] for entry in report["retained"]]
    told = [p["pid"] for p in report["processes"] if p["snapshot"]]
    harness.check(pids == told and len(pids) >= 2, f"{pids} of {told}")
    _, report = weir.trace([program])
    harness.check(report["retained"] is None, "not asked for")


@CASES.add
def limits_are_checked(weir):
    for limit in ("-3", "many", "1K"):
        run = weir.run(["report", f"--limit={limit}", "x.json"])
        harness.check(run.status == 125 and b"a number or all" in run.stderr, run.stderr.decode())


@CASES.add
def why_says_what_it_leaves_out(weir):
    program = build(weir, KEEPERS, "keepers")
    capture, report = f"{weir.directory}/why.capture", f"{weir.directory}/why.json"
    succeed(weir, ["run", "-q", "-o", report, "--retained", "--limit=all", "--capture", capture, "--", program])
    with open(report, encoding="utf-8") as file:
        points = json.load(file)["retained"][0]["accumulation_points"]
    head = [point for point in points if point["tops"] == 1 and point["blocks"] == 1000][0]
    assert head["keeper"]["root"]
    block = succeed(weir, ["report", "--format=json", "--retained", "--limit=all", capture])
    top = [b for b in json.loads(block)["retained"][0]["top_blocks"] if b["retained_blocks"] == 1000][0]["address"]
    text = succeed(weir, ["why", capture, top])
    harness.check(text.count("+0 next exact -> ") == 6 and "993 more blocks" in text, text)
    text = succeed(weir, ["why", "--depth=all", "--limit=100", capture, top])
    harness.check(text.count("+0 next exact -> ") == 100 and "899 more blocks, 14,384 bytes" in text, text)
    text = succeed(weir, ["why", "--depth=all", "--limit=all", capture, top])
    last = re.findall(r"\+0 next exact -> (0x[0-9a-f]+)", text)[-1]
    harness.check(text.count("+0 next exact -> ") == 999 and "more block" not in text, text[-500:])
    # The last node: its path has a thousand links, of which both ends are told.
    text = succeed(weir, ["why", "--limit=10", capture, last])
    harness.check("990 more links" in text and text.count(" -> ") == 10, text)
    text = succeed(weir, ["why", "--limit=all", capture, last])
    harness.check("more links" not in text and text.count(" -> ") == 1000, text[-500:])


STACKS = """
#include <cstdlib>
#include <pthread.h>
#include <semaphore.h>
static sem_t ready, never;
__attribute__((noinline)) void holder(const char *)
{
        void *volatile local = malloc(1001);
        sem_post(&ready);
        sem_wait(&never);
        free(local);
}
static void *body(void *unused)
{
        holder("");
        sem_post(&ready);
        return unused;
}
__attribute__((noinline)) void finish()
{
        void *volatile local = malloc(2002);
        exit(local == nullptr);
}
int main()
{
        pthread_t thread;
        sem_init(&ready, 0, 0);
        sem_init(&never, 0, 0);
        pthread_create(&thread, nullptr, body, nullptr);
        sem_wait(&ready);
        finish();
}
"""


@CASES.add
def a_stack_is_told_by_its_function(weir):
    for level in "-O0", "-O2":
        program = build(weir, STACKS, "stacks" + level, level, "-pthread")
        capture, path = f"{weir.directory}/stacks.capture", f"{weir.directory}/stacks.json"
        succeed(weir, ["run", "-q", "--kinds=all", "-o", path, "--retained", "--capture", capture, "--", program])
        with open(path, encoding="utf-8") as file:
            live = json.load(file)
        again = json.loads(succeed(weir, ["report", "--format=json", "--kinds=all", "--retained", capture]))
        for report in live, again:
            keepers = json.dumps(report["retained"])
            for size, text in (1001, r"stack of thread 2, in holder\(char const\*\) \(.*<stdin>:10\)"), \
                              (2002, r"stack of thread 1, in finish\(\) \(.*<stdin>:22\)"):
                example = [leak["examples"][0] for leak in report["leaks"] if leak["sizes"] == [[size, 1]]][0]
                held = [reference["from"] for reference in example["referenced_by"]]
                harness.check(any(re.fullmatch(text, one) for one in held), f"{level}: {size} is held by {held}")
                told = succeed(weir, ["why", capture, example["address"]])
                harness.check(re.search(text, told), f"{level}: {told}")
                harness.check(re.search(text, keepers), f"{level}: {keepers}")


RINGS = """
#include <cstdlib>
#include <memory>
#include <vector>
struct account;
struct customer { std::shared_ptr<account> mine; };
struct account { std::shared_ptr<customer> owner; };
auto &all = *new std::vector<std::shared_ptr<customer>>;
int main()
{
        for (int i = 0; i < 50; i++) {
                auto c = std::make_shared<customer>();
                c->mine = std::make_shared<account>();
                c->mine->owner = c;
                all.push_back(c);
        }
        exit(0);
}
"""


@CASES.add
def cycles_that_are_in_use(weir):
    retained, report = kept(weir, build(weir, RINGS, "rings"))
    harness.check(report["summary"]["cycles"] == 0, "nothing is lost")
    harness.check(retained["cycles_total"] == 1, f"{retained['cycles']}")
    cycle = retained["cycles"][0]
    harness.check((cycle["count"], cycle["blocks"], cycle["bytes"]) == (50, 100, 50 * 64), f"{cycle}")
    harness.check(cycle["cycle"]["blocks"] == 2 and len(cycle["cycle"]["path"]) == 2, f"{cycle}")
    pointers = {step["pointer"] for step in cycle["cycle"]["break_at"]}
    harness.check(pointers == {"std::shared_ptr<account>", "std::shared_ptr<customer>"}, f"{pointers}")
    text = succeed(weir, ["report", "--retained", f"{weir.directory}/report-{weir.reports}.json"])
    harness.check("cycles in use" in text and "50 times over" in text and "weak_ptr" in text, text)


LEAKS = """
#include <stdlib.h>
__attribute__((noinline)) static void first(int n) { volatile void *p = malloc(n); (void)p; }
__attribute__((noinline)) static void second(int n) { volatile void *p = malloc(n); (void)p; }
__attribute__((noinline)) static void clear() { volatile char room[4096]; for (int i = 0; i < 4096; i++) room[i] = 0; }
int main(int argc, char **argv)
{
        first(10 * argc);
        if (argc > 1)
                second(20);
        if (argc > 2)
                second(20);
        clear();
        exit(0);
}
"""


@CASES.add
def an_id_may_be_cut_short(weir):
    program = build(weir, LEAKS, "leaks")
    _, report = weir.trace([program, "x"])
    path = f"{weir.directory}/report-{weir.reports}.json"
    ids = sorted({leak["id"] for leak in report["leaks"]})
    harness.check(len(ids) == 2, f"{ids}")
    for one in ids:
        harness.check(one in succeed(weir, ["why", path, one[:6]]), one)
    run = weir.run(["why", path, "123"])
    harness.check(run.status == 125, "three digits are no id")
    with open(path, encoding="utf-8") as file:
        text = file.read().replace(ids[1], ids[0][:8] + ids[1][8:])
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    run = weir.run(["why", path, ids[0][:8]])
    harness.check(run.status == 125 and b"2 ids" in run.stderr and ids[0].encode() in run.stderr
                  and ids[1][8:].encode() in run.stderr, run.stderr.decode())


@CASES.add
def differences_for_programs(weir):
    program = build(weir, LEAKS, "leaks")
    paths = []
    for arguments in ([], ["x"], ["x", "y"]):
        weir.trace([program, *arguments])
        paths.append(f"{weir.directory}/report-{weir.reports}.json")

    def diff(old, new):
        found = json.loads(succeed(weir, ["diff", "--format=json", paths[old], paths[new]]))
        harness.check(found["schema"] == "weir-diff/1" and found["new"] == {"file": paths[new], "complete": True}, found)
        return {leak["site"].split(" ")[0].split("(")[0]: leak for leak in found["leaks"]}

    leaks = diff(0, 1)
    harness.check(leaks["first"]["change"] == "grown" and leaks["first"]["after"] == {"blocks": 1, "bytes": 20}, leaks)
    harness.check(leaks["second"]["change"] == "new" and leaks["second"]["before"] is None, leaks)
    leaks = diff(2, 0)
    harness.check(leaks["first"]["change"] == "shrunk" and leaks["second"]["change"] == "gone"
                  and leaks["second"]["before"]["bytes"] == 40 and leaks["second"]["after"] is None, leaks)
    harness.check({leak["change"] for leak in diff(1, 1).values()} == {"same"}, "itself")


@CASES.add
def places_without_names_have_ids_of_their_own(weir):
    """Two leaks of a stripped program: the same in every run, and not the same."""
    program = build(weir, LEAKS, "stripped", "-s", "-pie")
    runs = [weir.trace([program, "x"])[1] for _ in range(2)]
    ids = [sorted(leak["id"] for leak in report["leaks"]) for report in runs]
    harness.check(ids[0] == ids[1] and len(set(ids[0])) == 2, f"{ids}")


if __name__ == "__main__":
    sys.exit(CASES.main())
