/* SPDX-License-Identifier: MIT */
#include "planning.h"

#include <string.h>

#include "check.h"

enum status planning_try(struct rig *r, const char *json, bool allow_drop,
                         struct plan *plan, struct store_error *why)
{
    struct schema_error wrong = { .pointer = "" };
    struct schema *s = NULL;
    enum status st = schema_read(str_of(json), &r->arena, &s, &wrong);

    CHECK(st == ST_OK, "%s at %s in %s", wrong.what, wrong.pointer, json);
    if (st != ST_OK)
        return st;
    *plan = (struct plan){ 0 };
    *why = (struct store_error){ "", "" };
    st = plan_apply(s, r->store, allow_drop, rig_deadline(), &r->arena, plan,
                    why);
    schema_free(s);
    return st;
}

void planning_must(struct rig *r, const char *json, bool allow_drop)
{
    struct store_error why;
    struct plan plan;
    enum status st = planning_try(r, json, allow_drop, &plan, &why);

    CHECK(st == ST_OK, "%s: %s: %s: %.*s in %s", r->kind, status_name(st),
          why.what, STR_ARG(plan.n > 0 ? plan.steps[0].why : STR("")), json);
    st = planning_try(r, json, false, &plan, &why);
    CHECK(st == ST_OK && plan.n == 0, "%s: again: %s, %zu steps, first %.*s",
          r->kind, status_name(st), plan.n,
          STR_ARG(plan.n > 0 ? plan.steps[0].sql : STR("none")));
}

void planning_foresees(struct rig *r, const char *json, size_t n_losing)
{
    struct schema_error wrong;
    struct store_error why = { "", "" };
    struct plan plan = { 0 };
    struct schema *s = NULL;
    enum status st;

    if (schema_read(str_of(json), &r->arena, &s, &wrong) != ST_OK)
        return;
    st = plan_make(s, r->store, rig_deadline(), &r->arena, &plan, &why);
    CHECK(st == ST_OK && plan.n_losing == n_losing, "%s: %s: %s, %zu of %zu",
          r->kind, status_name(st), why.what, plan.n_losing, plan.n);
    schema_free(s);
}

bool planning_says(const struct plan *plan, const char *words)
{
    for (size_t i = 0; i < plan->n; i++)
        if (strstr(plan->steps[i].why.ptr, words) != NULL)
            return true;
    return false;
}
