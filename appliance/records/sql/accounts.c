/* SPDX-License-Identifier: MIT */
#include "records/sql/accounts.h"

#define NOT_DELETED " AND \"deleted\" IS NULL"

#define IS                                                                     \
    "SELECT \"id\" FROM \"users\" WHERE \"role\" = $1 AND \"active\" = $2"

#define IS_QUERY(and)                                                          \
    {                                                                          \
        .text = IS and " LIMIT 1", .columns = "i", .class = QUERY_READ,        \
        .keep = true, .n_args = 2                                              \
    }

const struct query sql_account_is[2] = { IS_QUERY(""), IS_QUERY(NOT_DELETED) };

#define FIND                                                                   \
    "SELECT \"id\", \"email\" FROM \"users\" WHERE lower(\"email\") = "        \
    "lower($1)"

#define FIND_QUERY(and)                                                        \
    {                                                                          \
        .text = FIND and " ORDER BY \"email\" <> $1, \"id\" LIMIT 2",          \
        .columns = "is", .class = QUERY_READ, .keep = true, .n_args = 1        \
    }

const struct query sql_account_find[2] = { FIND_QUERY(""),
                                           FIND_QUERY(NOT_DELETED) };

#define LIST                                                                   \
    "SELECT \"id\", \"email\", \"name\", \"role\", \"active\", \"password\" "  \
    "IS NOT NULL, \"created\" FROM \"users\" WHERE \"id\" > 0"

#define LIST_QUERY(and)                                                        \
    {                                                                          \
        .text = LIST and " ORDER BY \"id\"", .columns = "isssbbi",             \
        .class = QUERY_LIST, .keep = true, .n_args = 0                         \
    }

const struct query sql_account_list[2] = { LIST_QUERY(""),
                                           LIST_QUERY(NOT_DELETED) };
