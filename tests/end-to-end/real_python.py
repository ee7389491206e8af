"""Uses much of Python's library; prints what must not change."""
import asyncio
import base64
import bz2
import collections
import concurrent.futures
import csv
import ctypes
import datetime
import decimal
import difflib
import fractions
import gzip
import hashlib
import heapq
import io
import itertools
import json
import lzma
import math
import multiprocessing
import os
import pickle
import random
import re
import sqlite3
import statistics
import string
import struct
import subprocess
import tempfile
import textwrap
import threading
import unicodedata
import xml.etree.ElementTree
import zipfile
import zlib


def digest(value):
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]


def text():
    words = " ".join("".join(random.choices(string.ascii_lowercase, k=6)) for _ in range(5000))
    yield digest(re.findall(r"\b(\w)(\w+)\1\b", words))
    yield digest(textwrap.wrap(words, 60))
    yield digest(collections.Counter(words.split()).most_common(20))
    yield digest(list(difflib.unified_diff(words.split()[:300], words.split()[100:400])))
    yield unicodedata.normalize("NFD", "Zürich").encode().hex()


def packed():
    data = bytes(random.randrange(64) for _ in range(100000))
    for module in (zlib, bz2, lzma, gzip):
        assert module.decompress(module.compress(data)) == data
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("data", data)
        with zipfile.ZipFile(file) as archive:
            yield digest(archive.read("data"))
    yield digest(pickle.loads(pickle.dumps([data, {"a": (1, 2.5, None)}])))
    yield digest(base64.b85encode(data)), digest(struct.unpack("<1000I", data[:4000]))


def tables():
    base = sqlite3.connect(":memory:")
    base.execute("create table t(k integer primary key, v text)")
    base.executemany("insert into t values(?, ?)", ((i, str(i * i)) for i in range(20000)))
    yield base.execute("select count(*), sum(length(v)), max(v) from t where k % 7 = 3").fetchone()
    out = io.StringIO()
    csv.writer(out).writerows(base.execute("select * from t limit 1000"))
    yield digest(out.getvalue())
    root = xml.etree.ElementTree.fromstring("<r>" + "".join(f"<e n='{i}'/>" for i in range(3000)) + "</r>")
    yield sum(int(e.get("n")) for e in root.iter("e"))
    yield digest(json.loads(json.dumps([{"k": i, "v": [i] * 5} for i in range(3000)])))


def numbers():
    yield sum(fractions.Fraction(1, n) for n in range(1, 200)).numerator % 10**9
    yield str(decimal.Decimal(2).sqrt()), math.factorial(300) % 10**9
    yield statistics.pstdev(range(1000)), heapq.nlargest(3, (x * 7919 % 1000 for x in range(1000)))
    yield len(list(itertools.permutations(range(7)))), str(datetime.timedelta(days=1000) + datetime.datetime(2000, 1, 1))


def square(n):
    return n * n


def parallel():
    results = []
    threads = [threading.Thread(target=lambda n=n: results.append(sum(range(n * 1000)))) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    yield sum(results)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        yield sum(pool.map(square, range(1000)))
    with multiprocessing.Pool(2) as pool:
        yield sum(pool.map(square, range(100)))

    async def sleeper(n):
        await asyncio.sleep(0.001 * n)
        return n

    async def gather():
        return sum(await asyncio.gather(*(sleeper(n) for n in range(30))))

    yield asyncio.run(gather())
    yield subprocess.check_output(["sh", "-c", "echo from a child; exec printf %s done"])
    yield ctypes.CDLL(None).abs(-5), os.path.basename(os.getcwd()) != ""


if __name__ == "__main__":
    random.seed(7)
    for part in (text, packed, tables, numbers, parallel):
        for line in part():
            print(part.__name__, line)
