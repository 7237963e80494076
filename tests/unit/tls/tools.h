/* SPDX-License-Identifier: MIT */
/* What the tests of tls/ share: certificates by the openssl program, a
 * server in a thread, and a client that may misbehave. */
#ifndef UNIT_TLS_TOOLS_H
#define UNIT_TLS_TOOLS_H

#include <pthread.h>

#include "tls/conn.h"
#include "tls/crypto.h"
#include "tls/peer.h"
#include "tls/tls.h"

/* Runs a shell command in the folder; its output goes to "log" there. */
bool shell(const char *folder, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* "folder/name"; the last 32 of a thread stay valid. */
const char *in_folder(const char *folder, const char *name);

void write_text(const char *path, const char *text);

/* A folder with, made once by the openssl program:
 *   ca.crt, other-ca.crt     two authorities
 *   KIND.crt, KIND.key       for KIND in p256 p384 rsa: signed by the first,
 *                            for localhost and 127.0.0.1
 *   self.crt, self.key       signed by itself, P-256, for localhost */
const char *certificates(void);

/* The same and, signed by the first authority but for
 *   leaf      … by one below it, which is in the file
 *   lonely    … by one below it, which is not
 *   badleaf   … by one that may not sign
 *   expired, elsewhere (example.org, 10.0.0.1), client (for clients),
 *   critical (an unknown extension), common (no names but the common one),
 *   plus (RSA, with SHA-512) */
const char *odd_certificates(void);

struct tls_server *open_server(const char *folder, const char *kind);

/* --- a server in a thread ----------------------------------------------- */

struct served {
    struct tls_server *server;
    int64_t within_ms; /* for the handshake; 0: ten seconds */
    void (*talk)(struct tls_conn *c, int fd, void *arg); /* or NULL */
    void *arg;

    int fd;
    pthread_t thread;
    enum status st; /* of tls_accept */
    int64_t took_ms;
};

/* Starts it on one end of a pair of sockets and returns the other. */
int serve(struct served *s);
enum status served(struct served *s); /* when it has ended */

/* Waits, by poll, until the socket can be read or written; false after ten
 * seconds. */
bool wait_readable(int fd);
bool wait_writable(int fd);

/* Reads and writes all of it, waiting as needed. */
bool read_all(struct tls_conn *c, int fd, void *out, size_t n_bytes);
bool write_all(struct tls_conn *c, int fd, const void *bytes, size_t n_bytes);

/* A talk that sends back what it gets, to the end of the stream. */
void echo(struct tls_conn *c, int fd, void *unused);

/* --- a client with a will of its own ------------------------------------ */

struct probe {
    /* set these, or leave them zero */
    const uint16_t *suites;
    size_t n_suites;
    unsigned version; /* BR_TLS10 …; 0: TLS 1.2 */
    const char *protocol;
    const br_ssl_session_parameters *resume;
    size_t send_max; /* hang up after that many bytes; 0: never */
    size_t flip_at;  /* damage the byte before this one; 0: none */
    int pause_ms;    /* between single bytes; 0: all at once */
    bool join;       /* resuming: the handshake's end goes with the data */
    int patience_ms; /* for an answer; 0: ten seconds */

    br_ssl_client_context context;
    struct peer *peer;
    struct records records;
    int fd;
    size_t sent;
    unsigned char held[256]; /* by join */
    size_t n_held;
    bool cut; /* the connection ended, by send_max or the other side */
};

/* Takes the socket over. BearSSL's error, 0 when all is well; when cut it
 * may be 0, too. */
int probe_open(struct probe *p, int fd);
bool probe_send(struct probe *p, const void *bytes, size_t n_bytes);
bool probe_receive(struct probe *p, void *out, size_t n_bytes);
/* As the engine has it ready: for several records in one send. */
size_t probe_seal(struct probe *p, const void *bytes, size_t n_bytes,
                  unsigned char *out);
const char *probe_suite(const struct probe *p);
void probe_close(struct probe *p); /* close_notify, and the socket */

#endif
