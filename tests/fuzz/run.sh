#!/bin/bash
# Builds the fuzz targets with clang and libFuzzer and runs each for a while.
#
#     tests/fuzz/run.sh BUILD SECONDS
set -eu
cd "$(dirname "$0")/../.."
build=$1 seconds=$2

if ! [[ -f $build/build.ninja ]]; then
        CC=clang CXX=clang++ meson setup "$build" -Db_sanitize=none -Db_lundef=false -Dwerror=false \
                -Dc_args=-fsanitize=fuzzer-no-link,address,undefined -Dc_link_args=-fsanitize=address,undefined
fi
mapfile -t targets < <(cd tests/fuzz && ls fuzz_*.c | sed 's/fuzz_\(.*\)\.c/\1/')
ninja -C "$build" "${targets[@]/#/tests/fuzz/fuzz-}"
for name in "${targets[@]}"; do
        corpus=$build/corpus/$name
        mkdir -p "$corpus"
        "$build/tests/fuzz/fuzz-$name" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -print_final_stats=1 \
                -artifact_prefix="$corpus-" "$corpus" "tests/fuzz/seeds/$name"
done
