/* SPDX-License-Identifier: MIT */
/* The suites, in the order they run: one line each. SUITE(json) is the
 * function test_json(). */
/* clang-format off */
SUITE(status)
SUITE(str)
SUITE(arena)
SUITE(buf)
SUITE(json)
SUITE(map)
SUITE(clock)
SUITE(rand)
SUITE(enc)
SUITE(digest)
SUITE(file)
SUITE(log)
SUITE(metrics)
SUITE(tls_pem)
SUITE(tls_cert)
SUITE(tls_files)
SUITE(tls_handshake)
SUITE(conf)
SUITE(schema)
SUITE(plan)
/* clang-format on */
