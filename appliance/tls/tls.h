/* SPDX-License-Identifier: MIT */
/* TLS 1.2 by BearSSL: the server side for http/, the client side for store/
 * and cache/, and certificates. bearssl.h is seen in this folder only.
 *
 * Suites: ECDHE with AES-GCM and ChaCha20-Poly1305 only, the server's choice
 * counts (AES first where the processor has it); keys are exchanged on X25519
 * or P-256; RSA and ECDSA certificates; SHA-256 and SHA-384. No second
 * handshake on a connection. A client that names protocols (ALPN, RFC 7301)
 * must name http/1.1, else it gets alert 120, as RFC 7301, 3.2 wants.
 * Resumption by session identifier (RFC 5246, 7.3), for an hour, with the
 * certificate that it began with. */
#ifndef TLS_TLS_H
#define TLS_TLS_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/log.h"

struct tls_error {
    char what[256]; /* one English line; names files, never key material */
};

/* --- certificates ------------------------------------------------------ */

/* When cert or key is missing in dir, makes an ECDSA P-256 key and a
 * self-signed certificate (X.509 v3; SAN localhost, 127.0.0.1, ::1 and the
 * host's name; one year) as dir/tls.crt and dir/tls.key (mode 0600). When
 * they are there they are kept, even if they cannot be used (tls_server_open
 * will say so), unless expired: then made anew. dir is made when missing.
 * The paths are written to the two buffers. */
MUST_CHECK enum status tls_self_signed(const char *dir, int64_t now_ms,
                                       char cert_path[4096],
                                       char key_path[4096],
                                       struct tls_error *why);

/* --- server ------------------------------------------------------------ */

struct tls_server; /* a certificate and what all its connections share */

/* Reads PEM files: a chain, leaf first; a key in PKCS#1, SEC1 or PKCS#8.
 * ST_BAD_INPUT (with *why) for a broken PEM, a key that does not match, a
 * key type or curve that is not supported; an expired or not yet valid
 * certificate is logged as a warning and used. Files are remembered for
 * tls_server_reload. */
MUST_CHECK enum status tls_server_open(const char *cert_path,
                                       const char *key_path, int64_t now_ms,
                                       struct log *log, struct tls_server **out,
                                       struct tls_error *why);

/* Reads the files again: new connections get the new certificate, old ones
 * go on with theirs. When anything is wrong the old one is kept and the
 * error returned (the caller logs it). Any thread. */
MUST_CHECK enum status tls_server_reload(struct tls_server *s, int64_t now_ms,
                                         struct tls_error *why);

/* True when a file's identity (device, inode, size, mtime) is not what it
 * was at the last open or reload that tried it. Cheap: two stat calls. */
bool tls_server_files_changed(struct tls_server *s);

/* After the last connection has been closed. */
void tls_server_close(struct tls_server *s);

/* --- connections, both sides ------------------------------------------- */

struct tls_conn;

enum tls_handshake { TLS_FULL, TLS_RESUMED, TLS_FAILED };

/* Handshake as server on a connected, non-blocking socket, by a monotonic
 * deadline. The socket stays the caller's. ST_OK and *out, else ST_TIMEOUT,
 * ST_BAD_INPUT (the peer broke the protocol or speaks something else),
 * ST_NO_MEMORY, ST_BUSY (the connection went away). Counts
 * METRIC_TLS_HANDSHAKES, but not a peer that left without a word. */
MUST_CHECK enum status tls_accept(struct tls_server *s, int fd,
                                  int64_t deadline_ms, struct tls_conn **out);

enum tls_verify {
    TLS_VERIFY_NONE, /* encrypted only: sslmode=require without a CA */
    TLS_VERIFY_CA,   /* the chain, not the name */
    TLS_VERIFY_FULL  /* the chain and the name */
};

struct tls_client; /* trust anchors, read once */

/* ca_path: PEM bundle; NULL or "": the system's (/etc/ssl/certs/
 * ca-certificates.crt and its usual other places). */
MUST_CHECK enum status tls_client_open(const char *ca_path,
                                       enum tls_verify verify,
                                       struct tls_client **out,
                                       struct tls_error *why);
void tls_client_close(struct tls_client *c);

/* Handshake as client on a connected socket, blocking or not, by a monotonic
 * deadline. host goes into SNI when it is a name, and is what
 * TLS_VERIFY_FULL checks (names and addresses). As tls_accept, and
 * ST_FORBIDDEN for a certificate that is not trusted, has expired or is not
 * the host's. */
MUST_CHECK enum status tls_connect(struct tls_client *c, int fd,
                                   const char *host, int64_t deadline_ms,
                                   struct tls_conn **out,
                                   struct tls_error *why);

/* The same in steps, for a caller that waits in a loop of its own: after
 * tls_begin, tls_step until *events is 0; meanwhile *events is what to poll
 * the socket for before the next one. After an error, too, tls_close. With
 * sni false, host is not sent. */
MUST_CHECK enum status tls_begin(struct tls_client *c, int fd, const char *host,
                                 bool sni, struct tls_conn **out,
                                 struct tls_error *why);
MUST_CHECK enum status tls_step(struct tls_conn *c, short *events,
                                struct tls_error *why);

enum { TLS_END_POINT_MAX_BYTES = 64 };

/* The hash of the server's certificate that RFC 5929 calls
 * tls-server-end-point; its length, 0 when there is none (the certificate
 * is signed with a hash that is not known, or this is a server's side). */
size_t tls_end_point(const struct tls_conn *c,
                     unsigned char out[TLS_END_POINT_MAX_BYTES]);

/* Bytes read (> 0), 0 at the end of the stream (close_notify, or the peer
 * just left), -1 with errno: EAGAIN when nothing has come, else an error.
 * Never blocks. One thread at a time. */
ssize_t tls_read(struct tls_conn *c, void *out, size_t n_bytes);

/* The same, but when nothing has come yet it waits in recv for something, if
 * the socket blocks, as long as SO_RCVTIMEO says. What comes may be less than
 * a record: EAGAIN then, too. */
ssize_t tls_read_first(struct tls_conn *c, void *out, size_t n_bytes);

/* Bytes taken (> 0), or -1 with errno: EAGAIN when the socket takes no more
 * for now. Never blocks, never raises SIGPIPE. more: another write follows,
 * with which the last bytes may wait. Without it, what was taken is
 * encrypted and sent as far as the socket takes it: call tls_flush until it
 * is 0. */
ssize_t tls_write(struct tls_conn *c, const void *bytes, size_t n_bytes,
                  bool more);
int tls_flush(struct tls_conn *c); /* 0: all sent; -1 with errno */

/* Decrypted bytes that tls_read would give without asking the socket: at
 * least one when there are any, since what was received already is looked
 * at too (read-ahead); so nobody polls a socket whose data is here. 1 also
 * when tls_read would say that the stream has ended. */
size_t tls_pending(struct tls_conn *c);

/* Sends close_notify if it fits into the socket, waits for nothing, frees.
 * The socket stays open. NULL is fine. */
void tls_close(struct tls_conn *c);

#endif
