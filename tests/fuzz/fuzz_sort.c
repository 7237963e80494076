/* SPDX-License-Identifier: MIT */
/* sort, aggregate and groupBy: any text is read or refused with a reason, and
 * what was read names nothing hidden. */
#include <stdlib.h>

#include "base/enc.h"
#include "records/records_in.h"

#define MUST(cond) ((cond) ? (void)0 : abort())

static const char json[] =
    "{\"collections\":["
    "{\"name\":\"g\",\"fields\":[{\"name\":\"na\",\"type\":\"text\"},"
    "{\"name\":\"size\",\"type\":\"computed\",\"value\":\"count(t_via_g)\"}]},"
    "{\"name\":\"t\",\"rules\":{\"list\":\"\"},\"fields\":["
    "{\"name\":\"te\",\"type\":\"text\"},"
    "{\"name\":\"nu\",\"type\":\"number\"},"
    "{\"name\":\"de\",\"type\":\"decimal\",\"scale\":2},"
    "{\"name\":\"js\",\"type\":\"json\"},"
    "{\"name\":\"hi\",\"type\":\"int\",\"hidden\":true},"
    "{\"name\":\"no\",\"type\":\"int\",\"rules\":{\"read\":null}},"
    "{\"name\":\"ts\",\"type\":\"select\",\"values\":[\"x\",\"y\"],\"max\":2},"
    "{\"name\":\"g\",\"type\":\"relation\",\"collection\":\"g\"}]}]}";

/* What stands before the text. */
static const char *const before[] = {
    "sort=", "aggregate=count,avg(nu)&groupBy=te,g.na&sort=", "aggregate=",
    "aggregate=count&groupBy="
};

static const struct schema *open_schema(struct arena *a)
{
    struct schema_error why;
    struct schema *s = NULL;

    MUST(schema_read(str_of(json), a, &s, &why) == ST_OK);
    return s;
}

static void check_path(const struct path *p)
{
    for (size_t i = 0; i < p->n_steps; i++)
        MUST(p->step[i].kind == STEP_ONE);
    if (p->end == PATH_FIELD)
        MUST(!p->field->hidden && p->field->type != FIELD_JSON &&
             p->field->read.kind != RULE_NOBODY);
}

static void check(const struct list_params *l)
{
    MUST(l->n_sort <= SORT_KEYS_MAX && l->n_groups <= GROUPS_MAX &&
         l->n_measures <= AGGREGATES_MAX);
    for (size_t i = 0; i < l->n_sort; i++)
        if (l->by[i] == NULL)
            check_path(&l->sort[i].path);
    for (size_t i = 0; i < l->n_groups; i++)
        check_path(&l->group[i]);
    for (size_t i = 0; i < l->n_measures; i++)
        if (l->measure[i].of != NULL)
            check_path(l->measure[i].of);
}

static void read_as(const struct schema *schema, const char *front,
                    struct str text)
{
    struct list_params l = { .page = 1, .per_page = PER_PAGE_DEFAULT };
    struct records r = { .schema = schema };
    const struct statements s = { .c = schema_find(schema, STR("t")) };
    struct request rq = { .lang = text.len % 2 ? LANG_FR : LANG_EN };
    struct reading rd = { .r = &r, .s = &s, .rq = &rq };
    struct reply rp;
    struct arena a;
    struct str all;
    struct buf b;
    enum status st;

    arena_init(&a, 64 << 20);
    rq.arena = &a;
    reply_init(&rp, &a, 1 << 20);
    rd.asking = records_asking(&rq);
    buf_init(&b, &a, 1 << 24);
    buf_add(&b, str_of(front));
    buf_add_percent(&b, text);
    MUST(buf_done(&b, &rq.query) == ST_OK);
    st = params_read(&rd, PARAMS_OF_LISTS, &rp, &l);
    MUST(st == ST_OK || st == ST_BAD_INPUT);
    MUST(l.n_sort == 0 || st != ST_OK || text.len > 0);
    if (st == ST_OK) {
        check(&l);
        buf_init(&b, &a, 1 << 24);
        params_key(&b, &l);
        MUST(buf_done(&b, &all) == ST_OK);
    }
    arena_close(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct schema *schema;
    static struct arena arena;

    if (schema == NULL) {
        arena_init(&arena, 64 << 20);
        schema = open_schema(&arena);
    }
    for (size_t i = 0; i < COUNT(before); i++)
        read_as(schema, before[i], (struct str){ (const char *)data, size });
    return 0;
}
