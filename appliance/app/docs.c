/* SPDX-License-Identifier: MIT */
/* What the API says of itself: the schema in effect, OpenAPI, and the page
 * that shows it. */
#include "app/app.h"
#include "records/describe/describe.h"

static struct describing describing_of(const struct app *app,
                                       const struct asking *asking,
                                       struct arena *a)
{
    return (struct describing){ .schema = app->schema,
                                .asking = asking,
                                .base_path = app->conf->base_path,
                                .version = str_of(appliance_version),
                                .arena = a };
}

enum status schema_get(struct app *app, struct request *rq, struct reply *rp)
{
    const struct asking asking = { .who = &rq->who, .now_ms = rq->now_ms };
    const struct describing d = describing_of(app, &asking, rq->arena);

    describe_schema(&d, &rp->body);
    return rp->body.st;
}

enum status openapi_get(struct app *app, struct request *rq, struct reply *rp)
{
    const struct asking asking = { .who = &rq->who, .now_ms = rq->now_ms };
    const struct describing d = describing_of(app, &asking, rq->arena);

    describe_openapi(&d, &rp->body);
    return rp->body.st;
}

void app_openapi(const struct app *app, struct buf *b)
{
    const struct who admin = { .role = STR_INIT("admin"), .is_admin = true };
    const struct asking asking = { .who = &admin };
    const struct describing d = describing_of(app, &asking, b->arena);

    describe_openapi(&d, b);
}
