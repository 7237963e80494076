/* SPDX-License-Identifier: MIT */
/* TLS to PostgreSQL: libpq's calls (libpq-transport.h, which our patch adds
 * to it) passed on to tls/. sslmode and sslrootcert mean what libpq's
 * documentation says; what is not supported is refused and not passed over:
 * client certificates, revocation lists, sslnegotiation=direct, TLS 1.3. */
#include <errno.h>
#include <libpq-transport.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "tls/tls.h"

/* A record's rest and what was received behind it. */
enum { SPARE_BYTES = 2 * 17 * 1024 };

struct transport {
    struct tls_client *trust;
    struct tls_conn *conn;
    size_t owed; /* written but not yet said to be: it is not all sent */
    char *spare; /* decrypted ahead, for pending(); NULL: none */
    size_t spare_at, spare_end;
};

/* --- what the URL asks for ------------------------------------------------ */

static bool is_set(const char *s)
{
    return s != NULL && s[0] != '\0';
}

static bool is(const char *s, const char *wanted)
{
    return s != NULL && strcmp(s, wanted) == 0;
}

static bool exists(const char *path)
{
    return is_set(path) && access(path, F_OK) == 0;
}

static const char *not_supported(const PQtransportRequest *rq)
{
    if (is(rq->sslnegotiation, "direct"))
        return "sslnegotiation=direct is not supported";
    if (is_set(rq->sslcert))
        return "sslcert: client certificates are not supported";
    if (is_set(rq->sslcrl) || is_set(rq->sslcrldir))
        return "sslcrl: revocation lists are not supported";
    if (is(rq->min_protocol, "TLSv1.3"))
        return "ssl_min_protocol_version: TLSv1.2 is the newest there is here";
    if (is(rq->max_protocol, "TLSv1") || is(rq->max_protocol, "TLSv1.1"))
        return "ssl_max_protocol_version: TLSv1.2 is the oldest there is here";
    return NULL;
}

/* As libpq does: with a root certificate the chain is checked in every mode,
 * without one only verify-ca and verify-full insist on it. */
static const char *choose(const PQtransportRequest *rq, char root[4096],
                          enum tls_verify *verify)
{
    const bool full = is(rq->sslmode, "verify-full");

    root[0] = '\0';
    if (full && !is_set(rq->host))
        return "sslmode=verify-full needs a host name";
    *verify = full ? TLS_VERIFY_FULL : TLS_VERIFY_CA;
    if (is(rq->sslrootcert, "system"))
        return NULL;
    if (is_set(rq->sslrootcert))
        snprintf(root, 4096, "%s", rq->sslrootcert);
    else if (is_set(rq->home))
        snprintf(root, 4096, "%s/.postgresql/root.crt", rq->home);
    if (exists(root))
        return NULL;
    if (full || is(rq->sslmode, "verify-ca"))
        return "sslrootcert: no such file; name one, or say sslrootcert=system";
    *verify = TLS_VERIFY_NONE;
    return NULL;
}

/* --- a connection --------------------------------------------------------- */

static void transport_close(void *arg)
{
    struct transport *t = arg;

    tls_close(t->conn);
    tls_client_close(t->trust);
    mem_give(t->spare);
    mem_give(t);
}

static enum status begin(struct transport *t, const PQtransportRequest *rq,
                         const char *root, enum tls_verify verify,
                         struct tls_error *why)
{
    enum status st = tls_client_open(root, verify, &t->trust, why);

    if (st != ST_OK)
        return st;
    return tls_begin(t->trust, rq->sock, rq->host, !is(rq->sslsni, "0"),
                     &t->conn, why);
}

static void *transport_open(const PQtransportRequest *rq, char *why,
                            size_t why_size)
{
    struct tls_error wrong = { "short of memory" };
    const char *refused = not_supported(rq);
    enum tls_verify verify;
    struct transport *t;
    char root[4096];

    if (refused == NULL)
        refused = choose(rq, root, &verify);
    if (refused != NULL) {
        snprintf(why, why_size, "%s", refused);
        return NULL;
    }
    t = mem_take(sizeof(*t));
    if (t != NULL && begin(t, rq, root, verify, &wrong) != ST_OK) {
        transport_close(t);
        t = NULL;
    }
    if (t == NULL)
        snprintf(why, why_size, "%s", wrong.what);
    return t;
}

static int transport_step(void *arg, short *events, char *why, size_t why_size)
{
    struct transport *t = arg;
    struct tls_error wrong;

    if (tls_step(t->conn, events, &wrong) == ST_OK)
        return 0;
    snprintf(why, why_size, "%s", wrong.what);
    return -1;
}

/* --- reading -------------------------------------------------------------- */

static ssize_t take_spare(struct transport *t, void *out, size_t n_bytes)
{
    size_t n = t->spare_end - t->spare_at;

    if (n > n_bytes)
        n = n_bytes;
    memcpy(out, t->spare + t->spare_at, n);
    t->spare_at += n;
    if (t->spare_at == t->spare_end) {
        mem_give(t->spare);
        t->spare = NULL;
    }
    return (ssize_t)n;
}

static ssize_t transport_read(void *arg, void *out, size_t n_bytes)
{
    struct transport *t = arg;

    if (t->spare != NULL)
        return take_spare(t, out, n_bytes);
    return tls_read(t->conn, out, n_bytes);
}

/* libpq wants to know to the byte what it can read without the socket, since
 * it polls that next. tls/ knows a record at a time, so all that has been
 * received is decrypted now. */
static ssize_t transport_pending(void *arg)
{
    struct transport *t = arg;
    ssize_t n = 1;

    if (t->spare == NULL && tls_pending(t->conn) == 0)
        return 0;
    if (t->spare == NULL) {
        t->spare = mem_resize(NULL, SPARE_BYTES);
        t->spare_at = t->spare_end = 0;
    }
    if (t->spare == NULL)
        return -1;
    while (n > 0 && t->spare_end < SPARE_BYTES && tls_pending(t->conn) > 0) {
        n = tls_read(t->conn, t->spare + t->spare_end,
                     SPARE_BYTES - t->spare_end);
        t->spare_end += n > 0 ? (size_t)n : 0;
    }
    if (t->spare_end == t->spare_at) { /* only the end was pending */
        mem_give(t->spare);
        t->spare = NULL;
        return 0;
    }
    return (ssize_t)(t->spare_end - t->spare_at);
}

/* --- writing -------------------------------------------------------------- */

/* When libpq hears that all is written, it waits for the answer, and not for
 * the socket to take the rest of the question. So what is still on its way
 * is said to be written at the next call, which brings the same bytes. */
static ssize_t transport_write(void *arg, const void *bytes, size_t n_bytes)
{
    struct transport *t = arg;
    ssize_t taken = (ssize_t)t->owed;

    if (taken == 0)
        taken = tls_write(t->conn, bytes, n_bytes, false);
    if (taken <= 0)
        return taken;
    t->owed = (size_t)taken;
    if (tls_flush(t->conn) != 0)
        return -1;
    t->owed = 0;
    return taken;
}

static size_t transport_end_point(void *arg, unsigned char hash[64])
{
    struct transport *t = arg;

    return tls_end_point(t->conn, hash);
}

const PQtransport PQsecureTransport = {
    .library = "BearSSL",
    .protocol = "TLSv1.2",
    .open = transport_open,
    .step = transport_step,
    .read = transport_read,
    .write = transport_write,
    .pending = transport_pending,
    .end_point = transport_end_point,
    .close = transport_close,
};
