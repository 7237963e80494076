/* SPDX-License-Identifier: MIT */
#include "ward.h"

#include "base/buf.h"
#include "check.h"

/* clang-format off */
#define F(name, rest) "{\"name\":\"" name "\",\"type\":" rest "}"
const char ward_json[] =
    "{\"collections\":[{\"name\":\"units\",\"fields\":["
    F("code", "\"text\"") ","
    F("head", "\"relation\",\"collection\":\"people\"")
    "]},{\"name\":\"people\",\"fields\":["
    F("name", "\"text\"") ","
    F("email", "\"email\"") ","
    F("site", "\"url\"") ","
    F("age", "\"int\"") ","
    F("height", "\"number\"") ","
    F("salary", "\"decimal\",\"scale\":2") ","
    F("active", "\"bool\"") ","
    F("born", "\"date\"") ","
    F("seen", "\"datetime\"") ","
    F("status", "\"select\",\"values\":[\"here\",\"away\",\"left\"]") ","
    F("tags", "\"select\",\"values\":[\"red\",\"green\",\"blue\"],\"max\":3") ","
    F("unit", "\"relation\",\"collection\":\"units\"") ","
    F("boss", "\"relation\",\"collection\":\"people\"") ","
    F("friends", "\"relation\",\"collection\":\"people\",\"max\":9") ","
    F("photo", "\"file\"") ","
    F("notes", "\"json\"") ","
    F("secret", "\"text\",\"hidden\":true") ","
    F("pay", "\"decimal\",\"scale\":2,\"rules\":"
      "{\"read\":\"@user.role = 'manager'\",\"write\":null}") ","
    F("own", "\"text\",\"rules\":{\"read\":\"id = @user.id\"}") ","
    F("absences_count", "\"computed\","
      "\"value\":\"count(absences_via_person)\"") ","
    F("days_off", "\"computed\",\"value\":\"sum(absences_via_person.days)\","
      "\"filter\":\"state = 'approved' && day <= @today\"") ","
    F("last_absence", "\"computed\","
      "\"value\":\"max(absences_via_person.day)\"")
    "]},{\"name\":\"absences\",\"fields\":["
    F("person", "\"relation\",\"collection\":\"people\"") ","
    F("day", "\"date\"") ","
    F("days", "\"decimal\",\"scale\":1") ","
    F("state", "\"select\",\"values\":[\"asked\",\"approved\"]") ","
    F("approver", "\"relation\",\"collection\":\"people\"")
    "]},{\"name\":\"files\",\"fields\":[" F("title", "\"text\"") "]}]}";
#undef F
/* clang-format on */

struct schema *ward_open(struct arena *a)
{
    struct schema_error why;
    struct schema *s = NULL;
    enum status st = schema_read(str_of(ward_json), a, &s, &why);

    CHECK(st == ST_OK, "%s: %s", why.pointer, why.what);
    return s;
}

/* --- conditions as text -------------------------------------------------- */

static void add_value(struct buf *b, const struct operand *o)
{
    switch (o->value.kind) {
    case VALUE_NULL:
        buf_add(b, STR("null"));
        break;
    case VALUE_INT:
        if (o->domain == DOMAIN_DECIMAL)
            buf_add_decimal(b, o->value.i, o->scale);
        else
            buf_add_int(b, o->value.i);
        break;
    case VALUE_REAL:
        buf_add_real(b, o->value.r);
        break;
    case VALUE_TEXT:
        buf_add_char(b, '\'');
        buf_add(b, o->value.s);
        buf_add_char(b, '\'');
        break;
    }
}

static void add_operand(struct buf *b, const struct operand *o)
{
    static const char *const names[] = {
        [OPERAND_NOW] = "@now",
        [OPERAND_TODAY] = "@today",
        [OPERAND_USER_ID] = "@user.id",
        [OPERAND_USER_ROLE] = "@user.role",
    };

    if (o->kind == OPERAND_PATH)
        buf_add(b, o->path.text);
    else if (o->kind == OPERAND_VALUE)
        add_value(b, o);
    else if (o->kind == OPERAND_BODY)
        buf_addf(b, "@request.body.%.*s", STR_ARG(o->field->name));
    else
        buf_add(b, str_of(names[o->kind]));
}

static void add_condition(struct buf *b, const struct condition *c)
{
    static const char *const ops[] = { "=", "!=", ">", ">=",
                                       "<", "<=", "~", "!~" };

    if (c->kind == CONDITION_CONSTANT) {
        buf_add(b, c->constant ? STR("true") : STR("false"));
        return;
    }
    if (c->kind == CONDITION_COMPARE) {
        add_operand(b, &c->a);
        buf_addf(b, " %s%s ", c->any ? "?" : "", ops[c->op]);
        add_operand(b, &c->b);
        return;
    }
    buf_add_char(b, '(');
    add_condition(b, c->left);
    buf_add(b, c->kind == CONDITION_AND ? STR(" && ") : STR(" || "));
    add_condition(b, c->right);
    buf_add_char(b, ')');
}

struct str ward_say(const struct condition *c, struct arena *a)
{
    struct str out = STR("");
    struct buf b;

    buf_init(&b, a, 64 * 1024);
    add_condition(&b, c);
    CHECK(buf_done(&b, &out) == ST_OK, "say");
    return out;
}
