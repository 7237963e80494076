/* SPDX-License-Identifier: MIT */
/* Fields whose type, scale or relation changes: what becomes of the column
 * and of the values in it. PostgreSQL alters a column in place; SQLite
 * cannot, so the values move to a new column that then takes the name. */
#include <stdio.h>

#include "records/plan/planner.h"

/* Beyond these, a double no longer holds every integer (2^53), or every
 * decimal number of so many digits. */
#define EXACT_INT     INT64_C(9007199254740992)
#define EXACT_DECIMAL INT64_C(1000000000000000)

static int64_t ten_to(int n)
{
    int64_t power = 1;

    while (n-- > 0)
        power *= 10;
    return power;
}

/* Text in the database that is also what people read. */
static bool is_words(const struct field *f)
{
    return ddl_kind(f) == DDL_TEXT && !f->list && f->type != FIELD_JSON &&
           f->type != FIELD_PASSWORD;
}

/* --- how ----------------------------------------------------------------- */

/* What to run for each value; ptr NULL: there is no way that keeps it. */
static void add_expression(struct buf *b, const struct planner *p,
                           const struct field *old, const struct field *new)
{
    const char *real = p->dialect == STORE_SQLITE ? "REAL" : "DOUBLE PRECISION";
    int shift = new->scale - old->scale;

    if (new->type == FIELD_NUMBER) {
        buf_add(b, STR("CAST("));
        ddl_name(b, old->name);
        buf_addf(b, " AS %s)", real);
        if (old->type == FIELD_DECIMAL)
            buf_addf(b, " / %lld", (long long)ten_to(old->scale));
    } else if (new->type == FIELD_DECIMAL) {
        ddl_name(b, old->name);
        buf_addf(b, " %c %lld", shift < 0 ? '/' : '*',
                 (long long)ten_to(shift < 0 ? -shift : shift));
    } else if (new->type == FIELD_INT) { /* from bool */
        buf_add(b, STR("CAST("));
        ddl_name(b, old->name);
        buf_add(b, p->dialect == STORE_SQLITE ? STR(" AS INTEGER)")
                                              : STR(" AS INTEGER)::BIGINT"));
    } else if (new->list) { /* from a select of one */
        buf_add(b, STR("CASE WHEN "));
        ddl_name(b, old->name);
        buf_add(b, STR(" IS NOT NULL THEN "));
        buf_add(b, p->dialect == STORE_SQLITE ? STR("json_array(")
                                              : STR("json_build_array("));
        ddl_name(b, old->name);
        buf_add(b,
                p->dialect == STORE_SQLITE ? STR(") END") : STR(")::TEXT END"));
    } else { /* an integer in words */
        buf_add(b, STR("CAST("));
        ddl_name(b, old->name);
        buf_add(b, STR(" AS TEXT)"));
    }
}

static bool can_convert(const struct field *old, const struct field *new)
{
    if (new->type == FIELD_NUMBER || new->type == FIELD_DECIMAL)
        return old->type == FIELD_INT || old->type == FIELD_DECIMAL;
    if (new->type == FIELD_INT)
        return old->type == FIELD_BOOL;
    if (new->type == FIELD_SELECT &&new->list)
        return old->type == FIELD_SELECT && !old->list;
    return new->type == FIELD_TEXT && old->type == FIELD_INT;
}

static bool stays(const struct field *old, const struct field *new)
{
    if (old->target != NULL && new->target != NULL)
        return str_eq(old->target->name, new->target->name);
    if (is_words(old) && is_words(new))
        return true;
    if (old->type != new->type || old->list != new->list)
        return false;
    return old->scale == new->scale;
}

/* How many values pass what the expression can take. */
static int64_t count_beyond(struct planner *p, const struct collection *c,
                            const struct field *f, int64_t limit)
{
    struct value args[2] = { VALUE_I(limit), VALUE_I(-limit) };
    struct buf b;

    buf_add(planner_sql(p, &b), STR("SELECT count(*) FROM "));
    ddl_name(&b, c->name);
    buf_add(&b, STR(" WHERE "));
    ddl_name(&b, f->name);
    buf_add(&b, STR(" > $1 OR "));
    ddl_name(&b, f->name);
    buf_add(&b, STR(" < $2"));
    return planner_count(p, &b, args, COUNT(args));
}

struct change convert_of(struct planner *p, const struct collection *c,
                         const struct field *old, const struct field *new)
{
    struct change ch = { c, old, new, CONVERT_NEVER, STR_NONE };
    int shift = new->scale - old->scale;
    struct buf b;

    if (stays(old, new)) {
        ch.how = CONVERT_NOTHING;
        ddl_name(planner_sql(p, &b), old->name);
    } else if (can_convert(old, new)) {
        ch.how = CONVERT_BY;
        add_expression(planner_sql(p, &b), p, old, new);
        /* What would not fit 64 bits any more cannot be kept. */
        if (new->type == FIELD_DECIMAL && shift > 0 &&
            count_beyond(p, c, old, INT64_MAX / ten_to(shift)) > 0)
            ch.how = CONVERT_NEVER;
    }
    if (ch.how != CONVERT_NEVER && p->st == ST_OK)
        p->st = buf_done(&b, &ch.expression);
    return ch;
}

/* --- what is lost -------------------------------------------------------- */

static int64_t count_values(struct planner *p, const struct change *ch)
{
    struct buf b;

    buf_add(planner_sql(p, &b), STR("SELECT count("));
    ddl_name(&b, ch->old->name);
    buf_add(&b, STR(") FROM "));
    ddl_name(&b, ch->c->name);
    return planner_count(p, &b, NULL, 0);
}

static int64_t count_cut(struct planner *p, const struct change *ch)
{
    int64_t power = ten_to(ch->old->scale - ch->new->scale);
    struct buf b;

    buf_add(planner_sql(p, &b), STR("SELECT count(*) FROM "));
    ddl_name(&b, ch->c->name);
    buf_add(&b, STR(" WHERE "));
    ddl_name(&b, ch->old->name);
    buf_addf(&b, " %% %lld <> 0", (long long)power);
    return planner_count(p, &b, NULL, 0);
}

/* Values that do not come out as they went in. */
static int64_t count_lost(struct planner *p, const struct change *ch)
{
    if (ch->how == CONVERT_NEVER)
        return count_values(p, ch);
    if (ch->new->type == FIELD_NUMBER)
        return count_beyond(p, ch->c, ch->old,
                            ch->old->type == FIELD_INT ? EXACT_INT
                                                       : EXACT_DECIMAL);
    if (ch->new->type == FIELD_DECIMAL && ch->new->scale < ch->old->scale)
        return count_cut(p, ch);
    return 0;
}

/* --- the steps ----------------------------------------------------------- */

static bool reference_changes(const struct change *ch)
{
    return ch->how == CONVERT_NOTHING && ch->new->target != NULL &&
           ch->old->on_delete != ch->new->on_delete;
}

bool convert_touches(const struct change *ch)
{
    return ch->how != CONVERT_NOTHING || reference_changes(ch);
}

static struct buf *alter(struct planner *p, struct buf *b,
                         const struct change *ch, const char *what)
{
    buf_add(planner_sql(p, b), STR("ALTER TABLE "));
    ddl_name(b, ch->c->name);
    buf_addf(b, " %s ", what);
    return b;
}

static void say(struct planner *p, const struct buf *sql,
                const struct change *ch, bool loses, const char *what)
{
    planner_add(p, sql, loses ? &PLANNER_LOSING : &PLANNER_SAFE,
                "%.*s.%.*s: %s", STR_ARG(ch->c->name), STR_ARG(ch->new->name),
                what);
}

static void replace_column(struct planner *p, const struct change *ch,
                           int64_t lost)
{
    struct str was = field_type_name(ch->old->type);
    struct str is = field_type_name(ch->new->type);
    struct buf b;

    ddl_name(alter(p, &b, ch, "DROP COLUMN"), ch->old->name);
    planner_add(p, &b, lost > 0 ? &PLANNER_LOSING : &PLANNER_SAFE,
                "%.*s.%.*s: from %.*s to %.*s; its %lld values cannot be kept",
                STR_ARG(ch->c->name), STR_ARG(ch->new->name), STR_ARG(was),
                STR_ARG(is), (long long)lost);
    ddl_column(alter(p, &b, ch, "ADD COLUMN"), p->dialect, ch->c, ch->new,
               ch->new->name);
    say(p, &b, ch, false, "made anew");
}

/* SQLite: no field is called like that, since none has two _. */
static void move_values(struct planner *p, const struct change *ch, bool loses,
                        const char *what)
{
    char name[NAME_MAX_LEN + 8];
    struct str moved;
    struct buf b;

    snprintf(name, sizeof(name), "%.*s__new", STR_ARG(ch->new->name));
    moved = str_of(name);
    ddl_column(alter(p, &b, ch, "ADD COLUMN"), p->dialect, ch->c, ch->new,
               moved);
    say(p, &b, ch, loses, what);
    buf_add(planner_sql(p, &b), STR("UPDATE "));
    ddl_name(&b, ch->c->name);
    buf_add(&b, STR(" SET "));
    ddl_name(&b, moved);
    buf_add(&b, STR(" = "));
    buf_add(&b, ch->expression);
    say(p, &b, ch, false, "moves the values");
    ddl_name(alter(p, &b, ch, "DROP COLUMN"), ch->old->name);
    say(p, &b, ch, false, "the column they came from");
    ddl_name(alter(p, &b, ch, "RENAME COLUMN"), moved);
    buf_add(&b, STR(" TO "));
    ddl_name(&b, ch->new->name);
    say(p, &b, ch, false, "the column they are in");
}

static void alter_type(struct planner *p, const struct change *ch, bool loses,
                       const char *what)
{
    static const char *const types[] = {
        [DDL_TEXT] = "TEXT COLLATE \"C\"",
        [DDL_INT] = "BIGINT",
        [DDL_REAL] = "DOUBLE PRECISION",
        [DDL_BOOL] = "BOOLEAN",
    };
    struct buf b;

    ddl_name(alter(p, &b, ch, "ALTER COLUMN"), ch->new->name);
    buf_addf(&b, " TYPE %s USING ", types[ddl_kind(ch->new)]);
    buf_add(&b, ch->expression);
    say(p, &b, ch, loses, what);
}

static void alter_reference(struct planner *p, const struct change *ch,
                            const char *what)
{
    char name[DDL_NAME_MAX + 1];
    struct buf b;

    ddl_relation_name(ch->c, ch->new, name);
    buf_addf(alter(p, &b, ch, "DROP CONSTRAINT IF EXISTS"), "\"%s\"", name);
    say(p, &b, ch, false, what);
    alter(p, &b, ch, "ADD");
    ddl_foreign_key(&b, ch->c, ch->new);
    say(p, &b, ch, false, "checks the relation again");
}

void convert_column(struct planner *p, const struct change *ch)
{
    int64_t lost;
    char what[160];

    if (reference_changes(ch) && p->dialect == STORE_POSTGRES) {
        alter_reference(p, ch, "other onDelete");
    } else if (reference_changes(ch)) {
        move_values(p, ch, false, "other onDelete");
    } else if (ch->how == CONVERT_NEVER) {
        replace_column(p, ch, count_lost(p, ch));
    } else if (ch->how == CONVERT_BY) {
        lost = count_lost(p, ch);
        snprintf(what, sizeof(what),
                 "converts the values, of which %lld do not come out exactly",
                 (long long)lost);
        if (p->dialect == STORE_POSTGRES)
            alter_type(p, ch, lost > 0, what);
        else
            move_values(p, ch, lost > 0, what);
    }
}
