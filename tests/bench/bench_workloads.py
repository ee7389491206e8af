"""What is traced: pairs of malloc and free, and whole programs with inputs made here."""
import glob
import json
import os
import random
import shutil
import subprocess

PAIRS = 4_000_000
TREES = (50, 1000)


class Workload:
    """One command, run `runs` times in each round; environment is set for it under every variant; absent says what it
    lacks."""

    def __init__(self, name, command, environment=None, absent=None, processes=1):
        self.name, self.command, self.environment = name, list(command), environment or {}
        self.absent, self.processes = absent, processes
        self.runs = 5 if processes == 1 else 1


class PairWorkload:
    """Prints what its loop took; threads is how many run it at once."""

    def __init__(self, name, program, arguments, threads=1):
        self.name, self.threads = name, threads
        self.program, self.arguments, self.processes, self.runs = program, arguments, 1, 1

    def command(self, divisor):
        pairs = max(1, PAIRS // divisor // self.threads)
        return [self.program, *map(str, self.arguments), str(pairs)]


def pair_workloads(pairs, walk):
    return [
        PairWorkload("depth 8", pairs, [8, 1, 1]),
        PairWorkload("depth 32", pairs, [32, 1, 1]),
        PairWorkload("depth 128", pairs, [128, 1, 1]),
        PairWorkload("one site at 16", pairs, [16, 1, 1]),
        PairWorkload("two sites at 16", pairs, [16, 2, 1]),
        PairWorkload("walk", walk, []),
    ]


def thread_workloads(pairs):
    return [PairWorkload(f"{count} thread{'s' if count > 1 else ''}", pairs, [32, 1, count], threads=count)
            for count in (1, 2, 4, 8)]


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


PYTHON_INPUT = """
class Node:
    def __init__(self, key, left, right):
        self.key, self.left, self.right = key, left, right
def tree(depth, key):
    return Node(str(key), tree(depth - 1, 2 * key), tree(depth - 1, 2 * key + 1)) if depth else None
import json
for turn in range(3):
    root = tree(13, 1)
    words = sorted({f"{i % 997}-{i}": [i, str(i)] for i in range(20000)}.items())
    text = json.loads(json.dumps(words))
"""

CXX_INPUT = """
#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>
int main()
{
        std::map<std::string, std::vector<std::shared_ptr<std::function<int(int)>>>> all;
        for (int i = 0; i < 9; i++)
                all[std::to_string(i)].push_back(std::make_shared<std::function<int(int)>>([=](int j) { return j; }));
        for (auto &entry : all)
                std::cout << entry.first << (*entry.second.front())(1) << '\\n';
}
"""

SQL_INPUT = """
CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, value INTEGER);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 80000)
INSERT INTO item SELECT i, 'name ' || (i * 7919 % 10007), i * 31 % 1009 FROM n;
CREATE INDEX by_name ON item(name);
SELECT name, group_concat(value, ','), upper(name) FROM item GROUP BY name ORDER BY 2 LIMIT 20;
SELECT a.name, replace(b.name, 'name', 'other') FROM item a JOIN item b ON a.name = b.name ORDER BY 2 LIMIT 20;
"""

PERL_INPUT = r"""
my %count;
for my $i (1 .. 150000) {
    my @words = map { "w" . ($_ * $i % 1009) } 1 .. 4;
    push @{$count{$words[0]}}, join " ", @words;
    $count{$words[1]}[0] =~ s/w(\d+)/v$1/g if $count{$words[1]};
}
print scalar(map { sort @$_ } values %count), "\n";
"""


def xml_text():
    return "<all>" + "".join(
        f'<item id="i{i}" kind="k{i % 17}"><name>name {i}</name><text>some &lt;text&gt; {i}</text></item>\n'
        for i in range(100000)) + "</all>"


def json_text():
    return json.dumps([{"id": i, "name": f"name {i % 997}", "tags": [str(i % 7), str(i % 11)], "value": {"x": i / 3}}
                       for i in range(28000)])


def git_history():
    """A stream for git fast-import: 1500 commits that each change one of twenty files."""
    numbers, lines, stream = random.Random(1), {}, []
    for commit in range(1500):
        name = f"file{commit % 20}"
        text = lines.setdefault(name, [f"line {i} of {name}" for i in range(300)])
        for _ in range(30):
            text[numbers.randrange(len(text))] = f"changed by {commit}: {numbers.random()}"
        data = "\n".join(text) + "\n"
        stream.append(f"commit refs/heads/main\ncommitter A <a@example.org> {1000000000 + commit} +0000\n"
                      f"data 6\nchange\nM 644 inline {name}\ndata {len(data)}\n{data}\n")
    return "".join(stream)


def git_repository(path):
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", path], check=True)
    subprocess.run(["git", "-C", path, "fast-import", "--quiet"], input=git_history().encode(), check=True)
    return path


def cc1plus():
    return next(iter(sorted(glob.glob("/usr/lib/gcc/*/*/cc1plus"))), None)


def preprocessed(directory):
    source = write(f"{directory}/input.cpp", CXX_INPUT)
    subprocess.run(["g++", "-E", "-o", f"{directory}/input.ii", source], check=True)
    return f"{directory}/input.ii"


def program_workloads(directory):
    """Programs of the system; each input is made only when its program is there."""
    makers = [
        ("python3", "/usr/bin/python3", lambda: ["-s", "-S", write(f"{directory}/input.py", PYTHON_INPUT)]),
        ("cc1plus", cc1plus(), lambda: ["-quiet", "-fpreprocessed", preprocessed(directory), "-o", os.devnull]),
        ("xmllint", "xmllint", lambda: ["--noout", write(f"{directory}/input.xml", xml_text())]),
        ("perl", "perl", lambda: [write(f"{directory}/input.pl", PERL_INPUT)]),
        ("jq", "jq", lambda: ["-c", "group_by(.name)|map({(.[0].name): map(.value.x)|add})|add",
                              write(f"{directory}/input.json", json_text())]),
        ("sqlite3", "sqlite3", lambda: [":memory:", ".read " + write(f"{directory}/input.sql", SQL_INPUT)]),
        ("git", "git", lambda: ["--no-pager", "-C", git_repository(f"{directory}/input.git"), "log", "-p"]),
    ]
    return [program_workload(name, program, arguments) for name, program, arguments in makers]


def program_workload(name, program, arguments):
    path = shutil.which(program) if program else None
    if not path:
        return Workload(name, [], absent=f"{name} is not installed")
    # python3 as its memory is usually looked at: with malloc for small objects, too
    environment = {"PYTHONMALLOC": "malloc"} if name == "python3" else {}
    return Workload(name, [path, *arguments()], environment)


def startup_workloads():
    """Programs that do nothing: one, and trees of them."""
    return [Workload("`true`", ["/bin/true"])] + [
        Workload(f"each of {count} `true` of one shell",
                 ["/bin/sh", "-c", f"i=0; while [ $i -lt {count} ]; do /bin/true; i=$((i + 1)); done"],
                 processes=count) for count in TREES]
