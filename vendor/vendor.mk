# SPDX-License-Identifier: MIT
# Third-party releases. The top Makefile includes this and uses
#
#   $(VENDOR_MUSL)      prefix (include, lib) of what goes into the appliance
#   $(VENDOR_HOST)      the same, built by the host's cc, for the C tests
#   $(VENDOR_CIVETWEB)  civetweb's source, patched (src, include)
#   $(VENDOR_PASSWORDS) the passwords most in use, a line each
#   $(MUSL_CC)          compiles and links static-PIE against musl
#   $(VENDOR_MUSL_READY) $(VENDOR_HOST_READY) $(VENDOR_CIVETWEB_READY)
#   $(VENDOR_PASSWORDS_READY)
#                       stamps: what a rule that uses the above depends on
#
# and the targets vendor (fetch everything ahead), vendor-musl, vendor-host
# and vendor-update (move the lock; NAMES="musl libpq" moves only those).

VENDOR_OUT := out/vendor
VENDOR_MUSL := $(VENDOR_OUT)/musl
VENDOR_HOST := $(VENDOR_OUT)/host
VENDOR_CIVETWEB := $(VENDOR_OUT)/civetweb
VENDOR_PASSWORDS := $(VENDOR_OUT)/john/share/common-passwords
MUSL_CC := $(VENDOR_MUSL)/bin/musl-cc

# Longest build first: two cores are then busy to the end.
VENDOR_LIBS := sqlite libpq yyjson bearssl libdeflate hiredis

# Made anew at every start, so that a changed recipe, patch or compiler gives
# another stamp's name; make starts over by itself only if it changed. The
# tools come first, since the compiler's version is in the keys. Goals that
# compile nothing need neither.
ifneq ($(filter-out clean distclean help vendor vendor-update, \
	$(or $(MAKECMDGOALS),all)),)
include $(VENDOR_OUT)/keys.mk
endif
$(VENDOR_OUT)/keys.mk: vendor-always
	@build/need build
	@mkdir -p $(@D)
	@vendor/keys $@

vendor_stamp = $(VENDOR_OUT)/$(1)/.$(2)-$(VENDOR_KEY_$(1)_$(2))

VENDOR_MUSL_LIBC := $(call vendor_stamp,musl,musl)
VENDOR_MUSL_LIBS := $(foreach n,$(VENDOR_LIBS),$(call vendor_stamp,musl,$n))
VENDOR_MUSL_READY := $(VENDOR_MUSL_LIBC) $(VENDOR_MUSL_LIBS)
VENDOR_HOST_READY := $(foreach n,$(VENDOR_LIBS),$(call vendor_stamp,host,$n))
VENDOR_CIVETWEB_READY := \
	$(VENDOR_CIVETWEB)/.civetweb-$(VENDOR_KEY_source_civetweb)
VENDOR_PASSWORDS_READY := \
	$(VENDOR_OUT)/john/.john-$(VENDOR_KEY_source_john)

# A stamp's name says it all: .NAME-KEY in the prefix of its variant.
vendor_name = $(patsubst .%,%,$(firstword $(subst -, ,$(@F))))
vendor_key = $(lastword $(subst -, ,$(@F)))

$(VENDOR_MUSL_LIBC):
	@vendor/build musl $(vendor_name) $(vendor_key)
$(VENDOR_MUSL_LIBS): $(VENDOR_MUSL_LIBC)
	@vendor/build musl $(vendor_name) $(vendor_key)
$(VENDOR_HOST_READY):
	@vendor/build host $(vendor_name) $(vendor_key)
$(VENDOR_CIVETWEB_READY) $(VENDOR_PASSWORDS_READY):
	@vendor/build source $(vendor_name) $(vendor_key)

.PHONY: vendor vendor-musl vendor-host vendor-update vendor-always
vendor:
	@vendor/fetch
vendor-musl: $(VENDOR_MUSL_READY) $(VENDOR_CIVETWEB_READY) \
	$(VENDOR_PASSWORDS_READY)
vendor-host: $(VENDOR_HOST_READY) $(VENDOR_CIVETWEB_READY)
vendor-update:
	@vendor/update $(NAMES)
