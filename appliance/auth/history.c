/* SPDX-License-Identifier: MIT */
#include "auth/history.h"

#include "auth/auth_in.h"

#define EVENT_WORD(id, word) [EVENT_##id] = "" word,
static const char *const words[EVENT__COUNT] = { EVENT_TABLE(EVENT_WORD) };
#undef EVENT_WORD

static struct value text_or_null(struct str s)
{
    return s.len == 0 ? VALUE_NONE : VALUE_S(s);
}

/* None: the appliance itself, at the command line. */
static struct str address_of(const struct request *rq, char room[46])
{
    static const struct address nowhere;

    for (size_t i = 0; i < sizeof(nowhere.bytes); i++)
        if (rq->client.bytes[i] != nowhere.bytes[i])
            return (struct str){ room, address_text(rq->client, room) };
    return STR_NONE;
}

enum status history_note(struct auth *au, struct store_conn *c,
                         const struct request *rq, enum event what,
                         int64_t account, struct str detail)
{
    char room[46];
    struct str address = address_of(rq, room);
    const struct value args[] = {
        VALUE_I(rq->now_ms),
        VALUE_I(account),
        VALUE_S(str_of(words[what])),
        rq->who.id > 0 ? VALUE_I(rq->who.id) : VALUE_NONE,
        text_or_null(str_of(rq->user)),
        text_or_null(address),
        text_or_null(rq->id),
        text_or_null(detail),
    };

    LOG(au->conf.log, LOG_INFO, words[what], LOG_S("request_id", rq->id),
        LOG_I("account", account),
        LOG_Z("user", rq->user == NULL ? "" : rq->user),
        LOG_S("client", address), LOG_S("detail", detail));
    return store_run(c, &au->sql[SQL_HISTORY_ADD], args, NULL, NULL, NULL,
                     NULL);
}
