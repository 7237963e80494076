/* SPDX-License-Identifier: MIT */
/* A declaration that allows less than it did: harmless when no record is in
 * the way, which is counted; by the database where it can tell, else by
 * reading the values. The rows themselves are left as they are. */
#include <stdio.h>
#include <string.h>

#include "records/plan/planner.h"
#include "records/schema/value.h"

enum { SCAN_ROWS = 100, SCAN_MAX_BYTES = 512 * 1024 * 1024 };

static bool is_text(const struct field *f)
{
    return f->type == FIELD_TEXT || f->type == FIELD_EMAIL ||
           f->type == FIELD_URL;
}

/* --- counting ------------------------------------------------------------ */

static void say(struct planner *p, const struct buf *sql,
                const struct change *ch, struct plan_step *step, int64_t n,
                const char *what)
{
    step->only_asks = true;
    step->loses = n > 0;
    if (n == 0)
        planner_add(p, sql, step, "%.*s.%.*s: %s; no record is in the way",
                    STR_ARG(ch->c->name), STR_ARG(ch->new->name), what);
    else
        planner_add(p, sql, step,
                    "%.*s.%.*s: %s; %lld records are in the way, and stay as "
                    "they are until they are changed",
                    STR_ARG(ch->c->name), STR_ARG(ch->new->name), what,
                    (long long)n);
}

static struct buf *begin(struct planner *p, struct buf *b,
                         const struct change *ch)
{
    buf_add(planner_sql(p, b), STR("SELECT count(*) FROM "));
    ddl_name(b, ch->c->name);
    buf_add(b, STR(" WHERE "));
    return b;
}

/* Counts the rows for which the text of the query holds with these values. */
static void ask(struct planner *p, const struct buf *sql,
                const struct change *ch, const struct value *args,
                size_t n_args, const char *what)
{
    struct value *kept = arena_take_array(p->arena, n_args, sizeof(*kept));
    struct plan_step step = { .args = kept, .n_args = n_args };
    int64_t n;

    if (p->st == ST_OK && kept == NULL)
        p->st = ST_NO_MEMORY;
    if (p->st != ST_OK)
        return;
    if (n_args > 0)
        memcpy(kept, args, n_args * sizeof(*kept));
    n = planner_count(p, sql, kept, n_args);
    say(p, sql, ch, &step, n, what);
}

/* The values beyond a bound: "length(x) > $1". */
static void ask_bound(struct planner *p, const struct change *ch,
                      const char *before, const char *after, struct value bound,
                      const char *what)
{
    struct buf b;

    buf_add(begin(p, &b, ch), str_of(before));
    buf_add(&b, ch->expression);
    buf_add(&b, str_of(after));
    ask(p, &b, ch, &bound, 1, what);
}

static int64_t scan_batch(struct planner *p, const struct change *ch,
                          const struct rows *rows, struct arena *scratch)
{
    int64_t n = 0;

    for (size_t i = 0; p->st == ST_OK && i < rows->n; i++) {
        enum status st = value_fits(ch->new, rows->cell[2 * i + 1].s, scratch);

        n += st == ST_INVALID;
        if (st != ST_OK && st != ST_INVALID)
            p->st = st;
    }
    return n;
}

/* Reads every value, some at a time. */
static void scan(struct planner *p, const struct change *ch, const char *what)
{
    struct query q = { .columns = "is", .class = QUERY_LIST, .n_args = 1 };
    struct plan_step step = { .n_args = 1 };
    struct value *after = arena_take(p->arena, sizeof(*after));
    struct arena scratch;
    struct rows rows;
    struct str text;
    struct buf b;
    int64_t n = 0;

    buf_add(planner_sql(p, &b), STR("SELECT \"id\", "));
    buf_add(&b, ch->expression);
    buf_add(&b, STR(" FROM "));
    ddl_name(&b, ch->c->name);
    buf_add(&b, STR(" WHERE \"id\" > $1 AND "));
    buf_add(&b, ch->expression);
    buf_addf(&b, " IS NOT NULL ORDER BY \"id\" LIMIT %d", SCAN_ROWS);
    if (p->st == ST_OK)
        p->st = after == NULL ? ST_NO_MEMORY : buf_done(&b, &text);
    if (p->st != ST_OK)
        return;
    q.text = text.ptr;
    *after = VALUE_I(0);
    step.args = after;
    arena_init(&scratch, SCAN_MAX_BYTES);
    do {
        arena_reset(&scratch);
        p->st = store_run(p->conn, &q, after, &scratch, &rows, NULL, p->why);
        if (p->st != ST_OK)
            break;
        n += scan_batch(p, ch, &rows, &scratch);
        if (rows.n > 0)
            *after = rows.cell[2 * (rows.n - 1)];
    } while (p->st == ST_OK && rows.n == SCAN_ROWS);
    arena_close(&scratch);
    *after = VALUE_I(0);
    say(p, &b, ch, &step, n, what);
}

/* --- which ways it is narrower ------------------------------------------- */

static bool options_removed(const struct field *old, const struct field *new)
{
    if (old->type != FIELD_SELECT)
        return true;
    for (size_t i = 0; i < old->n_options; i++) {
        size_t k = 0;

        while (k < new->n_options && !str_eq(old->options[i], new->options[k]))
            k++;
        if (k == new->n_options)
            return true;
    }
    return false;
}

static void narrow_select(struct planner *p, const struct change *ch)
{
    const struct field *new = ch->new;
    struct value args[OPTIONS_MAX];
    struct buf b;

    if (!options_removed(ch->old, new))
        return;
    begin(p, &b, ch);
    buf_add(&b, ch->expression);
    for (size_t i = 0; i < new->n_options; i++) {
        args[i] = VALUE_S(new->options[i]);
        buf_addf(&b, "%s$%zu", i == 0 ? " NOT IN (" : ", ", i + 1);
    }
    buf_add_char(&b, ')');
    ask(p, &b, ch, args, new->n_options, "options removed");
}

static void narrow_list(struct planner *p, const struct change *ch)
{
    const struct field *old = ch->old, *new = ch->new;
    int64_t old_min = old->list && old->min.given ? old->min.i : 0;
    int64_t old_max = old->list ? old->max.i : 1;

    if (options_removed(old, new) || old_max > new->max.i ||
        (new->min.given &&new->min.i > old_min))
        scan(p, ch, "other options or counts");
}

static bool same_pattern(const struct field *old, const struct field *new)
{
    return new->pattern.ptr == NULL ||
           (old->pattern.ptr != NULL && str_eq(old->pattern, new->pattern));
}

static void narrow_text(struct planner *p, const struct change *ch)
{
    const struct field *old = ch->old, *new = ch->new;
    bool was_text = is_text(old);
    char what[96];

    if ((new->type != FIELD_TEXT &&new->type != old->type) ||
        !same_pattern(old, new)) {
        scan(p, ch, "other form");
        return;
    }
    if (!was_text || new->max.i < old->max.i) {
        snprintf(what, sizeof(what), "at most %lld characters",
                 (long long)new->max.i);
        ask_bound(p, ch, "length(", ") > $1", VALUE_I(new->max.i), what);
    }
    if (new->min.given &&new->min.i > 0 &&
        (!was_text || !old->min.given || new->min.i > old->min.i)) {
        snprintf(what, sizeof(what), "at least %lld characters",
                 (long long)new->min.i);
        ask_bound(p, ch, "length(", ") < $1", VALUE_I(new->min.i), what);
    }
}

/* Bounds that can be compared: the same type with the same scale. */
static bool comparable(const struct change *ch)
{
    return ch->how == CONVERT_NOTHING && ch->old->type == ch->new->type;
}

static int compare_bound(const struct field *f, const struct bound *a,
                         const struct bound *b)
{
    if (f->type == FIELD_NUMBER)
        return (a->r > b->r) - (a->r < b->r);
    if (f->type == FIELD_DATE)
        return str_cmp(a->s, b->s);
    return (a->i > b->i) - (a->i < b->i);
}

static struct value bound_value(const struct field *f, const struct bound *b)
{
    if (f->type == FIELD_NUMBER)
        return VALUE_R(b->r);
    if (f->type == FIELD_DATE)
        return VALUE_S(b->s);
    return VALUE_I(b->i);
}

static void narrow_range(struct planner *p, const struct change *ch)
{
    const struct field *old = ch->old, *new = ch->new;
    bool same = comparable(ch);

    if (new->min.given && !(same && old->min.given &&
                            compare_bound(new, &old->min, &new->min) >= 0))
        ask_bound(p, ch, "", " < $1", bound_value(new, &new->min),
                  "another min");
    if (new->max.given && !(same && old->max.given &&
                            compare_bound(new, &old->max, &new->max) <= 0))
        ask_bound(p, ch, "", " > $1", bound_value(new, &new->max),
                  "another max");
}

static void narrow_json(struct planner *p, const struct change *ch)
{
    bool sqlite = p->dialect == STORE_SQLITE;

    if (ch->new->max.i < ch->old->max.i)
        ask_bound(p, ch, sqlite ? "length(CAST(" : "octet_length(",
                  sqlite ? " AS BLOB)) > $1" : ") > $1",
                  VALUE_I(ch->new->max.i), "a smaller max");
}

static void narrow_date(struct planner *p, const struct change *ch)
{
    if (ch->old->type != FIELD_DATE)
        scan(p, ch, "only dates");
    narrow_range(p, ch);
}

static void narrow_required(struct planner *p, const struct change *ch)
{
    struct buf b;

    if (!ch->new->required || ch->old->required)
        return;
    begin(p, &b, ch);
    buf_add(&b, ch->expression);
    buf_add(&b, STR(" IS NULL"));
    ask(p, &b, ch, NULL, 0, "required");
}

void narrow_field(struct planner *p, const struct change *ch)
{
    if (p->st != ST_OK)
        return;
    narrow_required(p, ch);
    switch (ch->new->type) {
    case FIELD_TEXT:
    case FIELD_EMAIL:
    case FIELD_URL:
        narrow_text(p, ch);
        break;
    case FIELD_INT:
    case FIELD_NUMBER:
    case FIELD_DECIMAL:
    case FIELD_DATETIME:
        narrow_range(p, ch);
        break;
    case FIELD_DATE:
        narrow_date(p, ch);
        break;
    case FIELD_SELECT:
        if (ch->new->list)
            narrow_list(p, ch);
        else
            narrow_select(p, ch);
        break;
    case FIELD_JSON:
        narrow_json(p, ch);
        break;
    default:
        break;
    }
}

void narrow_links(struct planner *p, const struct change *ch, const char *table)
{
    const struct field *old = ch->old, *new = ch->new;
    int64_t old_min = old->min.given ? old->min.i : 0;
    struct value bound = VALUE_I(new->max.i);
    struct buf b;

    if (new->max.i < old->max.i) {
        begin(p, &b, ch);
        buf_add(&b, STR("\"id\" IN (SELECT \"row\" FROM "));
        ddl_name(&b, str_of(table));
        buf_add(&b, STR(" GROUP BY \"row\" HAVING count(*) > $1)"));
        ask(p, &b, ch, &bound, 1, "another max");
    }
    if (new->min.given &&new->min.i > old_min) {
        bound = VALUE_I(new->min.i);
        begin(p, &b, ch);
        buf_add(&b, STR("(SELECT count(*) FROM "));
        ddl_name(&b, str_of(table));
        buf_add(&b, STR(" WHERE \"row\" = "));
        ddl_name(&b, ch->c->name);
        buf_add(&b, STR(".\"id\") < $1"));
        ask(p, &b, ch, &bound, 1, "another min");
    }
}

void narrow_unique(struct planner *p, const struct change *ch)
{
    struct plan_step step = { .only_asks = true };
    struct buf b;
    int64_t n;

    if (p->st != ST_OK || ch->how == CONVERT_NEVER)
        return;
    buf_add(planner_sql(p, &b), STR("SELECT count(*) FROM (SELECT 1 FROM "));
    ddl_name(&b, ch->c->name);
    buf_add(&b, STR(" WHERE "));
    buf_add(&b, ch->expression);
    buf_add(&b, STR(" IS NOT NULL"));
    if (found_column(&p->found, ch->c->name, STR("deleted")))
        buf_add(&b, STR(" AND \"deleted\" IS NULL"));
    buf_add(&b, STR(" GROUP BY "));
    buf_add(&b, ch->expression);
    buf_add(&b, STR(" HAVING count(*) > 1) twice"));
    n = planner_count(p, &b, NULL, 0);
    step.loses = step.never = n > 0;
    if (n == 0)
        planner_add(p, &b, &step, "%.*s.%.*s: unique; no value stands twice",
                    STR_ARG(ch->c->name), STR_ARG(ch->new->name));
    else
        planner_add(p, &b, &step,
                    "%.*s.%.*s cannot become unique: %lld values stand there "
                    "more than once; change those records first",
                    STR_ARG(ch->c->name), STR_ARG(ch->new->name), (long long)n);
}
