# SPDX-License-Identifier: MIT
# What http/ needs to be compiled: civetweb.c, as one more source file, with
# flags of its own, and its header for the one file that sees it.

# No file system, no CGI, no script; TLS by the seam (mod_mbedtls.inl); its
# memory comes through the same door as ours (base/mem.h).
CIVETWEB_SOURCE := $(VENDOR_CIVETWEB)/src/civetweb.c
C_FLAGS_civetweb.c := -w -I$(VENDOR_CIVETWEB)/include -Iappliance/http \
	-DUSE_MBEDTLS -DNO_SSL -DNO_FILES -DNO_FILESYSTEMS -DNO_CACHING \
	-DNO_CGI -DUSE_IPV6 -DSTOP_FLAG_NEEDS_LOCK -DUSE_STACK_SIZE=524288 \
	-DMG_EXTERNAL_FUNCTION_mg_cry_internal_impl \
	-DMG_EXTERNAL_FUNCTION_log_access \
	-Dmalloc=mem_take -Dcalloc=mem_take_array -Drealloc=mem_resize \
	-Dfree=mem_give -include appliance/base/mem.h
# Unpacked on the way; that it is there must not depend on who asks first.
$(CIVETWEB_SOURCE): | $(VENDOR_CIVETWEB_READY)

C_FLAGS_server.c := -isystem $(VENDOR_CIVETWEB)/include

UNIT_MORE_SOURCES += $(if $(UNIT_DIRS:http=),$(if $(filter \
	http,$(UNIT_DIRS)),$(CIVETWEB_SOURCE)),$(CIVETWEB_SOURCE))
