/* SPDX-License-Identifier: MIT */
#include "base/metrics.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"
#include "base/metrics_process.h"

enum { LABELS_MAX = 3, CACHE_LINE_BYTES = 64 };

/* Families of at most so many series show those at zero too. */
enum { FEW_SERIES = 16 };

enum label {
    LABEL_NONE,
    LABEL_ROUTE,
    LABEL_METHOD,
    LABEL_STATUS,
    LABEL_REASON,
    LABEL_HANDSHAKE,
    LABEL_CLASS,
    LABEL_OUTCOME,
    LABEL_POOL,
    LABEL_TIER,
    LABEL_LOOKUP,
    LABEL_BACKEND,
    LABEL_HOW,
    LABEL_SIGN_IN,
    LABEL_BY,
    LABEL_ENDED,
    LABEL_PROOF,
    LABEL_KEY,
    LABEL_LIMIT,
    LABEL__COUNT
};

#define VALUES(...)                                                            \
    (const char *const[]){ __VA_ARGS__ },                                      \
        sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *)

/* clang-format off */
static const struct {
    const char *name;
    const char *const *values;
    size_t n_values;
} labels[LABEL__COUNT] = {
    [LABEL_ROUTE]     = { "route",   VALUES("other") }, /* metrics_label */
    [LABEL_METHOD]    = { "method",  VALUES("GET", "HEAD", "POST", "PUT",
                                            "PATCH", "DELETE", "OPTIONS",
                                            "other") },
    [LABEL_STATUS]    = { "status",  VALUES("1xx", "2xx", "3xx", "4xx", "5xx",
                                            "other") },
    [LABEL_REASON]    = { "reason",  VALUES("other") }, /* metrics_label */
    [LABEL_HANDSHAKE] = { "result",  VALUES("full", "resumed", "failed",
                                            "other") },
    [LABEL_CLASS]     = { "class",   VALUES("read", "list", "count", "insert",
                                            "update", "delete", "schema",
                                            "other") },
    [LABEL_OUTCOME]   = { "result",  VALUES("ok", "error", "other") },
    [LABEL_POOL]      = { "pool",    VALUES("read", "write", "other") },
    [LABEL_TIER]      = { "tier",    VALUES("memory", "redis", "other") },
    [LABEL_LOOKUP]    = { "result",  VALUES("hit", "miss", "other") },
    [LABEL_BACKEND]   = { "backend", VALUES("store", "cache", "other") },
    [LABEL_HOW]       = { "how",     VALUES("password", "ticket", "refresh",
                                            "other") },
    [LABEL_SIGN_IN]   = { "result",  VALUES("ok", "wrong", "locked",
                                            "disabled", "busy", "other") },
    [LABEL_BY]        = { "by",      VALUES("address", "account", "other") },
    [LABEL_ENDED]     = { "reason",  VALUES("signed_out", "revoked",
                                            "password", "role", "disabled",
                                            "deleted", "expired", "other") },
    [LABEL_PROOF]     = { "proof",   VALUES("cookie", "token", "key",
                                            "other") },
    [LABEL_KEY]       = { "event",   VALUES("made", "used", "revoked",
                                            "other") },
    [LABEL_LIMIT]     = { "limit",   VALUES("read", "write", "sign_in",
                                            "export", "other") },
};

enum kind { COUNTER, HISTOGRAM, GAUGE };

static const struct family {
    const char *name; /* without _total */
    const char *unit; /* the end of the name, when it has one */
    const char *help;
    enum kind kind;
    enum label label[LABELS_MAX];
} families[METRIC__COUNT] = {
#define FAMILY(id, kind, name, unit, help, ...) \
    [METRIC_##id] = { "appliance_" name, unit, help, kind, { __VA_ARGS__ } }
    FAMILY(HTTP_REQUESTS, COUNTER, "http_requests", "",
           "Requests answered, by route pattern.",
           LABEL_ROUTE, LABEL_METHOD, LABEL_STATUS),
    FAMILY(HTTP_REFUSED, COUNTER, "http_refused_requests", "",
           "Requests refused before a route was known.", LABEL_REASON),
    FAMILY(HTTP_CONNECTIONS_OPENED, COUNTER, "http_connections_opened", "",
           "Connections accepted.", LABEL_NONE),
    FAMILY(HTTP_SENT_BYTES, COUNTER, "http_sent_bytes", "bytes",
           "Bytes of replies sent, before TLS.", LABEL_NONE),
    FAMILY(HTTP_RECEIVED_BYTES, COUNTER, "http_received_bytes", "bytes",
           "Bytes of requests received, after TLS.", LABEL_NONE),
    FAMILY(TLS_HANDSHAKES, COUNTER, "tls_handshakes", "",
           "TLS handshakes with clients.", LABEL_HANDSHAKE),
    FAMILY(STORE_QUERIES, COUNTER, "store_queries", "",
           "Statements run by the store.", LABEL_CLASS, LABEL_OUTCOME),
    FAMILY(STORE_POOL_WAITS, COUNTER, "store_pool_waits", "",
           "Times a connection of the store had to be waited for.",
           LABEL_POOL),
    FAMILY(STORE_RECONNECTS, COUNTER, "store_reconnects", "",
           "Connections to the store opened again.", LABEL_NONE),
    FAMILY(CACHE_LOOKUPS, COUNTER, "cache_lookups", "",
           "Values looked up in the cache.", LABEL_TIER, LABEL_LOOKUP),
    FAMILY(CACHE_FLIGHTS_SHARED, COUNTER, "cache_flights_shared", "",
           "Misses that waited for the answer of another.", LABEL_NONE),
    FAMILY(CACHE_EVICTIONS, COUNTER, "cache_evictions", "",
           "Values dropped from memory for want of room.", LABEL_NONE),
    FAMILY(CACHE_INVALIDATIONS, COUNTER, "cache_invalidations", "",
           "Times a collection's values were given up.", LABEL_NONE),
    FAMILY(REDIS_ERRORS, COUNTER, "redis_errors", "",
           "Redis commands that failed.", LABEL_NONE),
    FAMILY(LOG_DROPPED, COUNTER, "log_dropped_lines", "",
           "Log lines lost because nobody read them in time.", LABEL_NONE),
    FAMILY(AUTH_SIGN_INS, COUNTER, "auth_sign_ins", "",
           "Attempts to sign in.", LABEL_HOW, LABEL_SIGN_IN),
    FAMILY(AUTH_LOCKOUTS, COUNTER, "auth_lockouts", "",
           "Times that failures shut an address or an account out.",
           LABEL_BY),
    FAMILY(AUTH_SESSIONS_ENDED, COUNTER, "auth_sessions_ended", "",
           "Sessions that ended.", LABEL_ENDED),
    FAMILY(AUTH_REFUSED, COUNTER, "auth_refused_proofs", "",
           "Requests with a dead or wrong cookie, token or key.",
           LABEL_PROOF),
    FAMILY(AUTH_KEYS, COUNTER, "auth_api_keys", "",
           "API keys made and revoked, and requests made with one.",
           LABEL_KEY),
    FAMILY(AUTH_ROLE_CHANGES, COUNTER, "auth_role_changes", "",
           "Accounts that were given another role.", LABEL_NONE),
    FAMILY(RATE_LIMITED, COUNTER, "rate_limited_requests", "",
           "Requests refused by a rate limit.", LABEL_LIMIT),
    FAMILY(HTTP_DURATION, HISTOGRAM, "http_request_duration_seconds",
           "seconds", "From the end of the request's headers to its reply.",
           LABEL_ROUTE),
    FAMILY(STORE_DURATION, HISTOGRAM, "store_query_duration_seconds",
           "seconds", "Time that a statement took.", LABEL_CLASS),
    FAMILY(STORE_POOL_WAIT_DURATION, HISTOGRAM,
           "store_pool_wait_duration_seconds", "seconds",
           "Time spent waiting for a connection of the store.", LABEL_POOL),
    FAMILY(REDIS_DURATION, HISTOGRAM, "redis_command_duration_seconds",
           "seconds", "Time that a Redis command took.", LABEL_NONE),
    FAMILY(AUTH_HASH_DURATION, HISTOGRAM, "auth_hash_duration_seconds",
           "seconds", "Time that hashing a password took.", LABEL_NONE),
    FAMILY(HTTP_IN_FLIGHT, GAUGE, "http_requests_in_flight", "",
           "Requests being served.", LABEL_NONE),
    FAMILY(HTTP_CONNECTIONS_OPEN, GAUGE, "http_connections_open", "",
           "Open connections of clients.", LABEL_NONE),
    FAMILY(STORE_POOL_IN_USE, GAUGE, "store_pool_connections_in_use", "",
           "Connections of the store in use.", LABEL_POOL),
    FAMILY(STORE_POOL_SIZE, GAUGE, "store_pool_connections", "",
           "Connections of the store, in use or idle.", LABEL_POOL),
    FAMILY(CACHE_ENTRIES, GAUGE, "cache_entries", "",
           "Values held in memory.", LABEL_NONE),
    FAMILY(CACHE_BYTES, GAUGE, "cache_bytes", "bytes",
           "Bytes of the values held in memory.", LABEL_NONE),
    FAMILY(AUTH_HASH_WAITING, GAUGE, "auth_hash_waiting", "",
           "Passwords waiting to be hashed.", LABEL_NONE),
    FAMILY(BACKEND_UP, GAUGE, "backend_up", "",
           "Whether the backend answers.", LABEL_BACKEND),
    FAMILY(READY, GAUGE, "ready", "",
           "Whether this instance takes requests.", LABEL_NONE),
#undef FAMILY
};

static const struct {
    int64_t us;
    const char *le;
} buckets[] = {
    { 500, "0.0005" },   { 1000, "0.001" },   { 2500, "0.0025" },
    { 5000, "0.005" },   { 10000, "0.01" },   { 25000, "0.025" },
    { 50000, "0.05" },   { 100000, "0.1" },   { 250000, "0.25" },
    { 500000, "0.5" },   { 1000000, "1.0" },  { 2500000, "2.5" },
    { 5000000, "5.0" },  { 10000000, "10.0" },
};
/* clang-format on */

/* A histogram's series: the sum in microseconds, then a cell a bucket, the
 * last one for what is above them all. */
enum { BUCKETS = COUNT(buckets), HISTOGRAM_CELLS = 1 + BUCKETS + 1 };

typedef _Atomic int64_t cell;

/* What one thread counts. Written by its owner alone, read by the scrape;
 * when the thread ends, the next new one goes on counting here. */
struct shard {
    struct shard *next;
    _Atomic bool owned;
    cell *_Atomic cells[METRIC__COUNT]; /* NULL until first touched */
};

static struct {
    pthread_mutex_t lock; /* guards the list of shards and taking one */
    struct shard *_Atomic shards;
    struct shard *set; /* of metrics_set: written by any thread */
    pthread_key_t key;
    _Atomic unsigned generation; /* 0: closed; else of this opening */
    unsigned opened;
    const char *const *values[LABEL__COUNT];
    size_t n_values[LABEL__COUNT];
    unsigned dims[METRIC__COUNT][LABELS_MAX]; /* values of each label */
    const char *version, *commit;
    int64_t start_ms;
} registry = { .lock = PTHREAD_MUTEX_INITIALIZER };

static _Thread_local struct {
    struct shard *shard;
    unsigned generation;
} own;

static size_t n_series(enum metric m)
{
    const unsigned *n = registry.dims[m];

    return (size_t)n[0] * n[1] * n[2];
}

static size_t cells_per_series(enum metric m)
{
    return families[m].kind == HISTOGRAM ? HISTOGRAM_CELLS : 1;
}

/* An index past a list counts under its last value. */
static inline size_t series_of(enum metric m, struct metric_at at)
{
    const unsigned *n = registry.dims[m];
    unsigned i = at.label[0] < n[0] ? at.label[0] : n[0] - 1;
    unsigned j = at.label[1] < n[1] ? at.label[1] : n[1] - 1;
    unsigned k = at.label[2] < n[2] ? at.label[2] : n[2] - 1;

    return ((size_t)i * n[1] + j) * n[2] + k;
}

/* A line of its own before and after, so that no other thread's counters
 * share one. */
static cell *new_cells(struct shard *s, enum metric m)
{
    size_t n_bytes = n_series(m) * cells_per_series(m) * sizeof(cell);
    char *p = mem_take(n_bytes + 2 * CACHE_LINE_BYTES);
    cell *fresh, *there = NULL;

    if (p == NULL)
        return NULL;
    fresh = (cell *)(void *)(p + CACHE_LINE_BYTES);
    if (atomic_compare_exchange_strong(&s->cells[m], &there, fresh))
        return fresh;
    mem_give(p); /* another thread was first to set this one */
    return there;
}

static cell *cells_of(struct shard *s, enum metric m, struct metric_at at)
{
    cell *c = atomic_load_explicit(&s->cells[m], memory_order_acquire);

    if (c == NULL)
        c = new_cells(s, m);
    return c == NULL ? NULL : c + series_of(m, at) * cells_per_series(m);
}

static struct shard *take_shard_locked(void)
{
    struct shard *s;

    for (s = registry.shards; s != NULL; s = s->next)
        if (!s->owned && s != registry.set)
            break;
    if (s == NULL) {
        s = mem_take(sizeof(*s));
        if (s == NULL)
            return NULL;
        s->next = registry.shards;
        registry.shards = s;
    }
    s->owned = true;
    return s;
}

static void leave_shard(void *shard)
{
    ((struct shard *)shard)->owned = false;
    own.shard = NULL;
    own.generation = 0;
}

static void take_own(void)
{
    pthread_mutex_lock(&registry.lock);
    own.shard = NULL;
    if (registry.generation != 0) {
        own.shard = take_shard_locked();
        own.generation = registry.generation;
        /* If this fails, nobody goes on with the shard: no more than that. */
        if (own.shard != NULL)
            (void)pthread_setspecific(registry.key, own.shard);
    }
    pthread_mutex_unlock(&registry.lock);
}

static inline struct shard *own_shard(void)
{
    if (own.generation !=
            atomic_load_explicit(&registry.generation, memory_order_relaxed) ||
        own.shard == NULL)
        take_own();
    return own.shard;
}

/* Only the owner writes, so no read-modify-write is needed. */
static inline void bump(cell *c, int64_t n)
{
    atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

void metrics_add(enum metric m, struct metric_at at, int64_t n)
{
    struct shard *s = own_shard();
    cell *c = s == NULL ? NULL : cells_of(s, m, at);

    assert(families[m].kind != HISTOGRAM);
    if (c != NULL)
        bump(c, n);
}

void metrics_set(enum metric m, struct metric_at at, int64_t n)
{
    cell *c = registry.generation == 0 ? NULL : cells_of(registry.set, m, at);

    assert(families[m].kind != HISTOGRAM);
    if (c != NULL)
        atomic_store_explicit(c, n, memory_order_relaxed);
}

void metrics_observe_us(enum metric m, struct metric_at at, int64_t us)
{
    struct shard *s = own_shard();
    cell *c = s == NULL ? NULL : cells_of(s, m, at);
    size_t i = 0;

    assert(families[m].kind == HISTOGRAM);
    if (c == NULL)
        return;
    while (i < BUCKETS && us > buckets[i].us)
        i++;
    bump(c, us);
    bump(c + 1 + i, 1);
}

static int64_t sum_of(enum metric m, size_t i)
{
    int64_t sum = 0;

    for (struct shard *s = registry.shards; s != NULL; s = s->next) {
        cell *c = atomic_load_explicit(&s->cells[m], memory_order_acquire);

        if (c != NULL)
            sum += atomic_load_explicit(c + i, memory_order_relaxed);
    }
    return sum;
}

int64_t metrics_total(enum metric m)
{
    size_t step = cells_per_series(m), n = n_series(m) * step;
    int64_t total = 0;

    for (size_t i = 0; i < n; i++)
        if (step == 1 || i % step != 0) /* not the sum of durations */
            total += sum_of(m, i);
    return total;
}

static void measure(void)
{
    for (size_t m = 0; m < METRIC__COUNT; m++)
        for (size_t i = 0; i < LABELS_MAX; i++) {
            enum label l = families[m].label[i];

            registry.dims[m][i] =
                l == LABEL_NONE ? 1 : (unsigned)registry.n_values[l];
        }
}

/* Its values come from outside: the table has "other" alone. */
static bool is_open(size_t l)
{
    return labels[l].name != NULL && labels[l].n_values == 1;
}

void metrics_label(const char *label, const char *const *names, size_t n)
{
    assert(n > 0 && registry.generation != 0);
    for (size_t l = 0; l < LABEL__COUNT; l++) {
        if (!is_open(l) || strcmp(labels[l].name, label) != 0)
            continue;
        registry.values[l] = names;
        registry.n_values[l] = n;
    }
    measure();
}

enum status metrics_open(const char *version, const char *commit)
{
    assert(registry.generation == 0);
    registry.set = mem_take(sizeof(*registry.set));
    if (registry.set == NULL)
        return ST_NO_MEMORY;
    if (pthread_key_create(&registry.key, leave_shard) != 0) {
        mem_give(registry.set);
        return ST_NO_MEMORY;
    }
    registry.shards = registry.set;
    for (size_t l = 0; l < LABEL__COUNT; l++) {
        registry.values[l] = labels[l].values;
        registry.n_values[l] = labels[l].n_values;
    }
    measure();
    registry.version = version;
    registry.commit = commit;
    registry.start_ms = metrics_process_start_ms();
    registry.generation = ++registry.opened;
    return ST_OK;
}

void metrics_close(void)
{
    struct shard *s = registry.shards;

    if (registry.generation == 0)
        return;
    registry.generation = 0;
    pthread_key_delete(registry.key);
    registry.shards = NULL;
    while (s != NULL) {
        struct shard *next = s->next;

        for (size_t m = 0; m < METRIC__COUNT; m++)
            if (s->cells[m] != NULL)
                mem_give((char *)s->cells[m] - CACHE_LINE_BYTES);
        mem_give(s);
        s = next;
    }
}

/* --- the page ---------------------------------------------------------- */

/* As the exposition formats want it between quotes. */
static void add_escaped(struct buf *b, const char *z)
{
    for (; *z != '\0'; z++) {
        if (*z == '\\' || *z == '"' || *z == '\n')
            buf_add_char(b, '\\');
        buf_add_char(b, *z == '\n' ? 'n' : *z);
    }
}

void metrics_write_head(struct buf *b, enum metrics_format format,
                        const char *name, const char *type, const char *unit,
                        const char *help)
{
    bool open = format == METRICS_OPENMETRICS;
    const char *end = !open && strcmp(type, "counter") == 0 ? "_total" : "";

    buf_addf(b, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, end, help, name, end,
             type);
    if (open && unit[0] != '\0')
        buf_addf(b, "# UNIT %s %s\n", name, unit);
}

/* {route="/",method="GET"}, with le when it is not NULL. */
static void add_labels(struct buf *b, enum metric m,
                       const size_t index[LABELS_MAX], const char *le)
{
    char before = '{';

    for (size_t i = 0; i < LABELS_MAX; i++) {
        enum label l = families[m].label[i];

        if (l == LABEL_NONE)
            continue;
        buf_add_char(b, before);
        buf_add(b, str_of(labels[l].name));
        buf_add(b, STR("=\""));
        add_escaped(b, registry.values[l][index[i]]);
        buf_add_char(b, '"');
        before = ',';
    }
    if (le != NULL) {
        buf_add_char(b, before);
        buf_add(b, STR("le=\""));
        buf_add(b, str_of(le));
        buf_add_char(b, '"');
    }
    if (le != NULL || before == ',')
        buf_add_char(b, '}');
}

static void add_sample(struct buf *b, enum metric m, const char *end,
                       const size_t index[LABELS_MAX], const char *le)
{
    buf_add(b, str_of(families[m].name));
    buf_add(b, str_of(end));
    add_labels(b, m, index, le);
    buf_add_char(b, ' ');
}

static void add_histogram(struct buf *b, enum metric m, size_t at,
                          const size_t index[LABELS_MAX])
{
    int64_t n = 0;

    for (size_t i = 0; i <= BUCKETS; i++) {
        n += sum_of(m, at + 1 + i);
        add_sample(b, m, "_bucket", index,
                   i < BUCKETS ? buckets[i].le : "+Inf");
        buf_add_int(b, n);
        buf_add_char(b, '\n');
    }
    add_sample(b, m, "_sum", index, NULL);
    buf_add_decimal(b, sum_of(m, at), 6);
    buf_add_char(b, '\n');
    add_sample(b, m, "_count", index, NULL);
    buf_add_int(b, n);
    buf_add_char(b, '\n');
}

static void add_plain(struct buf *b, enum metric m, size_t at,
                      const size_t index[LABELS_MAX])
{
    add_sample(b, m, families[m].kind == COUNTER ? "_total" : "", index, NULL);
    buf_add_int(b, sum_of(m, at));
    buf_add_char(b, '\n');
}

static bool touched(enum metric m, size_t at)
{
    for (size_t i = 0; i < cells_per_series(m); i++)
        if (sum_of(m, at + i) != 0)
            return true;
    return false;
}

static void add_series(struct buf *b, enum metric m, size_t series)
{
    size_t at = series * cells_per_series(m), index[LABELS_MAX];
    size_t n_all = n_series(m);
    bool spare = n_all > (families[m].kind == HISTOGRAM ? 1 : FEW_SERIES);

    for (size_t i = LABELS_MAX; i-- > 0;) {
        size_t n = registry.dims[m][i];

        index[i] = series % n;
        series /= n;
        spare = spare || (n > 1 && index[i] == n - 1); /* "other" */
    }
    if (spare && !touched(m, at))
        return;
    if (families[m].kind == HISTOGRAM)
        add_histogram(b, m, at, index);
    else
        add_plain(b, m, at, index);
}

static void add_build(struct buf *b, enum metrics_format format)
{
    if (format == METRICS_OPENMETRICS)
        metrics_write_head(b, format, "appliance_build", "info", "",
                           "What is running.");
    else
        metrics_write_head(b, format, "appliance_build_info", "gauge", "",
                           "What is running.");
    buf_add(b, STR("appliance_build_info{version=\""));
    add_escaped(b, registry.version);
    buf_add(b, STR("\",commit=\""));
    add_escaped(b, registry.commit);
    buf_add(b, STR("\"} 1\n"));
}

void metrics_write(struct buf *b, enum metrics_format format)
{
    static const char *const types[] = { "counter", "histogram", "gauge" };

    assert(registry.generation != 0);
    for (size_t m = 0; m < METRIC__COUNT; m++) {
        const struct family *f = &families[m];

        metrics_write_head(b, format, f->name, types[f->kind], f->unit,
                           f->help);
        for (size_t i = 0; i < n_series((enum metric)m); i++)
            add_series(b, (enum metric)m, i);
    }
    add_build(b, format);
    metrics_process_write(b, format, registry.start_ms);
    if (format == METRICS_OPENMETRICS)
        buf_add(b, STR("# EOF\n"));
}
