/* SPDX-License-Identifier: MIT */
/* Conditions over a small world in memory. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "check.h"
#include "http/request.h"
#include "ward.h"

enum { UNITS, PEOPLE, ABSENCES, COLLECTIONS, ROWS_MAX = 4, FIELDS = 24 };

struct world {
    const struct schema *schema;
    const struct collection *c[COLLECTIONS];
    struct record row[COLLECTIONS][ROWS_MAX];
    struct value cell[COLLECTIONS][ROWS_MAX][FIELDS];
    size_t n[COLLECTIONS];
};

static size_t which(const struct world *w, const struct collection *c)
{
    for (size_t i = 0; i < COLLECTIONS; i++)
        if (w->c[i] == c)
            return i;
    return 0;
}

static void put(struct world *w, size_t c, size_t row, const char *name,
                struct value v)
{
    const struct field *f = collection_field(w->c[c], str_of(name));

    CHECK(f != NULL && f->no < FIELDS, "%s", name);
    if (f != NULL)
        w->cell[c][row][f->no] = v;
}

static void add_row(struct world *w, size_t c)
{
    size_t i = w->n[c]++;

    w->row[c][i] = (struct record){ .c = w->c[c],
                                    .id = (int64_t)i + 1,
                                    .created = 1000 * ((int64_t)i + 1),
                                    .updated = 5000,
                                    .field = w->cell[c][i] };
}

#define T(text) VALUE_S(STR(text))

/* Ann (unit 1, boss Bob, friends Bob and Eve), Bob (unit 2), Eve (nothing at
 * all). Unit 1 is headed by Bob. Two absences of Ann, one approved by Bob. */
static void fill(struct world *w)
{
    put(w, UNITS, 0, "code", T("A"));
    put(w, UNITS, 0, "head", VALUE_I(2));
    put(w, UNITS, 1, "code", T("b"));
    put(w, PEOPLE, 0, "name", T("Ann D\xC3\x89J\xC3\x80"));
    put(w, PEOPLE, 0, "email", T("ann@x.org"));
    put(w, PEOPLE, 0, "age", VALUE_I(40));
    put(w, PEOPLE, 0, "height", VALUE_R(1.75));
    put(w, PEOPLE, 0, "salary", VALUE_I(400000));
    put(w, PEOPLE, 0, "active", VALUE_I(1));
    put(w, PEOPLE, 0, "born", T("1986-01-31"));
    put(w, PEOPLE, 0, "seen", VALUE_I(1795165380000));
    put(w, PEOPLE, 0, "status", T("here"));
    put(w, PEOPLE, 0, "tags", T("[\"red\",\"green\"]"));
    put(w, PEOPLE, 0, "unit", VALUE_I(1));
    put(w, PEOPLE, 0, "boss", VALUE_I(2));
    put(w, PEOPLE, 0, "friends", T("[2,3]"));
    put(w, PEOPLE, 0, "notes", T("{\"a\":\"X\"}"));
    put(w, PEOPLE, 1, "name", T("bob"));
    put(w, PEOPLE, 1, "age", VALUE_I(INT64_MAX));
    put(w, PEOPLE, 1, "salary", VALUE_I(4000));
    put(w, PEOPLE, 1, "height", VALUE_R(40));
    put(w, PEOPLE, 1, "active", VALUE_I(0));
    put(w, PEOPLE, 1, "tags", T("[]"));
    put(w, PEOPLE, 1, "unit", VALUE_I(2));
    put(w, ABSENCES, 0, "person", VALUE_I(1));
    put(w, ABSENCES, 0, "day", T("2026-11-02"));
    put(w, ABSENCES, 0, "state", T("approved"));
    put(w, ABSENCES, 0, "approver", VALUE_I(2));
    put(w, ABSENCES, 1, "person", VALUE_I(1));
    put(w, ABSENCES, 1, "day", T("2026-11-03"));
}

static void world_open(struct world *w, const struct schema *s)
{
    static const struct {
        const char *name;
        size_t rows;
    } all[COLLECTIONS] = { { "units", 2 }, { "people", 3 }, { "absences", 2 } };

    *w = (struct world){ .schema = s };
    for (size_t i = 0; i < COLLECTIONS; i++) {
        w->c[i] = schema_find(s, str_of(all[i].name));
        for (size_t k = 0; k < all[i].rows; k++)
            add_row(w, i);
    }
    fill(w);
}

/* --- the source ---------------------------------------------------------- */

static bool leads(const struct record *from, const struct step *step,
                  const struct record *to)
{
    const struct json *list;
    struct json_error why;
    struct value v;
    struct arena a;
    bool found = false;
    int64_t id;

    if (step->kind == STEP_BACK)
        v = to->field[step->via->no], id = from->id;
    else
        v = from->field[step->via->no], id = to->id;
    if (v.kind == VALUE_INT)
        return v.i == id;
    if (v.kind != VALUE_TEXT)
        return false;
    arena_init(&a, 1 << 16);
    if (json_read(v.s, &a, &list, &why) == ST_OK)
        for (struct json_iter it = json_iter(list); json_next(&it);) {
            int64_t n;

            found |= json_int(it.value, &n) == ST_OK && n == id;
        }
    arena_close(&a);
    return found;
}

static enum status follow(void *arg, const struct record *from,
                          const struct step *step, struct arena *a,
                          const struct record **out, size_t *n)
{
    const struct world *w = arg;
    size_t c = which(w, step->to);
    struct record *found = arena_take_array(a, ROWS_MAX, sizeof(*found));

    if (found == NULL)
        return ST_NO_MEMORY;
    *n = 0;
    for (size_t i = 0; i < w->n[c]; i++)
        if (leads(from, step, &w->row[c][i]))
            found[(*n)++] = w->row[c][i];
    *out = found;
    return ST_OK;
}

/* Of the computed fields only counts without a filter are asked for here. */
static enum status compute(void *arg, const struct record *of,
                           const struct field *f, struct arena *a,
                           struct value *out)
{
    const struct record *unused;
    size_t n;
    enum status st = follow(arg, of, &f->computed->of.step[0], a, &unused, &n);

    *out = VALUE_I((int64_t)n);
    return st;
}

/* --- the tests ----------------------------------------------------------- */

/* clang-format off */
static const struct {
    const char *text;
    const char *who; /* of Ann, Bob, Eve: those it holds for */
} row[] = {
    { "name = 'bob'", "B" },
    { "name != 'bob'", "AE" },
    { "name = null", "E" },
    { "name != null", "AB" },
    { "name > 'a'", "B" },
    { "name <= 'a'", "A" },
    { "name = 'BOB'", "" },
    { "name ~ 'BO'", "B" },
    { "name ~ 'd\xC3\xA9j\xC3\xA0'", "A" },
    { "name ~ 'deja'", "" },
    { "name !~ 'bo'", "AE" },
    { "name ~ 'b%b'", "B" },
    { "name ~ 'b%'", "B" },
    { "name ~ '%n%d%'", "A" },
    { "name ~ '%b%b'", "B" },
    { "name ~ '%b%b%b'", "" },
    { "name ~ '%ob%'", "B" },
    { "name ~ '%'", "AB" },
    { "name ~ ''", "AB" },
    { "name ~ 'b_b'", "" },
    { "name ~ unit.code", "AB" },
    { "name !~ unit.code", "E" },
    { "'xANN D%J%' ~ name", "" },
    { "'x Ann D\xC3\xA9J\xC3\xA0 y' ~ name", "A" },
    { "'x' !~ name", "ABE" },
    { "null !~ name", "ABE" },
    { "born ~ @today", "" },
    { "tags ?~ unit.head.unit.code", "" },
    { "friends.name ?~ unit.head.unit.code", "A" },
    { "age = 40", "A" },
    { "age < 41", "A" },
    { "age > 39.5", "AB" },
    { "age != 39.5", "ABE" },
    { "age = 9223372036854775807", "B" },
    { "age >= 9223372036854775808", "" },
    { "age < 1e30", "AB" },
    { "age = null", "E" },
    { "salary = 4000", "A" },
    { "salary > 39.999", "AB" },
    { "salary < 40.001", "B" },
    { "height = 1.75", "A" },
    { "salary = height", "BE" },
    { "salary != height", "A" },
    { "age > salary", "B" },
    { "age < salary", "A" },
    { "active = true", "A" },
    { "active != true", "BE" },
    { "active = false", "B" },
    { "born < '1990-01-01'", "A" },
    { "born ~ '1986'", "A" },
    { "born < @today", "A" },
    { "seen = @now", "A" },
    { "seen >= @today", "A" },
    { "seen < '2026-11-20'", "" },
    { "created >= '1970-01-01 00:00:02Z'", "BE" },
    { "updated = created", "" },
    { "id = 2 || id = '3'", "BE" },
    { "notes ~ 'x'", "A" },
    { "notes = null", "BE" },
    { "unit.code = 'A'", "A" },
    { "unit.code != 'A'", "BE" },
    { "unit.code = null", "E" },
    { "unit.head.name = 'bob'", "A" },
    { "unit.head = 2", "A" },
    { "boss.id = 2", "A" },
    { "unit.head = boss", "ABE" },
    { "name < unit.code", "" },
    { "unit.code < name", "AB" },
    { "age = 40 || name = 'bob' && active = true", "A" },
    { "(age = 40 || name = 'bob') && active = false", "B" },

    /* many values */
    { "tags ?= 'red'", "A" },
    { "tags = 'red'", "" },
    { "tags != 'blue'", "ABE" },
    { "tags ?!= 'red'", "A" },
    { "tags = null", "BE" },
    { "tags ?= null", "" },
    { "tags ?~ 'EE'", "A" },
    { "tags ~ 'e'", "A" },
    { "tags !~ 'z'", "ABE" },
    { "tags > 'a'", "A" },
    { "tags ?!~ null", "A" },
    { "friends ?= 2", "A" },
    { "friends = 2", "" },
    { "friends > 1", "A" },
    { "friends != 1", "ABE" },
    { "friends ?= boss", "A" },
    { "boss ?= friends", "A" },
    { "friends.name ?= 'bob'", "A" },
    { "friends.name ?= null", "A" },
    { "friends.name = null", "BE" },
    { "friends.age ?!= 1.5", "A" },
    { "friends.age != 1.5", "ABE" },
    { "friends.unit.code ?= null", "A" },
    { "friends.tags ?= 'red'", "" },
    { "friends.tags = null", "ABE" },
    { "people_via_boss.name ?~ 'ann'", "B" },
    { "people_via_friends = 1", "BE" },
    { "absences_via_person.state ?= 'approved'", "A" },
    { "absences_via_person.state = 'approved'", "" },
    { "absences_via_person.state ?= null", "A" },
    { "absences_via_person.approver.name ?= 'bob'", "A" },
    { "absences_via_person.approver.name ?= null", "A" },
    { "absences_via_person.approver.friends ?= 1", "" },
    { "absences_via_person.day >= '2026-11-02'", "A" },
    { "absences_via_person.day > '2026-11-02'", "" },
    { "absences_via_person.day ?> '2026-11-02'", "A" },
    { "boss.absences_via_person ?!= null", "" },
    { "boss.friends = null", "ABE" },
    { "units_via_head.people_via_unit.name ?~ 'ann'", "B" },
    { "absences_count = 2", "A" },
    { "absences_count >= 0.5", "A" },
    { "friends.absences_count = 0", "A" },

    /* who asks: Bob, who is a manager */
    { "boss = @user.id", "A" },
    { "boss != @user.id", "BE" },
    { "@user.id = id", "B" },
    { "@user.id < id", "E" },
    { "friends ?= @user.id", "A" },
    { "@user.role = 'manager'", "ABE" },
    { "@user.role != ''", "ABE" },
    { "@user.id = ''", "" },
    { "1 = 2", "" },
    { "'a' ~ 'A'", "ABE" },
};

/* The same, asked by nobody. */
static const struct {
    const char *text, *who;
} by_nobody[] = {
    { "boss = @user.id", "" },
    { "boss != @user.id", "" },
    { "name !~ 'x' && boss >= @user.id", "" },
    { "@user.id < id", "" },
    { "friends != @user.id", "" },
    { "friends ?!= @user.id", "" },
    { "name != @user.role", "" },
    { "@user.id = ''", "ABE" },
    { "@user.id = null", "ABE" },
    { "@user.id != ''", "" },
    { "@user.id != 7", "ABE" },
    { "@user.id = 7", "" },
    { "@user.role = ''", "ABE" },
    { "@user.role != 'admin'", "ABE" },
    { "@user.role !~ 'admin'", "ABE" },
    { "@user.role ~ ''", "" },
    { "@user.role < 'z'", "" },
    { "@user.id = @user.id", "ABE" },
};
/* clang-format on */

static void check_row(struct world *w, const struct asking *q, const char *text,
                      const char *who)
{
    const struct record_source src = { w, follow, compute };
    const struct condition *c = NULL;
    struct filter_error why = { 0 };
    char got[4] = "";
    struct arena a;
    size_t n = 0;
    enum status st;

    arena_init(&a, 1 << 20);
    st = filter_read(w->schema, w->c[PEOPLE], FILTER_OF_CLIENT, str_of(text),
                     NULL, LANG_EN, &a, &c, &why);
    CHECK(st == ST_OK, "%s: %.*s", text, STR_ARG(why.what));
    for (size_t i = 0; st == ST_OK && i < w->n[PEOPLE]; i++) {
        bool yes = false;

        st = condition_holds(c, &w->row[PEOPLE][i], &src, q, &a, &yes);
        CHECK(st == ST_OK, "%s: %s", text, status_name(st));
        if (yes)
            got[n++] = "ABE"[i];
    }
    CHECK(strcmp(got, who) == 0, "%s: holds for \"%s\", not \"%s\"", text, got,
          who);
    arena_close(&a);
}

static void with_world(const struct who *who,
                       void (*run)(struct world *w, const struct asking *q))
{
    const struct asking q = { .who = who, .now_ms = 1795165380000 };
    struct world w;
    struct schema *s;
    struct arena a;

    arena_init(&a, 1 << 20);
    s = ward_open(&a);
    world_open(&w, s);
    run(&w, &q);
    schema_free(s);
    arena_close(&a);
}

static void run_somebody(struct world *w, const struct asking *q)
{
    for (size_t i = 0; i < COUNT(row); i++)
        check_row(w, q, row[i].text, row[i].who);
}

static void test_somebody(void)
{
    const struct who bob = { .id = 2, .role = STR("manager") };

    with_world(&bob, run_somebody);
}

static void run_nobody(struct world *w, const struct asking *q)
{
    for (size_t i = 0; i < COUNT(by_nobody); i++)
        check_row(w, q, by_nobody[i].text, by_nobody[i].who);
}

static void test_nobody(void)
{
    const struct who nobody = { 0 };

    with_world(&nobody, run_nobody);
}

/* --- @request.body ------------------------------------------------------- */

static void run_body(struct world *w, const struct asking *asked)
{
    static const struct {
        const char *text;
        bool holds;
    } body[] = {
        { "@request.body.name = 'new'", true },
        { "@request.body.name = name", false },
        { "@request.body.name != name", true },
        { "@request.body.age = null", true },
        { "@request.body.age != 5", true },
        { "@request.body.boss = @user.id", true },
        { "@request.body.boss = boss", true },
        { "@request.body.name ~ 'NE%'", true },
        { "@request.body.tags ~ 'red'", true },
        { "@request.body.tags = null", false },
        { "friends ?= @request.body.boss", true },
    };
    const struct record_source src = { w, follow, compute };
    struct value value[FIELDS] = { 0 };
    bool given[FIELDS] = { false };
    struct asking q = *asked;
    struct arena a;

    arena_init(&a, 1 << 20);
    q.body = value;
    q.given = given;
    for (size_t i = 0; i < 3; i++) {
        static const char *const names[] = { "name", "boss", "tags" };
        unsigned no = collection_field(w->c[PEOPLE], str_of(names[i]))->no;

        given[no] = true;
        value[no] = i == 0 ? T("new") : i == 1 ? VALUE_I(2) : T("[\"red\"]");
    }
    for (size_t i = 0; i < COUNT(body); i++) {
        const struct condition *c;
        struct filter_error why;
        bool yes = false;
        enum status st =
            filter_read(w->schema, w->c[PEOPLE], FILTER_OF_RULE,
                        str_of(body[i].text), NULL, LANG_EN, &a, &c, &why);

        if (st == ST_OK)
            st = condition_holds(c, &w->row[PEOPLE][0], &src, &q, &a, &yes);
        CHECK(st == ST_OK && yes == body[i].holds, "%s: %d", body[i].text, yes);
    }
    arena_close(&a);
}

static void test_body(void)
{
    const struct who bob = { .id = 2, .role = STR("manager") };

    with_world(&bob, run_body);
}

void test_eval(void)
{
    RUN(test_somebody);
    RUN(test_nobody);
    RUN(test_body);
}
