/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "check.h"
#include "tls/sessions.h"
#include "tools.h"

/* --- what is offered ---------------------------------------------------- */

static void test_suites(void)
{
    static const struct {
        const char *kind;
        uint16_t offer[3];
        const char *want; /* NULL: refused */
    } row[] = {
        /* clang-format off */
        { "p256", { BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 }, "AES-128-GCM" },
        { "p256", { BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 }, "AES-256-GCM" },
        { "p256", { BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 }, "ChaCha20-Poly1305" },
        { "p384", { BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 }, "AES-128-GCM" },
        { "p384", { BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 }, "ChaCha20-Poly1305" },
        { "rsa", { BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 }, "AES-128-GCM" },
        { "rsa", { BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 }, "AES-256-GCM" },
        { "rsa", { BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 }, "ChaCha20-Poly1305" },
        /* for the other kind of certificate */
        { "p256", { BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 }, NULL },
        { "rsa", { BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 }, NULL },
        /* CBC, CCM, and without forward secrecy */
        { "p256", { BR_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256 }, NULL },
        { "p256", { BR_TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA }, NULL },
        { "p256", { BR_TLS_ECDHE_ECDSA_WITH_AES_128_CCM }, NULL },
        { "p256", { BR_TLS_ECDH_ECDSA_WITH_AES_128_GCM_SHA256 }, NULL },
        { "rsa", { BR_TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA }, NULL },
        { "rsa", { BR_TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA }, NULL },
        { "rsa", { BR_TLS_RSA_WITH_AES_128_GCM_SHA256 }, NULL },
        { "rsa", { BR_TLS_RSA_WITH_AES_128_CBC_SHA256 }, NULL },
        /* clang-format on */
    };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct tls_server *s = open_server(certificates(), row[i].kind);
        struct served one = { .server = s };
        struct probe p = { .suites = row[i].offer, .n_suites = 1 };
        int error = probe_open(&p, serve(&one));

        if (row[i].want == NULL)
            CHECK(error == BR_ERR_RECV_FATAL_ALERT + 40, "row %zu: %d", i,
                  error);
        else
            CHECK(error == 0 && strcmp(probe_suite(&p), row[i].want) == 0,
                  "row %zu: %d, %s", i, error, probe_suite(&p));
        probe_close(&p);
        CHECK(served(&one) == (row[i].want == NULL ? ST_BAD_INPUT : ST_OK),
              "row %zu: %s", i, status_name(one.st));
        tls_server_close(s);
    }
}

/* AES first where the processor has it; the client's wish counts for
 * nothing. */
static void test_preference(void)
{
    static const uint16_t offer[] = {
        BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    };
    struct tls_server *s = open_server(certificates(), "p256");
    struct served one = { .server = s };
    struct probe p = { .suites = offer, .n_suites = COUNT(offer) };
    struct crypto crypto;
    uint16_t order[CRYPTO_SUITES];

    crypto_choose(&crypto);
    CHECK(probe_open(&p, serve(&one)) == 0, "handshake");
    CHECK(strcmp(probe_suite(&p),
                 crypto.fast_aes ? "AES-128-GCM" : "ChaCha20-Poly1305") == 0,
          "%s", probe_suite(&p));
    CHECK(p.context.eng.ecdhe_curve == BR_EC_curve25519, "curve %d",
          p.context.eng.ecdhe_curve);
    probe_close(&p);
    CHECK(served(&one) == ST_OK, "%s", status_name(one.st));
    tls_server_close(s);

    crypto.fast_aes = false;
    crypto_suites(&crypto, BR_KEYTYPE_EC, order);
    CHECK(order[0] == BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
          "without AES in hardware");
}

static void test_versions(void)
{
    static const unsigned row[] = { BR_TLS10, BR_TLS11 };
    struct tls_server *s = open_server(certificates(), "p256");

    for (size_t i = 0; i < COUNT(row); i++) {
        struct served one = { .server = s };
        struct probe p = { .version = row[i] };
        int error = probe_open(&p, serve(&one));

        CHECK(error == BR_ERR_RECV_FATAL_ALERT + 70, "%x: %d", row[i], error);
        probe_close(&p);
        CHECK(served(&one) == ST_BAD_INPUT, "%x: %s", row[i],
              status_name(one.st));
    }
    tls_server_close(s);
}

static void test_protocols(void)
{
    static const struct {
        const char *protocol;
        int want; /* error */
    } row[] = {
        { NULL, 0 },
        { "http/1.1", 0 },
        { "h2", BR_ERR_RECV_FATAL_ALERT + 120 },
        { "http/1.0", BR_ERR_RECV_FATAL_ALERT + 120 },
        { "postgresql", BR_ERR_RECV_FATAL_ALERT + 120 },
    };
    struct tls_server *s = open_server(certificates(), "p256");

    for (size_t i = 0; i < COUNT(row); i++) {
        struct served one = { .server = s };
        struct probe p = { .protocol = row[i].protocol };
        int error = probe_open(&p, serve(&one));
        const char *got = br_ssl_engine_get_selected_protocol(&p.context.eng);

        CHECK(error == row[i].want, "row %zu: %d", i, error);
        if (error == 0 && row[i].protocol != NULL)
            CHECK(got != NULL && strcmp(got, "http/1.1") == 0, "row %zu", i);
        probe_close(&p);
        (void)served(&one);
    }
    tls_server_close(s);
}

/* --- resumption --------------------------------------------------------- */

struct outcome {
    int error;
    bool resumed;
    br_ssl_session_parameters session;
};

static struct outcome shake(struct tls_server *s, const char *protocol,
                            const br_ssl_session_parameters *resume)
{
    struct served one = { .server = s, .talk = echo };
    struct probe p = { .protocol = protocol, .resume = resume };
    struct outcome o = { 0 };
    char back[5] = "";

    o.error = probe_open(&p, serve(&one));
    br_ssl_engine_get_session_parameters(&p.context.eng, &o.session);
    o.resumed = o.error == 0 && resume != NULL &&
                memcmp(o.session.session_id, resume->session_id, 32) == 0;
    if (o.error == 0)
        CHECK(probe_send(&p, "hello", 5) && probe_receive(&p, back, 5) &&
                  memcmp(back, "hello", 5) == 0,
              "data after the handshake: %d",
              br_ssl_engine_last_error(&p.context.eng));
    probe_close(&p);
    (void)served(&one);
    return o;
}

static void test_resumption(void)
{
    struct tls_server *s = open_server(certificates(), "p256");
    int64_t before = metrics_total(METRIC_TLS_HANDSHAKES);
    struct outcome first = shake(s, NULL, NULL), next;
    br_ssl_session_parameters unknown = first.session;

    CHECK(first.error == 0 && first.session.session_id_len == 32, "%d",
          first.error);
    for (int i = 0; i < 3; i++) {
        next = shake(s, NULL, &first.session);
        CHECK(next.error == 0 && next.resumed, "%d: %d", i, next.error);
    }
    next = shake(s, "http/1.1", &first.session);
    CHECK(next.error == 0 && next.resumed, "with a protocol: %d", next.error);

    unknown.session_id[5] ^= 1;
    next = shake(s, NULL, &unknown);
    CHECK(next.error == 0 && !next.resumed, "unknown: %d", next.error);

    next = shake(s, NULL, &first.session);
    CHECK(next.resumed, "the first is still there");
    CHECK(metrics_total(METRIC_TLS_HANDSHAKES) - before == 7, "%lld counted",
          (long long)(metrics_total(METRIC_TLS_HANDSHAKES) - before));
    tls_server_close(s);
}

/* All connections copy one template: what they draw must differ. */
static void test_randomness(void)
{
    enum { N = 8 };
    struct tls_server *s = open_server(certificates(), "p256");
    unsigned char random[N][32], id[N][32], point[N][32];

    for (size_t i = 0; i < N; i++) {
        struct served one = { .server = s };
        struct probe p = { 0 };
        const br_ssl_engine_context *e = &p.context.eng;

        CHECK(probe_open(&p, serve(&one)) == 0, "handshake");
        memcpy(random[i], e->server_random, 32);
        memcpy(id[i], e->session.session_id, 32);
        memcpy(point[i], e->ecdhe_point, 32);
        probe_close(&p);
        (void)served(&one);
        for (size_t j = 0; j < i; j++)
            CHECK(memcmp(random[i] + 4, random[j] + 4, 28) != 0 &&
                      memcmp(id[i], id[j], 32) != 0 &&
                      memcmp(point[i], point[j], 32) != 0,
                  "%zu and %zu drew the same", i, j);
    }
    tls_server_close(s);
}

/* Each outcome under its own name; a peer that left at once is none. */
static void test_counting(void)
{
    static const char *const want[] = {
        "appliance_tls_handshakes_total{result=\"full\"} 1\n",
        "appliance_tls_handshakes_total{result=\"resumed\"} 2\n",
        "appliance_tls_handshakes_total{result=\"failed\"} 1\n",
    };
    struct tls_server *s = open_server(certificates(), "p256");
    struct outcome first = shake(s, NULL, NULL);
    struct served gone = { .server = s };
    struct str text = STR("");
    struct arena a;
    struct buf b;

    (void)shake(s, NULL, &first.session);
    (void)shake(s, NULL, &first.session);
    (void)shake(s, "h2", NULL);
    close(serve(&gone));
    CHECK(served(&gone) == ST_BUSY, "%s", status_name(gone.st));

    arena_init(&a, 1 << 20);
    buf_init(&b, &a, 1 << 19);
    metrics_write(&b, METRICS_PROMETHEUS);
    CHECK(buf_done(&b, &text) == ST_OK, "metrics");
    for (size_t i = 0; i < COUNT(want); i++)
        CHECK(strstr(text.ptr, want[i]) != NULL, "%s", want[i]);
    arena_close(&a);
    tls_server_close(s);
}

/* BearSSL 0.6 as it comes reads far outside of its list here. */
static void test_resumption_without_protocol(void)
{
    struct tls_server *s = open_server(certificates(), "p256");
    struct outcome first = shake(s, "http/1.1", NULL), next;

    next = shake(s, "h2", &first.session);
    CHECK(next.error == BR_ERR_RECV_FATAL_ALERT + 120, "%d", next.error);
    next = shake(s, "http/1.1", &first.session);
    CHECK(next.error == 0 && next.resumed, "afterwards: %d", next.error);
    tls_server_close(s);
}

/* A session's keys must fit: a guess at another's does not. */
static void test_resumption_wrong_secret(void)
{
    struct tls_server *s = open_server(certificates(), "p256");
    struct outcome first = shake(s, NULL, NULL), next;
    br_ssl_session_parameters wrong = first.session;

    wrong.master_secret[0] ^= 1;
    next = shake(s, NULL, &wrong);
    CHECK(next.error != 0, "resumed without the secret");
    next = shake(s, NULL, &first.session);
    CHECK(next.error == 0 && next.resumed,
          "a stranger's try took it from its owner");
    tls_server_close(s);
}

static void test_resumption_after_reload(void)
{
    const char *folder = check_folder();
    struct tls_server *s;
    struct outcome first, next;
    struct tls_error why;

    CHECK(shell(folder, "cp %s/p256.crt a.crt; cp %s/p256.key a.key",
                certificates(), certificates()),
          "copy");
    s = open_server(folder, "a");
    first = shake(s, NULL, NULL);
    CHECK(tls_server_reload(s, clock_wall_ms(), &why) == ST_OK, "%s", why.what);
    next = shake(s, NULL, &first.session);
    CHECK(next.resumed, "the same certificate was read again");

    CHECK(shell(folder, "cp %s/self.crt a.crt; cp %s/self.key a.key",
                certificates(), certificates()),
          "copy");
    CHECK(tls_server_reload(s, clock_wall_ms(), &why) == ST_OK, "%s", why.what);
    next = shake(s, NULL, &first.session);
    CHECK(next.error == 0 && !next.resumed, "the old certificate's session");
    tls_server_close(s);
}

static void test_session_bounds(void)
{
    br_ssl_session_parameters one = { .session_id_len = 32 }, found;
    struct sessions *s;
    size_t kept = 0;

    CHECK(sessions_open(&s) == ST_OK, "sessions");
    one.master_secret[0] = 7;
    sessions_put(s, 1, 1000, &one);
    found = one;
    found.master_secret[0] = 0;
    CHECK(sessions_get(s, 1, 1000 + SESSION_LIFE_MS - 1, &found) &&
              found.master_secret[0] == 7,
          "within its life");
    CHECK(!sessions_get(s, 1, 1000 + SESSION_LIFE_MS, &found), "past it");
    CHECK(!sessions_get(s, 2, 1000, &found), "another epoch");

    /* One set holds eight: the oldest goes. */
    for (unsigned char i = 0; i < 20; i++) {
        one.session_id[31] = i;
        sessions_put(s, 1, 2000 + i, &one);
    }
    for (unsigned char i = 0; i < 20; i++) {
        one.session_id[31] = i;
        found = one;
        if (!sessions_get(s, 1, 3000, &found))
            continue;
        CHECK(i >= 12, "%d was older", i);
        kept++;
    }
    CHECK(kept == 8, "%zu kept", kept);
    sessions_close(s);
}

/* --- what goes wrong ---------------------------------------------------- */

/* Hangs up after every number of bytes there is. */
static void test_cut(void)
{
    struct tls_server *s = open_server(certificates(), "p256");
    bool whole = false;

    for (size_t n = 1; !whole && n < 2000; n++) {
        struct served one = { .server = s };
        struct probe p = { .send_max = n };
        int error = probe_open(&p, serve(&one));

        whole = error == 0 && !p.cut;
        probe_close(&p);
        (void)served(&one);
        if (whole)
            CHECK(one.st == ST_OK && n > 200, "whole after %zu: %s", n,
                  status_name(one.st));
        else
            CHECK(one.st == ST_BUSY || one.st == ST_OK, "cut at %zu: %s", n,
                  status_name(one.st));
        CHECK(one.took_ms < 5000, "cut at %zu: %lld ms", n,
              (long long)one.took_ms);
    }
    CHECK(whole, "never whole");
    tls_server_close(s);
}

static void test_damaged(void)
{
    struct tls_server *s = open_server(certificates(), "p256");
    int refused = 0;

    for (size_t n = 1; n < 270; n += 2) {
        struct served one = { .server = s, .within_ms = 200 };
        struct probe p = { .flip_at = n, .patience_ms = 20 };
        int error = probe_open(&p, serve(&one));

        probe_close(&p);
        (void)served(&one);
        refused += one.st != ST_OK;
        CHECK(error != 0 || p.cut || one.st == ST_OK, "byte %zu: %s", n,
              status_name(one.st));
    }
    CHECK(refused > 100, "%d refused", refused);
    tls_server_close(s);
}

static void test_slow(void)
{
    struct tls_server *s = open_server(certificates(), "p256");
    struct served one = { .server = s, .within_ms = 100 };
    struct probe p = { .pause_ms = 3, .patience_ms = 1000 };

    (void)probe_open(&p, serve(&one));
    probe_close(&p);
    CHECK(served(&one) == ST_TIMEOUT, "%s", status_name(one.st));
    CHECK(one.took_ms >= 90 && one.took_ms < 1000, "%lld ms",
          (long long)one.took_ms);
    tls_server_close(s);
}

static void test_silent(void)
{
    struct tls_server *s = open_server(certificates(), "p256");
    struct served one = { .server = s, .within_ms = 50 };
    int fd = serve(&one);

    CHECK(served(&one) == ST_TIMEOUT, "%s", status_name(one.st));
    close(fd);
    tls_server_close(s);
}

/* Warnings, without end, as fast as they go. */
static void test_talkative(void)
{
    unsigned char warnings[7 * 1000];
    struct tls_server *s = open_server(certificates(), "p256");
    struct served one = { .server = s, .within_ms = 100 };
    int fd = serve(&one);

    for (size_t i = 0; i < sizeof(warnings); i += 7)
        memcpy(warnings + i, "\x15\x03\x01\x00\x02\x01\x5A", 7);
    while (send(fd, warnings, sizeof(warnings), MSG_NOSIGNAL) > 0)
        ;
    CHECK(served(&one) == ST_TIMEOUT, "%s", status_name(one.st));
    CHECK(one.took_ms < 1000, "%lld ms", (long long)one.took_ms);
    close(fd);
    tls_server_close(s);
}

static void test_garbage(void)
{
    static const struct {
        const char *name;
        struct str bytes;
        enum status want;
        int alert; /* 0: none */
    } row[] = {
        { "plain HTTP", STR_INIT("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
          ST_BAD_INPUT, 70 },
        { "nothing", STR_INIT(""), ST_BUSY, 0 },
        { "one byte", STR_INIT("\x16"), ST_BUSY, 0 },
        { "a record header", STR_INIT("\x16\x03\x01\x00\x10"), ST_BUSY, 0 },
        { "a record that is too long", STR_INIT("\x16\x03\x01\xFF\xFF"),
          ST_BAD_INPUT, 50 },
        { "application data", STR_INIT("\x17\x03\x03\x00\x01\x00"),
          ST_BAD_INPUT, 50 },
        { "an unknown record", STR_INIT("\x63\x03\x03\x00\x01\x00"),
          ST_BAD_INPUT, 50 },
        { "a finished message",
          STR_INIT("\x16\x03\x03\x00\x04\x14\x00\x00\x00"), ST_BAD_INPUT, 50 },
        { "an empty hello", STR_INIT("\x16\x03\x03\x00\x04\x01\x00\x00\x00"),
          ST_BAD_INPUT, 50 },
        { "SSL 2", STR_INIT("\x80\x2E\x01\x00\x02\x00\x15\x00\x00\x00\x10"),
          ST_BAD_INPUT, 70 },
        { "a fatal alert", STR_INIT("\x15\x03\x03\x00\x02\x02\x28"),
          ST_BAD_INPUT, 0 },
        /* version, random, no session, one suite, no compression */
        { "SSL 3",
          STR_INIT("\x16\x03\x00\x00\x2D\x01\x00\x00\x29\x03\x00"
                   "0123456789ABCDEF0123456789ABCDEF"
                   "\x00\x00\x02\xC0\x2B\x01\x00"),
          ST_BAD_INPUT, 70 },
        { "TLS 1.2, but its suite only in TLS 1.3",
          STR_INIT("\x16\x03\x01\x00\x2D\x01\x00\x00\x29\x03\x03"
                   "0123456789ABCDEF0123456789ABCDEF"
                   "\x00\x00\x02\x13\x01\x01\x00"),
          ST_BAD_INPUT, 40 },
        { "no null compression",
          STR_INIT("\x16\x03\x01\x00\x2D\x01\x00\x00\x29\x03\x03"
                   "0123456789ABCDEF0123456789ABCDEF"
                   "\x00\x00\x02\xC0\x2B\x01\x01"),
          ST_BAD_INPUT, 40 },
        { "a fallback (RFC 7507)",
          STR_INIT("\x16\x03\x01\x00\x2F\x01\x00\x00\x2B\x03\x02"
                   "0123456789ABCDEF0123456789ABCDEF"
                   "\x00\x00\x04\xC0\x2B\x56\x00\x01\x00"),
          ST_BAD_INPUT, 70 },
    };
    struct tls_server *s = open_server(certificates(), "p256");

    for (size_t i = 0; i < COUNT(row); i++) {
        struct served one = { .server = s };
        unsigned char answer[64];
        int fd = serve(&one);
        ssize_t n;

        (void)!send(fd, row[i].bytes.ptr, row[i].bytes.len, MSG_NOSIGNAL);
        shutdown(fd, SHUT_WR);
        CHECK(served(&one) == row[i].want, "%s: %s", row[i].name,
              status_name(one.st));
        n = recv(fd, answer, sizeof(answer), MSG_DONTWAIT);
        if (row[i].alert == 0)
            CHECK(n <= 0, "%s: %zd bytes", row[i].name, n);
        else
            CHECK(n == 7 && answer[0] == 21 && answer[1] == 3 &&
                      answer[5] == 2 && answer[6] == row[i].alert,
                  "%s: %zd bytes, alert %d", row[i].name, n, answer[6]);
        close(fd);
    }
    tls_server_close(s);
}

/* Many at once, with the certificate read anew meanwhile. */
static void *keep_shaking(void *arg)
{
    struct tls_server *s = arg;
    struct outcome last = shake(s, NULL, NULL);

    for (int i = 0; i < 20; i++) {
        last = shake(s, NULL, i % 3 == 0 ? NULL : &last.session);
        CHECK(last.error == 0, "%d: %d", i, last.error);
    }
    return NULL;
}

static void test_many(void)
{
    const char *folder = check_folder();
    pthread_t thread[4];
    struct tls_server *s;
    struct tls_error why;

    CHECK(shell(folder, "cp %s/p256.crt a.crt; cp %s/p256.key a.key",
                certificates(), certificates()),
          "copy");
    s = open_server(folder, "a");
    for (size_t i = 0; i < COUNT(thread); i++)
        pthread_create(&thread[i], NULL, keep_shaking, s);
    for (int i = 0; i < 10; i++) {
        const char *kind = i % 2 == 0 ? "self" : "p384";

        CHECK(shell(folder, "cp %s/%s.crt a.crt; cp %s/%s.key a.key",
                    certificates(), kind, certificates(), kind),
              "copy");
        CHECK(tls_server_reload(s, clock_wall_ms(), &why) == ST_OK, "%s",
              why.what);
        (void)tls_server_files_changed(s);
    }
    for (size_t i = 0; i < COUNT(thread); i++)
        pthread_join(thread[i], NULL);
    tls_server_close(s);
}

void test_tls_handshake(void)
{
    CHECK(metrics_open("test", "test") == ST_OK, "metrics");
    RUN(test_counting);
    RUN(test_randomness);
    RUN(test_suites);
    RUN(test_preference);
    RUN(test_versions);
    RUN(test_protocols);
    RUN(test_resumption);
    RUN(test_resumption_without_protocol);
    RUN(test_resumption_wrong_secret);
    RUN(test_resumption_after_reload);
    RUN(test_session_bounds);
    RUN(test_cut);
    RUN(test_damaged);
    RUN(test_slow);
    RUN(test_silent);
    RUN(test_talkative);
    RUN(test_garbage);
    RUN(test_many);
    metrics_close();
}
