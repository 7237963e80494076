# SPDX-License-Identifier: MIT
# make system-test   drives out/appliance over HTTPS; ONLY="tls http" some of it
# make web-test      the frontend's own tests
.PHONY: system-test web-test

out/test/system/.installed: tests/system/package.json \
		tests/system/package-lock.json
	@echo "system tests: npm ci"
	@cd tests/system && npm ci --no-audit --no-fund --loglevel=error
	@mkdir -p $(@D) && touch $@

system-test: out/appliance out/test/system/.installed
	@build/need test
	@tests/system/run $(ONLY)

web-test: $(WEB_READY)
	@tests/system/web-test
