"""Writes the C file that holds a text file: embed.py TEXT FUNCTION OUTPUT."""
import sys


def quoted(line):
    escaped = line.replace("\\", "\\\\").replace('"', '\\"')
    return f'        "{escaped}\\n"'


def main():
    with open(sys.argv[1], encoding="ascii") as text:
        lines = [quoted(line) for line in text.read().splitlines()]
    with open(sys.argv[3], "w", encoding="ascii") as out:
        out.write('#include "emit/schema.h"\n\n')
        out.write("static const char text[] =\n" + "\n".join(lines) + ";\n\n")
        out.write(f"const char *{sys.argv[2]}(void)\n{{\n        return text;\n}}\n")


main()
