/* SPDX-License-Identifier: MIT */
#include "auth/limits.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "auth/buckets.h"
#include "auth/failures.h"
#include "auth/rates.h"
#include "auth/share.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/rand.h"

enum {
    STRANGERS_BITS = 12, /* 32,768 addresses and classes, 1 MiB */
    ACCOUNTS_BITS = 10,
    /* Proofs that are wrong: a browser shows a dead cookie once. */
    PROOFS = LIMIT__COUNT,
    PROOFS_MAX = 600,
    PROOFS_WINDOW_MS = 60000,
    FIELD_MAX_BYTES = 96,
    MESSAGE_MAX_BYTES = 160,
    ALL = 1000000,     /* more than any count of failures */
    TRYING_MS = 60000, /* what a replica that was killed left unended */
    WAIT_MS = 5000,    /* for attempts of others on the same */
    LOOK_AGAIN_MS = 50,
    CALL_MS = 100
};

/* By address: who has no account cannot push out the counts of who has. */
enum table { STRANGERS, ACCOUNTS };

struct limits {
    struct cache *cache; /* NULL: nothing is shared */
    struct log *log;
    uint64_t seed[2];
    struct rate rate[LIMIT__COUNT + 1];
    char field_bytes[LIMIT__COUNT][FIELD_MAX_BYTES];
    struct str field[LIMIT__COUNT]; /* both headers, as far as they are always
                                     * the same */
    struct buckets *tables[SHARE_TABLES];
    struct failures *failures;
    struct share *share; /* NULL: nothing is shared */
};

/* --- opening ---------------------------------------------------------------
 */

static void set_seed(struct limits *l, struct str secret)
{
    uint8_t hash[SHA256_LEN];

    rand_bytes(l->seed, sizeof(l->seed));
    if (secret.len == 0)
        return;
    sha256(secret, hash);
    memcpy(l->seed, hash, sizeof(l->seed));
}

static void write_field(struct limits *l, enum limit_class what)
{
    const struct rate *r = &l->rate[what];
    int n = snprintf(l->field_bytes[what], FIELD_MAX_BYTES,
                     "RateLimit-Policy: \"%s\";q=%lld;w=%lld\r\n"
                     "RateLimit: \"%s\";r=",
                     rate_name(what), (long long)r->n,
                     (long long)r->window_ms / 1000, rate_name(what));

    assert(n > 0 && n < FIELD_MAX_BYTES);
    l->field[what] = (struct str){ l->field_bytes[what], (size_t)n };
}

static void set_rates(struct limits *l, const struct limits_conf *conf)
{
    for (int i = 0; i < LIMIT__COUNT; i++) {
        l->rate[i] = conf->rate[i];
        write_field(l, (enum limit_class)i);
    }
    if (conf->rate[LIMIT_SIGN_IN].n > 0)
        l->rate[PROOFS] = (struct rate){ PROOFS_MAX, PROOFS_WINDOW_MS };
}

static enum status open_shared(struct limits *l, const struct limits_conf *conf)
{
    struct cache_state state;

    if (conf->cache == NULL || conf->secret.len == 0)
        return ST_OK;
    cache_state(conf->cache, &state);
    if (state.redis == CACHE_REDIS_NONE)
        return ST_OK;
    l->cache = conf->cache;
    return share_open(conf->cache, l->tables, l->failures, &l->share);
}

enum status limits_open(const struct limits_conf *conf, struct limits **out)
{
    struct limits *l = mem_take(sizeof(*l));
    enum status st;

    if (l == NULL)
        return ST_NO_MEMORY;
    l->log = conf->log;
    set_seed(l, conf->secret);
    set_rates(l, conf);
    st = buckets_open(STRANGERS_BITS, l->rate, &l->tables[STRANGERS]);
    if (st == ST_OK)
        st = buckets_open(ACCOUNTS_BITS, l->rate, &l->tables[ACCOUNTS]);
    if (st == ST_OK)
        st = failures_open(&l->failures);
    if (st == ST_OK)
        st = open_shared(l, conf);
    if (st == ST_OK)
        *out = l;
    else
        limits_close(l);
    return st;
}

void limits_close(struct limits *l)
{
    if (l == NULL)
        return;
    share_close(l->share);
    failures_close(l->failures);
    for (int i = 0; i < SHARE_TABLES; i++)
        buckets_close(l->tables[i]);
    mem_give(l);
}

/* --- who it is -------------------------------------------------------------
 */

/* What a tag is a hash of. */
struct counted {
    uint64_t kind; /* what is counted, of whom */
    uint8_t who[16];
};

enum { OF_ADDRESS = 1 << 8, OF_ACCOUNT = 2 << 8, OF_KEY = 3 << 8 };

/* 0 is no tag: it marks what is free. */
static uint64_t tag_of(const struct limits *l, struct str bytes)
{
    uint64_t tag = map_hash(l->seed, bytes);

    return tag == 0 ? 1 : tag;
}

static uint64_t tag_counted(const struct limits *l, const struct counted *c)
{
    return tag_of(l, (struct str){ (const char *)c, sizeof(*c) });
}

static bool is_four(const struct address *a)
{
    static const uint8_t mapped[12] = { [10] = 0xFF, 0xFF };

    return bytes_equal((const char *)a->bytes, (const char *)mapped, 12);
}

static uint64_t tag_address(const struct limits *l, unsigned what,
                            const struct address *a)
{
    struct counted c = { .kind = what | OF_ADDRESS };

    memcpy(c.who, a->bytes, is_four(a) ? 16 : 8);
    return tag_counted(l, &c);
}

static uint64_t tag_number(const struct limits *l, uint64_t kind, int64_t id)
{
    struct counted c = { .kind = kind };

    memcpy(c.who, &id, sizeof(id));
    return tag_counted(l, &c);
}

static uint64_t tag_who(const struct limits *l, enum limit_class what,
                        const struct request *rq, enum table *table)
{
    *table = STRANGERS;
    if (what == LIMIT_SIGN_IN)
        return tag_address(l, what, &rq->client);
    *table = ACCOUNTS;
    if (rq->who.id > 0)
        return tag_number(l, what | OF_ACCOUNT, rq->who.id);
    if (rq->who.proof == PROOF_KEY)
        return tag_number(l, what | OF_KEY, rq->who.proof_id);
    *table = STRANGERS;
    return tag_address(l, what, &rq->client);
}

/* --- what is told ----------------------------------------------------------
 */

static int64_t seconds_of(int64_t ms)
{
    return ms <= 1000 ? 1 : (ms + 999) / 1000;
}

/* "37 seconds", "15 minutes": of more than 90 seconds nobody wants the last. */
static void add_wait(struct buf *b, int64_t seconds, enum lang lang)
{
    bool minutes = seconds > 90;
    int64_t n = minutes ? (seconds + 59) / 60 : seconds;

    buf_add_int(b, n);
    if (minutes)
        buf_add(b, STR(" minutes"));
    else
        buf_add(b, lang == LANG_FR ? STR(" seconde") : STR(" second"));
    if (!minutes && n > 1)
        buf_add(b, STR("s"));
}

static enum status refuse(const struct request *rq, struct reply *rp,
                          const struct str why[LANG__COUNT], int64_t left_ms)
{
    int64_t seconds = seconds_of(left_ms);
    char number[24];
    struct buf b;

    snprintf(number, sizeof(number), "%lld", (long long)seconds);
    reply_header(rp, STR("Retry-After"), str_of(number));
    buf_init(&b, rq->arena, MESSAGE_MAX_BYTES);
    buf_add(&b, why[rq->lang]);
    add_wait(&b, seconds, rq->lang);
    if (buf_done(&b, &rp->message) != ST_OK)
        rp->message = STR_NONE;
    return ST_TOO_MANY;
}

static enum status refuse_rate(const struct request *rq, struct reply *rp,
                               enum limit_class what, int64_t left_ms)
{
    static const struct str why[LANG__COUNT] = {
        STR_INIT("too many requests: try again in "),
        STR_INIT("trop de requêtes : réessayez dans ")
    };

    metrics_add(METRIC_RATE_LIMITED, METRIC_AT((unsigned)what - LIMIT_READ), 1);
    return refuse(rq, rp, why, left_ms);
}

static enum status refuse_attempt(const struct request *rq, struct reply *rp,
                                  int64_t left_ms)
{
    static const struct str why[LANG__COUNT] = {
        STR_INIT("too many attempts failed: try again in "),
        STR_INIT("trop de tentatives ont échoué : réessayez dans ")
    };

    return refuse(rq, rp, why, left_ms);
}

/* --- rates -----------------------------------------------------------------
 */

/* Time is that of the request, so that no clock is read. */
static int64_t now_of(const struct request *rq)
{
    return rq->start_us / 1000;
}

static void take(struct limits *l, enum table table, uint64_t tag,
                 unsigned what, const struct request *rq, struct taken *out)
{
    buckets_take(l->tables[table], tag, what, now_of(rq), out);
    if (out->tell && l->share != NULL)
        share_note(l->share, table, tag);
}

enum status limits_request(struct limits *l, enum limit_class what,
                           const struct request *rq, struct reply *rp)
{
    struct taken taken;
    enum table table;
    uint64_t tag;

    assert(what < LIMIT__COUNT);
    if (l->rate[what].n == 0)
        return ST_OK;
    tag = tag_who(l, what, rq, &table);
    take(l, table, tag, what, rq, &taken);
    buf_add(&rp->headers, l->field[what]);
    buf_add_int(&rp->headers, taken.room);
    buf_add(&rp->headers, STR(";t="));
    buf_add_int(&rp->headers, seconds_of(taken.left_ms));
    buf_add(&rp->headers, STR("\r\n"));
    return taken.ok ? ST_OK : refuse_rate(rq, rp, what, taken.left_ms);
}

enum status limits_unknown_proof(struct limits *l, const struct request *rq,
                                 struct reply *rp)
{
    struct taken taken;

    if (l->rate[PROOFS].n == 0)
        return ST_OK;
    take(l, STRANGERS, tag_address(l, PROOFS, &rq->client), PROOFS, rq, &taken);
    return taken.ok ? ST_OK : refuse_rate(rq, rp, LIMIT_SIGN_IN, taken.left_ms);
}

void limits_proof_right(struct limits *l, const struct request *rq)
{
    if (l->rate[PROOFS].n > 0)
        buckets_give(l->tables[STRANGERS], tag_address(l, PROOFS, &rq->client));
}

/* --- failures to sign in ---------------------------------------------------
 */

/* Without what may stand around it, in small letters; what is too long to be
 * an address counts by its beginning. */
static uint64_t tag_identity(const struct limits *l, struct str identity)
{
    char text[512];
    size_t n = 0;

    while (identity.len > 0 && (unsigned char)*identity.ptr <= ' ')
        identity.ptr++, identity.len--;
    while (identity.len > 0 &&
           (unsigned char)identity.ptr[identity.len - 1] <= ' ')
        identity.len--;
    for (; n < identity.len && n < sizeof(text); n++) {
        char c = identity.ptr[n];

        text[n] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    return tag_of(l, (struct str){ text, n });
}

/* The counters of an attempt in Redis. */
enum { TRYING, FAILED = BY__COUNT, CLEARED = 2 * BY__COUNT, N_SHARED };

/* add: of each. An attempt that begins is told before it is asked who has
 * failed, and a failure before its attempt ends, so that nobody sees too few
 * of both. */
static enum status count_shared(const struct attempt *at,
                                const int64_t add[N_SHARED], struct known *out)
{
    static const char kinds[] = TRYING_KINDS FAILED_KINDS "c";
    size_t first = add[TRYING] > 0 ? TRYING : FAILED;
    struct counter counter[N_SHARED], *of[N_SHARED];
    char name[N_SHARED][TAG_NAME_LEN];
    enum status st;

    for (size_t i = 0; i < N_SHARED; i++) {
        size_t what = (first + i) % N_SHARED;
        uint64_t tag =
            what == CLEARED ? at->tag[BY_ACCOUNT] : at->tag[what % BY__COUNT];

        of[what] = &counter[i];
        counter[i] =
            (struct counter){ .key = tag_name(kinds[what], tag, name[i]),
                              .add = add[what],
                              .window_ms = what < FAILED ? TRYING_MS
                                                         : FAILURES_WINDOW_MS };
    }
    /* Not the request's deadline: how it ended is told after that, too. */
    st = cache_count(at->limits->cache, counter, N_SHARED,
                     clock_mono_ms() + CALL_MS);
    for (size_t by = 0; st == ST_OK && by < BY__COUNT; by++) {
        out->failed[by] = of[FAILED + by]->total;
        out->left_ms[by] = of[FAILED + by]->left_ms;
        out->trying[by] = of[TRYING + by]->total;
    }
    if (st == ST_OK)
        out->n_cleared = of[CLEARED]->total;
    return st;
}

/* Told that it is no longer tried, and what else there is to tell. What is not
 * heard ends with its window. */
static void end_shared(const struct attempt *at, int64_t failed,
                       int64_t account_failed, int64_t cleared,
                       struct known *out)
{
    int64_t tried = at->shared ? -1 : 0;
    const int64_t add[N_SHARED] = { tried, tried, failed, account_failed,
                                    cleared };
    int64_t rest_ms;

    if (at->limits->cache != NULL && count_shared(at, add, out) == ST_OK)
        (void)failures_learn(at->limits->failures, at->tag, out, at->now_ms,
                             &rest_ms);
}

/* Here, then with the others. */
static enum gate try_begin(struct attempt *at, int64_t *rest_ms)
{
    static const int64_t one[N_SHARED] = { 1, 1, 0, 0, 0 };
    struct failures *f = at->limits->failures;
    enum gate g = failures_begin(f, at->tag, at->now_ms, rest_ms);
    struct known known;

    if (g != GATE_OPEN)
        return g;
    at->shared =
        at->limits->cache != NULL && count_shared(at, one, &known) == ST_OK;
    if (at->shared)
        g = failures_learn(f, at->tag, &known, at->now_ms, rest_ms);
    if (g != GATE_OPEN)
        attempt_undone(at);
    return g;
}

static enum status refuse_crowd(struct reply *rp)
{
    reply_header(rp, STR("Retry-After"), STR("1"));
    return ST_BUSY;
}

enum status attempt_begin(struct limits *l, const struct request *rq,
                          struct reply *rp, struct str identity,
                          struct attempt *out)
{
    int64_t until_ms = clock_mono_ms() + WAIT_MS, rest_ms;
    enum gate g;

    if (until_ms > rq->deadline_ms)
        until_ms = rq->deadline_ms;
    *out = (struct attempt){ .limits = l, .now_ms = now_of(rq) };
    out->tag[BY_ADDRESS] = tag_address(l, 0, &rq->client);
    out->tag[BY_ACCOUNT] = tag_identity(l, identity);
    while ((g = try_begin(out, &rest_ms)) == GATE_CROWDED) {
        int64_t now_ms = clock_mono_ms();

        /* Others do not say when theirs end. */
        if (now_ms >= until_ms ||
            !failures_wait(l->failures, now_ms + LOOK_AGAIN_MS))
            return refuse_crowd(rp);
    }
    return g == GATE_SHUT ? refuse_attempt(rq, rp, rest_ms) : ST_OK;
}

void attempt_wrong(const struct attempt *at, bool shut[BY__COUNT])
{
    struct limits *l = at->limits;
    struct known known = { .n_cleared = 0 };

    for (int by = 0; by < BY__COUNT; by++)
        shut[by] = failures_add(l->failures, (enum failed_by)by, at->tag[by],
                                at->now_ms) >= FAILURES_MAX;
    if (l->share != NULL)
        share_failed(l->share);
    end_shared(at, 1, 1, 0, &known);
    failures_end(l->failures, at->tag);
    for (unsigned by = 0; by < BY__COUNT; by++) {
        shut[by] = shut[by] || known.failed[by] >= FAILURES_MAX;
        if (shut[by])
            metrics_add(METRIC_AUTH_LOCKOUTS, METRIC_AT(by), 1);
    }
}

void attempt_right(const struct attempt *at)
{
    struct known known;

    end_shared(at, 0, -ALL, 1, &known);
    failures_forget(at->limits->failures, at->tag[BY_ACCOUNT]);
    failures_end(at->limits->failures, at->tag);
}

void attempt_undone(const struct attempt *at)
{
    struct known known;

    if (at->shared)
        end_shared(at, 0, 0, 0, &known);
    failures_end(at->limits->failures, at->tag);
}
