# SPDX-License-Identifier: MIT
# Fuzzing with libFuzzer: every tests/fuzz/fuzz_NAME.c is a target.
#
#   make fuzz                      each for FUZZ_SECONDS (10)
#   make fuzz FUZZ="json percent" FUZZ_SECONDS=600
#   make fuzz FUZZ=json UNIT_DIRS=base   builds these folders only
#   make fuzz-keep                 adds what was found to the committed corpus
#
# A target starts from tests/fuzz/corpus/NAME/ and what earlier runs found
# (out/fuzz/corpus/NAME/); an input that breaks it is written to the first,
# to be committed with the repair. tests/fuzz/NAME.dict is used when there.

FUZZ_SECONDS ?= 10
FUZZ ?= $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_CC ?= clang
FUZZ_OUT := out/fuzz
FUZZ_BINS = $(FUZZ:%=$(FUZZ_OUT)/%)

FUZZ_SOURCES = $(filter-out $(UNIT_SKIP),$(foreach d,$(or $(UNIT_DIRS),*), \
	$(wildcard appliance/$d/*.c appliance/$d/*/*.c))) $(UNIT_MORE_SOURCES)
FUZZ_OBJECTS = $(FUZZ_SOURCES:%.c=$(FUZZ_OUT)/%.o) \
	$(FUZZ_OUT)/out/embedded/common_passwords.o
FUZZ_FLAGS = -std=c11 -D_GNU_SOURCE -Iappliance $(C_WARN) -g -O1 \
	-fno-omit-frame-pointer -fno-strict-aliasing \
	-fsanitize=address,undefined -fno-sanitize-recover=all \
	-isystem $(VENDOR_HOST)/include

$(FUZZ_OUT)/%.o: %.c tests/fuzz/fuzz.mk $(VENDOR_HOST_READY)
	@mkdir -p $(@D)
	@$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link $(C_FLAGS_$(<F)) \
		-MMD -MP -c $< -o $@

$(FUZZ_OUT)/%.o: %.S
	@mkdir -p $(@D)
	@$(FUZZ_CC) -c $< -o $@

# An archive, so that a target links only what it needs.
$(FUZZ_OUT)/appliance.a: $(FUZZ_OBJECTS)
	@rm -f $@ && ar rcs $@ $^

$(FUZZ_BINS): $(FUZZ_OUT)/%: tests/fuzz/fuzz_%.c $(FUZZ_OUT)/appliance.a
	@$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer -MMD -MP -MF $@.d -MT $@ \
		-o $@ $< -Wl,--start-group $(FUZZ_OUT)/appliance.a \
		$(UNIT_LIBS) -Wl,--end-group -lm -lcrypt -lpthread

-include $(FUZZ_OBJECTS:.o=.d) $(FUZZ_BINS:=.d)

.PHONY: fuzz fuzz-build fuzz-need fuzz-keep
fuzz-need:
	@build/need fuzz
fuzz-build: fuzz-need
	@$(MAKE) $(if $(findstring -j,$(MAKEFLAGS)),,-j2) $(FUZZ_BINS)
fuzz: fuzz-build
	@tests/fuzz/run $(FUZZ_SECONDS) $(FUZZ)
fuzz-keep: fuzz-build
	@tests/fuzz/keep $(FUZZ)
