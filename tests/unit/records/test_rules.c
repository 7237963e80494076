/* SPDX-License-Identifier: MIT */
#include "records/filter/rules.h"

#include <string.h>

#include "check.h"
#include "http/request.h"
#include "ward.h"

/* --- reading ------------------------------------------------------------- */

/* A collection a and a collection b that leads to it. */
#define APP(of_a, fields_a)                                                    \
    "{\"collections\":[{\"name\":\"a\"" of_a ",\"fields\":["                   \
    "{\"name\":\"t\",\"type\":\"text\"}" fields_a "]},"                        \
    "{\"name\":\"b\",\"fields\":["                                             \
    "{\"name\":\"to\",\"type\":\"relation\",\"collection\":\"a\"},"            \
    "{\"name\":\"n\",\"type\":\"decimal\",\"scale\":2},"                       \
    "{\"name\":\"yes\",\"type\":\"bool\"},"                                    \
    "{\"name\":\"l\",\"type\":\"select\",\"values\":[\"x\"],\"max\":1},"       \
    "{\"name\":\"k\",\"type\":\"select\",\"values\":[\"x\",\"y\"],\"max\":2}," \
    "{\"name\":\"h\",\"type\":\"text\",\"hidden\":true},"                      \
    "{\"name\":\"c\",\"type\":\"computed\",\"value\":\"count(b_via_self)\"},"  \
    "{\"name\":\"self\",\"type\":\"relation\",\"collection\":\"b\"}"           \
    "]}]}"
#define RULE(text)  APP(",\"rules\":{\"list\":\"" text "\"}", "")
#define VALUE(text) COMPUTED("\"value\":\"" text "\"")
#define COMPUTED(keys)                                                         \
    APP("", ",{\"name\":\"v\",\"type\":\"computed\"," keys "}")
#define WHEN(text)                                                             \
    COMPUTED("\"value\":\"count(b_via_to)\",\"filter\":\"" text "\"")

/* clang-format off */
static const struct {
    const char *json, *pointer, *what; /* pointer NULL: fine */
} row[] = {
    { RULE("t = 'x'"), NULL, NULL },
    { RULE(""), NULL, NULL },
    { RULE("@request.body.t = @user.role"), NULL, NULL },
    { RULE("b_via_to.h ?= 'x'"), NULL, NULL }, /* app.json may */
    { RULE("t = 5"), "/collections/0/rules/list",
      "at character 5: t is compared with a text in quotes" },
    { RULE("tt = 5"), "/collections/0/rules/list", "did you mean \"t\"" },
    { RULE("t ="), "/collections/0/rules/list", "at character 4" },
    { APP(",\"rules\":{\"delete\":\"id\"}", ""), "/collections/0/rules/delete",
      "an operator" },
    { APP("", ",{\"name\":\"u\",\"type\":\"text\","
              "\"rules\":{\"read\":\"t = 5\"}}"),
      "/collections/0/fields/1/rules/read", "at character 5" },
    { APP("", ",{\"name\":\"u\",\"type\":\"text\","
              "\"rules\":{\"write\":\"t = 5\"}}"),
      "/collections/0/fields/1/rules/write", "at character 5" },

    { VALUE("count(b_via_to)"), NULL, NULL },
    { VALUE(" count ( b_via_to ) "), NULL, NULL },
    { VALUE("count(b_via_to.n)"), NULL, NULL },
    { VALUE("count(b_via_to.h)"), NULL, NULL },
    { VALUE("sum(b_via_to.n)"), NULL, NULL },
    { VALUE("avg(b_via_to.n)"), NULL, NULL },
    { VALUE("min(b_via_to.l)"), NULL, NULL },
    { VALUE("max(b_via_to.created)"), NULL, NULL },
    { VALUE("max(b_via_to.id)"), NULL, NULL },
    { VALUE("count"), "/collections/0/fields/1/value", "must be count, sum" },
    { VALUE("count()"), "/collections/0/fields/1/value", "must be count, sum" },
    { VALUE("median(b_via_to.n)"), "/collections/0/fields/1/value",
      "must be count, sum" },
    { VALUE("count(b_via_to) + 1"), "/collections/0/fields/1/value",
      "must be count, sum" },
    { VALUE("sum(sum(b_via_to.n))"), "/collections/0/fields/1/value",
      "must be count, sum" },
    { VALUE("count(b_via_tto)"), "/collections/0/fields/1/value",
      "did you mean \"b_via_to\"" },
    { VALUE("count(t)"), "/collections/0/fields/1/value", "one relation" },
    { VALUE("sum(b_via_to.nn)"), "/collections/0/fields/1/value",
      "did you mean \"n\"" },
    { VALUE("sum(b_via_to)"), "/collections/0/fields/1/value",
      "sum and avg are for" },
    { VALUE("sum(b_via_to.l)"), "/collections/0/fields/1/value",
      "sum and avg are for" },
    { VALUE("max(b_via_to.yes)"), "/collections/0/fields/1/value",
      "min and max for these" },
    { VALUE("count(b_via_to.k)"), "/collections/0/fields/1/value",
      "all but lists" },
    { VALUE("sum(b_via_to.c)"), "/collections/0/fields/1/value",
      "a field that is kept" },
    { VALUE("count(b_via_to.self)"), "/collections/0/fields/1/value",
      "along one relation" },

    { WHEN("n > 1 && to.t = 'x' && c > 3"), NULL, NULL },
    { WHEN("n > 1.005 || created < @now"), NULL, NULL },
    { WHEN("n > 'x'"), "/collections/0/fields/1/filter", "at character 5" },
    { WHEN("to = @user.id"), "/collections/0/fields/1/filter",
      "is unknown here" },
    { WHEN("to.v > 1"), "/collections/0/fields/1/filter", "in a circle" },
};
/* clang-format on */

static void test_reading(void)
{
    for (size_t i = 0; i < COUNT(row); i++) {
        struct schema *s = NULL;
        struct schema_error why;
        struct arena a;
        enum status st;

        arena_init(&a, 4 << 20);
        st = schema_read(str_of(row[i].json), &a, &s, &why);
        if (row[i].pointer == NULL)
            CHECK(st == ST_OK, "%s: %s: %s", row[i].json, why.pointer,
                  why.what);
        else
            CHECK(st == ST_BAD_INPUT &&
                      strcmp(why.pointer, row[i].pointer) == 0 &&
                      strstr(why.what, row[i].what) != NULL,
                  "%s: %s: %s, not %s: %s", row[i].json, why.pointer, why.what,
                  row[i].pointer, row[i].what);
        if (st == ST_OK)
            schema_free(s);
        arena_close(&a);
    }
}

/* --- computed fields ----------------------------------------------------- */

static void test_types(void)
{
    static const struct {
        const char *value;
        enum field_type type;
        int scale;
    } of[] = {
        { VALUE("count(b_via_to)"), FIELD_INT, 0 },
        { VALUE("count(b_via_to.n)"), FIELD_INT, 0 },
        { VALUE("sum(b_via_to.n)"), FIELD_DECIMAL, 2 },
        { VALUE("avg(b_via_to.n)"), FIELD_NUMBER, 0 },
        { VALUE("max(b_via_to.n)"), FIELD_DECIMAL, 2 },
        { VALUE("max(b_via_to.l)"), FIELD_TEXT, 0 },
        { VALUE("min(b_via_to.updated)"), FIELD_DATETIME, 0 },
        { VALUE("min(b_via_to.id)"), FIELD_INT, 0 },
    };

    for (size_t i = 0; i < COUNT(of); i++) {
        const struct field *f;
        struct schema_error why;
        struct schema *s = NULL;
        struct arena a;
        enum status st;

        arena_init(&a, 4 << 20);
        st = schema_read(str_of(of[i].value), &a, &s, &why);
        CHECK(st == ST_OK, "%s: %s", of[i].value, why.what);
        if (st == ST_OK) {
            f = collection_field(&s->collections[0], STR("v"));
            CHECK(f->type == of[i].type && f->scale == of[i].scale,
                  "%s: %.*s, scale %d", of[i].value,
                  STR_ARG(field_type_name(f->type)), f->scale);
            CHECK(f->computed->of.at == &s->collections[1], "%s", of[i].value);
            schema_free(s);
        }
        arena_close(&a);
    }
}

/* Each of n computed fields needs the next; the last one none, or the first. */
static enum status read_chain(size_t n, bool circle, struct arena *a,
                              struct schema_error *why)
{
    struct schema *s = NULL;
    struct str text;
    struct buf b;
    enum status st;

    buf_init(&b, a, 64 * 1024);
    buf_add(&b, STR("{\"collections\":[{\"name\":\"a\",\"fields\":["
                    "{\"name\":\"up\",\"type\":\"relation\","
                    "\"collection\":\"a\"}"));
    for (size_t i = 0; i < n; i++) {
        buf_addf(&b,
                 ",{\"name\":\"c%zu\",\"type\":\"computed\","
                 "\"value\":\"count(a_via_up)\"",
                 i);
        if (i + 1 < n || circle)
            buf_addf(&b, ",\"filter\":\"c%zu > 0 || c%zu > 1\"", (i + 1) % n,
                     (i + 1) % n);
        buf_add_char(&b, '}');
    }
    buf_add(&b, STR("]}]}"));
    st = buf_done(&b, &text);
    CHECK(st == ST_OK, "%zu", n);
    st = schema_read(text, a, &s, why);
    if (st == ST_OK)
        schema_free(s);
    return st;
}

static void test_circles(void)
{
    static const struct {
        size_t n;
        bool circle;
        enum status want;
    } chain[] = {
        { 1, false, ST_OK },        { 8, false, ST_OK },
        { 9, false, ST_BAD_INPUT }, { 150, false, ST_BAD_INPUT },
        { 1, true, ST_BAD_INPUT },  { 2, true, ST_BAD_INPUT },
        { 8, true, ST_BAD_INPUT },  { 150, true, ST_BAD_INPUT },
    };

    for (size_t i = 0; i < COUNT(chain); i++) {
        struct schema_error why = { "", "" };
        struct arena a;
        enum status st;

        arena_init(&a, 16 << 20);
        st = read_chain(chain[i].n, chain[i].circle, &a, &why);
        CHECK(st == chain[i].want, "%zu, %d: %s: %s", chain[i].n,
              chain[i].circle, why.pointer, why.what);
        arena_close(&a);
    }
}

/* --- aggregates ---------------------------------------------------------- */

static void test_aggregates(void)
{
    static const struct {
        const char *text;
        enum status st;
        enum aggregate how;
        const char *of;
    } read[] = {
        { "count", ST_OK, AGGREGATE_COUNT, "" },
        { " count ", ST_OK, AGGREGATE_COUNT, "" },
        { "count(person.email)", ST_OK, AGGREGATE_COUNT, "person.email" },
        { "sum(a)", ST_OK, AGGREGATE_SUM, "a" },
        { "avg( a )", ST_OK, AGGREGATE_AVG, "a" },
        { "min(a)", ST_OK, AGGREGATE_MIN, "a" },
        { "max(a)", ST_OK, AGGREGATE_MAX, "a" },
        { "", ST_BAD_INPUT, 0, "" },
        { "sum", ST_BAD_INPUT, 0, "" },
        { "sum()", ST_BAD_INPUT, 0, "" },
        { "sum(a", ST_BAD_INPUT, 0, "" },
        { "sum(a) ", ST_OK, AGGREGATE_SUM, "a" },
        { "sum(a)b", ST_BAD_INPUT, 0, "" },
        { "sum((a))", ST_BAD_INPUT, 0, "" },
        { "SUM(a)", ST_BAD_INPUT, 0, "" },
        { "sum(a),sum(b)", ST_BAD_INPUT, 0, "" },
    };

    for (size_t i = 0; i < COUNT(read); i++) {
        enum aggregate how = AGGREGATE__COUNT;
        struct str of = STR("");
        enum status st = aggregate_read(str_of(read[i].text), &how, &of);

        CHECK(st == read[i].st, "%s: %s", read[i].text, status_name(st));
        CHECK(st != ST_OK ||
                  (how == read[i].how && str_eq(of, str_of(read[i].of))),
              "%s: %.*s", read[i].text, STR_ARG(of));
    }
}

/* --- who may ------------------------------------------------------------- */

static const char guarded[] =
    "{\"collections\":[{\"name\":\"a\",\"rules\":{"
    "\"list\":\"\",\"view\":\"owner = @user.id\",\"create\":null,"
    "\"update\":\"@user.role = 'editor'\","
    "\"delete\":\"@request.body.owner = 1 && @user.id != ''\"},"
    "\"fields\":[{\"name\":\"owner\",\"type\":\"int\"},"
    "{\"name\":\"open\",\"type\":\"text\"},"
    "{\"name\":\"pay\",\"type\":\"int\",\"rules\":{"
    "\"read\":\"@user.role = 'editor'\",\"write\":null}},"
    "{\"name\":\"mine\",\"type\":\"int\",\"rules\":{"
    "\"read\":\"owner = @user.id\",\"write\":\"\"}},"
    "{\"name\":\"theirs\",\"type\":\"int\",\"rules\":{"
    "\"read\":\"owner = @user.id\"}},"
    "{\"name\":\"secret\",\"type\":\"text\",\"hidden\":true},"
    "{\"name\":\"sum\",\"type\":\"computed\",\"value\":\"sum(b_via_to.n)\","
    "\"rules\":{\"read\":\"@user.id != ''\"}}]},"
    "{\"name\":\"b\",\"fields\":[{\"name\":\"n\",\"type\":\"int\"},"
    "{\"name\":\"to\",\"type\":\"relation\",\"collection\":\"a\"}]}]}";

enum { NOBODY, READER, EDITOR, ADMIN, CALLERS };

static const struct who callers[CALLERS] = {
    [READER] = { .id = 1, .role = STR_INIT("reader") },
    [EDITOR] = { .id = 2, .role = STR_INIT("editor") },
    [ADMIN] = { .is_admin = true },
};

/* A letter for each caller: y, n, or r when it depends on the record. */
static void check_decisions(const char *what, const char *want,
                            enum decision (*decide)(const void *of,
                                                    const struct asking *q),
                            const void *of)
{
    char got[CALLERS + 1] = "";

    for (size_t i = 0; i < CALLERS; i++) {
        const struct asking q = { .who = &callers[i] };

        got[i] = "nyr"[decide(of, &q)];
    }
    CHECK(strcmp(got, want) == 0, "%s: %s, not %s", what, got, want);
}

struct wanted_action {
    const struct collection *c;
    enum action what;
};

static enum decision decide_action(const void *of, const struct asking *q)
{
    const struct wanted_action *w = of;

    return action_decide(w->c, w->what, q);
}

static enum decision decide_read(const void *of, const struct asking *q)
{
    return field_decide(of, q);
}

static enum decision decide_write(const void *of, const struct asking *q)
{
    return field_write_decide(of, q);
}

static void check_actions(const struct schema *s)
{
    static const struct {
        const char *c;
        enum action what;
        const char *want; /* nobody, reader, editor, admin */
    } action[] = {
        { "a", ACTION_LIST, "yyyy" },   { "a", ACTION_VIEW, "nrry" },
        { "a", ACTION_CREATE, "nnny" }, { "a", ACTION_UPDATE, "nnyy" },
        { "a", ACTION_DELETE, "nrry" }, { "b", ACTION_LIST, "nnny" },
        { "b", ACTION_CREATE, "nnny" },
    };

    for (size_t i = 0; i < COUNT(action); i++) {
        const struct wanted_action w = { schema_find(s, str_of(action[i].c)),
                                         action[i].what };

        check_decisions(action[i].c, action[i].want, decide_action, &w);
    }
}

static void check_fields(const struct schema *s)
{
    static const struct {
        const char *field, *read, *write;
    } field[] = {
        { "open", "yyyy", "yyyy" },   { "pay", "nnyy", "nnny" },
        { "mine", "nrry", "yyyy" },   { "secret", "nnnn", "yyyy" },
        { "theirs", "nrry", "nrry" }, { "sum", "nyyy", "nnnn" },
    };
    const struct collection *c = schema_find(s, STR("a"));

    for (size_t i = 0; i < COUNT(field); i++) {
        const struct field *f = collection_field(c, str_of(field[i].field));

        check_decisions(field[i].field, field[i].read, decide_read, f);
        check_decisions(field[i].field, field[i].write, decide_write, f);
    }
}

static void test_deciding(void)
{
    struct schema_error why = { "", "" };
    struct schema *s = NULL;
    struct arena a;
    enum status st;

    arena_init(&a, 4 << 20);
    st = schema_read(str_of(guarded), &a, &s, &why);
    CHECK(st == ST_OK, "%s: %s", why.pointer, why.what);
    if (st == ST_OK) {
        check_actions(s);
        check_fields(s);
        schema_free(s);
    }
    arena_close(&a);
}

void test_rules(void)
{
    RUN(test_reading);
    RUN(test_types);
    RUN(test_circles);
    RUN(test_aggregates);
    RUN(test_deciding);
}
