# SPDX-License-Identifier: MIT
# The unit tests: everything under appliance/ but main.c, and tests/unit/, as
# one program of the host's compiler and libc, under sanitizers.
#
#   make unit                          builds and runs all of it
#   make unit SUITES="json buf"        runs these suites only
#   make unit UNIT_CC=clang UNIT_SAN=thread
#   make unit UNIT_DIRS="base conf"    builds these folders only
#
# Another .mk adds sources that do not lie there to UNIT_MORE_SOURCES, takes
# some away with UNIT_SKIP (patterns), and gives a file flags of its own with
# C_FLAGS_name.c, as for the executable.

UNIT_CC ?= gcc
UNIT_SAN ?= address,undefined
UNIT_DIRS ?=
UNIT_SKIP ?=
UNIT_MORE_SOURCES ?=
SUITES ?=

unit_comma := ,
UNIT_OUT := out/test/$(UNIT_CC)-$(or $(subst $(unit_comma),-,$(UNIT_SAN)),plain)
UNIT_BIN := $(UNIT_OUT)/unit$(subst $() ,,$(UNIT_DIRS:%=-%))

# What is embedded in the executable, if a folder that asks for it is built.
UNIT_EMBEDDED = $(if $(or $(if $(UNIT_DIRS),,all),$(filter app http,$(UNIT_DIRS))), \
	$(addprefix out/embedded/,assets.S assets_table.c app_json.S)) \
	$(if $(or $(if $(UNIT_DIRS),,all),$(filter records,$(UNIT_DIRS))), \
	out/embedded/openapi_json.S) \
	$(if $(or $(if $(UNIT_DIRS),,all),$(filter auth,$(UNIT_DIRS))), \
	out/embedded/common_passwords.S)

UNIT_SOURCES = $(filter-out appliance/base/mem.c $(UNIT_SKIP), \
	$(foreach d,$(or $(UNIT_DIRS),*), \
		$(wildcard appliance/$d/*.c appliance/$d/*/*.c tests/unit/$d/*.c)) \
	$(wildcard tests/unit/*.c)) $(UNIT_MORE_SOURCES) $(UNIT_EMBEDDED)
UNIT_OBJECTS = $(addprefix $(UNIT_OUT)/,$(addsuffix .o,$(basename \
	$(UNIT_SOURCES))))

UNIT_FLAGS = -std=c11 -D_GNU_SOURCE -Iappliance -Itests/unit $(C_WARN) \
	-g -O1 -fno-omit-frame-pointer -fno-strict-aliasing \
	$(if $(UNIT_SAN),-fsanitize=$(UNIT_SAN) -fno-sanitize-recover=all) \
	-isystem $(VENDOR_HOST)/include
UNIT_LIBS = $(addprefix $(VENDOR_HOST)/lib/lib,$(addsuffix .a, \
	pq pgcommon_shlib pgport_shlib hiredis sqlite3 yyjson deflate bearssl))

$(UNIT_OUT)/%.o: %.c tests/unit/unit.mk $(VENDOR_HOST_READY)
	@mkdir -p $(@D)
	@$(UNIT_CC) $(UNIT_FLAGS) $(C_FLAGS_$(<F)) -MMD -MP -c $< -o $@

$(UNIT_OUT)/%.o: %.S
	@mkdir -p $(@D)
	@$(UNIT_CC) -c $< -o $@

# The list of objects is a prerequisite too: a deleted source links anew.
$(UNIT_BIN): $(UNIT_OBJECTS) $(UNIT_BIN).objects
	@echo "link: $@"
	@$(UNIT_CC) $(UNIT_FLAGS) -o $@ $(UNIT_OBJECTS) $(UNIT_LIBS) -lm \
		-lcrypt -lpthread
.PHONY: unit-always
$(UNIT_BIN).objects: unit-always
	@mkdir -p $(@D)
	@echo '$(UNIT_OBJECTS)' | cmp -s - $@ || echo '$(UNIT_OBJECTS)' > $@

-include $(UNIT_OBJECTS:.o=.d)

.PHONY: unit unit-build
unit-build:
	@$(MAKE) $(if $(findstring -j,$(MAKEFLAGS)),,-j2) $(UNIT_BIN)
unit: unit-build
	@UBSAN_OPTIONS=print_stacktrace=1 UNIT_DIRS="$(UNIT_DIRS)" \
		$(UNIT_BIN) $(SUITES)
