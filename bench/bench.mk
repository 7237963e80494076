# SPDX-License-Identifier: MIT
# make bench; knobs: BENCH_ROUNDS BENCH_SECONDS ONLY=a,b (see bench/README.md)
bench: out/appliance
	@build/need bench
	@tests/with-servers bench/run
