/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "check.h"
#include "records/plan/plan.h"
#include "records/schema/value.h"
#include "records/sql/parts.h"

/* --- dice ------------------------------------------------------------------
 */

uint64_t dice_u64(struct dice *d)
{
    uint64_t x = d->state += UINT64_C(0x9E3779B97F4A7C15);

    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

size_t dice_under(struct dice *d, size_t n)
{
    return (size_t)(dice_u64(d) % n);
}

bool dice_one_in(struct dice *d, size_t n)
{
    return dice_under(d, n) == 0;
}

const char *dice_word(struct dice *d, const char *const *words, size_t n)
{
    return words[dice_under(d, n)];
}

#define PICK(d, words) dice_word(d, words, COUNT(words))

/* --- words -----------------------------------------------------------------
 */

/* As JSON writes them, and the filter in double quotes. */
static const char *const texts[] = {
    "\"\"",     "\"a\"",      "\"A\"",      "\"ab\"",
    "\"B\"",    "\"é\"",      "\"É\"",      "\"Zoé\"",
    "\"zoe\"",  "\"Œuvre\"",  "\"x_y\"",    "\"xzy\"",
    "\"50%\"",  "\"a\\\\b\"", "\"it's\"",   "\"say \\\"a\\\"\"",
    "\"日本\"", "\"ΣΑΣ\"",    "\"straße\"", "\"$1\"",
    "\"a b\"",  "\"; --\"",   "\"10\"",     "\"ÿ\"",
    "\"Ab%b\""
};
static const char *const mails[] = { "\"a@x.org\"", "\"B@x.org\"",
                                     "\"zo_e@y.fr\"" };
static const char *const ints[] = { "0",
                                    "1",
                                    "-1",
                                    "2",
                                    "3",
                                    "7",
                                    "100",
                                    "9223372036854775807",
                                    "-9223372036854775808",
                                    "9007199254740993" };
static const char *const reals[] = { "0",   "0.1",  "0.2",   "-0.3", "2.5",
                                     "100", "1e-7", "-1e20", "3",    "1.5" };
static const char *const decimals[] = { "0",   "1.5",  "-2.5", "0.25",    "3",
                                        "100", "-0.5", "7",    "12345.75" };
static const char *const days[] = { "\"2003-01-31\"", "\"1999-12-31\"",
                                    "\"2199-11-20\"" };
static const char *const moments[] = { "\"2003-01-31T10:00:00.000Z\"",
                                       "\"2199-11-20T09:03:00.000Z\"",
                                       "\"1969-12-31T23:59:59.999Z\"" };
static const char *const kinds[] = { "\"a\"", "\"b\"", "\"Éa\"", "\"c d\"" };
static const char *const data[] = { "{\"a\":1}", "[1,2]", "\"Éa\"", "5" };
static const char *const ids[] = { "1", "2", "3", "5", "0", "24" };
static const char *const bools[] = { "true", "false" };

/* --- the schema ------------------------------------------------------------
 */

static const char *const wheres[] = {
    "",
    "kind = 'a'",
    "ok = true || n > 1",
    "title ~ 'É'",
    "tags ?= 'a'",
    "up.n != null",
    "d >= 0.5 && day <= @today",
    "pals.n ?> 0",
    "title = \\\"it's\\\" || title = \\\"$1\\\"",
    "at < @now && kind != 'b'",
};

/* Something that leads to collection c, or is its own list. */
static void say_many(const struct world *w, size_t c, struct dice *d,
                     struct buf *b)
{
    size_t from = dice_under(d, WORLD_COLLECTIONS);

    for (size_t i = 0; i < WORLD_COLLECTIONS; i++) {
        size_t k = (from + i) % WORLD_COLLECTIONS;

        if (w->up[k] == c && !dice_one_in(d, 3)) {
            buf_addf(b, "c%zu_via_up", k);
            return;
        }
        if (w->pals[k] == c && !dice_one_in(d, 3)) {
            buf_addf(b, "c%zu_via_pals", k);
            return;
        }
    }
    buf_add(b, STR("pals"));
}

static void add_computed(struct world *w, size_t c, const char *name,
                         const char *how, const char *of, struct buf *b)
{
    buf_addf(b, ",{\"name\":\"%s\",\"type\":\"computed\",\"value\":\"%s(", name,
             how);
    say_many(w, c, &w->dice, b);
    buf_addf(b, "%s)\"", of);
    if (dice_one_in(&w->dice, 2)) {
        const char *when = PICK(&w->dice, wheres);

        if (when[0] != '\0')
            buf_addf(b, ",\"filter\":\"%s\"", when);
    }
    buf_add(b, STR("}"));
}

static void add_collection(struct world *w, size_t c, int scale, struct buf *b)
{
    static const char *const rules[] = { "", "n > 0", "up.n != 1",
                                         "@user.id = up || ok = true",
                                         "c0_via_up.kind != 'a'" };
    struct dice *d = &w->dice;

    buf_addf(b, "%s{\"name\":\"c%zu\",", c == 0 ? "" : ",", c);
    if (dice_one_in(d, 2))
        buf_add(b, STR("\"trash\":true,"));
    if (dice_one_in(d, 2)) {
        const char *rule = rules[dice_under(d, w->up[0] == c ? 5 : 4)];

        buf_addf(b, "\"rules\":{\"list\":\"\",\"view\":\"%s\"},", rule);
    }
    buf_addf(b,
             "\"fields\":["
             "{\"name\":\"title\",\"type\":\"text\"},"
             "{\"name\":\"mail\",\"type\":\"email\"},"
             "{\"name\":\"n\",\"type\":\"int\",\"index\":true},"
             "{\"name\":\"r\",\"type\":\"number\"},"
             "{\"name\":\"d\",\"type\":\"decimal\",\"scale\":%d},"
             "{\"name\":\"ok\",\"type\":\"bool\"},"
             "{\"name\":\"day\",\"type\":\"date\"},"
             "{\"name\":\"at\",\"type\":\"datetime\"},"
             "{\"name\":\"kind\",\"type\":\"select\",\"values\":"
             "[\"a\",\"b\",\"Éa\",\"c d\"]},"
             "{\"name\":\"tags\",\"type\":\"select\",\"max\":3,\"values\":"
             "[\"a\",\"b\",\"Éa\",\"c d\"]},"
             "{\"name\":\"up\",\"type\":\"relation\",\"collection\":\"c%zu\","
             "\"onDelete\":\"null\"},"
             "{\"name\":\"pals\",\"type\":\"relation\",\"collection\":\"c%zu\","
             "\"onDelete\":\"null\",\"max\":4},"
             "{\"name\":\"data\",\"type\":\"json\"}",
             scale, w->up[c], w->pals[c]);
    add_computed(w, c, "cnt", "count", "", b);
    add_computed(w, c, "few", "count", ".n", b);
    add_computed(w, c, "top", dice_one_in(d, 2) ? "max" : "min", ".title", b);
    add_computed(w, c, "mean", "avg",
                 dice_one_in(d, 2)   ? ".n"
                 : dice_one_in(d, 2) ? ".d"
                                     : ".r",
                 b);
    add_computed(w, c, "total", "sum", dice_one_in(d, 2) ? ".d" : ".r", b);
    buf_add(b, STR("]}"));
}

static bool make_schema(struct world *w)
{
    struct schema_error why = { .pointer = "" };
    struct store_error wrong = { "", "" };
    struct plan plan;
    struct str text;
    struct buf b;
    enum status st;

    buf_init(&b, &w->rig->arena, 1 << 16);
    for (size_t i = 0; i < WORLD_COLLECTIONS; i++) {
        w->up[i] = dice_under(&w->dice, WORLD_COLLECTIONS);
        w->pals[i] = dice_under(&w->dice, WORLD_COLLECTIONS);
    }
    buf_add(&b, STR("{\"collections\":["));
    for (size_t i = 0; i < WORLD_COLLECTIONS; i++)
        add_collection(w, i, (int)dice_under(&w->dice, 4) + (i == 0 ? 2 : 2),
                       &b);
    buf_add(&b, STR("]}"));
    CHECK(buf_done(&b, &text) == ST_OK, "schema");
    st = schema_read(text, &w->rig->arena, &w->schema, &why);
    CHECK(st == ST_OK, "%s: %s in %.*s", why.pointer, why.what, STR_ARG(text));
    if (st != ST_OK)
        return false;
    st = plan_apply(w->schema, w->rig->store, true, rig_deadline(),
                    &w->rig->arena, &plan, &wrong);
    CHECK(st == ST_OK, "%s: %s: %s", w->rig->kind, status_name(st), wrong.what);
    return st == ST_OK;
}

/* --- rows ------------------------------------------------------------------
 */

static void say_list(struct dice *d, const char *const *words, size_t n,
                     struct buf *b)
{
    size_t from = dice_under(d, n), many = dice_under(d, 4);

    buf_add_char(b, '[');
    for (size_t i = 0; i < many; i++)
        buf_addf(b, "%s%s", i == 0 ? "" : ",", words[(from + i) % n]);
    buf_add_char(b, ']');
}

static void say_ids(struct dice *d, size_t n, struct buf *b)
{
    size_t from = dice_under(d, n), many = dice_under(d, 4);

    buf_add_char(b, '[');
    for (size_t i = 0; i < many; i++)
        buf_addf(b, "%s%zu", i == 0 ? "" : ",", (from + i) % n + 1);
    buf_add_char(b, ']');
}

static void say_value(struct world *w, size_t c, const struct field *f,
                      struct buf *b)
{
    struct dice *d = &w->dice;

    switch (f->type) {
    case FIELD_TEXT:
        buf_addf(b, "%s", PICK(d, texts));
        break;
    case FIELD_EMAIL:
        buf_addf(b, "%s", PICK(d, mails));
        break;
    case FIELD_INT:
        buf_addf(b, "%s", PICK(d, ints));
        break;
    case FIELD_NUMBER:
        buf_addf(b, "%s", PICK(d, reals));
        break;
    case FIELD_DECIMAL:
        buf_addf(b, "%s", PICK(d, decimals));
        break;
    case FIELD_BOOL:
        buf_addf(b, "%s", PICK(d, bools));
        break;
    case FIELD_DATE:
        buf_addf(b, "%s", PICK(d, days));
        break;
    case FIELD_DATETIME:
        buf_addf(b, "%s", PICK(d, moments));
        break;
    case FIELD_SELECT:
        if (f->list)
            say_list(d, kinds, COUNT(kinds), b);
        else
            buf_addf(b, "%s", PICK(d, kinds));
        break;
    case FIELD_RELATION:
        if (f->list)
            say_ids(d, w->n[w->pals[c]], b);
        else
            buf_addf(b, "%zu", dice_under(d, w->n[w->up[c]]) + 1);
        break;
    default:
        buf_addf(b, "%s", PICK(d, data));
        break;
    }
}

static struct value make_value(struct world *w, size_t c, const struct field *f)
{
    struct arena *a = &w->rig->arena;
    struct json_error broken;
    struct wrong wrong;
    const struct json *json = NULL;
    struct value v = VALUE_NONE;
    struct str text;
    struct buf b;
    enum status st;

    if (f->computed != NULL || dice_one_in(&w->dice, 4))
        return f->list && f->target != NULL ? VALUE_S(STR("[]")) : v;
    buf_init(&b, a, 1000);
    say_value(w, c, f, &b);
    CHECK(buf_done(&b, &text) == ST_OK, "value");
    st = json_read(text, a, &json, &broken);
    if (st == ST_OK)
        st = value_read(f, json, LANG_EN, a, &v, &wrong);
    CHECK(st == ST_OK, "%.*s: %.*s", STR_ARG(f->name), STR_ARG(text));
    return v;
}

static void run(struct world *w, const struct query *q,
                const struct value *args, struct rows *out)
{
    struct store_error why = { "", "" };
    enum status st =
        store_run(w->conn, q, args, &w->rig->arena, out, NULL, &why);

    CHECK(st == ST_OK, "%s: %s: %s: %s", w->rig->kind, status_name(st),
          why.what, q->text);
}

static void insert(struct world *w, size_t c, size_t i)
{
    const struct statements *s = &w->all[c];
    struct world_row *row = &w->row[c][i];
    struct value args[WORLD_FIELDS + 2];
    struct rows made = { 0 };
    size_t n = 0;

    row->record = (struct record){ .c = s->c,
                                   .id = (int64_t)i + 1,
                                   .created = 1000 + (int64_t)(i / 3),
                                   .field = w->cell[c][i] };
    for (size_t k = 0; k < s->c->n_fields; k++) {
        const struct field *f = &s->c->fields[k];
        struct value *v = &w->cell[c][i][k];

        *v = make_value(w, c, f);
        if (field_is_stored(f))
            args[n++] = f->target == NULL ? *v : VALUE_NONE;
    }
    args[n++] = VALUE_I(row->record.created);
    args[n++] = VALUE_I(row->record.id);
    run(w, &s->insert_at, args, &made);
    CHECK(made.n == 1 && made.cell[ROW_ID].i == row->record.id, "inserted");
}

/* Once all rows are there. */
static void relate(struct world *w, size_t c, size_t i)
{
    const struct statements *s = &w->all[c];
    const struct field *up = collection_field(s->c, STR("up"));
    const struct field *pals = collection_field(s->c, STR("pals"));
    struct world_row *row = &w->row[c][i];
    struct value links[] = { VALUE_I(row->record.id), w->cell[c][i][pals->no] };
    const struct value args[] = { w->cell[c][i][up->no],
                                  VALUE_I(2000 + (int64_t)(i % 5)),
                                  VALUE_I(row->record.id) };
    bool given[WORLD_FIELDS] = { false };
    struct query q;

    row->record.updated = row->record.created;
    if (args[0].kind != VALUE_NULL) {
        row->record.updated = args[1].i;
        given[up->no] = true;
        CHECK(sql_update(s, given, false, &w->rig->arena, &q) == ST_OK, "sql");
        run(w, &q, args, NULL);
    }
    CHECK(sql_links_add(s, pals, w->dialect, &w->rig->arena, &q) == ST_OK,
          "sql");
    run(w, &q, links, NULL);
}

static void drop(struct world *w, size_t c, size_t i)
{
    char sql[200];

    if (!w->all[c].c->trash.on || !dice_one_in(&w->dice, 5))
        return;
    w->row[c][i].deleted = true;
    snprintf(sql, sizeof(sql),
             "UPDATE \"c%zu\" SET \"deleted\" = 5 WHERE \"id\" = %zu", c,
             i + 1);
    rig_run(w->rig, sql);
}

static void fill(struct world *w)
{
    for (size_t c = 0; c < WORLD_COLLECTIONS; c++)
        w->n[c] = WORLD_ROWS - dice_under(&w->dice, 4) * 4;
    for (size_t c = 0; c < WORLD_COLLECTIONS; c++)
        for (size_t i = 0; i < w->n[c]; i++)
            insert(w, c, i);
    for (size_t c = 0; c < WORLD_COLLECTIONS; c++)
        for (size_t i = 0; i < w->n[c]; i++)
            relate(w, c, i);
}

bool world_open(struct world *w, struct rig *r, uint64_t seed)
{
    enum status st;

    *w = (struct world){ .rig = r, .dice = { seed } };
    w->dialect = store_dialect(r->store);
    w->who = (struct who){ .id = 3, .role = STR("user") };
    w->asking = (struct asking){ .who = &w->who, .now_ms = clock_wall_ms() };
    if (!make_schema(w))
        return false;
    st = sql_open(w->schema, w->dialect, &r->arena, &w->all);
    CHECK(st == ST_OK, "sql_open: %s", status_name(st));
    if (st != ST_OK)
        return false;
    st = store_take(r->store, STORE_WRITE, rig_deadline(), &w->conn);
    CHECK(st == ST_OK, "take: %s", status_name(st));
    if (st != ST_OK)
        return false;
    fill(w);
    store_give(w->conn);
    for (size_t c = 0; c < WORLD_COLLECTIONS; c++)
        for (size_t i = 0; i < w->n[c]; i++)
            drop(w, c, i);
    st = store_take(r->store, STORE_READ, rig_deadline(), &w->conn);
    CHECK(st == ST_OK, "take: %s", status_name(st));
    return st == ST_OK;
}

void world_close(struct world *w)
{
    store_give(w->conn);
    schema_free(w->schema);
}

/* --- the grammar -----------------------------------------------------------
 */

/* What a path may end in, and what that is compared with. */
#define POOL(words) words, COUNT(words)
static const struct {
    const char *name;
    const char *const *words;
    size_t n;
} ends[] = {
    { "title", POOL(texts) },     { "mail", POOL(mails) },
    { "n", POOL(ints) },          { "r", POOL(reals) },
    { "d", POOL(decimals) },      { "ok", POOL(bools) },
    { "day", POOL(days) },        { "at", POOL(moments) },
    { "kind", POOL(kinds) },      { "data", POOL(texts) },
    { "up", POOL(ids) },          { "id", POOL(ids) },
    { "created", POOL(moments) }, { "updated", POOL(moments) },
    { "cnt", POOL(ids) },         { "few", POOL(ids) },
    { "top", POOL(texts) },       { "mean", POOL(reals) },
    { "total", POOL(decimals) },  { "tags", POOL(kinds) },
    { "pals", POOL(ids) },
};
enum { LISTS = 2 }; /* the last ones */

size_t world_path(struct world *w, size_t c, struct buf *b, bool single)
{
    struct dice *d = &w->dice;
    size_t end;

    for (int depth = 0; depth < 3; depth++) {
        size_t to = dice_under(d, WORLD_COLLECTIONS);
        bool goes_on = depth < 2;

        if (goes_on && dice_one_in(d, 4)) {
            buf_add(b, STR("up."));
            c = w->up[c];
        } else if (!single && goes_on && dice_one_in(d, 6)) {
            buf_add(b, STR("pals."));
            c = w->pals[c];
        } else if (!single && goes_on && w->up[to] == c && dice_one_in(d, 3)) {
            buf_addf(b, "c%zu_via_up.", to);
            c = to;
        } else if (!single && goes_on && w->pals[to] == c &&
                   dice_one_in(d, 4)) {
            buf_addf(b, "c%zu_via_pals.", to);
            c = to;
        } else {
            break;
        }
    }
    end = dice_under(d, COUNT(ends) - (single ? LISTS : 0));
    buf_addf(b, "%s", ends[end].name);
    return end;
}

static void add_literal(struct world *w, size_t end, struct buf *b)
{
    static const char *const others[] = { "null",    "null",       "@now",
                                          "@today",  "@user.id",   "1e30",
                                          "-0.125",  "@user.role", "2.5",
                                          "\"2026\"" };
    struct dice *d = &w->dice;

    if (dice_one_in(d, 6))
        buf_addf(b, "%s", PICK(d, others));
    else
        buf_addf(b, "%s", dice_word(d, ends[end].words, ends[end].n));
}

static void add_comparison(struct world *w, size_t c, struct buf *b)
{
    static const char *const ops[] = { "=", "!=", ">", ">=", "<", "<=" };
    struct dice *d = &w->dice;
    const char *op = PICK(d, ops);
    struct buf path, other;
    struct str a, z;
    size_t end;

    buf_init(&path, b->arena, 200);
    buf_init(&other, b->arena, 200);
    end = world_path(w, c, &path, false);
    if (dice_one_in(d, 5))
        world_path(w, c, &other, true);
    else
        add_literal(w, end, &other);
    if (ends[end].words == texts || dice_one_in(d, 9))
        op = dice_one_in(d, 3) ? "!~" : dice_one_in(d, 2) ? "~" : op;
    if (buf_done(&path, &a) != ST_OK || buf_done(&other, &z) != ST_OK)
        return;
    if (dice_one_in(d, 8)) {
        struct str swap = a;

        a = z;
        z = swap;
    }
    buf_add(b, a);
    buf_addf(b, " %s%s ", dice_one_in(d, 3) ? "?" : "", op);
    buf_add(b, z);
}

static void add_part(struct world *w, size_t c, int depth, struct buf *b)
{
    struct dice *d = &w->dice;

    if (depth == 0 || dice_one_in(d, 2)) {
        add_comparison(w, c, b);
        return;
    }
    buf_add_char(b, '(');
    add_part(w, c, depth - 1, b);
    buf_add(b, dice_one_in(d, 2) ? STR(" && ") : STR(" || "));
    add_part(w, c, depth - 1, b);
    buf_add_char(b, ')');
}

void world_filter(struct world *w, size_t c, struct buf *b)
{
    add_part(w, c, dice_one_in(&w->dice, 4) ? 2 : 0, b);
}
