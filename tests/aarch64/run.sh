#!/bin/bash
# The aarch64 build, on another machine: cross-compiled against Debian's own
# libraries, run under user-mode emulation.
#
#     run.sh BUILD          BUILD/ is made where it does not exist
#
# Emulation of one program knows no ptrace and cannot start another emulated one.
# So the unit tests that hold or start programs do not run here, nor those of the
# x86-64 rules, nor the one that reserves a tebibyte, of which the emulator keeps
# books.  A traced program's blocks, sizes and stacks are known, but not who holds
# them.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
build=$1
elsewhere='capture|capture_file|cfi|collector|copy|stop|target|unwind|unwind_control'

"$root/.ci/packages" build aarch64
mkdir -p "$build"
build=$(cd "$build" && pwd)
sysroot=$build/sysroot

# Debian's packages for aarch64, unpacked and not installed: apt with a state of
# its own, so that this system's stays as it is.
if ! test -f "$sysroot/complete"; then
        state=$build/apt
        rm -rf "$state" "$sysroot"
        mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$sysroot"
        : >"$state/status"
        apt=(apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Install-Recommends=false
                -o Dir::State="$state" -o Dir::State::lists="$state/lists" -o Dir::State::status="$state/status"
                -o Dir::Cache="$state/cache" -o Debug::NoLocking=1)
        "${apt[@]}" update
        "${apt[@]}" -y --download-only install libc6-dev libstdc++-12-dev libunwind-dev libjansson-dev libdw-dev \
                libelf-dev libzstd-dev libiberty-dev check >/dev/null
        for package in "$state"/cache/archives/*.deb; do
                dpkg-deb -x "$package" "$sysroot"
        done
        rm -rf "$state"
        touch "$sysroot/complete"
fi

if ! test -f "$build/meson/build.ninja"; then
        sed "s|@SYSROOT@|$sysroot|g" "$here/cross.txt" >"$build/cross.txt"
        meson setup --cross-file "$build/cross.txt" "$build/meson" "$root" >/dev/null
fi
cd "$build/meson"
ninja --quiet build.ninja >/dev/null # the list below must not be an old one
units=$(ninja -t targets all | sed -n 's|^tests/unit/unit-\([a-z_]*\):.*|\1|p' | grep -Evx "$elsewhere")
test -n "$units"
ninja --quiet preload/libweir.so report/weir tests/aarch64/traced $(printf 'tests/unit/unit-%s ' $units)

passed=0 failed=0
emulate=(qemu-aarch64 -L "$sysroot")
count() {
        if "${@:2}" >"$build/$1.log" 2>&1; then
                passed=$((passed + 1))
        else
                failed=$((failed + 1))
                echo "aarch64: $1 failed:"
                tail -n 20 "$build/$1.log"
        fi
}
export CK_FORK=no WEIR_TEST_PROGRAMS=$PWD/tests/unit
for unit in $units; do
        count "$unit" timeout 300 "${emulate[@]}" "tests/unit/unit-$unit"
done
count trace timeout 300 /usr/bin/python3 "$here/trace.py" --sysroot "$sysroot" --build "$PWD"
echo "aarch64: $passed passed, $failed failed"
test "$failed" = 0 && test "$passed" -gt 1
