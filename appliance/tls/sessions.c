/* SPDX-License-Identifier: MIT */
#include "tls/sessions.h"

#include <pthread.h>
#include <string.h>

#include "base/mem.h"

enum { SHARDS = 16, SETS = 128, PLACES = 8, ID_BYTES = 32 }; /* 16,384 */

struct place {
    unsigned char id[ID_BYTES];
    unsigned char master_secret[48];
    uint16_t version, cipher_suite;
    uint64_t epoch;
    int64_t ends_ms; /* 0: free */
};

struct shard {
    pthread_mutex_t lock; /* guards everything below */
    struct place place[SETS][PLACES];
};

struct sessions {
    struct shard shard[SHARDS];
};

enum status sessions_open(struct sessions **out)
{
    struct sessions *s = mem_take(sizeof(*s));

    if (s == NULL)
        return ST_NO_MEMORY;
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_init(&s->shard[i].lock, NULL);
    *out = s;
    return ST_OK;
}

void sessions_close(struct sessions *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_destroy(&s->shard[i].lock);
    mem_give(s);
}

static struct shard *shard_of(struct sessions *s, const unsigned char *id)
{
    return &s->shard[id[0] % SHARDS];
}

static struct place *set_of(struct shard *shard, const unsigned char *id)
{
    return shard->place[id[1] % SETS];
}

static struct place *first_to_end(struct place *set)
{
    struct place *found = set;

    for (size_t i = 1; i < PLACES; i++)
        if (set[i].ends_ms < found->ends_ms)
            found = &set[i];
    return found;
}

void sessions_put(struct sessions *s, uint64_t epoch, int64_t now_ms,
                  const br_ssl_session_parameters *session)
{
    struct shard *shard = shard_of(s, session->session_id);
    struct place *p;

    pthread_mutex_lock(&shard->lock);
    p = first_to_end(set_of(shard, session->session_id));
    memcpy(p->id, session->session_id, ID_BYTES);
    memcpy(p->master_secret, session->master_secret, sizeof(p->master_secret));
    p->version = session->version;
    p->cipher_suite = session->cipher_suite;
    p->epoch = epoch;
    p->ends_ms = now_ms + SESSION_LIFE_MS;
    pthread_mutex_unlock(&shard->lock);
}

static struct place *find(struct place *set, const unsigned char *id)
{
    for (size_t i = 0; i < PLACES; i++)
        if (memcmp(set[i].id, id, ID_BYTES) == 0)
            return &set[i];
    return NULL;
}

bool sessions_get(struct sessions *s, uint64_t epoch, int64_t now_ms,
                  br_ssl_session_parameters *session)
{
    struct shard *shard = shard_of(s, session->session_id);
    const struct place *p;
    bool good;

    pthread_mutex_lock(&shard->lock);
    p = find(set_of(shard, session->session_id), session->session_id);
    good = p != NULL && p->epoch == epoch && p->ends_ms > now_ms;
    if (good) {
        memcpy(session->master_secret, p->master_secret,
               sizeof(p->master_secret));
        session->version = p->version;
        session->cipher_suite = p->cipher_suite;
    }
    pthread_mutex_unlock(&shard->lock);
    return good;
}
