#!/usr/bin/python3
"""Real programs of Debian under weir: they write and return what they do alone,
and the report is complete, with no event lost and every count in balance."""
import contextlib
import hashlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

from cases import Cases, harness

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = Cases()


def environment(directory, **more):
    """One that says nothing about this machine and its user."""
    return {"PATH": os.environ["PATH"], "HOME": directory, "TMPDIR": directory, "LC_ALL": "C.UTF-8", "TZ": "UTC", **more}


def compare(weir, command, prepare=None, env=None, processes=1, stderr=False, outcome=None, **how):
    """Runs the command in a new directory, without and with weir; `prepare`
    fills the directory, `outcome` gives what else must be equal."""
    results = []
    for traced in (False, True):
        directory = f"{weir.directory}/work"
        shutil.rmtree(directory, ignore_errors=True)
        os.mkdir(directory)
        if prepare:
            prepare(directory)
        options = dict(cwd=directory, env=environment(directory, **(env or {})), timeout=280, **how)
        if traced:
            run, report = weir.trace(command, **options)
        else:
            run = harness.run(command, **options)
        results.append((run, outcome(directory) if outcome else None))
    (untraced, expected), (run, found) = results
    harness.same_output(run, untraced, stderr)
    harness.check(found == expected, f"what it made differs: {found}, untraced {expected}")
    harness.trusted(report)
    harness.check(len(report["processes"]) >= processes,
                  f"{len(report['processes'])} processes in the report, expected {processes} at least")
    return report


def here(name):
    return os.path.join(HERE, name)


def write(directory, name, text):
    path = os.path.join(directory, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def digests(*names):
    def outcome(directory):
        found = {}
        for name in names:
            with open(os.path.join(directory, name), "rb") as file:
                found[name] = hashlib.sha256(file.read()).hexdigest()
        return found
    return outcome


@CASES.add
def python(weir):
    compare(weir, ["/usr/bin/python3", here("real_python.py")], env={"PYTHONHASHSEED": "0"}, processes=4)


@CASES.add
def python_with_malloc(weir):
    compare(weir, ["/usr/bin/python3", here("real_python.py")], env={"PYTHONHASHSEED": "0", "PYTHONMALLOC": "malloc"},
            processes=4)


GIT = """
set -e
git init -q -b main one; cd one
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
    seq $i 200 > file$i; date -u -d @$i >> log; git add .; git commit -q -m "change $i"
done
git checkout -q -b side HEAD~5; seq 5 > side; git add .; git commit -q -m side
git checkout -q main; git merge -q -m merge side
git tag -a -m tag v1
cd ..
git clone -q file://$PWD/one two
git -C two log --stat --graph --format='%h %an %s' | cat
git -C two gc -q --aggressive
git -C two fsck --strict
git -C two diff --shortstat HEAD~3
git -C two blame log | cut -c1-8 | sort | uniq -c
git -C two show-ref
"""


@CASES.add
def git(weir):
    dates = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
             for what, value in (("NAME", "A"), ("EMAIL", "a@b"), ("DATE", "1000000000 +0000"))}
    compare(weir, ["sh", "-c", GIT], env={"GIT_CONFIG_NOSYSTEM": "1", **dates}, processes=60)


@CASES.add
def sqlite3(weir):
    sql = """create table t(a integer primary key, b text, c real);
        with recursive n(i) as (select 1 union all select i + 1 from n where i < 30000)
            insert into t select i, hex(i * i), i / 3.0 from n;
        create index tb on t(b);
        select count(*), max(b), round(sum(c), 3) from t where b like '1%';
        update t set b = b || 'x' where a % 5 = 0; delete from t where a % 7 = 0;
        select length(group_concat(b)) from t; vacuum; pragma integrity_check;
        select json_group_array(a) from (select a from t order by b limit 20);
        .dump sqlite_schema
        """
    compare(weir, ["sqlite3", "base"], input=sql.encode(), stdin=None, outcome=digests("base"))


@CASES.add
def perl(weir):
    compare(weir, ["perl", here("real_perl.pl")], env={"PERL_HASH_SEED": "0"}, processes=4, stderr=True)


CPP = """#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <regex>
#include <string>
#include <vector>
template <int N> struct tower { static int value() { return tower<N - 1>::value() + N; } };
template <> struct tower<0> { static int value() { return 0; } };
int main(int argc, char **argv)
{
        std::map<std::string, std::vector<int>> m;
        std::regex r("a+b*");
        for (int i = 0; i < argc; i++)
                m[argv[i]].push_back(tower<200>::value() + std::regex_match(argv[i], r));
        std::cout << m.size() << std::endl;
        return std::make_unique<int>(0) == nullptr;
}
"""


@CASES.add
def compilation(weir):
    compare(weir, ["g++", "-O2", "-g", "-Wall", "-o", "program", "program.cpp"],
            prepare=lambda directory: write(directory, "program.cpp", CPP), processes=4, stderr=True,
            outcome=digests("program"))


@CASES.add
def xmllint(weir):
    def prepare(directory):
        items = "".join(f"<item id='{i}' kind='k{i % 9}'><name>n {i}</name><v>{i * i}</v></item>" for i in range(8000))
        write(directory, "in.xml", f"<?xml version='1.0'?><root xmlns:x='urn:x'>{items}<x:last/></root>")
    compare(weir, ["sh", "-c", "xmllint --format in.xml | cksum; xmllint --xpath 'count(//item[@kind=\"k3\"])' in.xml; echo;"
                               "xmllint --c14n in.xml | cksum; xmllint --stream --noout in.xml;"
                               "xmllint --noout --html in.xml 2>&1 | wc -l; xmllint --noout missing.xml"],
            prepare=prepare, processes=6)


@CASES.add
def jq(weir):
    def prepare(directory):
        write(directory, "in.json", json.dumps([{"id": i, "tags": [str(i % 7), "x" * (i % 30)], "n": {"v": i / 3}}
                                                for i in range(6000)]))
    program = ('group_by(.tags[0]) | map({k: .[0].tags[0], n: length, s: (map(.n.v) | add), '
               't: (map(.tags[1] | test("x{5,}")) | map(select(.)) | length)})')
    compare(weir, ["jq", "-S", program, "in.json"], prepare=prepare, stderr=True)


OPENSSL = """
set -e
seq 20000 > data
openssl dgst -sha256 data
openssl enc -aes-256-cbc -K 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff \
    -iv 00112233445566778899aabbccddeeff -in data -out secret
openssl dgst -sha3-256 secret
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key 2>/dev/null
openssl req -new -x509 -key key -subj /CN=test -days 2 -out cert
openssl x509 -in cert -noout -subject
openssl dgst -sha256 -sign key -out signature data
openssl x509 -in cert -pubkey -noout > public
openssl dgst -sha256 -verify public -signature signature data
openssl verify -CAfile cert cert
openssl ecparam -name prime256v1 -genkey -noout | openssl ec -text -noout 2>/dev/null | tail -1
"""


@CASES.add
def openssl(weir):
    compare(weir, ["sh", "-c", OPENSSL], processes=11)


@CASES.add
def tar_with_xz(weir):
    def prepare(directory):
        for i in range(60):
            write(directory, f"file{i}", "".join(f"{i} {n * n % (i + 7)}\n" for n in range(3000)))
    compare(weir, ["sh", "-c", "tar --sort=name --mtime=@0 --owner=0 --group=0 --mode=644 -cf all.tar.xz -I 'xz -T2 "
                               "--block-size=1MiB' file* && mkdir out && tar -C out -xJf all.tar.xz && cat out/* | cksum"
                               "&& tar -tJf all.tar.xz | cksum"],
            prepare=prepare, processes=9, outcome=digests("all.tar.xz"))


@CASES.add
def bash_pipelines(weir):
    compare(weir, ["bash", here("real_bash.sh")], processes=60)


@CASES.add
def node(weir):
    compare(weir, ["node", here("real_node.js")], processes=2)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def service(weir, command, end, port):
    """A server under weir while the block runs, then ended by `end`; yields a
    dictionary that afterwards holds `run` and `report`."""
    path = f"{weir.directory}/service.json"
    result = {}
    with subprocess.Popen([weir.path, "run", "-q", "--trace-all", "-o", path, "--", *command], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as server:
        try:
            wait_for(port, server)
            yield result
            end(server)
            stdout, stderr = server.communicate(timeout=60)
        except BaseException:
            server.kill()
            raise
    result["run"] = harness.Run(server.returncode, stdout, stderr)
    try:
        with open(path, encoding="utf-8") as file:
            result["report"] = json.load(file)
    except ValueError as e:
        raise harness.Failure(f"no report: {e}\n{stderr.decode()}") from e
    harness.jsonschema.validate(result["report"], weir.schema)


def wait_for(port, server):
    for _ in range(600):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if server.poll() is not None:
            raise harness.Failure(f"the server ended with {server.returncode}: {server.stderr.read().decode()}")
        time.sleep(0.05)
    raise harness.Failure("the server does not listen")


@CASES.add
def redis(weir):
    port = str(free_port())
    command = ["redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir",
               weir.directory, "--io-threads", "2"]

    def end(_):
        harness.run(["redis-cli", "-p", port, "shutdown", "nosave"])

    with service(weir, command, end, int(port)) as result:
        bench, report = weir.trace(["redis-benchmark", "-p", port, "-n", "4000", "-c", "20", "-q", "-t",
                                    "set,get,incr,lpush,rpop,sadd,hset,zadd,lrange_100,mset"])
        harness.check(bench.status == 0 and b"LRANGE_100" in bench.stdout, bench.stdout.decode() + bench.stderr.decode())
        harness.trusted(report)
        harness.run(["redis-cli", "-p", port, "set", "key", "value"])
        saved = harness.run(["redis-cli", "-p", port, "save"])
        harness.check(saved.stdout == b"OK\n", saved.stdout.decode())
        value = harness.run(["redis-cli", "-p", port, "get", "key"])
        harness.check(value.stdout == b"value\n", value.stdout.decode())
    harness.check(result["run"].status == 0, f"redis-server ended with {result['run'].status}")
    harness.trusted(result["report"])
    harness.check(result["report"]["summary"]["events"] > 40000, "too few events for so much work")


NGINX = """
daemon off; master_process on; worker_processes 3; pid {directory}/pid; error_log {directory}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off; gzip on; gzip_types text/plain; gzip_min_length 100; default_type text/plain;
    client_body_temp_path {directory}/b; proxy_temp_path {directory}/p; fastcgi_temp_path {directory}/f;
    uwsgi_temp_path {directory}/u; scgi_temp_path {directory}/s;
    server {{ listen 127.0.0.1:{port}; root {directory}/www; location /again/ {{ proxy_pass http://127.0.0.1:{port}/; }} }}
}}
"""


def fetch(port, path, headers):
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    client.request("GET", path, headers=headers)
    answer = client.getresponse()
    body = answer.read()
    client.close()
    return answer.status, body


@CASES.add
def nginx(weir):
    port, directory = free_port(), weir.directory
    os.mkdir(f"{directory}/www")
    text = "".join(f"line {i}\n" for i in range(5000))
    write(directory, "www/page.txt", text)
    config = write(directory, "nginx.conf", NGINX.format(directory=directory, port=port))

    def end(server):
        with open(f"{directory}/pid", encoding="ascii") as file:
            os.kill(int(file.read()), signal.SIGQUIT)
        server.wait(60)

    with service(weir, ["/usr/sbin/nginx", "-c", config], end, port) as result:
        for i in range(150):
            status, body = fetch(port, "/again/page.txt" if i % 3 else "/page.txt", {})
            harness.check((status, body.decode()) == (200, text), f"answer {i}: {status}, {len(body)} bytes")
            status, body = fetch(port, "/page.txt", {"Accept-Encoding": "gzip"})
            harness.check(status == 200 and body[:2] == b"\x1f\x8b", f"compressed answer {i}: {status}")
        harness.check(fetch(port, "/missing", {})[0] == 404, "a missing page is not 404")
    harness.check(result["run"].status == 0, f"nginx ended with {result['run'].status}: {result['run'].stderr.decode()}")
    harness.trusted(result["report"])
    harness.check(len(result["report"]["processes"]) >= 4, f"{len(result['report']['processes'])} processes")


if __name__ == "__main__":
    sys.exit(CASES.main())
