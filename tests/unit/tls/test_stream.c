/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/mem.h"
#include "check.h"
#include "tools.h"

/* --- both sides are ours ------------------------------------------------ */

enum { BIG_BYTES = 5 * 1000 * 1000 };

static unsigned char *pattern(size_t n_bytes)
{
    unsigned char *p = malloc(n_bytes);
    uint32_t x = 12345;

    for (size_t i = 0; p != NULL && i < n_bytes; i++) {
        x = x * 1664525 + 1013904223;
        p[i] = (unsigned char)(x >> 24);
    }
    return p;
}

static void shrink(int fd)
{
    int n_bytes = 2048;

    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &n_bytes, sizeof(n_bytes));
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &n_bytes, sizeof(n_bytes));
}

static void echo_big(struct tls_conn *c, int fd, void *unused)
{
    unsigned char *bytes = malloc(BIG_BYTES);

    (void)unused;
    shrink(fd);
    CHECK(read_all(c, fd, bytes, BIG_BYTES), "server reads");
    CHECK(write_all(c, fd, bytes, BIG_BYTES), "server writes");
    free(bytes);
}

/* Several MB each way through socket buffers of a few KB. */
static void test_big(void)
{
    static const char *const kinds[] = { "p256", "rsa" };
    unsigned char *sent = pattern(BIG_BYTES), *back = malloc(BIG_BYTES);

    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct tls_server *s = open_server(certificates(), kinds[i]);
        struct served one = { .server = s, .talk = echo_big };
        struct tls_client *client;
        struct tls_conn *c;
        struct tls_error why = { "" };
        int fd = serve(&one);

        shrink(fd);
        CHECK(tls_client_open(NULL, TLS_VERIFY_NONE, &client, &why) == ST_OK,
              "%s", why.what);
        CHECK(tls_connect(client, fd, "localhost", clock_mono_ms() + 10000, &c,
                          &why) == ST_OK,
              "%s", why.what);
        CHECK(write_all(c, fd, sent, BIG_BYTES), "client writes");
        CHECK(read_all(c, fd, back, BIG_BYTES), "client reads");
        CHECK(memcmp(sent, back, BIG_BYTES) == 0, "what came back");
        tls_close(c);
        close(fd);
        CHECK(served(&one) == ST_OK, "%s", status_name(one.st));
        tls_client_close(client);
        tls_server_close(s);
    }
    free(sent);
    free(back);
}

/* Writes and reads of every odd size, each whole. */
static void test_sizes(void)
{
    static const size_t sizes[] = { 1,     2,     5,     100,   16383,
                                    16384, 16385, 32768, 40000, 100000 };
    unsigned char *sent = pattern(100000), *back = malloc(100000);
    struct tls_server *s = open_server(certificates(), "p256");
    struct served one = { .server = s, .talk = echo };
    struct probe p = { 0 };

    CHECK(probe_open(&p, serve(&one)) == 0, "handshake");
    for (size_t i = 0; i < COUNT(sizes); i++) {
        memset(back, 0, sizes[i]);
        CHECK(probe_send(&p, sent, sizes[i]) &&
                  probe_receive(&p, back, sizes[i]),
              "%zu bytes", sizes[i]);
        CHECK(memcmp(sent, back, sizes[i]) == 0, "%zu bytes", sizes[i]);
    }
    probe_close(&p);
    (void)served(&one);
    tls_server_close(s);
    free(sent);
    free(back);
}

/* --- reading ------------------------------------------------------------ */

struct counted {
    uint8_t digest[SHA256_LEN];
    size_t n_bytes, n_reads;
    int end; /* errno of the last tls_read; 0: end of stream */
    bool pending_was_wrong;
};

/* Reads in small pieces, to the end; what tls_pending says must hold. */
static void read_pieces(struct tls_conn *c, int fd, void *arg)
{
    struct counted *n = arg;
    char *all = malloc(BIG_BYTES), piece[777];
    ssize_t got;

    do {
        size_t pending = tls_pending(c);

        errno = 0;
        got = tls_read(c, piece, sizeof(piece));
        n->pending_was_wrong |= pending > 0 && got < 0 && errno == EAGAIN;
        if (got > 0 && n->n_bytes + (size_t)got <= BIG_BYTES) {
            memcpy(all + n->n_bytes, piece, (size_t)got);
            n->n_bytes += (size_t)got;
            n->n_reads++;
        }
    } while (got > 0 || (got < 0 && errno == EAGAIN && wait_readable(fd)));
    n->end = got == 0 ? 0 : errno;
    sha256((struct str){ all, n->n_bytes }, n->digest);
    free(all);
}

/* Many records in one send; they are cut at any place. */
static void test_read_ahead(void)
{
    enum { RECORDS = 200, STREAM_BYTES = 2000000 };
    unsigned char *plain = pattern(STREAM_BYTES);
    unsigned char *sealed = malloc(STREAM_BYTES + RECORDS * 100);

    for (size_t piece = 1; piece < 70000; piece = piece * 3 + 1) {
        struct tls_server *s = open_server(certificates(), "p256");
        struct counted n = { .n_bytes = 0 };
        struct served one = { .server = s, .talk = read_pieces, .arg = &n };
        struct probe p = { 0 };
        size_t made = 0, used = 0;
        uint8_t want[SHA256_LEN];

        CHECK(probe_open(&p, serve(&one)) == 0, "handshake");
        for (size_t i = 0; i < (piece == 1 ? 20 : RECORDS); i++) {
            size_t size = i * 7919 % 5 == 0 ? 16384 % (i + 1) : i * 83 % 9000;

            made += probe_seal(&p, plain + used, size, sealed + made);
            used += size;
        }
        for (size_t at = 0; at < made; at += piece) {
            size_t left = made - at < piece ? made - at : piece;

            CHECK(send(p.fd, sealed + at, left, MSG_NOSIGNAL) == (ssize_t)left,
                  "send");
        }
        probe_close(&p);
        (void)served(&one);
        sha256((struct str){ (char *)plain, used }, want);
        CHECK(n.n_bytes == used, "pieces of %zu: %zu of %zu", piece, n.n_bytes,
              used);
        CHECK(memcmp(n.digest, want, sizeof(want)) == 0, "pieces of %zu",
              piece);
        CHECK(!n.pending_was_wrong, "pieces of %zu: tls_pending", piece);
        CHECK(n.end == 0, "pieces of %zu: %s", piece, strerror(n.end));
        tls_server_close(s);
    }
    free(plain);
    free(sealed);
}

/* close_notify behind the data, in the same segment; and none at all. */
static void test_ends(void)
{
    static const struct {
        const char *name;
        bool notify;
    } row[] = { { "close_notify", true }, { "just left", false } };

    for (size_t i = 0; i < COUNT(row); i++) {
        struct tls_server *s = open_server(certificates(), "p256");
        struct counted n = { .n_bytes = 0 };
        struct served one = { .server = s, .talk = read_pieces, .arg = &n };
        struct probe p = { 0 };

        CHECK(probe_open(&p, serve(&one)) == 0, "handshake");
        CHECK(probe_send(&p, "bye", 3), "send");
        p.cut = !row[i].notify;
        probe_close(&p);
        (void)served(&one);
        CHECK(n.n_bytes == 3 && n.end == 0, "%s: %zu, %s", row[i].name,
              n.n_bytes, strerror(n.end));
        tls_server_close(s);
    }
}

/* A record with a byte changed is an error and never data. */
static void test_changed_record(void)
{
    struct tls_server *s = open_server(certificates(), "p256");
    struct counted n = { .n_bytes = 0 };
    struct served one = { .server = s, .talk = read_pieces, .arg = &n };
    unsigned char sealed[256];
    struct probe p = { 0 };
    size_t made;

    CHECK(probe_open(&p, serve(&one)) == 0, "handshake");
    made = probe_seal(&p, "hello", 5, sealed);
    sealed[made - 1] ^= 1;
    CHECK(send(p.fd, sealed, made, MSG_NOSIGNAL) == (ssize_t)made, "send");
    p.cut = true;
    probe_close(&p);
    (void)served(&one);
    CHECK(n.n_bytes == 0 && n.end == EPROTO, "%zu, %s", n.n_bytes,
          strerror(n.end));
    tls_server_close(s);
}

/* The first request may come with the end of the handshake: nobody must
 * wait for the socket then. */
static void expect_pending(struct tls_conn *c, int fd, void *unused)
{
    char bytes[5];

    (void)unused;
    CHECK(recv(fd, bytes, 1, MSG_PEEK | MSG_DONTWAIT) < 0, "still to come");
    CHECK(tls_pending(c) == 5, "%zu", tls_pending(c));
    CHECK(tls_read(c, bytes, 5) == 5 && memcmp(bytes, "hello", 5) == 0,
          "hello");
    CHECK(tls_pending(c) == 0, "%zu", tls_pending(c));
}

static void test_data_with_handshake(void)
{
    struct tls_server *s = open_server(certificates(), "p256");
    struct served first = { .server = s };
    struct served next = { .server = s, .talk = expect_pending };
    br_ssl_session_parameters session;
    struct probe p = { 0 }, again = { .resume = &session, .join = true };

    CHECK(probe_open(&p, serve(&first)) == 0, "handshake");
    br_ssl_engine_get_session_parameters(&p.context.eng, &session);
    probe_close(&p);
    (void)served(&first);
    CHECK(probe_open(&again, serve(&next)) == 0, "resumption");
    CHECK(probe_send(&again, "hello", 5), "data");
    CHECK(served(&next) == ST_OK, "%s", status_name(next.st));
    probe_close(&again);
    tls_server_close(s);
}

/* tls_read_first waits for bytes, not for a whole record, and only as long as
 * the socket says. */
enum { SHORT_MS = 60, LONG_MS = 8000 };

static void wait_at_most(int fd, int ms)
{
    const struct timeval t = { .tv_sec = ms / 1000,
                               .tv_usec = ms % 1000 * 1000 };

    CHECK(fcntl(fd, F_SETFL, 0) == 0 &&
              setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)) == 0,
          "%s", strerror(errno));
}

static void read_first(struct tls_conn *c, int fd, void *asked)
{
    int64_t from_ms = clock_mono_ms();
    char bytes[5];

    wait_at_most(fd, SHORT_MS);
    CHECK(tls_read_first(c, bytes, 5) == -1 && errno == EAGAIN, "nothing yet");
    CHECK(clock_mono_ms() - from_ms >= SHORT_MS - 10, "it did not wait");
    wait_at_most(fd, LONG_MS);
    for (int i = 0; i < 2; i++) {
        from_ms = clock_mono_ms();
        atomic_fetch_add((atomic_int *)asked, 1);
        CHECK(tls_read_first(c, bytes, 5) == (i == 0 ? -1 : 5), "part %d", i);
        CHECK(clock_mono_ms() - from_ms < LONG_MS / 2, "waited for all");
    }
    CHECK(memcmp(bytes, "hello", 5) == 0, "hello");
    CHECK(tls_read_first(c, bytes, 5) == 0, "the end");
}

static void test_read_first(void)
{
    struct tls_server *s = open_server(certificates(), "p256");
    atomic_int asked = 0;
    struct served one = { .server = s, .talk = read_first, .arg = &asked };
    struct probe p = { 0 };
    unsigned char sealed[64];
    size_t n, half;

    CHECK(probe_open(&p, serve(&one)) == 0, "handshake");
    n = probe_seal(&p, "hello", 5, sealed);
    half = n / 2;
    while (asked < 1)
        usleep(1000);
    CHECK(send(p.fd, sealed, half, 0) == (ssize_t)half, "first half");
    while (asked < 2)
        usleep(1000);
    CHECK(send(p.fd, sealed + half, n - half, 0) == (ssize_t)(n - half),
          "second half");
    probe_close(&p);
    CHECK(served(&one) == ST_OK, "%s", status_name(one.st));
    tls_server_close(s);
}

/* Empty records without end must not keep tls_read from returning: it gives
 * up long before it has seen them all. */
struct flood {
    atomic_size_t n_sent;
    size_t n_sent_then; /* when tls_read returned */
};

static void read_in_flood(struct tls_conn *c, int fd, void *arg)
{
    struct flood *f = arg;
    char byte;
    ssize_t n;

    (void)fd;
    while (f->n_sent < 100000) /* so that the socket is never found empty */
        usleep(1000);
    n = tls_read(c, &byte, 1);
    CHECK(n == -1 && errno == EAGAIN, "%zd, %s", n, strerror(errno));
    f->n_sent_then = f->n_sent;
}

static void test_empty_records(void)
{
    enum { SEALED_BYTES = 29, FLOOD = 100000, AT_ONCE = 100 * SEALED_BYTES };
    struct tls_server *s = open_server(certificates(), "p256");
    unsigned char *sealed = malloc(SEALED_BYTES * FLOOD);
    struct flood f = { .n_sent_then = 0 };
    struct served one = { .server = s, .talk = read_in_flood, .arg = &f };
    struct probe p = { 0 };
    size_t made = 0;

    CHECK(probe_open(&p, serve(&one)) == 0, "handshake");
    for (int i = 0; i < FLOOD; i++)
        made += probe_seal(&p, "", 0, sealed + made);
    while (f.n_sent < made &&
           send(p.fd, sealed + f.n_sent, AT_ONCE, MSG_NOSIGNAL) == AT_ONCE)
        f.n_sent += AT_ONCE;
    p.cut = true;
    probe_close(&p);
    (void)served(&one);
    CHECK(f.n_sent_then < made, "%zu of %zu bytes", f.n_sent_then, made);
    tls_server_close(s);
    free(sealed);
}

/* Secure or not: no second handshake, and the connection goes on. */
static void test_renegotiation(void)
{
    static const unsigned char hello[] = "\x01\x00\x00\x03\x03\x03\x00";
    enum { HANDSHAKE = 22, APPLICATION_DATA = 23 }; /* RFC 5246, 6.2.1 */
    struct tls_server *s = open_server(certificates(), "p256");
    struct served one = { .server = s, .talk = echo };
    struct probe p = { 0 };
    br_ssl_engine_context *e = &p.context.eng;
    char back[5] = "";

    CHECK(probe_open(&p, serve(&one)) == 0, "handshake");
    e->record_type_out = HANDSHAKE;
    CHECK(probe_send(&p, hello, sizeof(hello) - 1), "hello");
    e->record_type_out = APPLICATION_DATA;
    CHECK(probe_send(&p, "hello", 5), "data");
    CHECK(!probe_receive(&p, back, 5) &&
              br_ssl_engine_last_error(e) == BR_ERR_RECV_FATAL_ALERT + 100,
          "no_renegotiation did not come: %d", br_ssl_engine_last_error(e));
    p.cut = true; /* BearSSL takes the warning for fatal, as client */
    probe_close(&p);
    (void)served(&one);
    tls_server_close(s);
}

/* --- writing ------------------------------------------------------------ */

/* Nobody reads: EAGAIN, and not a byte is lost later. */
static void write_blocked(struct tls_conn *c, int fd, void *arg)
{
    const unsigned char *bytes = arg;
    size_t taken = 0;
    ssize_t n;

    shrink(fd);
    do {
        n = tls_write(c, bytes + taken, BIG_BYTES - taken, false);
        taken += n > 0 ? (size_t)n : 0;
    } while (n > 0 && taken < BIG_BYTES);
    CHECK(n == -1 && errno == EAGAIN, "%zd, %s", n, strerror(errno));
    CHECK(taken > 0 && taken < BIG_BYTES, "%zu taken", taken);
    CHECK(tls_flush(c) == -1 && errno == EAGAIN, "flush");
    CHECK(write_all(c, fd, bytes + taken, BIG_BYTES - taken), "the rest");
}

static void test_blocked_writer(void)
{
    unsigned char *bytes = pattern(BIG_BYTES), *got = malloc(BIG_BYTES);
    struct tls_server *s = open_server(certificates(), "p256");
    struct served one = { .server = s, .talk = write_blocked, .arg = bytes };
    struct probe p = { 0 };

    CHECK(probe_open(&p, serve(&one)) == 0, "handshake");
    usleep(50000);
    CHECK(probe_receive(&p, got, BIG_BYTES), "receive");
    CHECK(memcmp(bytes, got, BIG_BYTES) == 0, "not what was written");
    probe_close(&p);
    (void)served(&one);
    tls_server_close(s);
    free(bytes);
    free(got);
}

/* Writes that more follows are held back and leave in one record. */
static void write_parts(struct tls_conn *c, int fd, void *unused)
{
    (void)unused;
    (void)fd;
    CHECK(tls_write(c, "HTTP/1.1 200 OK\r\n\r\n", 19, true) == 19, "head");
    CHECK(tls_write(c, "body", 4, false) == 4, "body");
    CHECK(tls_write(c, "held", 4, true) == 4, "held");
    CHECK(tls_flush(c) == 0, "flush");
    CHECK(tls_write(c, "", 0, false) == 0, "nothing");
}

static void test_more(void)
{
    struct tls_server *s = open_server(certificates(), "p256");
    struct served one = { .server = s, .talk = write_parts };
    struct probe p = { 0 };
    char got[28] = "";

    CHECK(probe_open(&p, serve(&one)) == 0, "handshake");
    CHECK(probe_receive(&p, got, 1), "first byte");
    CHECK(p.context.eng.ixb - p.context.eng.ixa == 22,
          "the first record holds %zu more",
          p.context.eng.ixb - p.context.eng.ixa);
    CHECK(probe_receive(&p, got + 1, 26), "the rest");
    CHECK(strcmp(got, "HTTP/1.1 200 OK\r\n\r\nbodyheld") == 0, "%s", got);
    probe_close(&p);
    (void)served(&one);
    tls_server_close(s);
}

/* What was given with "more" and never followed still leaves at the end. */
static void write_and_leave(struct tls_conn *c, int fd, void *unused)
{
    (void)unused;
    (void)fd;
    CHECK(tls_write(c, "last words", 10, true) == 10, "write");
}

static void test_close_sends(void)
{
    struct tls_server *s = open_server(certificates(), "p256");
    struct served one = { .server = s, .talk = write_and_leave };
    struct probe p = { 0 };
    char got[11] = "";

    CHECK(probe_open(&p, serve(&one)) == 0, "handshake");
    CHECK(probe_receive(&p, got, 10), "receive");
    CHECK(strcmp(got, "last words") == 0, "%s", got);
    CHECK(!probe_receive(&p, got, 1) &&
              br_ssl_engine_last_error(&p.context.eng) == 0,
          "close_notify");
    probe_close(&p);
    (void)served(&one);
    tls_server_close(s);
}

/* The peer is gone: an error, no signal, no end in sight for nobody. */
static void write_to_nobody(struct tls_conn *c, int fd, void *unused)
{
    char bytes[4096] = "";
    ssize_t n = 0;

    (void)unused;
    CHECK(wait_readable(fd), "wait");
    for (int i = 0; i < 100 && n >= 0; i++) {
        n = tls_write(c, bytes, sizeof(bytes), false);
        if (n < 0 && errno == EAGAIN)
            n = 0;
    }
    CHECK(n == -1 && (errno == EPIPE || errno == ECONNRESET), "%zd, %s", n,
          strerror(errno));
    CHECK(tls_flush(c) == -1, "flush");
    n = tls_read(c, bytes, sizeof(bytes));
    CHECK(n <= 0, "%zd bytes from nobody", n);
}

static void test_peer_gone(void)
{
    struct tls_server *s = open_server(certificates(), "p256");
    struct served one = { .server = s, .talk = write_to_nobody };
    struct probe p = { 0 };

    CHECK(probe_open(&p, serve(&one)) == 0, "handshake");
    p.cut = true;
    probe_close(&p);
    (void)served(&one);
    tls_server_close(s);
}

static void write_after_end(struct tls_conn *c, int fd, void *unused)
{
    char byte;

    (void)unused;
    CHECK(wait_readable(fd), "wait");
    CHECK(tls_read(c, &byte, 1) == 0, "end of stream");
    CHECK(tls_pending(c) == 1, "the end can be read at once");
    CHECK(tls_read(c, &byte, 1) == 0, "again");
    CHECK(tls_write(c, "x", 1, false) == -1 && errno == EPIPE, "%s",
          strerror(errno));
}

static void test_write_after_end(void)
{
    struct tls_server *s = open_server(certificates(), "p256");
    struct served one = { .server = s, .talk = write_after_end };
    struct probe p = { 0 };

    CHECK(probe_open(&p, serve(&one)) == 0, "handshake");
    br_ssl_engine_close(&p.context.eng);
    p.cut = false;
    probe_close(&p);
    (void)served(&one);
    tls_server_close(s);
}

/* --- over TCP ----------------------------------------------------------- */

static int tcp_pair(int *other)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t n = sizeof(at);
    int listener = socket(AF_INET, SOCK_STREAM, 0), fd;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&at, n) != 0 ||
        listen(listener, 1) != 0 ||
        getsockname(listener, (struct sockaddr *)&at, &n) != 0)
        abort();
    fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&at, n) != 0)
        abort();
    *other = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    close(listener);
    return fd;
}

enum { ANSWER_MAX_BYTES = 100000 };

static void *accept_and_send(void *arg)
{
    struct served *one = arg;
    const size_t *n_bytes = one->arg;
    unsigned char *bytes = pattern(ANSWER_MAX_BYTES);
    struct tls_conn *c;
    char byte;

    one->st = tls_accept(one->server, one->fd, clock_mono_ms() + 10000, &c);
    if (one->st == ST_OK) {
        CHECK(read_all(c, one->fd, &byte, 1), "request");
        CHECK(write_all(c, one->fd, bytes, *n_bytes), "answer");
        CHECK(read_all(c, one->fd, &byte, 1), "thanks");
        tls_close(c);
    }
    close(one->fd);
    free(bytes);
    return NULL;
}

/* The last segment must not wait for 200 ms behind MSG_MORE. */
static void test_no_waiting(void)
{
    static const size_t sizes[] = { 1, 1000, 16384, 16385, ANSWER_MAX_BYTES };
    unsigned char *got = malloc(ANSWER_MAX_BYTES);
    struct tls_server *s = open_server(certificates(), "p256");

    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct served one = { .server = s, .arg = (void *)&sizes[i] };
        struct probe p = { 0 };
        int fd = tcp_pair(&one.fd);
        int64_t start_ms;

        pthread_create(&one.thread, NULL, accept_and_send, &one);
        CHECK(probe_open(&p, fd) == 0, "handshake");
        start_ms = clock_mono_ms();
        CHECK(probe_send(&p, "x", 1) && probe_receive(&p, got, sizes[i]),
              "answer");
        CHECK(clock_mono_ms() - start_ms < 150, "%zu bytes: %lld ms", sizes[i],
              (long long)(clock_mono_ms() - start_ms));
        CHECK(probe_send(&p, "x", 1), "thanks");
        (void)served(&one);
        probe_close(&p);
    }
    tls_server_close(s);
    free(got);
}

void test_tls_stream(void)
{
    RUN(test_big);
    RUN(test_sizes);
    RUN(test_read_ahead);
    RUN(test_ends);
    RUN(test_changed_record);
    RUN(test_data_with_handshake);
    RUN(test_read_first);
    RUN(test_empty_records);
    RUN(test_renegotiation);
    RUN(test_blocked_writer);
    RUN(test_more);
    RUN(test_close_sends);
    RUN(test_peer_gone);
    RUN(test_write_after_end);
    RUN(test_no_waiting);
}
