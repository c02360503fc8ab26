# SPDX-License-Identifier: Apache-2.0
# Thin: CMake and Ninja build, the scripts in tools/ do the rest.
.PHONY: all setup host target install app demo factory check cuts flips crashes campaign bench clean help

all: host target

help:
	@echo "make          build the tools and the firmware"
	@echo "make install  put windlass, windlassd, its manual page and its service under PREFIX (/usr/local); as root"
	@echo "make app      build an application of your own: NAME=my-app SRC=my-app.c"
	@echo "make demo     from an empty folder to a locked device that boots, updates and refuses"
	@echo "make factory  a factory's line to watch: appliance, dashboard, four chips at once; Ctrl-C ends it"
	@echo "make check    build everything and run every test"
	@echo "make cuts     cut the power at every flash and fuse operation, on a simulated board; counts in build/cuts.json"
	@echo "make flips    flip bits of the flash at rest; counts in build/flips.json"
	@echo "make crashes  kill appliance, station, token, TPM, database and chip at every step of a unit; counts in build/crashes.json"
	@echo "make campaign all cuts, nested ones and all bits, all crashes, a million random calls: hours"
	@echo "make bench    measure; figures in build/bench.json"
	@echo "make clean    remove build/ (the fetched sources in third_party/ stay)"

setup:
	@tools/setup build

host: setup
	@test -f build/host/build.ninja || cmake --preset host
	@ninja -C build/host

target: setup
	@test -f build/target/build.ninja || cmake --preset target
	@ninja -C build/target

PREFIX ?= /usr/local
install: host
	@cmake --install build/host --prefix "$(PREFIX)"

# An application of your own: make app NAME=my-app SRC="my-app.c more.c"
app: all
	@test -n "$(NAME)" -a -n "$(SRC)" || { echo 'usage: make app NAME=my-app SRC="my-app.c more.c"' >&2; exit 2; }
	@cmake --preset target -DWINDLASS_APP_NAME="$(NAME)" -DWINDLASS_APP_SOURCES="$(abspath $(SRC))" >/dev/null
	@ninja -C build/target $(NAME)
	@echo "build/target/$(NAME).elf is ready to be mastered"

demo: all
	@tools/demo

factory: all
	@tools/factory

check:
	@tools/setup check
	@tools/check

# ONLY="--scenario install --geometry 512x16ff" and the like: see docs/testing.md. Such a part does not replace the counts of the whole.
cuts: host
	@build/host/tests/cuts/cuts $(if $(ONLY),$(ONLY),--json build/cuts.json)

flips: host
	@build/host/tests/cuts/flips $(if $(ONLY),$(ONLY),--json build/flips.json)

# Options as for the others: make crashes ONLY="--victim write --every 5"
crashes: host
	@tools/crashes $(ONLY)

campaign: host target
	@build/host/tests/cuts/cuts --all --json build/cuts.json
	@build/host/tests/cuts/flips --all --json build/flips.json
	@tools/crashes
	@tests/system/crash_line.sh $(CURDIR) 8
	@tests/days/days.sh . 1
	@tests/system/random.sh $(CURDIR) app-random-long 3600

bench: all
	@tools/bench

clean:
	rm -rf build
