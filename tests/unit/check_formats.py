"""Every form of a report, as its readers take it apart, with names that mean
something to some reader in each of them.

    check_formats.py PRINT-FORMATS
"""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import formats  # noqa: E402

PROGRAM = sys.argv[1]


def printed(form, sample):
    return subprocess.run([PROGRAM, form, sample], check=True, capture_output=True).stdout


def sarif():
    run = formats.sarif(printed("sarif", "plain"))
    assert [result["ruleId"] for result in run["results"]] == ["definite", "cycle", "definite", "possible"]
    first = run["results"][0]
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "src/list.c", "uriBaseId": "SRCROOT"}
    assert place["region"]["startLine"] == 42
    flow = first["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [at["location"]["message"]["text"] for at in flow][-3:] == ["build_all", "list_push", "malloc"]
    assert flow[2]["location"]["physicalLocation"]["artifactLocation"]["uri"] == "src/main.c"
    assert [len(result["suppressions"]) for result in run["results"]] == [0, 0, 1, 0]
    assert len(run["results"][1]["graphs"][0]["nodes"]) == 2
    assert all("baselineState" not in result for result in run["results"])
    run = formats.sarif(printed("sarif", "known"))
    assert {result["baselineState"] for result in run["results"]} == {"new", "unchanged"}
    assert not formats.sarif(printed("sarif", "empty"))["results"]
    run = formats.sarif(printed("sarif", "hostile"))
    assert not run["invocations"][0]["executionSuccessful"]
    assert len(run["results"]) == 4
    run = json.loads(printed("sarif", "many"))["runs"][0]
    suppressed = [bool(result["suppressions"]) for result in run["results"]]
    assert len(suppressed) == 25000 and suppressed.count(True) == 20
    notes = run["invocations"][0]["toolExecutionNotifications"]
    assert [note["message"]["text"][:14] for note in notes if note["descriptor"]["id"] == "results-cut"] == ["10 more leaks "]


def junit():
    for sample in ("plain", "hostile", "judged", "known", "empty"):
        formats.xmllint(printed("junit", sample))
    results = formats.junit(printed("junit", "plain"))
    assert sorted(results.values()) == ["passed"] * 3 + ["skipped"] * 2 and results["gate"] == "skipped"
    results = formats.junit(printed("junit", "judged"))
    assert sorted(results.values()) == ["failure"] * 3 + ["passed", "skipped"] and results["gate"] == "failure"
    assert formats.junit(printed("junit", "empty")) == {"gate": "passed"}
    assert len(formats.junit(printed("junit", "hostile"))) == 5
    assert len(formats.junit(printed("junit", "known"))) == 5


def tap():
    tests = formats.tap(printed("tap", "plain"))
    assert [(ok, directive) for ok, _, directive in tests] == [(False, "TODO")] * 2 + [(True, "SKIP"), (False, "TODO"),
                                                                                      (True, "SKIP")]
    tests = formats.tap(printed("tap", "judged"))
    assert [(ok, directive) for ok, _, directive in tests] == [(False, None)] * 2 + [(True, "SKIP"), (False, "TODO"),
                                                                                     (False, None)]
    assert formats.tap(printed("tap", "empty"))[0][0] is True
    assert len(formats.tap(printed("tap", "hostile"))) == 5


def github():
    commands = formats.github(printed("github", "judged"))
    assert [command for command, _, _ in commands] == ["error", "error", "error", "warning"]
    assert commands[1][1]["file"] == "src/list.c" and commands[1][1]["line"] == "42"
    assert "list_push" in commands[1][2] and "\n" in commands[1][2]
    commands = formats.github(printed("github", "hostile"))
    assert len(commands) == 4 and "%" in commands[1][2]
    assert [command for command, _, _ in formats.github(printed("github", "empty"))] == ["notice"]
    assert {command for command, _, _ in formats.github(printed("github", "plain"))} == {"notice", "warning"}


def markdown():
    assert len(formats.markdown(printed("markdown", "plain"))) == 3
    assert len(formats.markdown(printed("markdown", "hostile"))) == 3
    assert not formats.markdown(printed("markdown", "empty"))


def gitlab():
    issues = formats.gitlab(printed("gitlab", "judged"))
    assert [issue["severity"] for issue in issues] == ["major", "major", "minor"]
    assert issues[0]["location"] == {"path": "src/list.c", "lines": {"begin": 42}}
    assert formats.gitlab(printed("gitlab", "empty")) == []
    issues = formats.gitlab(printed("gitlab", "hostile"))
    assert len(issues) == 4 and issues[3]["check_name"] == "weir-incomplete"
    formats.gitlab(printed("gitlab", "known"))


def gcc():
    lines = formats.gcc(printed("gcc", "plain"))
    assert lines[0][:2] == ("src/list.c:42", "warning") and lines[1] == ("src/build.c:70", "note", "in build_all")
    assert lines[2] == ("src/main.c:12", "note", "in main")
    assert [level for _, level, _ in lines if level != "note"] == ["warning"] * 3
    assert [level for _, level, _ in formats.gcc(printed("gcc", "judged")) if level != "note"] == ["error"] * 2 + ["warning"]
    assert sum(level != "note" for _, level, _ in formats.gcc(printed("gcc", "hostile"))) == 3
    assert not formats.gcc(printed("gcc", "empty"))


def valgrind():
    records, sums = formats.valgrind(printed("valgrind", "plain"))
    assert records == [("possibly lost", 50, 1), ("definitely lost", 128, 4), ("definitely lost", 4196, 2)]
    assert sums["definitely lost"] == (224, 6) and sums["indirectly lost"] == (4100, 10)
    assert sums["still reachable"] == (300, 3) and sums["suppressed"] == (7, 1)
    assert len(formats.valgrind(printed("valgrind", "hostile"))[0]) == 3
    assert not formats.valgrind(printed("valgrind", "empty"))[0]


def valgrind_xml():
    for sample in ("plain", "hostile", "known", "empty"):
        formats.xmllint(printed("valgrind-xml", sample))
    errors = formats.valgrind_xml(printed("valgrind-xml", "plain"))
    assert [error[:3] for error in errors] == [("Leak_PossiblyLost", 50, 1), ("Leak_DefinitelyLost", 128, 4),
                                               ("Leak_DefinitelyLost", 4196, 2)]
    assert errors[2][3][:3] == ["malloc", "list_push", "build_all"]
    assert len(formats.valgrind_xml(printed("valgrind-xml", "hostile"))) == 3
    assert not formats.valgrind_xml(printed("valgrind-xml", "empty"))


for check in (sarif, junit, tap, github, markdown, gitlab, gcc, valgrind, valgrind_xml):
    check()
