/* SPDX-License-Identifier: MIT */
#include "tls/tools.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/rand.h"
#include "check.h"

enum { PATIENCE_MS = 10000 };

/* --- files -------------------------------------------------------------- */

bool shell(const char *folder, const char *fmt, ...)
{
    char words[2048], line[4096];
    va_list args;
    int code;

    va_start(args, fmt);
    vsnprintf(words, sizeof(words), fmt, args);
    va_end(args);
    snprintf(line, sizeof(line), "cd %s && { %s; } >>log 2>&1", folder, words);
    code = system(line);
    return code == 0;
}

const char *in_folder(const char *folder, const char *name)
{
    static _Thread_local char paths[32][256];
    static _Thread_local unsigned n;
    char *path = paths[n++ % COUNT(paths)];

    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

void write_text(const char *path, const char *text)
{
    CHECK(file_write(path, str_of(text), 0600) == ST_OK, "%s", path);
}

static const char extensions[] =
    "[ca]\n"
    "basicConstraints = critical, CA:TRUE\n"
    "keyUsage = critical, keyCertSign\n"
    "[host]\n"
    "basicConstraints = critical, CA:FALSE\n"
    "keyUsage = critical, digitalSignature\n"
    "extendedKeyUsage = serverAuth\n"
    "subjectAltName = DNS:localhost, IP:127.0.0.1\n";

static const char make_all[] =
    "set -e\n"
    "ec() { openssl ecparam -name \"$1\" -genkey -noout -out \"$2\"; }\n"
    "ca() {\n"
    "  ec prime256v1 $1.key\n"
    "  openssl req -new -x509 -sha256 -days 30 -key $1.key -subj /CN=$1 "
    "    -config x.cnf -extensions ca -out $1.crt\n"
    "}\n"
    "host() {\n"
    "  openssl req -new -key $1.key -subj /CN=localhost -config x.cnf"
    "    -out $1.csr\n"
    "  openssl x509 -req -sha256 -days 30 -in $1.csr -CA ca.crt -CAkey ca.key"
    "    -CAcreateserial -extfile x.cnf -extensions host -out $1.crt\n"
    "}\n"
    "ca ca; ca other-ca\n"
    "ec prime256v1 p256.key; host p256\n"
    "ec secp384r1 p384.key; host p384\n"
    "openssl genrsa -out rsa.key 2048; host rsa\n"
    "ec prime256v1 self.key\n"
    "openssl req -new -x509 -sha256 -days 30 -key self.key"
    "  -subj /CN=localhost -config x.cnf -extensions host -out self.crt\n";

const char *certificates(void)
{
    static const char *folder;
    char config[1024];

    if (folder != NULL)
        return folder;
    folder = check_folder();
    snprintf(config, sizeof(config),
             "[req]\ndistinguished_name = name\n[name]\n%s", extensions);
    write_text(in_folder(folder, "x.cnf"), config);
    write_text(in_folder(folder, "make"), make_all);
    if (!shell(folder, "sh ./make")) {
        CHECK(false, "openssl could not make the certificates; see its words");
        (void)!system(in_folder("cat ", "log"));
    }
    return folder;
}

const char *odd_certificates(void)
{
    static const char make_odd[] =
        "set -e\n"
        "host() {\n" /* name, authority, openssl x509's words */
        "  n=$1; ca=$2; shift 2\n"
        "  openssl ecparam -name prime256v1 -genkey -noout -out $n.key\n"
        "  openssl req -new -key $n.key -subj /CN=localhost -config x.cnf"
        "    -out $n.csr\n"
        "  openssl x509 -req -sha256 -in $n.csr -CA $ca.crt -CAkey $ca.key"
        "    -CAcreateserial -extfile x.cnf -out $n.crt \"$@\"\n"
        "}\n"
        "sub() {\n"
        "  host $1 ca -days 30 -extensions $2\n"
        "}\n"
        "sub sub ca; sub nosub host\n"
        "host leaf sub -days 30 -extensions host\n"
        "cat sub.crt >>leaf.crt\n"
        "host lonely sub -days 30 -extensions host\n"
        "host badleaf nosub -days 30 -extensions host\n"
        "cat nosub.crt >>badleaf.crt\n"
        "host expired ca -days -1 -extensions host\n"
        "host elsewhere ca -days 30 -extensions elsewhere\n"
        "host client ca -days 30 -extensions client\n"
        "host critical ca -days 30 -extensions critical\n"
        "host common ca -days 30\n"
        "openssl req -new -x509 -newkey rsa:1024 -nodes -keyout weak.key"
        "  -subj /CN=localhost -config x.cnf -extensions host -out weak.crt\n"
        "openssl genrsa -out plus.key 2048\n"
        "openssl req -new -key plus.key -subj /CN=localhost -config x.cnf"
        "  -out plus.csr\n"
        "openssl x509 -req -sha512 -in plus.csr -CA ca.crt -CAkey ca.key"
        "  -CAcreateserial -extfile x.cnf -extensions host -out plus.crt\n";
    static const char more[] =
        "[elsewhere]\nsubjectAltName = DNS:example.org, IP:10.0.0.1\n"
        "[client]\nextendedKeyUsage = clientAuth\n"
        "subjectAltName = DNS:localhost\n"
        "[critical]\n1.2.3.4 = critical, DER:0500\n"
        "subjectAltName = DNS:localhost\n";
    static const char *folder;

    if (folder != NULL)
        return folder;
    folder = check_folder();
    CHECK(shell(folder, "cp %s/* .", certificates()), "copy");
    write_text(in_folder(folder, "more.cnf"), more);
    CHECK(shell(folder, "cat more.cnf >>x.cnf"), "x.cnf");
    write_text(in_folder(folder, "odd"), make_odd);
    if (!shell(folder, "sh ./odd"))
        CHECK(false, "openssl could not make the certificates: %s/log", folder);
    return folder;
}

struct tls_server *open_server(const char *folder, const char *kind)
{
    char cert[64], key[64];
    struct tls_server *s = NULL;
    struct tls_error why = { "" };

    snprintf(cert, sizeof(cert), "%s.crt", kind);
    snprintf(key, sizeof(key), "%s.key", kind);
    CHECK(tls_server_open(in_folder(folder, cert), in_folder(folder, key),
                          clock_wall_ms(), NULL, &s, &why) == ST_OK,
          "%s: %s", kind, why.what);
    return s;
}

/* --- a server in a thread ----------------------------------------------- */

static void *serve_one(void *arg)
{
    struct served *s = arg;
    int64_t start_ms = clock_mono_ms();
    struct tls_conn *c;

    if (s->within_ms == 0)
        s->within_ms = PATIENCE_MS;
    s->st = tls_accept(s->server, s->fd, start_ms + s->within_ms, &c);
    s->took_ms = clock_mono_ms() - start_ms;
    if (s->st == ST_OK) {
        if (s->talk != NULL)
            s->talk(c, s->fd, s->arg);
        tls_close(c);
    }
    close(s->fd);
    return NULL;
}

int serve(struct served *s)
{
    int fd[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) != 0)
        abort();
    fcntl(fd[0], F_SETFL, O_NONBLOCK);
    s->fd = fd[0];
    if (pthread_create(&s->thread, NULL, serve_one, s) != 0)
        abort();
    return fd[1];
}

enum status served(struct served *s)
{
    pthread_join(s->thread, NULL);
    return s->st;
}

static bool wait_for(int fd, short events)
{
    struct pollfd p = { .fd = fd, .events = events };
    int n;

    do
        n = poll(&p, 1, PATIENCE_MS);
    while (n < 0 && errno == EINTR);
    return n == 1;
}

bool wait_readable(int fd)
{
    return wait_for(fd, POLLIN);
}

bool wait_writable(int fd)
{
    return wait_for(fd, POLLOUT);
}

bool read_all(struct tls_conn *c, int fd, void *out, size_t n_bytes)
{
    char *p = out;

    while (n_bytes > 0) {
        ssize_t n = tls_read(c, p, n_bytes);

        if (n == 0 || (n < 0 && errno != EAGAIN))
            return false;
        if (n < 0 && !wait_readable(fd))
            return false;
        if (n > 0) {
            p += n;
            n_bytes -= (size_t)n;
        }
    }
    return true;
}

static bool flush_all(struct tls_conn *c, int fd)
{
    while (tls_flush(c) != 0)
        if (errno != EAGAIN || !wait_writable(fd))
            return false;
    return true;
}

bool write_all(struct tls_conn *c, int fd, const void *bytes, size_t n_bytes)
{
    const char *p = bytes;

    while (n_bytes > 0) {
        ssize_t n = tls_write(c, p, n_bytes, false);

        if (n < 0 && (errno != EAGAIN || !wait_writable(fd)))
            return false;
        if (n > 0) {
            p += n;
            n_bytes -= (size_t)n;
        }
    }
    return flush_all(c, fd);
}

void echo(struct tls_conn *c, int fd, void *unused)
{
    char bytes[4096];
    ssize_t n;

    (void)unused;
    do {
        n = tls_read(c, bytes, sizeof(bytes));
        if (n > 0 && !write_all(c, fd, bytes, (size_t)n))
            break;
    } while (n > 0 || (n < 0 && errno == EAGAIN && wait_readable(fd)));
}

/* --- a client with a will of its own ------------------------------------ */

static bool send_slowly(struct probe *p, const unsigned char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (send(p->fd, bytes + i, 1, MSG_NOSIGNAL) != 1)
            return false;
        usleep((useconds_t)p->pause_ms * 1000);
    }
    return true;
}

/* Holds records from ChangeCipherSpec on, and sends them with the first that
 * carries data. */
static bool send_joined(struct probe *p, const unsigned char *bytes, size_t n)
{
    enum { APPLICATION_DATA = 23 }; /* RFC 5246, 6.2.1 */

    if (n > sizeof(p->held) - p->n_held)
        abort();
    memcpy(p->held + p->n_held, bytes, n);
    p->n_held += n;
    if (bytes[0] != APPLICATION_DATA)
        return true;
    p->join = false;
    return send(p->fd, p->held, p->n_held, MSG_NOSIGNAL) == (ssize_t)p->n_held;
}

static bool send_bytes(struct probe *p, unsigned char *bytes, size_t n)
{
    enum { CHANGE_CIPHER_SPEC = 20 };
    size_t left = p->send_max == 0 ? n : p->send_max - p->sent;
    bool last = n > left;

    if (p->join && (p->n_held > 0 || bytes[0] == CHANGE_CIPHER_SPEC))
        return send_joined(p, bytes, n);
    if (last)
        n = left;
    if (p->flip_at > p->sent && p->flip_at <= p->sent + n)
        bytes[p->flip_at - 1 - p->sent] ^= 0x55;
    p->sent += n;
    if (p->pause_ms > 0)
        return send_slowly(p, bytes, n) && !last;
    return send(p->fd, bytes, n, MSG_NOSIGNAL) == (ssize_t)n && !last;
}

/* One step: sends what the engine has, or gives it what comes. False when
 * the connection has ended. */
static bool step(struct probe *p)
{
    br_ssl_engine_context *e = &p->context.eng;
    unsigned char *bytes;
    ssize_t got;
    size_t n;

    bytes = br_ssl_engine_sendrec_buf(e, &n);
    if (bytes != NULL) {
        p->cut = !send_bytes(p, bytes, n);
        br_ssl_engine_sendrec_ack(e, n);
        return !p->cut;
    }
    bytes = br_ssl_engine_recvrec_buf(e, &n);
    do
        got = bytes == NULL ? 0 : recv(p->fd, bytes, n, 0);
    while (got < 0 && errno == EINTR); /* a shell() has ended */
    p->cut = got <= 0;
    if (!p->cut)
        br_ssl_engine_recvrec_ack(e, (size_t)got);
    return !p->cut;
}

static void prepare(struct probe *p)
{
    static const uint16_t all[] = {
        BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    };
    unsigned version = p->version == 0 ? BR_TLS12 : p->version;
    br_ssl_engine_context *e = &p->context.eng;
    br_x509_minimal_context unused;

    br_ssl_client_init_full(&p->context, &unused, NULL, 0);
    br_ssl_engine_set_x509(e, peer_class(p->peer));
    br_ssl_engine_set_versions(e, version, version);
    if (p->suites == NULL && p->version == 0)
        br_ssl_engine_set_suites(e, all, COUNT(all));
    if (p->suites != NULL)
        br_ssl_engine_set_suites(e, p->suites, p->n_suites);
    if (p->protocol != NULL)
        br_ssl_engine_set_protocol_names(e, &p->protocol, 1);
    if (p->resume != NULL)
        br_ssl_engine_set_session_parameters(e, p->resume);
    br_ssl_engine_set_buffers_bidi(e, p->records.in, sizeof(p->records.in),
                                   p->records.out, sizeof(p->records.out));
    br_ssl_client_reset(&p->context, "localhost", p->resume != NULL);
}

int probe_open(struct probe *p, int fd)
{
    const int patience_ms = p->patience_ms > 0 ? p->patience_ms : PATIENCE_MS;
    const struct timeval patience = { .tv_sec = patience_ms / 1000,
                                      .tv_usec = patience_ms % 1000 * 1000 };
    const struct peer_want want = { .verify = TLS_VERIFY_NONE };
    struct crypto crypto;

    crypto_choose(&crypto);
    while (peer_open(&crypto, &want, &p->peer) != ST_OK)
        ; /* a test of failing allocations means the server's */
    p->fd = fd;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    prepare(p);
    while (!(br_ssl_engine_current_state(&p->context.eng) &
             (BR_SSL_CLOSED | BR_SSL_SENDAPP)))
        if (!step(p))
            break;
    return br_ssl_engine_last_error(&p->context.eng);
}

static bool send_ready(struct probe *p)
{
    size_t n;

    while (br_ssl_engine_sendrec_buf(&p->context.eng, &n) != NULL)
        if (!step(p))
            return false;
    return true;
}

bool probe_send(struct probe *p, const void *bytes, size_t n_bytes)
{
    br_ssl_engine_context *e = &p->context.eng;
    const unsigned char *from = bytes;

    while (n_bytes > 0) {
        size_t n;
        unsigned char *to = br_ssl_engine_sendapp_buf(e, &n);

        if (to == NULL)
            return false;
        if (n > n_bytes)
            n = n_bytes;
        memcpy(to, from, n);
        from += n;
        n_bytes -= n;
        br_ssl_engine_sendapp_ack(e, n);
        br_ssl_engine_flush(e, 0);
        if (!send_ready(p))
            return false;
    }
    return true;
}

bool probe_receive(struct probe *p, void *out, size_t n_bytes)
{
    br_ssl_engine_context *e = &p->context.eng;
    unsigned char *to = out;

    while (n_bytes > 0) {
        size_t n;
        const unsigned char *from = br_ssl_engine_recvapp_buf(e, &n);

        if (from == NULL) {
            if (br_ssl_engine_current_state(e) == BR_SSL_CLOSED || !step(p))
                return false;
            continue;
        }
        if (n > n_bytes)
            n = n_bytes;
        memcpy(to, from, n);
        to += n;
        n_bytes -= n;
        br_ssl_engine_recvapp_ack(e, n);
    }
    return true;
}

size_t probe_seal(struct probe *p, const void *bytes, size_t n_bytes,
                  unsigned char *out)
{
    br_ssl_engine_context *e = &p->context.eng;
    size_t n, made = 0;
    unsigned char *at = br_ssl_engine_sendapp_buf(e, &n);

    if (at == NULL || n < n_bytes)
        abort();
    if (n_bytes > 0)
        memcpy(at, bytes, n_bytes);
    br_ssl_engine_sendapp_ack(e, n_bytes);
    br_ssl_engine_flush(e, 1);
    while ((at = br_ssl_engine_sendrec_buf(e, &n)) != NULL) {
        memcpy(out + made, at, n);
        made += n;
        br_ssl_engine_sendrec_ack(e, n);
    }
    return made;
}

const char *probe_suite(const struct probe *p)
{
    switch (p->context.eng.session.cipher_suite) {
    case BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256:
    case BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256:
        return "AES-128-GCM";
    case BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384:
    case BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384:
        return "AES-256-GCM";
    case BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256:
    case BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256:
        return "ChaCha20-Poly1305";
    default:
        return "another";
    }
}

void probe_close(struct probe *p)
{
    if (!p->cut) {
        br_ssl_engine_close(&p->context.eng);
        (void)send_ready(p);
    }
    close(p->fd);
    peer_close(p->peer);
}
