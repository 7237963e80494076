# SPDX-License-Identifier: MIT
# make run     installs what is missing, builds, serves on the defaults
# make test    installs what tests need and runs them all
# make         builds out/appliance;  make help lists the rest
MAKEFLAGS += --no-builtin-rules --no-print-directory
# All cores, unless -j says otherwise or several goals want their order.
ifeq ($(MAKELEVEL)$(word 2,$(MAKECMDGOALS)),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2)
endif
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

VERSION := 0.1.0
COMMIT := $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
export SOURCE_DATE_EPOCH := \
	$(shell git log -1 --format=%ct 2>/dev/null || echo 1700000000)
export LC_ALL := C

# Tools first: everything below needs them. Quick when they are there.
ifneq ($(filter-out help clean,$(or $(MAKECMDGOALS),all)),)
ifneq ($(words $(CURDIR))$(findstring ',$(CURDIR))$(findstring ",$(CURDIR)),1)
$(error move the checkout: some libraries cannot be built in a folder whose \
	path has a blank or a quote: $(CURDIR))
endif
ifneq ($(shell build/need build >&2 && echo there),there)
$(error build/need could not provide the tools to build with)
endif
include vendor/vendor.mk
endif

.PHONY: all run test check format bench fuzz readme clean help
all: out/appliance

# --- the executable ----------------------------------------------------------

# How our C is compiled, everywhere.
C_STD := -std=c11 -D_GNU_SOURCE -Iappliance
C_WARN := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wvla -Wformat=2 -Werror
C_SAFE := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fno-plt \
	-fno-strict-aliasing -fno-common -fvisibility=hidden
C_PATHS := -ffile-prefix-map='$(CURDIR)'=. -g
C_FLAGS := -O2 -flto=auto -fPIE $(C_STD) $(C_WARN) $(C_SAFE) $(C_PATHS) \
	-isystem $(VENDOR_MUSL)/include

include appliance/http/http.mk
C_SOURCES := $(wildcard appliance/*.c appliance/*/*.c appliance/*/*/*.c) $(CIVETWEB_SOURCE)
C_OBJECTS := $(C_SOURCES:%.c=out/obj/%.o)

out/obj/%.o: %.c Makefile appliance/http/http.mk \
		$(VENDOR_MUSL_READY) $(VENDOR_CIVETWEB_READY)
	@mkdir -p $(@D)
	@$(MUSL_CC) $(C_FLAGS) $(C_FLAGS_$(<F)) -MMD -MP -c $< -o $@

$(CIVETWEB_SOURCE): $(VENDOR_CIVETWEB_READY) ;

# Only version.c knows the commit, so that a commit compiles one file.
C_FLAGS_version.c := -DVERSION='"$(VERSION)"' -DCOMMIT='"$(COMMIT)"'
out/obj/appliance/app/version.o: out/commit-$(COMMIT)
out/commit-$(COMMIT):
	@mkdir -p out && rm -f out/commit-* && touch $@

-include $(C_OBJECTS:.o=.d)

# Made further down; named here, since make expands a rule as it reads it.
EMBEDDED := out/obj/embedded/assets.o out/obj/embedded/assets_table.o \
	out/obj/embedded/app_json.o out/obj/embedded/openapi_json.o \
	out/obj/embedded/common_passwords.o

LINK_LIBS := $(addprefix $(VENDOR_MUSL)/lib/lib,$(addsuffix .a, \
	pq pgcommon_shlib pgport_shlib hiredis sqlite3 yyjson deflate bearssl))

# A source that is gone leaves nothing newer: the list of objects is.
.PHONY: always
out/obj/objects: always
	@mkdir -p $(@D)
	@echo '$(C_OBJECTS)' | cmp -s - $@ || echo '$(C_OBJECTS)' >$@

# The page first: it waits for the network while the rest compiles.
# What a status guards looks uninitialised to the optimiser of the whole.
out/appliance: $(EMBEDDED) $(C_OBJECTS) out/obj/objects $(VENDOR_MUSL_READY)
	@echo "link: $@"
	@$(MUSL_CC) $(C_FLAGS) -Wno-maybe-uninitialized -static-pie \
		-Wl,-z,relro,-z,now,-z,noexecstack -Wl,--gc-sections \
		-o $@.whole $(C_OBJECTS) $(EMBEDDED) $(LINK_LIBS) -lm
	@objcopy --only-keep-debug $@.whole $@.debug
	@objcopy --strip-all --add-gnu-debuglink=$@.debug $@.whole $@.stripped
	@rm $@.whole && mv $@.stripped $@
	@ls -l $@ | awk '{ printf "built: %s, %.1f MB\n", "$@", $$5 / 1e6 }'

# --- what is embedded --------------------------------------------------------

WEB := appliance/web
WEB_SOURCES := $(shell find $(WEB) -name node_modules -prune -o \
	-name dist -prune -o -type f -print 2>/dev/null)

# npm writes this file last.
WEB_READY := $(WEB)/node_modules/.package-lock.json
$(WEB_READY): $(WEB)/package.json $(WEB)/package-lock.json
	@echo "web: npm ci"
	@cd $(WEB) && npm ci --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

out/web/dist/index.html: $(WEB_READY) $(WEB_SOURCES)
	@echo "web: build"
	@cd $(WEB) && npm run --silent build -- --outDir '$(CURDIR)/out/web/dist' \
		--emptyOutDir --logLevel warn
	@touch $@

out/embedded/assets.S out/embedded/assets_table.c &: \
		out/web/dist/index.html build/embed
	@mkdir -p out/embedded
	@node build/embed assets out/web/dist out/embedded/assets.S \
		out/embedded/assets_table.c
out/embedded/app_json.S: appliance/app.json build/embed
	@mkdir -p $(@D)
	@node build/embed file app_json $< $@
out/embedded/openapi_json.S: appliance/records/describe/openapi.json \
		build/embed
	@mkdir -p $(@D)
	@node build/embed file openapi_json $< $@
out/embedded/common_passwords: build/common_passwords \
		appliance/auth/common_passwords.txt $(VENDOR_PASSWORDS_READY)
	@mkdir -p $(@D)
	@build/common_passwords $(VENDOR_PASSWORDS) \
		appliance/auth/common_passwords.txt >$@
out/embedded/common_passwords.S: out/embedded/common_passwords build/embed
	@node build/embed file common_passwords $< $@
out/obj/embedded/%.o: out/embedded/%.S $(VENDOR_MUSL_READY)
	@mkdir -p $(@D)
	@$(MUSL_CC) $(C_PATHS) -c $< -o $@
out/obj/embedded/%.o: out/embedded/%.c $(VENDOR_MUSL_READY)
	@mkdir -p $(@D)
	@$(MUSL_CC) $(C_FLAGS) -c $< -o $@

# --- using it ----------------------------------------------------------------

run: out/appliance
	@out/appliance

-include tests/unit/unit.mk tests/system/system.mk tests/fuzz/fuzz.mk \
	tests/lint/lint.mk bench/bench.mk

test: out/appliance
	@build/need test check fuzz
	@tests/run

# The README's table of options is the program's own.
readme: out/appliance
	@build/readme

clean:
	@rm -rf out

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile
	@echo "make check   format, layers, warnings, linters"
	@echo "make bench   ratios against the peers, into bench/results/"
	@echo "make fuzz    every fuzz target, FUZZ_SECONDS each (10)"
	@echo "make vendor  fetches third-party sources ahead; vendor-update moves the lock"
	@echo "make readme  writes the options into README.md;  make clean"
