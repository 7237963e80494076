/* SPDX-License-Identifier: MIT */
/* The one error type of the program.
 *
 * Every function that can fail returns enum status. The table is the only
 * place that knows names, HTTP codes and the wording a client may read; a
 * backend translates its own codes once, at its border. Never show a client
 * anything but these words (or the message of a field error). */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#define COUNT(array)           (sizeof(array) / sizeof((array)[0]))
#define MUST_CHECK             __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/* clang-format off */
/*    name           HTTP  code for clients        words: English, French */
#define STATUS_TABLE(X)                                                       \
    X(OK,             200, "ok",                   "ok", "ok")                \
    X(MOVED,          308, "moved",                "moved", "déplacé")         \
    X(NOT_MODIFIED,   304, "not_modified",         "not modified", "inchangé") \
    X(BAD_INPUT,      400, "bad_request",          "the request is not valid", \
      "la requête n'est pas valide")                                          \
    X(NOT_UNIQUE,     400, "not_unique",           "this value is already taken", \
      "cette valeur est déjà prise")                                          \
    X(NO_SESSION,     401, "unauthorized",         "sign in first",           \
      "connectez-vous d'abord")                                               \
    X(FORBIDDEN,      403, "forbidden",            "not allowed", "non autorisé") \
    X(NOT_FOUND,      404, "not_found",            "nothing here", "rien ici") \
    X(BAD_METHOD,     405, "method_not_allowed",   "not with this method",    \
      "pas avec cette méthode")                                               \
    X(SLOW_CLIENT,    408, "request_timeout",      "the request took too long to arrive", \
      "la requête a mis trop de temps à arriver")                             \
    X(CONFLICT,       409, "conflict",             "other data depends on it or it is in use", \
      "d'autres données en dépendent ou elle est utilisée")                   \
    X(NO_LENGTH,      411, "length_required",      "Content-Length is missing", \
      "Content-Length manque")                                                \
    X(CHANGED,        412, "precondition_failed",  "it changed since you read it", \
      "modifié depuis votre lecture")                                         \
    X(TOO_BIG,        413, "payload_too_large",    "larger than the limit",   \
      "plus grand que la limite")                                             \
    X(URI_TOO_LONG,   414, "uri_too_long",         "the address is too long", \
      "l'adresse est trop longue")                                            \
    X(BAD_TYPE,       415, "unsupported_media_type", "send application/json", \
      "envoyez application/json")                                             \
    X(BAD_RANGE,      416, "range_not_satisfiable", "no such range",          \
      "cet intervalle n'existe pas")                                          \
    X(BAD_EXPECT,     417, "expectation_failed",   "this expectation is not supported", \
      "cette attente n'est pas prise en charge")                              \
    X(MISDIRECTED,    421, "misdirected_request",  "not served here", "pas servi ici") \
    X(INVALID,        422, "invalid_record",       "some fields are not valid", \
      "certains champs ne sont pas valides")                                  \
    X(BAD_RELATION,   422, "invalid_relation",     "the related record does not exist", \
      "la fiche liée n'existe pas")                                           \
    X(TOO_MANY,       429, "too_many_requests",    "slow down", "ralentissez") \
    X(HEADERS_TOO_BIG, 431, "headers_too_large",   "the headers are too large", \
      "les en-têtes sont trop grands")                                        \
    X(BUG,            500, "internal_error",       "our mistake; it has been logged", \
      "notre erreur ; elle est consignée")                                    \
    X(UNSUPPORTED,    501, "not_supported",        "this is not supported",   \
      "non pris en charge")                                                   \
    X(NO_MEMORY,      503, "short_of_memory",      "short of memory; try again soon", \
      "mémoire insuffisante ; réessayez bientôt")                             \
    X(BUSY,           503, "unavailable",          "try again soon",          \
      "réessayez bientôt")                                                    \
    X(FULL,           503, "storage_full",         "no room left to write; try again later", \
      "plus de place pour écrire ; réessayez plus tard")                      \
    X(TIMEOUT,        503, "timeout",              "a backend took too long; try again soon", \
      "un service a mis trop de temps ; réessayez bientôt")                   \
    X(BAD_VERSION,    505, "http_version",         "HTTP/1.0 or HTTP/1.1 only", \
      "HTTP/1.0 ou HTTP/1.1 seulement")
/* clang-format on */

#define STATUS_ID(name, http, code, en, fr) ST_##name,
enum status { STATUS_TABLE(STATUS_ID) ST__COUNT };
#undef STATUS_ID

enum lang { LANG_EN, LANG_FR, LANG__COUNT };

/* Static strings; never NULL. */
const char *status_name(enum status st); /* "NOT_FOUND": logs and tests */
const char *status_code(enum status st); /* "not_found": clients rely on it */
const char *status_text(enum status st, enum lang lang);
int status_http(enum status st);

#endif
