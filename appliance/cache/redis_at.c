/* SPDX-License-Identifier: MIT */
#include "cache/redis_at.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/enc.h"

enum { DATABASE_MAX = 65535 };

static enum status wrong(char why[REDIS_WHY_LEN], const char *text)
{
    snprintf(why, REDIS_WHY_LEN, "%s", text);
    return ST_BAD_INPUT;
}

/* Decoded and copied, so that a NUL stands behind it. */
static enum status decode(struct str part, struct arena *a, struct str *out,
                          char why[REDIS_WHY_LEN])
{
    enum status st = percent_read(part, false, a, out);

    if (st == ST_BAD_INPUT)
        return wrong(why, "a %XX in it is not well-formed UTF-8");
    return st == ST_OK ? arena_copy(a, *out, out) : st;
}

/* "user:password", ":password" or "user". */
static enum status read_login(struct str login, struct arena *a,
                              struct redis_at *s, char why[REDIS_WHY_LEN])
{
    struct str rest = login;
    struct str user = str_cut(&rest, ':');
    enum status st = decode(user, a, &s->user, why);

    if (st == ST_OK)
        st = decode(rest, a, &s->password, why);
    if (st == ST_OK && s->user.len > 0 && s->password.len == 0)
        return wrong(why, "a user needs a password: user:password@");
    return st;
}

static enum status read_database(struct str digits, struct arena *a,
                                 struct redis_at *s, char why[REDIS_WHY_LEN])
{
    int64_t n;

    if (digits.len == 0)
        return ST_OK;
    if (digits.ptr[0] == '-' ||
        str_to_int(digits, 0, DATABASE_MAX, &n) != ST_OK)
        return wrong(why, "the database is a number from 0 to 65535");
    return arena_copy(a, digits, &s->database);
}

static enum status read_port(struct str digits, struct arena *a,
                             struct redis_at *s, char why[REDIS_WHY_LEN])
{
    int64_t n;

    if (digits.ptr == NULL) /* no colon */
        digits = STR("6379");
    if (str_to_int(digits, 1, 65535, &n) != ST_OK)
        return wrong(why, "the port is a number from 1 to 65535");
    s->port = arena_cstr(a, digits);
    return s->port == NULL ? ST_NO_MEMORY : ST_OK;
}

/* "host", "host:port", "[address]:port". */
static enum status read_host(struct str place, struct arena *a,
                             struct redis_at *s, char why[REDIS_WHY_LEN])
{
    struct str rest = place, host;
    enum status st;

    if (str_starts(place, STR("["))) {
        rest = (struct str){ place.ptr + 1, place.len - 1 };
        host = str_cut(&rest, ']');
        if (rest.ptr == NULL || (rest.len > 0 && rest.ptr[0] != ':'))
            return wrong(why, "an IPv6 address stands in brackets");
        rest = rest.len == 0 ? STR_NONE
                             : (struct str){ rest.ptr + 1, rest.len - 1 };
    } else {
        host = str_cut(&rest, ':');
        if (str_has(rest, ':'))
            return wrong(why, "an IPv6 address stands in brackets");
    }
    if (host.len == 0)
        host = STR("localhost");
    st = decode(host, a, &host, why);
    s->host = host.ptr;
    return st == ST_OK ? read_port(rest, a, s, why) : st;
}

static enum status read_verify(struct str word, struct redis_at *s,
                               char why[REDIS_WHY_LEN])
{
    if (str_eq(word, STR("full")))
        s->verify = TLS_VERIFY_FULL;
    else if (str_eq(word, STR("ca")))
        s->verify = TLS_VERIFY_CA;
    else if (str_eq(word, STR("none")))
        s->verify = TLS_VERIFY_NONE;
    else
        return wrong(why, "verify is full, ca or none");
    return ST_OK;
}

static enum status read_option(struct str option, struct arena *a,
                               struct redis_at *s, char why[REDIS_WHY_LEN])
{
    struct str name = str_cut(&option, '='), value;
    enum status st = decode(option, a, &value, why);

    if (st != ST_OK)
        return st;
    if (s->path != NULL && str_eq(name, STR("db")))
        return read_database(value, a, s, why);
    if (s->over_tls && str_eq(name, STR("verify")))
        return read_verify(value, s, why);
    if (s->over_tls && str_eq(name, STR("ca")) && value.len > 0) {
        s->ca_path = value.ptr;
        return ST_OK;
    }
    if (s->path != NULL)
        return wrong(why, "the only option of unix: is db");
    if (s->over_tls)
        return wrong(why, "the options of rediss: are verify and ca");
    return wrong(why, "redis: has no options");
}

static enum status read_options(struct str options, struct arena *a,
                                struct redis_at *s, char why[REDIS_WHY_LEN])
{
    enum status st = ST_OK;

    while (st == ST_OK && options.len > 0)
        st = read_option(str_cut(&options, '&'), a, s, why);
    return st;
}

/* What stands before the last '@' of what stands before the first '/'. */
static struct str cut_login(struct str *s)
{
    struct str rest = *s, authority = str_cut(&rest, '/'), login = STR_NONE;

    for (size_t i = authority.len; i > 0; i--)
        if (authority.ptr[i - 1] == '@') {
            login = (struct str){ s->ptr, i - 1 };
            *s = (struct str){ s->ptr + i, s->len - i };
            break;
        }
    return login;
}

static enum status read_unix(struct str place, struct arena *a,
                             struct redis_at *s, char why[REDIS_WHY_LEN])
{
    struct str login = STR_NONE, path;
    enum status st;

    if (str_starts(place, STR("//"))) {
        place = (struct str){ place.ptr + 2, place.len - 2 };
        login = cut_login(&place);
    }
    st = read_login(login, a, s, why);
    if (st == ST_OK)
        st = decode(place, a, &path, why);
    if (st != ST_OK)
        return st;
    if (path.len == 0 || path.ptr[0] != '/')
        return wrong(why, "unix: wants the whole path of a socket, from /");
    if (path.len >= sizeof(((struct sockaddr_un *)0)->sun_path))
        return wrong(why, "the path of the socket is too long");
    s->path = path.ptr;
    s->label = path;
    return ST_OK;
}

static enum status read_network(struct str place, struct arena *a,
                                struct redis_at *s, char why[REDIS_WHY_LEN])
{
    struct str login = cut_login(&place), host = str_cut(&place, '/');
    enum status st = read_login(login, a, s, why);
    struct buf label;

    if (st == ST_OK)
        st = read_host(host, a, s, why);
    if (st == ST_OK)
        st = read_database(place, a, s, why);
    if (st != ST_OK)
        return st;
    buf_init(&label, a, 1024);
    buf_add(&label, str_of(s->host));
    buf_add_char(&label, ':');
    buf_add(&label, str_of(s->port));
    st = buf_done(&label, &s->label);
    return st == ST_TOO_BIG ? wrong(why, "the host is too long") : st;
}

enum status redis_at_read(struct str url, struct arena *a, struct redis_at *out,
                          char why[REDIS_WHY_LEN])
{
    struct redis_at s = { .verify = TLS_VERIFY_FULL,
                          .database = STR_INIT("0") };
    struct str options = url, place = str_cut(&options, '?');
    struct str rest = place, scheme = str_cut(&rest, ':');
    bool network = str_starts(rest, STR("//"));
    enum status st;

    s.over_tls = str_eq(scheme, STR("rediss"));
    if (str_eq(scheme, STR("unix")))
        st = read_unix(rest, a, &s, why);
    else if (network && (s.over_tls || str_eq(scheme, STR("redis"))))
        st = read_network((struct str){ rest.ptr + 2, rest.len - 2 }, a, &s,
                          why);
    else
        st = wrong(why, "it begins with redis://, rediss:// or unix:");
    if (st == ST_OK)
        st = read_options(options, a, &s, why);
    if (st == ST_OK)
        *out = s;
    return st;
}

enum status redis_at_open(struct redis_at *s, char why[REDIS_WHY_LEN])
{
    struct tls_error broken = { "" };
    enum status st;

    if (!s->over_tls)
        return ST_OK;
    st = tls_client_open(s->ca_path, s->verify, &s->trust, &broken);
    if (st != ST_OK)
        snprintf(why, REDIS_WHY_LEN, "%s", broken.what);
    return st;
}

void redis_at_close(struct redis_at *s)
{
    if (s->trust != NULL)
        tls_client_close(s->trust);
    s->trust = NULL;
}
