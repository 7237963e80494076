/* SPDX-License-Identifier: MIT */
/* A filter is refused with a place and a sentence, or becomes a condition of
 * the promised form, which can be asked of any record. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "http/request.h"
#include "records/filter/rules.h"

#define MUST(cond) ((cond) ? (void)0 : abort())

enum { FIELDS = 14 };

static const char app[] =
    "{\"collections\":[{\"name\":\"a\",\"fields\":["
    "{\"name\":\"t\",\"type\":\"text\"},{\"name\":\"i\",\"type\":\"int\"},"
    "{\"name\":\"n\",\"type\":\"number\"},{\"name\":\"b\",\"type\":\"bool\"},"
    "{\"name\":\"d\",\"type\":\"decimal\",\"scale\":2},"
    "{\"name\":\"on\",\"type\":\"date\"},{\"name\":\"at\",\"type\":"
    "\"datetime\"}"
    ",{\"name\":\"s\",\"type\":\"select\",\"values\":[\"x\",\"y\"]},"
    "{\"name\":\"l\",\"type\":\"select\",\"values\":[\"x\",\"y\"],\"max\":2},"
    "{\"name\":\"r\",\"type\":\"relation\",\"collection\":\"a\"},"
    "{\"name\":\"m\",\"type\":\"relation\",\"collection\":\"a\",\"max\":9},"
    "{\"name\":\"j\",\"type\":\"json\"},"
    "{\"name\":\"h\",\"type\":\"text\",\"hidden\":true},"
    "{\"name\":\"c\",\"type\":\"computed\",\"value\":\"count(a_via_r)\"}]}]}";

/* --- a record that is related to itself ------------------------------------
 */

static enum status follow(void *arg, const struct record *from,
                          const struct step *step, struct arena *a,
                          const struct record **out, size_t *n)
{
    (void)arg;
    (void)a;
    *out = from;
    *n = step->kind == STEP_ONE ? 1 : 0;
    return ST_OK;
}

static enum status compute(void *arg, const struct record *of,
                           const struct field *f, struct arena *a,
                           struct value *out)
{
    (void)arg;
    (void)of;
    (void)f;
    (void)a;
    *out = VALUE_I(3);
    return ST_OK;
}

static bool ask(const struct condition *c, const struct record *r,
                const struct asking *q, struct arena *a)
{
    const struct record_source src = { NULL, follow, compute };
    enum decision known = condition_decide(c, q);
    bool yes = false;
    enum status st = condition_holds(c, r, &src, q, a, &yes);

    MUST(st == ST_OK || st == ST_NO_MEMORY);
    MUST(st != ST_OK || known == DECIDE_BY_RECORD ||
         yes == (known == DECIDE_YES));
    return yes;
}

/* --- the promised form -----------------------------------------------------
 */

static void check_form(const struct condition *c)
{
    bool like = c->op == COMPARE_LIKE || c->op == COMPARE_NOT_LIKE;

    if (c->kind == CONDITION_CONSTANT)
        return;
    if (c->kind != CONDITION_COMPARE) {
        check_form(c->left);
        check_form(c->right);
        return;
    }
    MUST(like || c->a.kind != OPERAND_VALUE);
    MUST(like || c->b.kind != OPERAND_PATH || c->a.kind == OPERAND_PATH);
    MUST(!c->a.path.many || !c->b.path.many);
    MUST(!like || !c->b.path.many);
    MUST(!c->any || c->a.path.many || c->b.path.many);
    MUST(!like || c->b.kind != OPERAND_VALUE ||
         (c->b.value.kind == VALUE_TEXT && str_has(c->b.value.s, '%')));
}

static void see_path(void *arg, const struct path *p)
{
    MUST(p->from == arg && p->n_steps <= PATH_STEPS_MAX);
    MUST(p->end != PATH_FIELD || !p->field->hidden);
}

static void read_filter(const struct schema *s, enum filter_use use,
                        enum lang lang, struct str text, struct arena *a)
{
    const struct who nobody = { 0 }, somebody = { .id = 7, .role = STR("x") };
    struct asking q = { .who = &nobody, .now_ms = 1795165380000 };
    struct collection *c = &s->collections[0];
    const struct condition *out = NULL;
    struct filter_error why = { 0 };
    struct value field[FIELDS] = { 0 };
    const struct record r = { .c = c, .id = 1, .field = field };
    enum status st = filter_read(s, c, use, text, NULL, lang, a, &out, &why);

    MUST(st == ST_OK || st == ST_BAD_INPUT || st == ST_NO_MEMORY);
    if (st == ST_BAD_INPUT)
        MUST(why.at <= text.len && why.what.len > 0 && str_is_utf8(why.what));
    if (st != ST_OK)
        return;
    check_form(out);
    condition_paths(out, see_path, c);
    ask(out, &r, &q, a);
    q.who = &somebody;
    field[0] = VALUE_S(STR("Abc"));
    field[1] = VALUE_I(5);
    field[4] = VALUE_I(1250);
    ask(out, &r, &q, a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = { (const char *)data + 1, size - 1 };
    struct schema_error why;
    struct schema *s;
    struct arena a;

    if (size == 0)
        return 0;
    arena_init(&a, 16 << 20);
    MUST(schema_read(str_of(app), &a, &s, &why) == ST_OK);
    MUST(s->collections[0].n_fields == FIELDS);
    read_filter(s, (enum filter_use)(data[0] % 3),
                data[0] & 4 ? LANG_FR : LANG_EN, text, &a);
    schema_free(s);
    arena_close(&a);
    return 0;
}
