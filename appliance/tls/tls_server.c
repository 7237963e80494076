/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/rand.h"
#include "tls/conn.h"
#include "tls/credentials.h"
#include "tls/sessions.h"

/* A certificate in use. Connections hold the one they began with; it goes
 * when the last of them has ended and a newer one has taken its place. */
struct identity {
    int held; /* guarded by tls_server.lock */
    uint64_t epoch;
    struct credentials credentials;
    br_ssl_server_context template;
};

struct file_id { /* all zero: no such file */
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed;
};

struct tls_server {
    char *cert_path, *key_path;
    struct log *log;
    struct crypto crypto;
    struct sessions *sessions;

    pthread_mutex_t reload; /* one at a time; taken before lock */
    pthread_mutex_t lock;   /* guards everything below */
    struct identity *now;   /* held */
    struct file_id cert_seen, key_seen;
};

/* --- sessions ----------------------------------------------------------- */

static struct seat *seat_of(const br_ssl_session_cache_class **class)
{
    return (struct seat *)(void *)class;
}

static void save_session(const br_ssl_session_cache_class **class,
                         br_ssl_server_context *context,
                         const br_ssl_session_parameters *session)
{
    struct seat *seat = seat_of(class);

    (void)context;
    seat->made = true;
    sessions_put(seat->server->sessions, seat->identity->epoch, clock_mono_ms(),
                 session);
}

static int load_session(const br_ssl_session_cache_class **class,
                        br_ssl_server_context *context,
                        br_ssl_session_parameters *session)
{
    struct seat *seat = seat_of(class);

    (void)context;
    seat->found = sessions_get(seat->server->sessions, seat->identity->epoch,
                               clock_mono_ms(), session);
    return seat->found;
}

static const br_ssl_session_cache_class seat_vtable = {
    .context_size = sizeof(struct seat),
    .save = save_session,
    .load = load_session,
};

/* --- identities --------------------------------------------------------- */

static void set_certificate(const struct tls_server *s,
                            const struct identity *id,
                            br_ssl_server_context *context)
{
    const struct credentials *c = &id->credentials;

    if (c->key.type == BR_KEYTYPE_EC)
        br_ssl_server_set_single_ec(context, c->chain, c->n_chain, &c->key.ec,
                                    BR_KEYTYPE_SIGN, 0, s->crypto.curves,
                                    s->crypto.ecdsa_sign);
    else /* 0: no decryption, since all suites are ECDHE */
        br_ssl_server_set_single_rsa(context, c->chain, c->n_chain, &c->key.rsa,
                                     BR_KEYTYPE_SIGN, 0, s->crypto.rsa_sign);
}

/* The context that connections copy. It is reset once, so that BearSSL asks
 * the system for randomness here and not in each copy; conn_prepare gives
 * each copy its own. */
static void prepare_template(const struct tls_server *s, struct identity *id)
{
    static const char *const protocols[] = { "http/1.1" };
    br_ssl_server_context *t = &id->template;
    unsigned char unused_in[1024], unused_out[1024];
    uint16_t suites[CRYPTO_SUITES];

    br_ssl_server_zero(t);
    crypto_engine(&s->crypto, &t->eng);
    crypto_suites(&s->crypto, id->credentials.key.type, suites);
    br_ssl_engine_set_suites(&t->eng, suites, COUNT(suites));
    br_ssl_engine_set_ec(&t->eng, &s->crypto.exchange);
    br_ssl_engine_set_protocol_names(&t->eng, (const char **)protocols,
                                     COUNT(protocols)); /* only read */
    br_ssl_engine_add_flags(&t->eng, BR_OPT_ENFORCE_SERVER_PREFERENCES |
                                         BR_OPT_FAIL_ON_ALPN_MISMATCH);
    set_certificate(s, id, t);
    br_ssl_engine_set_buffers_bidi(&t->eng, unused_in, sizeof(unused_in),
                                   unused_out, sizeof(unused_out));
    br_ssl_server_reset(t);
}

static struct identity *hold(struct tls_server *s)
{
    struct identity *id;

    pthread_mutex_lock(&s->lock);
    id = s->now;
    id->held++;
    pthread_mutex_unlock(&s->lock);
    return id;
}

static void identity_free(struct identity *id)
{
    credentials_close(&id->credentials);
    mem_give(id);
}

static void let_go(struct tls_server *s, struct identity *id)
{
    bool last;

    pthread_mutex_lock(&s->lock);
    last = --id->held == 0;
    pthread_mutex_unlock(&s->lock);
    if (last)
        identity_free(id);
}

void server_let_go(struct tls_conn *c)
{
    if (c->seat.identity != NULL)
        let_go(c->seat.server, c->seat.identity);
}

static void log_dates(const struct tls_server *s, const struct cert *leaf,
                      int64_t now_ms)
{
    const bool expired = leaf->not_after_ms < now_ms;
    char time[CLOCK_RFC3339_LEN];

    if (!expired && leaf->not_before_ms <= now_ms)
        return;
    clock_rfc3339(expired ? leaf->not_after_ms : leaf->not_before_ms, time);
    LOG(s->log, LOG_WARN,
        expired ? "certificate_expired" : "certificate_not_yet_valid",
        LOG_Z("file", s->cert_path),
        LOG_S(expired ? "since" : "until",
              ((struct str){ time, sizeof(time) })));
}

static enum status identity_read(struct tls_server *s, struct identity **out,
                                 struct tls_error *why)
{
    struct identity *id = mem_take(sizeof(*id));
    enum status st;

    if (id == NULL) {
        (void)tls_fail(why, ST_NO_MEMORY, "short of memory");
        return ST_NO_MEMORY;
    }
    st = credentials_read(s->cert_path, s->key_path, &s->crypto,
                          &id->credentials, why);
    if (st != ST_OK) {
        mem_give(id);
        return st;
    }
    prepare_template(s, id);
    id->held = 1;
    *out = id;
    return ST_OK;
}

/* --- the files ---------------------------------------------------------- */

static struct file_id file_id(const char *path)
{
    struct file_id id = { .size = 0 };
    struct stat info;

    if (stat(path, &info) == 0) {
        id.device = info.st_dev;
        id.inode = info.st_ino;
        id.size = info.st_size;
        id.changed = info.st_mtim;
    }
    return id;
}

static bool file_id_eq(const struct file_id *a, const struct file_id *b)
{
    return a->device == b->device && a->inode == b->inode &&
           a->size == b->size && a->changed.tv_sec == b->changed.tv_sec &&
           a->changed.tv_nsec == b->changed.tv_nsec;
}

/* Before they are read: what changes after that is seen the next time. */
static void look_at_files(struct tls_server *s)
{
    struct file_id cert = file_id(s->cert_path), key = file_id(s->key_path);

    pthread_mutex_lock(&s->lock);
    s->cert_seen = cert;
    s->key_seen = key;
    pthread_mutex_unlock(&s->lock);
}

bool tls_server_files_changed(struct tls_server *s)
{
    struct file_id cert = file_id(s->cert_path), key = file_id(s->key_path);
    bool changed;

    pthread_mutex_lock(&s->lock);
    changed =
        !file_id_eq(&cert, &s->cert_seen) || !file_id_eq(&key, &s->key_seen);
    pthread_mutex_unlock(&s->lock);
    return changed;
}

/* --- server ------------------------------------------------------------- */

static char *copy_of(const char *z)
{
    size_t n = strlen(z) + 1;
    char *p = mem_take(n);

    if (p != NULL)
        memcpy(p, z, n);
    return p;
}

static enum status server_new(const char *cert_path, const char *key_path,
                              struct log *log, struct tls_server **out)
{
    struct tls_server *s = mem_take(sizeof(*s));

    if (s == NULL)
        return ST_NO_MEMORY;
    s->log = log;
    pthread_mutex_init(&s->reload, NULL);
    pthread_mutex_init(&s->lock, NULL);
    crypto_choose(&s->crypto);
    s->cert_path = copy_of(cert_path);
    s->key_path = copy_of(key_path);
    if (s->cert_path == NULL || s->key_path == NULL ||
        sessions_open(&s->sessions) != ST_OK) {
        tls_server_close(s);
        return ST_NO_MEMORY;
    }
    *out = s;
    return ST_OK;
}

enum status tls_server_open(const char *cert_path, const char *key_path,
                            int64_t now_ms, struct log *log,
                            struct tls_server **out, struct tls_error *why)
{
    struct tls_server *s;
    enum status st = server_new(cert_path, key_path, log, &s);

    if (st != ST_OK)
        return tls_fail(why, st, "short of memory");
    look_at_files(s);
    st = identity_read(s, &s->now, why);
    if (st != ST_OK) {
        tls_server_close(s);
        return st;
    }
    log_dates(s, &s->now->credentials.leaf, now_ms);
    *out = s;
    return ST_OK;
}

void tls_server_close(struct tls_server *s)
{
    if (s == NULL)
        return;
    if (s->now != NULL)
        let_go(s, s->now);
    sessions_close(s->sessions);
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->reload);
    mem_give(s->cert_path);
    mem_give(s->key_path);
    mem_give(s);
}

/* False when both say the same; then *id stays as it is, else it becomes
 * the old one. */
static bool take_over(struct tls_server *s, struct identity **id)
{
    struct identity *old;
    bool new;

    pthread_mutex_lock(&s->lock);
    old = s->now;
    new = !credentials_same(&old->credentials, &(*id)->credentials);
    if (new) {
        (*id)->epoch = old->epoch + 1;
        s->now = *id;
        *id = old;
    }
    pthread_mutex_unlock(&s->lock);
    return new;
}

enum status tls_server_reload(struct tls_server *s, int64_t now_ms,
                              struct tls_error *why)
{
    struct identity *id = NULL;
    struct cert leaf;
    bool new = false;
    enum status st;

    pthread_mutex_lock(&s->reload);
    look_at_files(s);
    st = identity_read(s, &id, why);
    if (st == ST_OK) {
        leaf = id->credentials.leaf;
        new = take_over(s, &id);
        let_go(s, id);
    }
    pthread_mutex_unlock(&s->reload);
    if (new)
        log_dates(s, &leaf, now_ms); /* only its dates: the rest may go */
    return st;
}

/* --- accepting ---------------------------------------------------------- */

static enum status begin(struct tls_conn *c, struct tls_server *s)
{
    br_ssl_server_context *context = &c->context.server;

    c->seat.vtable = &seat_vtable;
    c->seat.server = s;
    c->seat.identity = hold(s);
    *context = c->seat.identity->template;
    set_certificate(s, c->seat.identity, context); /* it points inside */
    br_ssl_server_set_cache(context, &c->seat.vtable);
    conn_prepare(c, &context->eng);
    if (!br_ssl_server_reset(context))
        return ST_BUG;
    /* Else an alert before a version was agreed on would say 0.0. */
    context->eng.version_out = BR_TLS12;
    return ST_OK;
}

static void count(enum tls_handshake result)
{
    metrics_add(METRIC_TLS_HANDSHAKES, METRIC_AT(result), 1);
}

enum status tls_accept(struct tls_server *s, int fd, int64_t deadline_ms,
                       struct tls_conn **out)
{
    struct tls_conn *c;
    enum status st = conn_new(fd, &c);

    if (st != ST_OK) {
        count(TLS_FAILED);
        return st;
    }
    st = begin(c, s);
    if (st == ST_OK)
        st = conn_handshake(c, deadline_ms);
    if (st != ST_OK) {
        if (c->heard || st != ST_BUSY) /* else nobody began one */
            count(TLS_FAILED);
        conn_free(c);
        return st;
    }
    count(c->seat.found && !c->seat.made ? TLS_RESUMED : TLS_FULL);
    *out = c;
    return ST_OK;
}
