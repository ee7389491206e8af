"""Validates reports against the JSON Schema, and the schema against the rules of
schemas; then takes each key of a report away and expects a refusal.

    check_schema.py SCHEMA PROGRAM
"""
import copy
import json
import subprocess
import sys

import jsonschema


def places(value, path=()):
    """Every (path, key) of an object inside the value."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield path, key
            yield from places(member, path + (key,))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from places(member, path + (index,))


def at(value, path):
    for step in path:
        value = value[step]
    return value


def main():
    with open(sys.argv[1], encoding="utf-8") as text:
        schema = json.load(text)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    output = subprocess.run(sys.argv[2:], check=True, capture_output=True).stdout.decode("utf-8")
    reports = [json.loads(text) for text in output.split("--\n") if text.strip()]
    assert len(reports) == 3
    failed = 0
    for number, report in enumerate(reports):
        for error in validator.iter_errors(report):
            print(f"report {number}: {error.json_path}: {error.message}")
            failed += 1
    tried = 0
    for path, key in places(reports[1]):
        if any(isinstance(step, int) and step > 1 for step in path):
            continue
        damaged = copy.deepcopy(reports[1])
        del at(damaged, path)[key]
        tried += 1
        if validator.is_valid(damaged):
            print(f"a report without {path} {key} is valid")
            failed += 1
        at(damaged, path)[key] = {"wrong": 1.5}
        if validator.is_valid(damaged):
            print(f"a report with a wrong {path} {key} is valid")
            failed += 1
    print(f"{len(reports)} reports, {tried} keys, {failed} failures")
    return 1 if failed or tried < 100 else 0


sys.exit(main())
