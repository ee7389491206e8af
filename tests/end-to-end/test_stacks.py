#!/usr/bin/python3
"""--check-stacks over the bench's workloads and real programs: every stack is
the one that libunwind's cursor gives, and none is cut."""
import glob
import json
import os
import sys

from cases import Cases, harness

CASES = Cases()


def compare(weir, command, least, **how):
    run, report = weir.trace(command, ["--check-stacks"], timeout=240, **how)
    harness.check(run.status == 0, f"exit status {run.status}: {run.stderr.decode(errors='replace')[-1000:]}")
    found, cut = harness.checked_stacks(report), harness.truncated_stacks(report)
    harness.check(found >= least, f"{found} stacks were compared, expected {least} at least")
    harness.check(cut == 0, f"{cut} stacks were cut")


def bench(weir, name):
    """A workload, in the build that weir is from."""
    return os.path.join(os.path.dirname(weir.path), "..", "tests", "bench", name)


# Frames, sites, threads, and stacks of each.
PAIRS = {
    "depth-8": (8, 1, 1, 3000),
    "depth-32": (32, 1, 1, 2000),
    "depth-128": (128, 1, 1, 1000),
    "two-sites": (16, 2, 1, 3000),
    "four-threads": (16, 2, 4, 1000),
}


for name, numbers in PAIRS.items():
    CASES.functions[name] = lambda weir, numbers=numbers: compare(
        weir, [bench(weir, "bench-pairs"), *map(str, numbers)], numbers[-1])


@CASES.add
def walk(weir):
    compare(weir, [bench(weir, "bench-walk"), "20000"], 20000)


@CASES.add
def python(weir):
    text = """
class Node:
    def __init__(self, n):
        self.n, self.left, self.right = n, None, None
def tree(n):
    node = Node(str(n))
    if n:
        node.left, node.right = tree(n - 1), tree(n - 1)
    return node
tree(5)
sorted([{"a": i, "b": [str(j) for j in range(3)]} for i in range(20)], key=lambda w: str(w["a"]))
"""
    compare(weir, ["/usr/bin/python3", "-S", harness.put(weir, "input.py", text)], 5000,
            env={**os.environ, "PYTHONMALLOC": "malloc"})


@CASES.add
def cc1plus(weir):
    text = """
template <class T> struct list { T head; list<T> *tail; int length() const { return tail ? 1 + tail->length() : 1; } };
template <int n> struct sum { static const int value = n + sum<n - 1>::value; };
template <> struct sum<0> { static const int value = 0; };
""" + "".join(f"int f{i}(int a) {{ list<int[{i + 1}]> l{{}}; return a * {i} + sum<{i}>::value + l.length(); }}\n"
              for i in range(6))
    compiler = sorted(glob.glob("/usr/lib/gcc/*/*/cc1plus"))
    harness.check(compiler, "there is no cc1plus")
    compare(weir, [compiler[0], "-quiet", harness.put(weir, "input.cpp", text), "-o", os.devnull], 5000)


@CASES.add
def perl(weir):
    text = r"""
my %count;
for my $i (1 .. 300) {
    my @words = map { "w" . ($_ * $i % 109) } 1 .. 4;
    push @{$count{$words[0]}}, join " ", @words;
    $count{$words[1]}[0] =~ s/w(\d+)/v$1/g if $count{$words[1]};
    eval { die "no $i" } if $i % 7 == 0;
}
print scalar(map { sort @$_ } values %count), "\n";
"""
    compare(weir, ["perl", harness.put(weir, "input.pl", text)], 3000)


@CASES.add
def git(weir):
    script = """
set -e
git init -q -b main .
for i in 1 2 3 4; do seq $i 60 > file$i; git add .; git -c user.name=a -c user.email=a@b commit -q -m "change $i"; done
git log -p | cat
git gc -q
git fsck --strict
"""
    directory = f"{weir.directory}/repository"
    os.mkdir(directory)
    compare(weir, ["sh", "-c", script], 10000, cwd=directory,
            env={**os.environ, "HOME": directory, "GIT_CONFIG_NOSYSTEM": "1"})


@CASES.add
def sqlite3(weir):
    text = """create table t(a integer primary key, b text);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 1500) insert into t select i, hex(i * i) from n;
create index tb on t(b);
select b, group_concat(a) from t where b like '1%' group by b order by 2 limit 20;
"""
    compare(weir, ["sqlite3", ":memory:", ".read " + harness.put(weir, "input.sql", text)], 3000)


@CASES.add
def xmllint(weir):
    text = "<all>" + "".join(f'<item id="i{i}"><name>name {i}</name><text>some &lt;text&gt; {i}</text></item>\n'
                             for i in range(800)) + "</all>"
    compare(weir, ["xmllint", "--noout", "--xpath", "count(//item)", harness.put(weir, "input.xml", text)], 3000)


@CASES.add
def jq(weir):
    text = json.dumps([{"id": i, "name": f"name {i % 97}", "tags": [str(i % 7)]} for i in range(300)])
    compare(weir, ["jq", "-c", "group_by(.name)|map({(.[0].name): map(.id)|add})|add",
                   harness.put(weir, "input.json", text)], 3000)


if __name__ == "__main__":
    sys.exit(CASES.main())
