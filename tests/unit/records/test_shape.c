/* SPDX-License-Identifier: MIT */
/* What answers show: fields, expand, and what who asks may read. */
#include <stdio.h>
#include <string.h>

#include "base/metrics.h"
#include "check.h"
#include "desk.h"
#include "records/read/shape.h"
#include "records/sql/select.h"

static struct desk desk;

/* clang-format off */
static const char press[] =
    "{\"collections\":["
    "{\"name\":\"areas\",\"rules\":{\"list\":\"\",\"view\":\"closed = false\"},"
     "\"fields\":[{\"name\":\"name\",\"type\":\"text\"},"
      "{\"name\":\"closed\",\"type\":\"bool\"}]},"
    "{\"name\":\"people\",\"rules\":{\"list\":\"\",\"view\":\"\"},\"fields\":["
      "{\"name\":\"name\",\"type\":\"text\"},"
      "{\"name\":\"salary\",\"type\":\"int\",\"rules\":{\"read\":null}},"
      "{\"name\":\"phone\",\"type\":\"text\","
        "\"rules\":{\"read\":\"listed = true\"}},"
      "{\"name\":\"listed\",\"type\":\"bool\"},"
      "{\"name\":\"pin\",\"type\":\"int\",\"hidden\":true},"
      "{\"name\":\"boss\",\"type\":\"relation\",\"collection\":\"people\","
        "\"onDelete\":\"null\",\"index\":true},"
      "{\"name\":\"area\",\"type\":\"relation\",\"collection\":\"areas\","
        "\"onDelete\":\"null\",\"index\":true},"
      "{\"name\":\"mentor\",\"type\":\"relation\",\"collection\":\"people\","
        "\"onDelete\":\"null\",\"index\":true,"
        "\"rules\":{\"read\":\"listed = true\"}},"
      "{\"name\":\"judge\",\"type\":\"relation\",\"collection\":\"people\","
        "\"onDelete\":\"null\",\"index\":true,\"rules\":{\"read\":null}},"
      "{\"name\":\"posts\",\"type\":\"computed\","
        "\"value\":\"count(posts_via_author)\"}]},"
    "{\"name\":\"tags\",\"rules\":{\"list\":\"\",\"view\":\"\"},\"fields\":["
      "{\"name\":\"name\",\"type\":\"text\"}]},"
    "{\"name\":\"posts\",\"trash\":true,\"rules\":{\"list\":\"\",\"view\":\"\"},"
      "\"fields\":[{\"name\":\"title\",\"type\":\"text\"},"
      "{\"name\":\"author\",\"type\":\"relation\",\"collection\":\"people\","
        "\"onDelete\":\"null\",\"index\":true},"
      "{\"name\":\"tags\",\"type\":\"relation\",\"collection\":\"tags\","
        "\"max\":9,\"onDelete\":\"null\"},"
      "{\"name\":\"more\",\"type\":\"json\"}]},"
    "{\"name\":\"files\",\"rules\":{\"list\":null,\"view\":null},\"fields\":["
      "{\"name\":\"about\",\"type\":\"relation\",\"collection\":\"people\","
        "\"onDelete\":\"null\",\"index\":true}]}]}";

#define PEOPLE "INSERT INTO people (name, salary, phone, listed, pin, boss, "  \
    "area, mentor, judge, created, updated, version) VALUES "
#define POSTS "INSERT INTO posts (title, author, more, deleted, created, "     \
    "updated, version) VALUES "

static const char *const contents[] = {
    "INSERT INTO areas (name, closed, created, updated, version) VALUES "
    "('north', false, 0, 0, 1), ('south', true, 0, 0, 1)",
    PEOPLE "('Ann', 9, '1-1', true, 5, NULL, 1, NULL, NULL, 0, 0, 1)",
    PEOPLE "('Bob', 8, '2-2', false, 5, 1, 2, 1, 1, 0, 0, 1)",
    PEOPLE "('Cid', 7, '3-3', true, 5, 2, 1, 2, 1, 0, 0, 1)",
    PEOPLE "('Dee', 6, NULL, true, 5, 1, NULL, NULL, NULL, 0, 0, 4)",
    "INSERT INTO tags (name, created, updated, version) VALUES "
    "('red', 0, 0, 1), ('\xC3\xA9t\xC3\xA9 sur mer', 0, 0, 1), "
    "('<b>', 0, 0, 1)",
    POSTS "('one', 2, '{\"a\":[1]}', NULL, 0, 0, 1)",
    POSTS "('two', 3, NULL, NULL, 0, 0, 1)",
    POSTS "('gone', 2, NULL, 5000, 0, 0, 2)",
    POSTS "('four', 2, NULL, NULL, 0, 0, 1)",
    "INSERT INTO \"posts__tags\" (\"row\", \"target\", \"place\") VALUES "
    "(1, 3, 0), (1, 1, 1), (1, 2, 2), (2, 1, 0), (3, 1, 0)",
    "INSERT INTO files (about, created, updated, version) VALUES (1, 0, 0, 1)",
};
/* clang-format on */

static bool open_press(struct rig *r)
{
    if (!desk_open(&desk, r, press))
        return false;
    for (size_t i = 0; i < COUNT(contents); i++)
        rig_run(r, contents[i]);
    return true;
}

/* --- asking -------------------------------------------------------------- */

enum { ANYBODY, ADMIN };

/* What a question needs. */
struct question {
    struct who who;
    struct asking asking;
    const struct statements *s;
    const struct shape *shape;
    struct rows rows;
    struct str text;
    int64_t n_queries; /* of writing */
};

static void become(struct question *q, int who)
{
    static const struct who as[] = {
        [ANYBODY] = { .role = STR_INIT("") },
        [ADMIN] = { .role = STR_INIT(""), .is_admin = true },
    };

    *q = (struct question){ .who = as[who] };
    q->asking = (struct asking){ .who = &q->who, .now_ms = desk.now_ms };
}

static enum status read_shape(struct question *q, const char *collection,
                              const char *fields, const char *expand)
{
    const struct collection *c = schema_find(desk.schema, str_of(collection));

    fake_get(&desk.fake, "");
    desk.asked = true;
    q->asking.who = &q->who;
    q->s = &desk.records->statements[c->no];
    return shape_read(desk.records, q->s, &q->asking, str_of(fields),
                      str_of(expand), &desk.fake.rq, &desk.fake.rp, &q->shape);
}

static enum status ask_rows(struct question *q, struct store_conn *c,
                            bool trash)
{
    struct arena *a = &desk.rig->arena;
    const struct value *args;
    struct query query;
    struct select s;
    const struct path id = { .from = q->s->c, .at = q->s->c, .end = PATH_ID };
    enum status st;

    select_begin(&s, desk.schema, desk.records->statements, q->s,
                 store_dialect(desk.rig->store), &q->asking, a);
    s.of_trash = trash;
    select_row(&s);
    select_order(&s, &id, false);
    st = select_end(&s, QUERY_LIST, true, &query, &args);
    return st == ST_OK ? store_run(c, &query, args, a, &q->rows, NULL, NULL)
                       : st;
}

/* one > 0: only this id, by shape_add_row, from s->get. */
static enum status write_rows(struct question *q, struct store_conn *c,
                              int64_t one)
{
    struct arena *a = &desk.rig->arena;
    const struct value id = VALUE_I(one);
    struct buf b;
    enum status st = ST_OK;

    buf_init(&b, a, 1 << 20);
    if (one > 0)
        st = store_run(c, &q->s->get, &id, a, &q->rows, NULL, NULL);
    if (st == ST_OK && one > 0 && q->rows.n == 0)
        st = ST_NOT_FOUND;
    q->n_queries = metrics_total(METRIC_STORE_QUERIES);
    if (st == ST_OK && one > 0)
        st = shape_add_row(&b, q->shape, q->rows.cell, c, a);
    else if (st == ST_OK)
        st = shape_add_rows(&b, q->shape, &q->rows, c, a);
    q->n_queries = metrics_total(METRIC_STORE_QUERIES) - q->n_queries;
    return st == ST_OK ? buf_done(&b, &q->text) : st;
}

static enum status show(struct question *q, int64_t one, bool trash)
{
    struct store_conn *c = NULL;
    enum status st =
        store_take(desk.rig->store, STORE_READ, rig_deadline(), &c);

    if (st == ST_OK && one == 0)
        st = ask_rows(q, c, trash);
    if (st == ST_OK)
        st = write_rows(q, c, one);
    store_give(c);
    return st;
}

static void forget(void)
{
    fake_close(&desk.fake);
    desk.asked = false;
}

/* --- what comes ---------------------------------------------------------- */

#define OWN                                                                    \
    "\"created\":\"1970-01-01T00:00:00.000Z\","                                \
    "\"updated\":\"1970-01-01T00:00:00.000Z\""
#define TAG(id, name)                                                          \
    "{\"id\":" #id ",\"collectionName\":\"tags\","                             \
    "\"name\":\"" name "\"," OWN "}"

/* clang-format off */
static const struct {
    int who;
    const char *collection, *fields, *expand;
    int64_t one;
    int queries; /* -1: does not matter */
    const char *text;
} shapes[] = {
    { ANYBODY, "tags", "", "", 0, 0,
      "[" TAG(1, "red") "," TAG(2, "\xC3\xA9t\xC3\xA9 sur mer") ","
      TAG(3, "\\u003cb>") "]" },
    { ANYBODY, "tags", "", "", 1, 0, TAG(1, "red") },
    { ANYBODY, "tags", "*", "", 1, 0, TAG(1, "red") },
    { ANYBODY, "tags", "id", "", 0, 0, "[{\"id\":1},{\"id\":2},{\"id\":3}]" },
    { ANYBODY, "tags", "name , id,name", "", 1, 0,
      "{\"id\":1,\"name\":\"red\"}" },
    { ANYBODY, "tags", "collectionName", "", 1, 0,
      "{\"collectionName\":\"tags\"}" },
    { ANYBODY, "tags", "created", "", 1, 0,
      "{\"created\":\"1970-01-01T00:00:00.000Z\"}" },
    { ANYBODY, "tags", "name:excerpt(3,true)", "", 0, 0,
      "[{\"name\":\"red\"},{\"name\":\"\xC3\xA9t\xC3\xA9...\"},"
      "{\"name\":\"\\u003cb>\"}]" },
    { ANYBODY, "tags", "name:excerpt(1),id", "", 2, 0,
      "{\"id\":2,\"name\":\"\xC3\xA9\"}" },
    { ANYBODY, "tags", "*,name:excerpt(1)", "", 1, 0,
      "{\"id\":1,\"collectionName\":\"tags\",\"name\":\"r\"," OWN "}" },
    /* who may read what */
    { ANYBODY, "people", "", "", 1, 1,
      "{\"id\":1,\"collectionName\":\"people\",\"name\":\"Ann\","
      "\"phone\":\"1-1\",\"listed\":true,\"boss\":null,\"area\":1,"
      "\"mentor\":null,\"posts\":0," OWN "}" },
    { ANYBODY, "people", "", "", 2, 1,
      "{\"id\":2,\"collectionName\":\"people\",\"name\":\"Bob\","
      "\"listed\":false,\"boss\":1,\"area\":2,\"posts\":2," OWN "}" },
    { ADMIN, "people", "", "", 2, 0,
      "{\"id\":2,\"collectionName\":\"people\",\"name\":\"Bob\",\"salary\":8,"
      "\"phone\":\"2-2\",\"listed\":false,\"boss\":1,\"area\":2,\"mentor\":1,"
      "\"judge\":1,\"posts\":2," OWN "}" },
    { ANYBODY, "people", "id,phone", "", 0, 0,
      "[{\"id\":1,\"phone\":\"1-1\"},{\"id\":2},{\"id\":3,\"phone\":\"3-3\"},"
      "{\"id\":4,\"phone\":null}]" },
    /* along relations to one */
    { ANYBODY, "people", "id,expand.boss.name", "boss", 0, 1,
      "[{\"id\":1,\"expand\":{}},{\"id\":2,\"expand\":{\"boss\":{\"name\":"
      "\"Ann\"}}},{\"id\":3,\"expand\":{\"boss\":{\"name\":\"Bob\"}}},"
      "{\"id\":4,\"expand\":{\"boss\":{\"name\":\"Ann\"}}}]" },
    { ANYBODY, "people", "id,expand.boss.id,expand.boss.expand.boss.id",
      "boss.boss", 3, 3,
      "{\"id\":3,\"expand\":{\"boss\":{\"id\":2,\"expand\":{\"boss\":"
      "{\"id\":1}}}}}" },
    { ANYBODY, "people", "id,expand", "area,boss.boss.area,boss", 3, 5,
      "{\"id\":3,\"expand\":{\"area\":{\"id\":1,\"collectionName\":\"areas\","
      "\"name\":\"north\",\"closed\":false," OWN "},\"boss\":{\"id\":2,"
      "\"collectionName\":\"people\",\"name\":\"Bob\",\"listed\":false,"
      "\"boss\":1,\"area\":2,\"posts\":2," OWN ",\"expand\":{\"boss\":{\"id\":1,"
      "\"collectionName\":\"people\",\"name\":\"Ann\",\"phone\":\"1-1\","
      "\"listed\":true,\"boss\":null,\"area\":1,\"mentor\":null,\"posts\":0,"
      OWN ",\"expand\":{\"area\":{\"id\":1,\"collectionName\":\"areas\","
      "\"name\":\"north\",\"closed\":false," OWN "}}}}}}}" },
    /* areas that are closed are not there, but for the administrator */
    { ANYBODY, "people", "id,expand.area.name", "area", 0, 1,
      "[{\"id\":1,\"expand\":{\"area\":{\"name\":\"north\"}}},{\"id\":2,"
      "\"expand\":{}},{\"id\":3,\"expand\":{\"area\":{\"name\":\"north\"}}},"
      "{\"id\":4,\"expand\":{}}]" },
    { ADMIN, "people", "id,expand.area.name", "area", 2, 1,
      "{\"id\":2,\"expand\":{\"area\":{\"name\":\"south\"}}}" },
    /* a relation that may be read in some records only */
    { ANYBODY, "people", "id,expand.mentor.name", "mentor", 0, 1,
      "[{\"id\":1,\"expand\":{}},{\"id\":2,\"expand\":{}},{\"id\":3,"
      "\"expand\":{\"mentor\":{\"name\":\"Bob\"}}},{\"id\":4,\"expand\":{}}]" },
    { ADMIN, "people", "id,expand.mentor.name", "mentor", 2, 1,
      "{\"id\":2,\"expand\":{\"mentor\":{\"name\":\"Ann\"}}}" },
    { ANYBODY, "people", "id,expand.people_via_mentor.name",
      "people_via_mentor", 1, 2,
      "{\"id\":1,\"expand\":{\"people_via_mentor\":[]}}" },
    { ADMIN, "people", "id,expand.people_via_mentor.name",
      "people_via_mentor", 1, 1,
      "{\"id\":1,\"expand\":{\"people_via_mentor\":[{\"name\":\"Bob\"}]}}" },
    /* along relations to many, in their order, and back */
    { ANYBODY, "posts", "id,tags,expand.tags.id", "tags", 0, 1,
      "[{\"id\":1,\"tags\":[3,1,2],\"expand\":{\"tags\":[{\"id\":3},"
      "{\"id\":1},{\"id\":2}]}},{\"id\":2,\"tags\":[1],\"expand\":{\"tags\":"
      "[{\"id\":1}]}},{\"id\":4,\"tags\":[],\"expand\":{\"tags\":[]}}]" },
    { ANYBODY, "people", "id,expand.posts_via_author.title",
      "posts_via_author", 0, 1,
      "[{\"id\":1,\"expand\":{\"posts_via_author\":[]}},{\"id\":2,\"expand\":"
      "{\"posts_via_author\":[{\"title\":\"one\"},{\"title\":\"four\"}]}},"
      "{\"id\":3,\"expand\":{\"posts_via_author\":[{\"title\":\"two\"}]}},"
      "{\"id\":4,\"expand\":{\"posts_via_author\":[]}}]" },
    { ANYBODY, "tags", "id,expand.posts_via_tags.id", "posts_via_tags", 0, 1,
      "[{\"id\":1,\"expand\":{\"posts_via_tags\":[{\"id\":1},{\"id\":2}]}},"
      "{\"id\":2,\"expand\":{\"posts_via_tags\":[{\"id\":1}]}},{\"id\":3,"
      "\"expand\":{\"posts_via_tags\":[{\"id\":1}]}}]" },
    { ANYBODY, "tags",
      "id,expand.posts_via_tags.expand.author.expand.boss.name,"
      "expand.posts_via_tags.id",
      "posts_via_tags.author.boss", 1, 3,
      "{\"id\":1,\"expand\":{\"posts_via_tags\":[{\"id\":1,\"expand\":"
      "{\"author\":{\"expand\":{\"boss\":{\"name\":\"Ann\"}}}}},{\"id\":2,"
      "\"expand\":{\"author\":{\"expand\":{\"boss\":{\"name\":\"Bob\"}}}}}]}}" },
    { ANYBODY, "posts", "", "", 1, 0,
      "{\"id\":1,\"collectionName\":\"posts\",\"title\":\"one\",\"author\":2,"
      "\"tags\":[3,1,2],\"more\":{\"a\":[1]}," OWN "}" },
    /* six deep */
    { ANYBODY, "tags", "id,expand",
      "posts_via_tags.author.boss.people_via_boss.area.people_via_area", 0, 6,
      NULL },
    /* nobody may see files: nothing is asked either */
    { ANYBODY, "people", "id,expand.files_via_about.id", "files_via_about", 1,
      1, "{\"id\":1,\"expand\":{\"files_via_about\":[]}}" },
    { ADMIN, "people", "id,expand.files_via_about.id", "files_via_about", 1, 1,
      "{\"id\":1,\"expand\":{\"files_via_about\":[{\"id\":1}]}}" },
    /* what is not shown is not asked for */
    { ANYBODY, "people", "id", "boss,area,posts_via_author", 0, 0,
      "[{\"id\":1},{\"id\":2},{\"id\":3},{\"id\":4}]" },
    { ANYBODY, "people", "id,expand.area.id", "boss,area", 0, 1, NULL },
    /* "*" with and without what lies below */
    { ANYBODY, "posts", "*", "tags", 4, 0,
      "{\"id\":4,\"collectionName\":\"posts\",\"title\":\"four\",\"author\":2,"
      "\"tags\":[],\"more\":null," OWN ",\"expand\":{\"tags\":[]}}" },
    { ANYBODY, "posts", "*,expand.tags.name", "tags", 2, 1,
      "{\"id\":2,\"collectionName\":\"posts\",\"title\":\"two\",\"author\":3,"
      "\"tags\":[1],\"more\":null," OWN ",\"expand\":{\"tags\":[{\"name\":"
      "\"red\"}]}}" },
    { ANYBODY, "posts", "id,expand.tags.*", "tags", 2, 1,
      "{\"id\":2,\"expand\":{\"tags\":[" TAG(1, "red") "]}}" },
    { ANYBODY, "posts", "expand.tags", "tags", 2, 1,
      "{\"expand\":{\"tags\":[" TAG(1, "red") "]}}" },
};
/* clang-format on */

static void check_shape(size_t i)
{
    struct question q;
    enum status st;

    become(&q, shapes[i].who);
    st = read_shape(&q, shapes[i].collection, shapes[i].fields,
                    shapes[i].expand);
    if (st == ST_OK)
        st = show(&q, shapes[i].one, false);
    CHECK(st == ST_OK, "%s: row %zu: %s", desk.rig->kind, i, status_name(st));
    CHECK(shapes[i].text == NULL || str_eq(q.text, str_of(shapes[i].text)),
          "%s: row %zu: %.*s", desk.rig->kind, i, STR_ARG(q.text));
    CHECK(q.n_queries == shapes[i].queries, "%s: row %zu: %lld queries",
          desk.rig->kind, i, (long long)q.n_queries);
    forget();
}

/* --- rows that writes gave ------------------------------------------------ */

static enum status give_rows(struct question *q, const int64_t *ids, size_t n)
{
    struct arena *a = &desk.rig->arena;
    const struct value *row[8] = { NULL };
    struct store_conn *c = NULL;
    struct buf b;
    enum status st =
        store_take(desk.rig->store, STORE_READ, rig_deadline(), &c);

    for (size_t i = 0; st == ST_OK && i < n; i++) {
        const struct value id = VALUE_I(ids[i]);

        st = store_run(c, &q->s->get, &id, a, &q->rows, NULL, NULL);
        row[i] = q->rows.cell;
    }
    buf_init(&b, a, 1 << 20);
    q->n_queries = metrics_total(METRIC_STORE_QUERIES);
    if (st == ST_OK)
        st = shape_add_given(&b, q->shape, row, n, c, a);
    q->n_queries = metrics_total(METRIC_STORE_QUERIES) - q->n_queries;
    store_give(c);
    return st == ST_OK ? buf_done(&b, &q->text) : st;
}

/* Flags are asked for at once, and so is what all of them lead to. */
static void check_given(struct rig *r)
{
    static const int64_t ids[] = { 3, 1, 2, 3 };
    struct question q;

    become(&q, ANYBODY);
    CHECK(read_shape(&q, "people", "id,phone,expand.mentor.name", "mentor") ==
                  ST_OK &&
              give_rows(&q, ids, COUNT(ids)) == ST_OK,
          "%s", r->kind);
    CHECK(q.n_queries == 2, "%s: %lld queries", r->kind,
          (long long)q.n_queries);
    CHECK(str_eq(q.text,
                 STR("[{\"id\":3,\"phone\":\"3-3\",\"expand\":{\"mentor\":"
                     "{\"name\":\"Bob\"}}},{\"id\":1,\"phone\":\"1-1\","
                     "\"expand\":{}},{\"id\":2,\"expand\":{}},{\"id\":3,"
                     "\"phone\":\"3-3\",\"expand\":{\"mentor\":{\"name\":"
                     "\"Bob\"}}}]")),
          "%s: %.*s", r->kind, STR_ARG(q.text));
    forget();
}

static void shows(struct rig *r)
{
    if (!open_press(r))
        return;
    CHECK(metrics_open("unit", "unit") == ST_OK, "no memory");
    for (size_t i = 0; i < COUNT(shapes); i++)
        check_shape(i);
    check_given(r);
    metrics_close();
    desk_close(&desk);
}

/* --- what is refused ----------------------------------------------------- */

/* clang-format off */
static const struct {
    const char *collection, *fields, *expand, *where, *words;
} wrongs[] = {
    { "people", "nam", "", "fields", "nam; did you mean name?" },
    { "people", "id,salary", "", "fields", "salary; known: name, phone" },
    { "people", "judge", "", "fields", "judge; known: name, phone" },
    { "people", "pin", "", "fields", "pin; known: name, phone" },
    { "people", "deleted", "", "fields", "deleted; known: name, phone" },
    { "people", "expand.boss.name", "", "fields", "expand asks for" },
    { "people", "expand", "", "fields", "expand asks for" },
    { "people", "expand.bos.name", "boss", "fields", "did you mean boss?" },
    { "people", "expand.boss.nam", "boss", "fields", "did you mean name?" },
    { "people", "boss.name", "boss", "fields", "boss.name; did you mean" },
    { "people", "name.x", "", "fields", "name.x; did you mean name?" },
    { "people", "", "bos", "expand", "bos" },
    { "people", "", "name", "expand", "name" },
    { "people", "", "judge", "expand", "judge" },
    { "people", "", "people_via_judge", "expand", "people_via_judge" },
    { "people", "", "boss.are", "expand", "area" },
    { "people", "", "boss,,area", "expand", "" },
    { "people", "", "boss.", "expand", "" },
    { "people", "", "boss.boss.boss.boss.boss.boss.boss", "expand", "6" },
    { "people", "id:excerpt(3)", "", "fields", "excerpt" },
    { "people", "boss:excerpt(3)", "", "fields", "excerpt" },
    { "people", "name:excerpt(0)", "", "fields", "excerpt" },
    { "people", "name:excerpt(3", "", "fields", "excerpt" },
    { "people", "name:excerpt(x)", "", "fields", "excerpt" },
    { "people", "name:excerpt(3,maybe)", "", "fields", "excerpt" },
    { "people", "name:lower", "", "fields", "excerpt" },
    { "people", "*:excerpt(3)", "", "fields", "excerpt" },
};
/* clang-format on */

static void check_wrong(size_t i)
{
    const struct problem_at *p;
    struct question q;
    enum status st;

    become(&q, ANYBODY);
    st = read_shape(&q, wrongs[i].collection, wrongs[i].fields,
                    wrongs[i].expand);
    CHECK(st == ST_BAD_INPUT, "row %zu: %s", i, status_name(st));
    p = desk.fake.rp.problems;
    CHECK(p != NULL && str_eq(p->where, str_of(wrongs[i].where)),
          "row %zu: %.*s", i, p == NULL ? 0 : (int)p->where.len,
          p == NULL ? "" : p->where.ptr);
    CHECK(p != NULL && (wrongs[i].words[0] == '\0' ||
                        memmem(p->detail.ptr, p->detail.len, wrongs[i].words,
                               strlen(wrongs[i].words)) != NULL),
          "row %zu: %.*s", i, p == NULL ? 0 : (int)p->detail.len,
          p == NULL ? "" : p->detail.ptr);
    forget();
}

/* Thirty relations are enough for anybody. */
static void check_bound(void)
{
#define FIVE ".boss.boss.boss.boss.boss"
    static const char thirty[] =
        "boss" FIVE ",mentor" FIVE ",people_via_boss" FIVE
        ",people_via_mentor" FIVE
        ",posts_via_author.author.boss.boss.boss.boss";
    char more[sizeof(thirty) + 5];
    struct question q;

    snprintf(more, sizeof(more), "%s,area", thirty);
    become(&q, ANYBODY);
    CHECK(read_shape(&q, "people", "", thirty) == ST_OK, "thirty");
    forget();
    become(&q, ANYBODY);
    CHECK(read_shape(&q, "people", "", more) == ST_BAD_INPUT, "thirty-one");
    forget();
}

static void refuses(struct rig *r)
{
    if (!open_press(r))
        return;
    for (size_t i = 0; i < COUNT(wrongs); i++)
        check_wrong(i);
    check_bound();
    desk_close(&desk);
}

/* --- the trash, and what goes too far ------------------------------------ */

static void shows_the_trash(struct rig *r)
{
    struct question q;

    if (!open_press(r))
        return;
    become(&q, ADMIN);
    CHECK(read_shape(&q, "posts", "id,deleted,tags", "") == ST_OK &&
              show(&q, 0, true) == ST_OK,
          "%s", r->kind);
    CHECK(str_eq(q.text, STR("[{\"id\":3,\"tags\":[1],\"deleted\":"
                             "\"1970-01-01T00:00:05.000Z\"}]")),
          "%s: %.*s", r->kind, STR_ARG(q.text));
    forget();
    become(&q, ADMIN);
    CHECK(read_shape(&q, "posts", "", "") == ST_OK &&
              show(&q, 0, true) == ST_OK,
          "%s", r->kind);
    CHECK(str_ends(q.text, STR(OWN ",\"deleted\":"
                                   "\"1970-01-01T00:00:05.000Z\"}]")),
          "%s: %.*s", r->kind, STR_ARG(q.text));
    forget();
    desk_close(&desk);
}

static void stops_in_time(struct rig *r)
{
    struct question q;
    enum status st;
    char sql[400];

    if (!open_press(r))
        return;
    snprintf(sql, sizeof(sql),
             "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
             "WHERE i < %d) INSERT INTO people (name, boss, created, updated, "
             "version) SELECT 'x', 4, 0, 0, 1 FROM n",
             10001);
    rig_run(r, sql);
    become(&q, ANYBODY);
    CHECK(read_shape(&q, "people", "id,expand.people_via_boss.id",
                     "people_via_boss") == ST_OK,
          "%s", r->kind);
    st = show(&q, 4, false);
    CHECK(st == ST_TOO_BIG, "%s: %s", r->kind, status_name(st));
    CHECK(show(&q, 1, false) == ST_OK, "%s", r->kind);
    forget();
    rig_run(r, "DELETE FROM people WHERE id > 2000");
    become(&q, ANYBODY);
    st = read_shape(&q, "people", "",
                    "boss.people_via_boss.boss.people_via_boss.boss."
                    "people_via_boss");
    CHECK(st == ST_OK, "%s", r->kind);
    st = show(&q, 1000, false); /* 2,000 times 2,000 times 2,000 */
    CHECK(st == ST_TOO_BIG, "%s: %s", r->kind, status_name(st));
    forget();
    desk_close(&desk);
}

/* --- what caches are told ------------------------------------------------ */

/* clang-format off */
static const struct {
    int who;
    const char *collection, *fields, *expand;
    enum shape_stays stays;
    const char *spaces; /* in the schema's order */
} known[] = {
    { ANYBODY, "tags", "", "", SHAPE_OF_VERSION, "" },
    { ANYBODY, "tags", "id", "", SHAPE_OF_VERSION, "" },
    { ANYBODY, "posts", "", "", SHAPE_OF_VERSION, "" },
    { ANYBODY, "people", "", "", SHAPE_OF_SPACES, " posts" },
    { ADMIN, "people", "", "", SHAPE_OF_SPACES, " posts" },
    { ANYBODY, "people", "id,name", "", SHAPE_OF_VERSION, "" },
    { ANYBODY, "people", "posts", "", SHAPE_OF_SPACES, " posts" },
    { ANYBODY, "people", "phone", "", SHAPE_OF_VERSION, "" },
    { ANYBODY, "posts", "id", "tags", SHAPE_OF_VERSION, "" },
    { ANYBODY, "posts", "", "tags", SHAPE_OF_MORE, " tags" },
    { ANYBODY, "posts", "id,expand.author.name", "author.area", SHAPE_OF_MORE,
      " people" },
    { ANYBODY, "posts", "", "author.area", SHAPE_OF_MORE, " areas people" },
    { ANYBODY, "people", "id,expand.boss.id", "boss", SHAPE_OF_MORE, "" },
};
/* clang-format on */

static void check_known(size_t i)
{
    bool on[COLLECTIONS_MAX] = { false };
    struct question q;
    char spaces[200];
    struct buf b;

    become(&q, known[i].who);
    CHECK(read_shape(&q, known[i].collection, known[i].fields,
                     known[i].expand) == ST_OK,
          "row %zu", i);
    shape_spaces(q.shape, on);
    buf_init_fixed(&b, spaces, sizeof(spaces));
    for (size_t k = 0; k < desk.schema->n; k++)
        if (on[k]) {
            buf_add_char(&b, ' ');
            buf_add(&b, desk.schema->collections[k].name);
        }
    CHECK(str_eq((struct str){ spaces, b.len }, str_of(known[i].spaces)),
          "row %zu:%.*s", i, (int)b.len, spaces);
    CHECK(shape_stays(q.shape) == known[i].stays, "row %zu", i);
    forget();
}

static void key_of(struct buf *b, const char *fields, const char *expand)
{
    struct question q;

    become(&q, ANYBODY);
    CHECK(read_shape(&q, "posts", fields, expand) == ST_OK, "%s %s", fields,
          expand);
    shape_key(b, q.shape);
    forget();
}

/* Spellings of one shape have one key, other shapes have others. */
static void check_keys(void)
{
    static const struct {
        const char *fields, *expand;
        int kind;
    } row[] = {
        { "", "", 0 },
        { "id,title", "", 1 },
        { "title,id,id", "", 1 },
        { "title", "", 2 },
        { "title:excerpt(3)", "", 3 },
        { "title:excerpt(4)", "", 4 },
        { "title:excerpt(4,true)", "", 5 },
        { "", "tags", 6 },
        { "", "tags,tags", 6 },
        { "", "author", 7 },
        { "", "author.boss", 8 },
        { "", "author,author.boss", 8 },
        { "id,expand.author.id", "author.boss", 9 },
        { "id,expand.author.id", "author", 9 },
    };
    char text[COUNT(row)][200];

    for (size_t i = 0; i < COUNT(row); i++) {
        struct buf b;

        buf_init_fixed(&b, text[i], sizeof(text[i]));
        key_of(&b, row[i].fields, row[i].expand);
        text[i][b.len] = '\0';
        for (size_t k = 0; k < i; k++)
            CHECK((strcmp(text[i], text[k]) == 0) ==
                      (row[i].kind == row[k].kind),
                  "rows %zu, %zu: %s, %s", i, k, text[i], text[k]);
    }
}

static void is_known(struct rig *r)
{
    if (!open_press(r))
        return;
    for (size_t i = 0; i < COUNT(known); i++)
        check_known(i);
    check_keys();
    desk_close(&desk);
}

static void shows_on_both(void)
{
    rig_each(shows);
}

static void refuses_what_is_unknown(void)
{
    rig_sqlite(refuses);
}

static void shows_what_is_in_the_trash(void)
{
    rig_each(shows_the_trash);
}

static void stops_when_it_is_too_much(void)
{
    rig_each(stops_in_time);
}

static void is_known_to_caches(void)
{
    rig_sqlite(is_known);
}

void test_shape(void)
{
    RUN(shows_on_both);
    RUN(refuses_what_is_unknown);
    RUN(shows_what_is_in_the_trash);
    RUN(stops_when_it_is_too_much);
    RUN(is_known_to_caches);
}
