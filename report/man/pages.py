#!/usr/bin/python3
"""Makes the manual page of one command from weir.1, the only place where
anything is explained.

    pages.py WEIR.1 COMMAND OUTPUT

From weir.1 it takes the command's synopsis, what DESCRIPTION says of it, and
those OPTIONS that a comment before them gives to it:

    .\\" commands: run report gate

which holds for all that follow, up to the next such comment."""
import re
import sys


def section(text, name):
    """The lines of a section, without its heading."""
    return re.search(rf"^\.Sh {name}\n(.*?)(?=^\.Sh |\Z)", text, re.S | re.M).group(1)


def synopsis(text, command):
    forms = re.split(r"^(?=\.Nm weir)", section(text, "SYNOPSIS"), flags=re.M)
    return "".join(form for form in forms if form.startswith(f".Nm weir Cm {command}\n"))


def description(text, command):
    items = re.search(r"^\.Bl .*?^\.El\n", section(text, "DESCRIPTION"), re.S | re.M).group(0)
    return re.search(rf"^\.It Cm {command}\n(.*?)(?=^\.It |^\.El|^\.\\\" )", items, re.S | re.M).group(1)


def options(text, command):
    kept, wanted = [], False
    body = section(text, "OPTIONS")
    listed = body[body.index(".Bl "):body.rindex(".El")]
    for item in re.split(r"^(?=\.It |\.\\\" commands:)", listed, flags=re.M)[1:]:
        if item.startswith(".It "):
            kept += [item] if wanted else []
        else:
            wanted = command in item.split("\n")[0].split(":")[1].split()
    return "".join(kept)


def page(text, command):
    title = text.split("\n")[0]
    summary = re.search(rf'^\.\\" {command}: (.*)$', text, re.M).group(1)
    result = (f"{title}\n.Dt WEIR-{command.upper()} 1\n.Os weir\n.Sh NAME\n.Nm weir-{command}\n.Nd {summary}\n"
              f".Sh SYNOPSIS\n{synopsis(text, command)}.Sh DESCRIPTION\n{description(text, command)}"
              ".Pp\nKinds, suppressions, annotations, the environment and the exit statuses are explained in\n.Xr weir 1 .\n"
              f".Sh OPTIONS\n.Bl -tag -width Ds\n{options(text, command)}.El\n"
              ".Sh SEE ALSO\n.Xr weir 1\n")
    # What weir.1 calls a section of itself is one of another page here.
    return re.sub(r"^\.Sx (\w+)( [.,])?$", lambda m: f"{m.group(1)} in\n.Xr weir 1{m.group(2) or ''}", result, flags=re.M)


def main():
    source, command, output = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        text = file.read()
    with open(output, "w", encoding="utf-8") as file:
        file.write(page(text, command))


if __name__ == "__main__":
    main()
