#!/bin/sh
# The unit tests once more, under AddressSanitizer and UndefinedBehaviorSanitizer.
#
#       sanitize.sh SOURCE BUILD        BUILD is made when it is not there
set -eu
source=$1
build=$2

test -f "$build/build.ninja" || meson setup "$build" "$source" -Db_sanitize=address,undefined -Db_lundef=false
# Preloading is not what is tested here: the order of libraries may be any.
ASAN_OPTIONS=detect_leaks=1:verify_asan_link_order=0 \
        meson test -C "$build" --suite unit --suite fuzz --timeout-multiplier 5 --print-errorlogs
