# weir's front door: one screen of targets over Meson.  `make demo` and
# `make test` need nothing before them on a Debian 12 machine: they install
# what is missing when they may, set up build/ and build.

BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=

.DEFAULT_GOAL := help
.PHONY: help setup build demo test install bench fuzz sanitize aarch64 format clean

help: ## show this screen
	@echo "usage: make TARGET"; echo
	@sed -n 's/^\([a-z0-9]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14
	@echo; echo "one test: meson test -C $(BUILD) NAME     all names: meson test -C $(BUILD) --list"

demo: packages = build
demo: setup ## build, and trace two leaking programs
	@ninja -C $(BUILD) --quiet report/weir preload/libweir.so tests/demo/leaks
	@tests/demo/run.sh $(BUILD)

test: packages = build test
test: build ## run every test; a skipped or unlisted one is a failure
	@meson test -C $(BUILD) --no-rebuild --print-errorlogs; /usr/bin/python3 tests/verdict.py $(BUILD)

install: packages = build
install: setup ## install weir, its library, header, manual pages and schema (PREFIX, DESTDIR)
	@meson configure $(BUILD) -Dprefix=$(PREFIX)
	@ninja -C $(BUILD) --quiet installed
	@DESTDIR=$(abspath $(DESTDIR)) meson install -C $(BUILD) --no-rebuild

bench: packages = build test bench
bench: build ## measure, against the peers that are installed (BENCH="--rounds 3 --long")
	@WEIR_BENCH="$(BENCH)" meson test -C $(BUILD) --no-rebuild --benchmark --verbose

fuzz: ## fuzz every parser of foreign bytes with clang, FUZZ_SECONDS each
	@.ci/packages build fuzz
	@tests/fuzz/run.sh $(BUILD)-fuzz $${FUZZ_SECONDS:-60}

sanitize: packages = build
sanitize: setup ## the unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@tests/sanitize.sh . $(BUILD)/sanitized

aarch64: ## cross-compile, and test under user-mode emulation
	@tests/aarch64/run.sh $(BUILD)-aarch64

format: ## let clang-format format what is not committed
	@git diff --name-only HEAD -- '*.c' '*.h' '*.cpp' | xargs -r clang-format -i

clean: ## remove the build directories
	@rm -rf $(BUILD) $(BUILD)-fuzz $(BUILD)-aarch64

build: setup
	@ninja -C $(BUILD)

setup:
	@.ci/packages $(or $(packages),build)
	@if test -f $(BUILD)/build.ninja; then meson setup --reconfigure $(BUILD) >/dev/null; else meson setup $(BUILD); fi
