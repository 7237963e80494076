/* SPDX-License-Identifier: MIT */
/* One reply. A handler fills it; http/ sends it with one write. */
#ifndef HTTP_REPLY_H
#define HTTP_REPLY_H

#include "base/buf.h"
#include "http/request.h"

/* What a field of a body, or a parameter, did wrong. Codes are what clients
 * rely on; %s in a message is the bound, what would be known … */
/* clang-format off */
#define PROBLEM_TABLE(X)                                                      \
    X(REQUIRED,      "required",       "this field is required",              \
      "ce champ est obligatoire")                                             \
    X(WRONG_TYPE,    "wrong_type",     "must be %s", "doit être %s")          \
    X(TOO_SHORT,     "too_short",      "too short: the minimum length is %s",              \
      "trop court : la longueur minimale est %s")                                               \
    X(TOO_LONG,      "too_long",       "too long: the maximum length is %s",               \
      "trop long : la longueur maximale est %s")                                                \
    X(TOO_SMALL,     "too_small",      "at least %s", "au moins %s")          \
    X(TOO_LARGE,     "too_large",      "at most %s", "au plus %s")            \
    X(TOO_FEW,       "too_few",        "too few: the minimum is %s",                 \
      "trop peu : le minimum est %s")                                                 \
    X(TOO_MANY_OF,   "too_many",       "too many: the maximum is %s",                  \
      "trop : le maximum est %s")                                                  \
    X(TOO_PRECISE,   "too_precise",    "too precise: digits after the point, at most %s",   \
      "trop précis : chiffres après la virgule, au plus %s")                                 \
    X(BAD_PATTERN,   "bad_pattern",    "must match %s", "doit correspondre à %s") \
    X(BAD_EMAIL,     "bad_email",      "not an e-mail address",               \
      "pas une adresse e-mail")                                               \
    X(BAD_URL,       "bad_url",        "not an http or https address",        \
      "pas une adresse http ou https")                                        \
    X(BAD_DATE,      "bad_date",       "not a date such as 2026-11-20",       \
      "pas une date comme 2026-11-20")                                        \
    X(BAD_DATETIME,  "bad_datetime",   "not a time such as 2026-11-20T09:00:00Z", \
      "pas un instant comme 2026-11-20T09:00:00Z")                            \
    X(NOT_AN_OPTION, "not_an_option",  "one of: %s", "parmi : %s")            \
    X(TWICE,         "duplicate",      "the same value twice: %s",            \
      "la même valeur deux fois : %s")                                        \
    X(GIVEN_TWICE,   "duplicate",      "%s is given twice",                   \
      "%s est donné deux fois")                                               \
    X(NOT_UNIQUE,    "not_unique",     "this value is already taken",         \
      "cette valeur est déjà prise")                                          \
    X(NO_SUCH,       "no_such_record", "there is no such record in %s",       \
      "cette fiche n'existe pas dans %s")                                     \
    X(IN_USE,        "in_use",         "records of %s depend on it",          \
      "des fiches de %s en dépendent")                                        \
    X(READ_ONLY,     "read_only",      "set by the server",                   \
      "fixé par le serveur")                                                  \
    X(UNKNOWN,       "unknown",        "unknown%s", "inconnu%s")              \
    X(UNKNOWN_IN,    "unknown",        "%s", "%s") /* a name in a parameter */ \
    X(BAD_VALUE,     "bad_value",      "must be %s", "doit être %s")          \
    X(BAD_FILTER,    "bad_filter",     "%s", "%s")                            \
    X(BAD_MODIFIER,  "bad_modifier",   "%s", "%s")                            \
    X(FORBIDDEN,     "forbidden",      "not yours to write",                  \
      "pas à vous de l'écrire")                                               \
    X(PASSWORD_SHORT, "password_too_short", "too short: at least %s bytes",  \
      "trop court : au moins %s octets")                                      \
    X(PASSWORD_LONG, "password_too_long", "too long: at most %s bytes",      \
      "trop long : au plus %s octets")                                        \
    X(PASSWORD_COMMON, "password_too_common",                                 \
      "this password is too easy to guess", "ce mot de passe est trop facile à deviner") \
    X(PASSWORD_ABOUT, "password_about_you",                                   \
      "this password is too much like the name or the address",               \
      "ce mot de passe ressemble trop au nom ou à l'adresse")                 \
    X(PASSWORD_CHARS, "password_bad_characters",                              \
      "a password is UTF-8 without control characters",                       \
      "un mot de passe est en UTF-8, sans caractères de contrôle")            \
    X(NOT_THE_SAME,  "not_the_same", "not the same as %s",                    \
      "n'est pas identique à %s")                                             \
    X(WRONG_PASSWORD, "wrong_password", "not the password",                   \
      "ce n'est pas le mot de passe")                                         \
    X(LAST_ADMIN,    "last_administrator",                                    \
      "the last administrator must stay one",                                 \
      "le dernier administrateur doit le rester")                             \
    X(BAD_CURSOR,    "bad_cursor",     "%s", "%s")                            \
    X(BAD_UTF8,      "bad_utf8",       "not valid UTF-8", "UTF-8 non valide")
/* clang-format on */
#define PROBLEM_ID(name, code, en, fr) PROBLEM_##name,
enum problem { PROBLEM_TABLE(PROBLEM_ID) PROBLEM__COUNT };
#undef PROBLEM_ID

const char *problem_code(enum problem p);

struct problem_at { /* one of them; a list in the order found */
    struct problem_at *next;
    struct str where; /* field or parameter */
    enum problem what;
    struct str detail; /* for %s; lives as long as the arena */
};

enum { REPLY_HEADERS_MAX_BYTES = 8 * 1024 };

struct reply {
    struct arena *arena;
    int code;           /* 0: by the status that the handler returns */
    struct str type;    /* Content-Type; default application/json, none
                         * when there is no body */
    struct buf headers; /* "Name: value\r\n" lines, by reply_header */
    struct buf body;    /* built here … */
    struct str ready;   /* … or ready-made, when ready.ptr is not NULL, */
    struct str ready_gzip, ready_br; /* with its compressed twins, if any */
    struct str encoding;      /* Content-Encoding that ready already has */
    struct str etag;          /* with quotes; empty: none */
    struct str cache_control; /* empty: no-store, for API answers */
    bool no_gzip;             /* do not compress the body on the way out */
    bool close;               /* end the connection after this reply */
    struct problem_at *problems, **problems_end;
    struct str message; /* for the error body, instead of status_text */
};

void reply_init(struct reply *rp, struct arena *a, size_t body_max_bytes);

/* Appends a header. Name and value are ours or checked: control bytes in
 * value break the reply (ST_BUG), so that nothing can be injected. */
void reply_header(struct reply *rp, struct str name, struct str value);

bool reply_has_header(const struct reply *rp, struct str name);

/* A ready-made body whose bytes live until arena_reset; a twin that is empty
 * is none. HEAD and Accept-Encoding are taken care of when it is sent (Vary
 * is added); the ETag is the same for all three, since "v7" names the row's
 * version and not bytes. Ranges are for assets only (assets.h). */
void reply_ready(struct reply *rp, struct str body, struct str gzip,
                 struct str br);

/* Notes a problem with a field; where and detail are borrowed until the
 * reply is sent. Returns ST_INVALID, for `return reply_problem(…)`. */
enum status reply_problem(struct reply *rp, struct str where, enum problem what,
                          struct str detail);

/* "at most 5": what a person reads of it. */
void problem_words(struct buf *b, const struct problem_at *p, enum lang lang);

/* Turns a status into the error body of API.md (or RFC 9457 by Accept) in
 * the request's language, replacing whatever body was begun, with its ETag;
 * headers stay (Allow, WWW-Authenticate, Retry-After). A 503 gets a
 * Retry-After if it has none. ST_NOT_MODIFIED: 304, the ETag stays. Cannot
 * fail: most errors are ready-made. The only place that writes them. */
void reply_error(const struct request *rq, struct reply *rp, enum status st);

#endif
