/* SPDX-License-Identifier: MIT */
#include "auth/password.h"

#include <crypt.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/rand.h"
#include "cache/thread.h"

enum {
    SALT_BYTES = 16,
    SALT_LEN = 22,    /* as bcrypt writes it */
    SETTING_LEN = 29, /* "$2b$12$" and the salt */
    THREADS_MAX = 64,
    WAITING_MAX = 16,
    LOWEST_PRIORITY = 19,
    STACK_WIPED_BYTES = 16 * 1024 /* more than any crypt_r has on its stack */
};

/* Of nobody: what is hashed where there is nothing to compare with. */
static const char nobody_salt[] = "abcdefghijklmnopqrstuu";
static const char nobody_password[] = "a password of nobody";

enum job_state { JOB_FREE, JOB_WAITING, JOB_RUNNING, JOB_DONE };

/* One hash to be made. Its memory is the hasher's, since who wants it may
 * have given up while it is being made. */
struct job {
    struct job *next; /* in the line of those that wait, or are free */
    enum job_state state;
    bool given_up;
    bool verify;
    bool right;
    int cost; /* of the hash to compare with */
    char password[PASSWORD_MAX_BYTES + 1];
    char hash[PASSWORD_HASH_LEN + 1]; /* compared with, or made */
    enum status st;
    pthread_cond_t done;
};

struct hasher {
    pthread_mutex_t lock;      /* guards everything below it */
    pthread_cond_t work;       /* a job waits, or all is over */
    struct job *first, **last; /* of those that wait */
    struct job *free;
    bool over;
    int slowest; /* the highest cost met: no hash is recognised by its time */

    int cost, n;
    pthread_t thread[THREADS_MAX];
    struct job job[WAITING_MAX + THREADS_MAX];
};

/* --- bcrypt --------------------------------------------------------------- */

/* As bcrypt has it: its own alphabet, the bits of each byte from the top, and
 * no padding. */
static void salt_write(const uint8_t salt[SALT_BYTES], char out[SALT_LEN])
{
    static const char digits[] = "./ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789";
    unsigned held = 0, bits = 0;
    size_t at = 0;

    for (size_t i = 0; i < SALT_BYTES; i++) {
        held = held << 8 | salt[i];
        for (bits += 8; bits >= 6; bits -= 6)
            out[at++] = digits[held >> (bits - 6) & 63];
    }
    out[at] = digits[held << (6 - bits) & 63];
}

static void setting_write(int cost, const char salt[SALT_LEN],
                          char out[SETTING_LEN + 1])
{
    memcpy(out, "$2b$00$", 7);
    out[4] = (char)('0' + cost / 10);
    out[5] = (char)('0' + cost % 10);
    memcpy(out + 7, salt, SALT_LEN);
    out[SETTING_LEN] = '\0';
}

static bool is_digit_of_bcrypt(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '.' && c <= '9');
}

/* The cost of a hash that we can compare with; 0: none of ours. */
static int cost_of(struct str hash)
{
    int cost;

    if (hash.len != PASSWORD_HASH_LEN || memcmp(hash.ptr, "$2", 2) != 0 ||
        memchr("aby", hash.ptr[2], 3) == NULL || hash.ptr[3] != '$' ||
        hash.ptr[4] < '0' || hash.ptr[4] > '9' || hash.ptr[5] < '0' ||
        hash.ptr[5] > '9' || hash.ptr[6] != '$')
        return 0;
    for (size_t i = 7; i < PASSWORD_HASH_LEN; i++)
        if (!is_digit_of_bcrypt(hash.ptr[i]))
            return 0;
    cost = (hash.ptr[4] - '0') * 10 + hash.ptr[5] - '0';
    return cost >= PASSWORD_COST_MIN && cost <= PASSWORD_COST_MAX ? cost : 0;
}

/* What crypt_r leaves of the password where its frames were. */
__attribute__((noinline)) static void stack_wipe(void)
{
    char room[STACK_WIPED_BYTES];

    explicit_bzero(room, sizeof(room));
}

/* false: this libc has no bcrypt, or no memory. */
static bool bcrypt(struct crypt_data *data, const char *password,
                   const char *setting, char out[PASSWORD_HASH_LEN + 1])
{
    const char *got;
    bool made;

    data->initialized = 0;
    got = crypt_r(password, setting, data);
    made = got != NULL && strlen(got) == PASSWORD_HASH_LEN &&
           memcmp(got, setting, 4) == 0;
    if (made)
        memcpy(out, got, PASSWORD_HASH_LEN + 1);
    explicit_bzero(data, sizeof(*data));
    stack_wipe();
    return made;
}

/* --- the threads ---------------------------------------------------------- */

static bool make(struct crypt_data *data, int cost, struct job *j)
{
    uint8_t salt[SALT_BYTES];
    char text[SALT_LEN], setting[SETTING_LEN + 1];

    rand_bytes(salt, sizeof(salt));
    salt_write(salt, text);
    setting_write(cost, text, setting);
    return bcrypt(data, j->password, setting, j->hash);
}

/* A hash of a lower cost takes 2^cost of 2^slowest: what is missing is the sum
 * of 2^cost, 2^(cost + 1) … 2^(slowest - 1). */
static bool compare(struct crypt_data *data, int slowest, struct job *j)
{
    char got[PASSWORD_HASH_LEN + 1], setting[SETTING_LEN + 1];
    bool made = bcrypt(data, j->password, j->hash, got);

    j->right =
        made && str_eq_secret((struct str){ got, PASSWORD_HASH_LEN },
                              (struct str){ j->hash, PASSWORD_HASH_LEN });
    for (int cost = j->cost; made && cost < slowest; cost++) {
        setting_write(cost, nobody_salt, setting);
        made = bcrypt(data, nobody_password, setting, got);
    }
    explicit_bzero(got, sizeof(got));
    return made;
}

static void job_free_locked(struct hasher *h, struct job *j)
{
    explicit_bzero(j->password, sizeof(j->password));
    explicit_bzero(j->hash, sizeof(j->hash));
    j->state = JOB_FREE;
    j->next = h->free;
    h->free = j;
}

static struct job *job_wait_locked(struct hasher *h)
{
    struct job *j;

    while (h->first == NULL && !h->over)
        pthread_cond_wait(&h->work, &h->lock);
    j = h->over ? NULL : h->first;
    if (j == NULL)
        return NULL;
    h->first = j->next;
    if (h->first == NULL)
        h->last = &h->first;
    j->state = JOB_RUNNING;
    metrics_add(METRIC_AUTH_HASH_WAITING, METRIC_AT(0), -1);
    return j;
}

static void work(struct hasher *h, struct crypt_data *data, struct job *j,
                 int slowest)
{
    int64_t start_us = clock_mono_us();
    bool made = j->verify ? compare(data, slowest, j) : make(data, h->cost, j);

    j->st = made ? ST_OK : ST_NO_MEMORY;
    explicit_bzero(j->password, sizeof(j->password));
    metrics_observe_us(METRIC_AUTH_HASH_DURATION, METRIC_AT(0),
                       clock_mono_us() - start_us);
}

static void *run(void *arg)
{
    struct hasher *h = arg;
    struct crypt_data data;
    struct job *j;

    /* Where it is not allowed, the scheduler has to be fair. */
    (void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), LOWEST_PRIORITY);
    pthread_mutex_lock(&h->lock);
    while ((j = job_wait_locked(h)) != NULL) {
        int slowest = h->slowest;

        pthread_mutex_unlock(&h->lock);
        work(h, &data, j, slowest);
        pthread_mutex_lock(&h->lock);
        j->state = JOB_DONE;
        if (j->given_up)
            job_free_locked(h, j);
        else
            pthread_cond_signal(&j->done);
    }
    pthread_mutex_unlock(&h->lock);
    return NULL;
}

static int half_the_cores(void)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

    return n / 2 > 1 ? n / 2 : 1;
}

static void hasher_init(struct hasher *h, int cost)
{
    pthread_mutex_init(&h->lock, NULL);
    cond_open(&h->work);
    h->last = &h->first;
    h->cost = h->slowest = cost;
    for (size_t i = 0; i < COUNT(h->job); i++) {
        cond_open(&h->job[i].done);
        job_free_locked(h, &h->job[i]);
    }
}

enum status hasher_open(int n, int cost, struct hasher **out)
{
    struct hasher *h = mem_take(sizeof(*h));

    if (h == NULL)
        return ST_NO_MEMORY;
    if (n <= 0)
        n = half_the_cores();
    if (n > THREADS_MAX)
        n = THREADS_MAX;
    hasher_init(h, cost);
    while (h->n < n && thread_start(&h->thread[h->n], run, h) == ST_OK)
        h->n++;
    if (h->n < n) {
        hasher_close(h);
        return ST_NO_MEMORY;
    }
    *out = h;
    return ST_OK;
}

void hasher_close(struct hasher *h)
{
    if (h == NULL)
        return;
    pthread_mutex_lock(&h->lock);
    h->over = true;
    pthread_cond_broadcast(&h->work);
    pthread_mutex_unlock(&h->lock);
    for (int i = 0; i < h->n; i++)
        pthread_join(h->thread[i], NULL);
    for (size_t i = 0; i < COUNT(h->job); i++)
        pthread_cond_destroy(&h->job[i].done);
    pthread_cond_destroy(&h->work);
    pthread_mutex_destroy(&h->lock);
    explicit_bzero(h->job, sizeof(h->job));
    mem_give(h);
}

/* --- those who want it ---------------------------------------------------- */

static int waiting_locked(const struct hasher *h)
{
    int n = 0;

    for (const struct job *j = h->first; j != NULL; j = j->next)
        n++;
    return n;
}

/* NULL: enough wait already. */
static struct job *job_take_locked(struct hasher *h)
{
    struct job *j = h->free;

    if (j == NULL || h->over || waiting_locked(h) >= WAITING_MAX)
        return NULL;
    h->free = j->next;
    j->next = NULL;
    j->state = JOB_WAITING;
    j->given_up = j->right = false;
    return j;
}

static void job_leave_locked(struct hasher *h, struct job *j)
{
    struct job **at = &h->first;

    while (*at != j)
        at = &(*at)->next;
    *at = j->next;
    if (j->next == NULL)
        h->last = at;
    job_free_locked(h, j);
    metrics_add(METRIC_AUTH_HASH_WAITING, METRIC_AT(0), -1);
}

/* ST_TIMEOUT: j is not the caller's any more. */
static enum status job_do_locked(struct hasher *h, struct job *j,
                                 int64_t deadline_ms)
{
    *h->last = j;
    h->last = &j->next;
    metrics_add(METRIC_AUTH_HASH_WAITING, METRIC_AT(0), 1);
    pthread_cond_signal(&h->work);
    while (j->state != JOB_DONE) {
        if (cond_wait(&j->done, &h->lock, deadline_ms) || j->state == JOB_DONE)
            continue;
        if (j->state == JOB_WAITING)
            job_leave_locked(h, j);
        else
            j->given_up = true;
        return ST_TIMEOUT;
    }
    return j->st;
}

enum status hasher_make(struct hasher *h, struct str password,
                        int64_t deadline_ms, char out[PASSWORD_HASH_LEN + 1])
{
    enum status st = ST_BUSY;
    struct job *j;

    if (password.len > PASSWORD_MAX_BYTES || str_has(password, '\0'))
        return ST_BUG;
    pthread_mutex_lock(&h->lock);
    j = job_take_locked(h);
    if (j != NULL) {
        j->verify = false;
        memcpy(j->password, password.ptr, password.len);
        j->password[password.len] = '\0';
        st = job_do_locked(h, j, deadline_ms);
    }
    if (j != NULL && st != ST_TIMEOUT) {
        if (st == ST_OK)
            memcpy(out, j->hash, PASSWORD_HASH_LEN + 1);
        job_free_locked(h, j);
    }
    pthread_mutex_unlock(&h->lock);
    return st;
}

/* Something to compare, in any case. */
static void job_fill_locked(struct hasher *h, struct job *j,
                            struct str password, struct str hash, bool possible)
{
    j->verify = true;
    j->cost = cost_of(hash);
    if (j->cost > h->slowest)
        h->slowest = j->cost;
    if (j->cost != 0) {
        memcpy(j->hash, hash.ptr, PASSWORD_HASH_LEN);
    } else {
        j->cost = h->slowest;
        setting_write(j->cost, nobody_salt, j->hash);
    }
    if (!possible)
        password = str_of(nobody_password);
    memcpy(j->password, password.ptr, password.len);
    j->password[password.len] = '\0';
}

enum status hasher_verify(struct hasher *h, struct str password,
                          struct str hash, int64_t deadline_ms, bool *right,
                          bool *old)
{
    bool known = cost_of(hash) != 0;
    bool possible = password.len > 0 && password.len <= PASSWORD_MAX_BYTES &&
                    !str_has(password, '\0');
    enum status st = ST_BUSY;
    struct job *j;

    *right = *old = false;
    pthread_mutex_lock(&h->lock);
    j = job_take_locked(h);
    if (j != NULL) {
        job_fill_locked(h, j, password, hash, possible);
        st = job_do_locked(h, j, deadline_ms);
    }
    if (j != NULL && st != ST_TIMEOUT) {
        *right = st == ST_OK && known && possible && j->right;
        *old = *right && (j->cost != h->cost || hash.ptr[2] != 'b');
        job_free_locked(h, j);
    }
    pthread_mutex_unlock(&h->lock);
    return st;
}
