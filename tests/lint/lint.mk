# SPDX-License-Identifier: MIT
check: out/appliance vendor-host
	@build/need check
	@tests/lint/check

format:
	@build/need check
	@git ls-files '*.c' '*.h' | xargs clang-format -i
