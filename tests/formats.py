"""What the readers of weir's other forms ask of them: each function takes the
text of a form, checks its structure and gives what is in it, in the reader's
terms; a fault is an AssertionError.

The structures are those of the readers named at each; no schema of theirs is
copied here.
"""
import json
import re
import subprocess
import urllib.parse
import xml.etree.ElementTree

try:
    import jsonschema
except ImportError:  # a build lists the tests without it; to run one needs it
    jsonschema = None

KINDS = ["definite", "cycle", "indirect", "possible", "reachable", "unknown"]


def harmless(text):
    """No byte that commands a terminal, turns text, or ends a line where weir did not."""
    assert isinstance(text, str)
    for c in text:
        assert c == "\n" or not (ord(c) < 0x20 or 0x7f <= ord(c) < 0xa0 or 0x200e <= ord(c) <= 0x200f or
                                 0x2028 <= ord(c) <= 0x202e or 0x2066 <= ord(c) <= 0x2069 or
                                 ord(c) in (0xfffe, 0xffff)), f"U+{ord(c):04x} in {text!r}"


def strings(value):
    if isinstance(value, dict):
        for key, member in value.items():
            yield key
            yield from strings(member)
    elif isinstance(value, list):
        for member in value:
            yield from strings(member)
    elif isinstance(value, str):
        yield value


# ---- SARIF -------------------------------------------------------------------

TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
ARTIFACT = {"type": "object", "required": ["uri"], "properties": {
    "uri": {"type": "string", "pattern": "^[A-Za-z0-9/._~%:-]+$"}, "uriBaseId": {"type": "string"}}}
REGION = {"type": "object", "required": ["startLine", "startColumn", "endLine", "endColumn"],
          "additionalProperties": {"type": "integer", "minimum": 1}}
PHYSICAL = {"type": "object", "required": ["artifactLocation"], "additionalProperties": False, "properties": {
    "artifactLocation": ARTIFACT, "region": REGION,
    "address": {"type": "object", "properties": {"relativeAddress": {"type": "integer"}}, "additionalProperties": False}}}
LOGICAL = {"type": "object", "required": ["fullyQualifiedName", "kind"], "additionalProperties": False, "properties": {
    "fullyQualifiedName": {"type": "string"}, "decoratedName": {"type": "string"}, "kind": {"const": "function"}}}
LOCATION = {"type": "object", "additionalProperties": False, "properties": {
    "physicalLocation": PHYSICAL, "logicalLocations": {"type": "array", "items": LOGICAL, "minItems": 1},
    "message": TEXT}}
FLOW = {"type": "object", "required": ["threadFlows"], "properties": {"threadFlows": {
    "type": "array", "minItems": 1, "items": {"type": "object", "required": ["locations"], "properties": {
        "locations": {"type": "array", "minItems": 1, "items": {
            "type": "object", "required": ["location"], "additionalProperties": False, "properties": {
                "location": LOCATION, "module": {"type": "string"}}}}}}}}}
NODE = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "label": TEXT}}
EDGE = {"type": "object", "required": ["id", "sourceNodeId", "targetNodeId"]}
GRAPH = {"type": "object", "properties": {"description": TEXT, "nodes": {"type": "array", "items": NODE},
                                          "edges": {"type": "array", "items": EDGE}}}
RESULT = {"type": "object", "required": ["ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints"],
          "additionalProperties": False, "properties": {
              "ruleId": {"enum": KINDS}, "ruleIndex": {"type": "integer"}, "level": LEVEL, "message": TEXT,
              "locations": {"type": "array", "maxItems": 1, "items": LOCATION},
              "codeFlows": {"type": "array", "items": FLOW}, "graphs": {"type": "array", "items": GRAPH},
              "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}, "minProperties": 1},
              "baselineState": {"enum": ["new", "unchanged", "updated", "absent"]},
              "suppressions": {"type": "array", "items": {"type": "object", "required": ["kind"], "properties": {
                  "kind": {"enum": ["inSource", "external"]}, "justification": {"type": "string"}}}},
              "occurrenceCount": {"type": "integer", "minimum": 1}, "properties": {"type": "object"}}}
RULE = {"type": "object", "required": ["id", "shortDescription", "fullDescription", "help", "defaultConfiguration"],
        "properties": {"id": {"enum": KINDS}, "shortDescription": TEXT, "fullDescription": TEXT, "help": TEXT,
                       "defaultConfiguration": {"type": "object", "properties": {"level": LEVEL}},
                       "properties": {"type": "object", "properties": {
                           "precision": {"enum": ["very-high", "high", "medium", "low"]},
                           "problem.severity": {"enum": ["error", "warning", "recommendation"]},
                           "tags": {"type": "array", "maxItems": 10}}}}}
INVOCATION = {"type": "object", "required": ["executionSuccessful"], "properties": {
    "executionSuccessful": {"type": "boolean"},
    "toolExecutionNotifications": {"type": "array", "items": {
        "type": "object", "required": ["message"], "properties": {
            "message": TEXT, "level": LEVEL, "descriptor": {"type": "object", "required": ["id"]}}}}}}
RUN = {"type": "object", "required": ["tool", "results", "invocations"], "additionalProperties": False, "properties": {
    "tool": {"type": "object", "required": ["driver"], "properties": {"driver": {
        "type": "object", "required": ["name", "rules"], "properties": {
            "name": {"const": "weir"}, "version": {"type": "string"}, "rules": {"type": "array", "items": RULE}}}}},
    "automationDetails": {"type": "object"}, "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    "originalUriBaseIds": {"type": "object", "additionalProperties": {
        "type": "object", "required": ["uri"], "properties": {"uri": {"type": "string", "pattern": "^file:///.*/$"}}}},
    "invocations": {"type": "array", "items": INVOCATION}, "results": {"type": "array", "items": RESULT}}}
SARIF = {"type": "object", "required": ["version", "runs"], "properties": {
    "$schema": {"type": "string"}, "version": {"const": "2.1.0"}, "runs": {"type": "array", "items": RUN}}}


def sarif(text):
    """The results of the run, as GitHub's code scanning and SARIF 2.1.0 want them."""
    log = json.loads(text)
    jsonschema.validate(log, SARIF)
    run = log["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    results = run["results"]
    for key in ("baselineState", "suppressions"):
        assert len({key in result for result in results}) <= 1, f"{key} is on some results only"
    prints = []
    for result in results:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        prints += result["partialFingerprints"].values()
        for graph in result.get("graphs", []):
            nodes = {node["id"] for node in graph["nodes"]}
            assert all(edge["sourceNodeId"] in nodes and edge["targetNodeId"] in nodes for edge in graph["edges"])
    assert len(set(prints)) == len(prints), "equal fingerprints"
    for value in strings(log):
        harmless(value)
    for location in (at["physicalLocation"] for result in results for at in result["locations"]
                     if "physicalLocation" in at):
        uri = location["artifactLocation"]["uri"]
        assert uri.startswith("file:///") != ("uriBaseId" in location["artifactLocation"])
        urllib.parse.unquote_to_bytes(uri)
    return run


# ---- JUnit -------------------------------------------------------------------

CASE_PARTS = ("skipped", "failure", "error", "system-out", "system-err")


def junit(text):
    """{name: "passed" | "skipped" | "failure" | "error"}, as Jenkins and GitLab read it."""
    root = xml.etree.ElementTree.fromstring(text)
    harmless(text.decode())
    assert root.tag == "testsuites" and root.attrib.keys() <= {"name", "tests", "failures", "errors", "skipped", "time"}
    found = {}
    for suite in root:
        assert suite.tag == "testsuite" and suite.get("name")
        assert suite.attrib.keys() <= {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"}
        counts = {"tests": len(suite), "failure": 0, "error": 0, "skipped": 0}
        for case in suite:
            assert case.tag == "testcase" and case.get("name") and case.get("classname")
            assert case.attrib.keys() <= {"name", "classname", "time", "file", "line"}
            assert case.get("name") not in found, "equal names: GitLab drops one"
            assert all(part.tag in CASE_PARTS for part in case)
            results = [part for part in case if part.tag in ("failure", "error", "skipped")]
            assert len(results) <= 1
            for part in results:
                assert part.get("message")
                counts[part.tag] += 1
                # GitLab shows nothing but the text.
                assert part.tag == "skipped" or (part.get("type") and part.text.strip())
            found[case.get("name")] = results[0].tag if results else "passed"
        for key, attribute in (("tests", "tests"), ("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert int(suite.get(attribute)) == counts[key] == int(root.get(attribute)), attribute
        float(suite.get("time"))
    return found


# ---- TAP ---------------------------------------------------------------------

TAP_TEST = re.compile(r"(ok|not ok) (\d+) - ((?:[^#\\]|\\.)*?)(?: # (SKIP|TODO)\b(.*))?")


def tap(text):
    """[(ok, description, directive)]"""
    lines = text.decode().rstrip("\n").split("\n")
    harmless(text.decode())
    assert lines[0] == "TAP version 13"
    tests, at = [], 2
    while at < len(lines):
        match = TAP_TEST.fullmatch(lines[at])
        assert match, lines[at]
        assert int(match[2]) == len(tests) + 1
        tests.append((match[1] == "ok", match[3], match[4]))
        at += 1
        assert lines[at] == "  ---"
        while lines[at] != "  ...":
            at += 1
            pair = re.fullmatch(r"  (?:\.\.\.|([a-z]+): (\w+|\".*\"))", lines[at])
            assert pair, lines[at]
            if pair[2] and pair[2].startswith('"'):
                json.loads(pair[2])
        at += 1
    assert lines[1] == f"1..{len(tests)}"
    return tests


# ---- GitHub ------------------------------------------------------------------

COMMAND = re.compile(r"::(error|warning|notice) ((?:[a-zA-Z]+=[^,:\n]*,?)+)::(.+)")


def github(text):
    """[(command, {property: value}, message)], as the runner takes them apart."""
    harmless(text.decode())
    found = []
    for line in text.decode().splitlines():
        match = COMMAND.fullmatch(line)
        assert match, line
        assert "%" not in re.sub("%(25|0A|0D|2C|3A)", "", match[2] + match[3])
        pairs = dict(pair.split("=", 1) for pair in match[2].rstrip(",").split(","))
        decode = lambda value: re.sub("%(25|0A|0D|2C|3A)", lambda at: chr(int(at[1], 16)), value)  # noqa: E731
        found.append((match[1], {key: decode(value) for key, value in pairs.items()}, decode(match[3])))
    for command in ("error", "warning", "notice"):
        assert sum(entry[0] == command for entry in found) <= 10, f"more than 10 of {command}"
    return found


def markdown(text):
    """The rows of the table; no markup but weir's own."""
    harmless(text.decode())
    own = r"</?(code|pre|details|summary)>"
    rest = re.sub(own, "", text.decode())
    assert "<" not in rest and ">" not in rest, rest
    assert not re.search(r"[`\\@\[\]_~]", rest), rest
    rows = [line for line in text.decode().splitlines() if line.startswith("| ")]
    for row in rows:
        assert row.count("|") == 6, row
    return rows[1:]


# ---- GitLab ------------------------------------------------------------------

ISSUES = {"type": "array", "items": {
    "type": "object", "required": ["description", "check_name", "fingerprint", "severity", "location"], "properties": {
        "description": {"type": "string", "minLength": 1}, "check_name": {"type": "string", "pattern": "^weir-[a-z]+$"},
        "fingerprint": {"type": "string", "minLength": 1},
        "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
        "location": {"type": "object", "required": ["path", "lines"], "properties": {
            "path": {"type": "string", "minLength": 1},
            "lines": {"type": "object", "required": ["begin"], "properties": {
                "begin": {"type": "integer", "minimum": 1}}}}}}}}


def gitlab(text):
    issues = json.loads(text)
    jsonschema.validate(issues, ISSUES)
    prints = [issue["fingerprint"] for issue in issues]
    assert len(set(prints)) == len(prints), "equal fingerprints: GitLab drops one"
    for issue in issues:
        assert not issue["location"]["path"].startswith("./")
        harmless(issue["description"])
        harmless(issue["location"]["path"])
    return issues


# ---- compilers and Valgrind --------------------------------------------------


def gcc(text):
    """[(place, level, message)]"""
    harmless(text.decode())
    found = []
    for line in text.decode().splitlines():
        match = re.fullmatch(r"(.+?): (warning|error|note): (.+)", line)
        if not match:
            assert line.startswith("incomplete: "), line
            continue
        found.append(match.groups())
    return found


RECORD = re.compile(r"== ([\d,]+)(?: \(([\d,]+) direct, ([\d,]+) indirect\))? bytes in ([\d,]+) blocks are "
                    r"(definitely lost|indirectly lost|possibly lost|still reachable) in loss record ([\d,]+) of ([\d,]+)")
FRAME = re.compile(r"==\d+==    (at|by) 0x[0-9A-F]+: (.+)")


def number(text):
    return int(text.replace(",", ""))


def valgrind(text):
    """[(kind, bytes, blocks)] of the loss records, and {name: (bytes, blocks)} of the summary."""
    harmless(text.decode())
    records, sums, frames = [], {}, None
    for line in text.decode().splitlines():
        assert re.match(r"==\d+== ", line), line
        record, frame = RECORD.search(line), FRAME.fullmatch(line)
        if record:
            records.append((record[5], number(record[1]), number(record[4])))
            assert number(record[6]) == len(records)
            assert not record[2] or number(record[2]) + number(record[3]) == number(record[1])
            frames = 0
        elif frame:
            assert frame[1] == ("by" if frames else "at"), line
            frames += 1
        total = re.fullmatch(r"==\d+== +([a-z ]+): ([\d,]+) bytes in ([\d,]+) blocks", line)
        if total:
            sums[total[1]] = number(total[2]), number(total[3])
    return records, sums


XML_ORDER = ["protocolversion", "protocoltool", "preamble", "pid", "ppid", "tool", "args", "status", "status"]


def valgrind_xml(text):
    """[(kind, bytes, blocks, [function])], in the fixed order of protocol 4."""
    root = xml.etree.ElementTree.fromstring(text)
    harmless(text.decode())
    tags = [child.tag for child in root]
    errors = [child for child in root if child.tag == "error"]
    assert root.tag == "valgrindoutput" and root.find("protocolversion").text == "4"
    assert tags == XML_ORDER + ["error"] * len(errors) + ["errorcounts", "suppcounts"], tags
    assert [status.find("state").text for status in root.findall("status")] == ["RUNNING", "FINISHED"]
    for status in root.findall("status"):
        assert re.fullmatch(r"\d\d:\d\d:\d\d:\d\d\.\d{3} ", status.find("time").text)
    assert [part.tag for part in root.find("args")] == ["vargv", "argv"]
    assert root.find("args/argv/exe") is not None
    uniques, found = [], []
    for error in errors:
        assert [part.tag for part in error] == ["unique", "tid", "kind", "xwhat", "stack"]
        assert [part.tag for part in error.find("xwhat")] == ["text", "leakedbytes", "leakedblocks"]
        assert RECORD.fullmatch("== " + error.find("xwhat/text").text)
        uniques.append(int(error.find("unique").text, 16))
        order = ["ip", "obj", "fn", "dir", "file", "line"]
        for frame in error.find("stack"):
            places = [order.index(part.tag) for part in frame]
            assert places == sorted(set(places)) and places[0] == 0
            int(frame.find("ip").text, 16)
        assert len(error.find("stack"))
        found.append((error.find("kind").text, int(error.find("xwhat/leakedbytes").text),
                      int(error.find("xwhat/leakedblocks").text),
                      [frame.findtext("fn") for frame in error.find("stack")]))
    assert len(set(uniques)) == len(uniques)
    assert [int(pair.find("unique").text, 16) for pair in root.find("errorcounts")] == uniques
    return found


def xmllint(text):
    """Another opinion on whether it is XML."""
    done = subprocess.run(["xmllint", "--noout", "-"], input=text, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
