/* SPDX-License-Identifier: MIT */
/* Idempotency-Key: the same request sent again gets the same answer and
 * changes nothing. A key is claimed before the work begins; what the answer
 * was is kept in the transaction of the work itself, so that a crash leaves
 * both or neither. All of it is in the store: it outlives a restart, and
 * holds for all replicas. */
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/enc.h"
#include "records/sql/keys.h"
#include "records/write/write.h"

enum {
    KEY_MAX_BYTES = 255,
    KEPT_MS = 24 * 60 * 60 * 1000,
    RUNS_MAX_MS = 20 * 60 * 1000, /* more than any deadline */
    GRACE_MS = 10 * 1000          /* clocks of replicas differ */
};

struct claim {
    struct str key, what; /* hashes */
    int64_t at, runs_ms;
    bool held;
};

/* --- after a crash ---------------------------------------------------------
 */

enum status keys_free_claims(struct store *store, int64_t now_ms)
{
    const struct value since = VALUE_I(now_ms - KEPT_MS);
    struct store_conn *c = NULL;
    enum status st;

    if (store_dialect(store) != STORE_SQLITE)
        return ST_OK;
    st = store_take(store, STORE_WRITE, clock_mono_ms() + GRACE_MS, &c);
    if (st == ST_OK)
        st = store_run(c, &sql_key_free_all, &since, NULL, NULL, NULL, NULL);
    store_give(c);
    return st;
}

/* --- whose, and for what ------------------------------------------------- */

static enum status hash(struct unit *u, struct str text, struct str *out)
{
    uint8_t digest[SHA256_LEN];
    struct buf b;

    sha256(text, digest);
    buf_init(&b, u->rq->arena, 2 * SHA256_LEN + 1);
    buf_add_hex(&b, digest, sizeof(digest));
    return buf_done(&b, out);
}

/* Strangers are told apart by where they are: nobody gets another's answer. */
static void add_caller(struct buf *b, const struct request *rq)
{
    char text[46];

    if (rq->who.proof == PROOF_KEY) {
        buf_add_char(b, 'k');
        buf_add_int(b, rq->who.proof_id);
    } else if (rq->who.id != 0) {
        buf_add_char(b, 'u');
        buf_add_int(b, rq->who.id);
    } else if (rq->who.is_admin) {
        buf_add(b, STR("token"));
    } else {
        buf_add(b, (struct str){ text, address_text(rq->client, text) });
    }
    buf_add_char(b, '\n');
}

static enum status hash_key(struct unit *u, struct str given, struct str *out)
{
    struct str text;
    struct buf b;
    enum status st;

    buf_init(&b, u->rq->arena, 512);
    add_caller(&b, u->rq);
    buf_add(&b, given);
    st = buf_done(&b, &text);
    return st == ST_OK ? hash(u, text, out) : st;
}

static bool is_secret(struct str key)
{
    return str_eq(key, STR("password")) || str_eq(key, STR("passwordConfirm"));
}

/* *found: one was left out. As deep as json_read goes. */
static void add_open(struct buf *b, const struct json *v, bool *found)
{
    bool object = json_kind(v) == JSON_OBJECT;
    struct json_iter it = json_iter(v);

    if (!object && json_kind(v) != JSON_ARRAY) {
        buf_add_json_value(b, v);
        return;
    }
    buf_add_char(b, object ? '{' : '[');
    while (json_next(&it)) {
        if (object) {
            buf_add_json(b, it.key);
            buf_add_char(b, ':');
        }
        if (object && is_secret(it.key))
            *found = true;
        else
            add_open(b, it.value, found);
        buf_add_char(b, ',');
    }
    buf_add_char(b, object ? '}' : ']');
}

/* A hash made so quickly would let who has the database try passwords a
 * billion times faster than what is kept of them: so they are no part of it. */
static enum status without_secrets(struct unit *u, struct str *body)
{
    static const struct str places[] = { STR_INIT("/users"),
                                         STR_INIT("/batch") };
    struct json_error why;
    const struct json *v;
    bool there = false, found = false;
    struct str open;
    struct buf b;
    enum status st;

    for (size_t i = 0; i < COUNT(places); i++)
        there |= memmem(u->rq->path.ptr, u->rq->path.len, places[i].ptr,
                        places[i].len) != NULL;
    if (!there || body->len == 0)
        return ST_OK;
    st = json_read(*body, u->rq->arena, &v, &why);
    if (st != ST_OK)
        return st == ST_BAD_INPUT ? ST_OK : st;
    buf_init(&b, u->rq->arena, 2 * RECORD_BODY_MAX_BYTES);
    add_open(&b, v, &found);
    st = buf_done(&b, &open);
    if (st == ST_OK && found)
        *body = open;
    return st;
}

/* The method, the address, and the body by its own hash: so large a text is
 * not copied. */
static enum status hash_request(struct unit *u, struct str *out)
{
    struct request *rq = u->rq;
    struct str body, text;
    struct buf b;
    enum status st = request_body(rq, RECORD_BODY_MAX_BYTES, &body);

    if (st == ST_OK)
        st = without_secrets(u, &body);
    if (st == ST_OK)
        st = hash(u, body, &body);
    if (st != ST_OK)
        return st;
    buf_init(&b, rq->arena, 64 * 1024);
    buf_add(&b, str_of(method_names[rq->method]));
    buf_add_char(&b, ' ');
    buf_add(&b, rq->path);
    buf_add_char(&b, '?');
    buf_add(&b, rq->query);
    buf_add_char(&b, '\n');
    buf_add(&b, body);
    st = buf_done(&b, &text);
    return st == ST_OK ? hash(u, text, out) : st;
}

static bool is_key(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] <= ' ' || s.ptr[i] > '~')
            return false;
    return s.len > 0 && s.len <= KEY_MAX_BYTES;
}

static enum status read_key(struct unit *u, struct claim *k)
{
    struct str given = request_header(u->rq, "Idempotency-Key");
    int64_t started_ms = u->rq->start_us / 1000;
    enum status st;

    if (!is_key(given) || request_header_count(u->rq, "Idempotency-Key") > 1) {
        records_say(u->rq, u->rp,
                    "Idempotency-Key must be 1 to 255 visible ASCII "
                    "characters, and sent once",
                    "Idempotency-Key doit être fait de 1 à 255 caractères "
                    "ASCII visibles, et envoyé une fois");
        return ST_BAD_INPUT;
    }
    k->at = u->rq->now_ms;
    k->runs_ms = u->rq->deadline_ms - started_ms;
    if (k->runs_ms < 0 || k->runs_ms > RUNS_MAX_MS)
        k->runs_ms = RUNS_MAX_MS;
    st = hash_key(u, given, &k->key);
    return st == ST_OK ? hash_request(u, &k->what) : st;
}

/* --- claiming ------------------------------------------------------------ */

static enum status other_body(struct unit *u)
{
    records_say(u->rq, u->rp,
                "this Idempotency-Key was used for another request",
                "cette Idempotency-Key a servi à une autre requête");
    return ST_INVALID;
}

static enum status still_running(struct unit *u)
{
    records_say(u->rq, u->rp,
                "the first request with this Idempotency-Key is still running",
                "la première requête avec cette Idempotency-Key est encore en "
                "cours");
    reply_header(u->rp, STR("Retry-After"), STR("1"));
    return ST_CONFLICT;
}

/* Nobody can be at work on it any more, or its day is over. */
static bool is_over(const struct claim *k, const struct value *row)
{
    int64_t age = k->at - row[KEY_AT].i;

    if (row[KEY_STATE].i == KEY_DONE)
        return age > KEPT_MS;
    return age > row[KEY_CODE].i + GRACE_MS;
}

static enum status claim_over(struct store_conn *c, struct unit *u,
                              struct claim *k, const struct value *row)
{
    const struct value args[] = { VALUE_S(k->what), VALUE_I(k->at),
                                  VALUE_I(k->runs_ms), VALUE_S(k->key),
                                  row[KEY_AT] };
    int64_t changed = 0;
    enum status st = store_run(c, &sql_key_take_over, args, u->rq->arena, NULL,
                               &changed, NULL);

    k->held = st == ST_OK && changed == 1;
    if (st != ST_OK || k->held)
        return st;
    return still_running(u); /* another was faster */
}

/* *again: what is in the way went away meanwhile. */
static enum status claim_on(struct store_conn *c, struct unit *u,
                            struct claim *k, struct value **kept, bool *again)
{
    const struct value args[] = { VALUE_S(k->key), VALUE_S(k->what),
                                  VALUE_I(k->at), VALUE_I(k->runs_ms) };
    struct rows rows;
    int64_t changed = 0;
    enum status st =
        store_run(c, &sql_key_claim, args, u->rq->arena, NULL, &changed, NULL);

    k->held = st == ST_OK && changed == 1;
    if (st != ST_OK || k->held)
        return st;
    st = store_run(c, &sql_key_get, args, u->rq->arena, &rows, NULL, NULL);
    *again = st == ST_OK && rows.n == 0;
    if (st != ST_OK || *again)
        return st;
    if (is_over(k, rows.cell))
        return claim_over(c, u, k, rows.cell);
    if (!str_eq(rows.cell[KEY_WHAT].s, k->what))
        return other_body(u);
    if (rows.cell[KEY_STATE].i == KEY_RUNNING)
        return still_running(u);
    *kept = rows.cell;
    return ST_OK;
}

/* Each statement is a transaction: the claim is known to all before the work
 * begins. *kept: the row of the first answer, or NULL. */
static enum status claim(struct unit *u, struct claim *k, struct value **kept)
{
    struct store_conn *c = NULL;
    bool again = true;
    enum status st =
        store_take(u->r->store, STORE_WRITE, u->rq->deadline_ms, &c);

    for (int round = 0; st == ST_OK && again && round < 3; round++) {
        again = false;
        st = claim_on(c, u, k, kept, &again);
    }
    store_give(c);
    return st == ST_OK && again ? ST_BUSY : st;
}

/* --- the end of it ------------------------------------------------------- */

/* The ETag, a newline, the Location; each may be empty. */
static enum status join_headers(struct unit *u, const struct answer *answer,
                                struct str *out)
{
    struct buf b;

    buf_init(&b, u->rq->arena, 64 * 1024);
    buf_add(&b, answer->etag);
    buf_add_char(&b, '\n');
    buf_add(&b, answer->location);
    return buf_done(&b, out);
}

/* No row: the claim was given to another, who does the work. */
static enum status keep(struct unit *u, const struct claim *k,
                        const struct answer *answer)
{
    struct value args[] = { VALUE_I(answer->code), VALUE_NONE, VALUE_NONE,
                            VALUE_S(k->key), VALUE_I(k->at) };
    struct str headers, body;
    int64_t changed = 0;
    enum status st = join_headers(u, answer, &headers);

    if (st == ST_OK)
        st = buf_done(&u->rp->body, &body);
    if (st != ST_OK)
        return st;
    args[1] = VALUE_S(headers);
    args[2] = VALUE_S(body);
    st = unit_run(u, &sql_key_keep, args, NULL, &changed);
    return st == ST_OK && changed == 0 ? still_running(u) : st;
}

/* What failed may be tried again at once. Should this fail too, the claim is
 * over when its time is. */
static void give_back(struct unit *u, const struct claim *k)
{
    const struct value args[] = { VALUE_S(k->key), VALUE_I(k->at) };
    struct store_conn *c = NULL;
    enum status st =
        store_take(u->r->store, STORE_WRITE, u->rq->deadline_ms, &c);

    if (st == ST_OK)
        st = store_run(c, &sql_key_free, args, u->rq->arena, NULL, NULL, NULL);
    (void)st;
    store_give(c);
}

static enum status replay(struct unit *u, const struct value *kept)
{
    struct str left = kept[KEY_HEADERS].s;
    struct answer answer = { .code = (int)kept[KEY_CODE].i };

    answer.etag = str_cut(&left, '\n');
    answer.location = left.ptr == NULL ? STR("") : left;
    buf_add(&u->rp->body, kept[KEY_BODY].s);
    reply_header(u->rp, STR("Idempotency-Replayed"), STR("true"));
    write_answer(u, &answer);
    return u->rp->body.st;
}

enum status write_once(struct unit *u, write_work *work, void *arg)
{
    struct claim k = { .held = false };
    struct answer answer = { .code = 200 };
    struct value *kept = NULL;
    enum status st = ST_OK;

    if (request_header_count(u->rq, "Idempotency-Key") > 0) {
        st = read_key(u, &k);
        if (st == ST_OK)
            st = claim(u, &k, &kept);
        if (st == ST_OK && kept != NULL)
            return replay(u, kept);
    }
    u->keyed = k.held;
    if (st == ST_OK)
        st = work(u, arg, &answer);
    if (st == ST_OK && k.held)
        st = keep(u, &k, &answer);
    st = unit_close(u, st);
    if (st == ST_OK)
        write_answer(u, &answer);
    else if (k.held)
        give_back(u, &k);
    return st;
}
