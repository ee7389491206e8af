#!/bin/sh
# Traces a small program that leaks in several ways, then a real one that
# really leaks: the linker, which comes with the compiler.
#
#     tests/demo/run.sh BUILD
set -eu
weir=$1/report/weir
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { printf '\n\033[1m$ %s\033[0m\n' "$*" | if [ -t 1 ]; then cat; else sed 's/\x1b\[[01]*m//g'; fi; }

say "weir run -- $1/tests/demo/leaks"
"$weir" run -- "$1/tests/demo/leaks"

gcc -c -o "$work/hello.o" "$here/hello.c"
say "weir run -- ld -r -o all.o hello.o"
"$weir" run -- ld -r -o "$work/all.o" "$work/hello.o"

say "weir run --gate -q -o report.json -- $1/tests/demo/leaks"
status=0
"$weir" run --gate -q -o "$work/report.json" -- "$1/tests/demo/leaks" || status=$?
echo "exit status $status, $(wc -c < "$work/report.json") bytes of JSON"
[ "$status" -eq 23 ]
