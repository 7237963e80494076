/* SPDX-License-Identifier: MIT */
/* The seam between civetweb and tls/. civetweb.c, built with USE_MBEDTLS,
 * includes a file of this name and takes from it a TLS library's types and
 * functions; these are ours, and only forward. */
#include "http/seam.h"
#include "tls/tls.h"

typedef struct tls_conn SSL;
typedef struct {
	int unused; /* the certificate belongs to struct server */
} SSL_CTX;

#define MBEDTLS_ERR_SSL_WANT_READ (-1)
#define MBEDTLS_ERR_SSL_WANT_WRITE (-2)
#define MBEDTLS_ERR_SSL_ASYNC_IN_PROGRESS (-3)

static int
mbed_sslctx_init(SSL_CTX *ctx, const char *crt)
{
	(void)ctx;
	(void)crt;
	return 0;
}

static void
mbed_sslctx_uninit(SSL_CTX *ctx)
{
	(void)ctx;
}

static int
mbed_ssl_accept(SSL **ssl, SSL_CTX *ctx, int *sock, struct mg_context *phys)
{
	(void)ctx;
	return seam_accept(mg_get_user_data(phys),
	                   mg_get_thread_pointer(NULL),
	                   *sock,
	                   ssl);
}

static int
mbed_ssl_read(SSL *ssl, unsigned char *buf, int len)
{
	ssize_t n = tls_read(ssl, buf, (size_t)len);

	if (n > 0)
		return (int)n;
	return (n < 0 && errno == EAGAIN) ? MBEDTLS_ERR_SSL_WANT_READ : -100;
}

static int
mbed_ssl_write(SSL *ssl, const unsigned char *buf, int len)
{
	ssize_t n = tls_write(ssl, buf, (size_t)len, false);

	if (n > 0)
		return (int)n;
	return (n < 0 && errno == EAGAIN) ? MBEDTLS_ERR_SSL_WANT_WRITE : -100;
}

static int
mbedtls_ssl_get_bytes_avail(SSL *ssl)
{
	size_t n = tls_pending(ssl);

	return n > INT_MAX ? INT_MAX : (int)n;
}

static void
mbed_ssl_close(SSL *ssl)
{
	tls_close(ssl);
}
