/* SPDX-License-Identifier: MIT */
#include "records/sql/keys.h"

const struct query sql_key_claim = {
    .text = "INSERT INTO \"_idempotency\" (\"key\", \"what\", \"at\", "
            "\"code\", \"state\") VALUES ($1, $2, $3, $4, 0) "
            "ON CONFLICT DO NOTHING",
    .class = QUERY_INSERT,
    .keep = true,
    .n_args = 4,
};

const struct query sql_key_get = {
    .text = "SELECT \"what\", \"at\", \"state\", \"code\", \"headers\", "
            "\"body\" FROM \"_idempotency\" WHERE \"key\" = $1",
    .columns = "siiiss",
    .class = QUERY_READ,
    .keep = true,
    .n_args = 1,
};

const struct query sql_key_take_over = {
    .text = "UPDATE \"_idempotency\" SET \"what\" = $1, \"at\" = $2, "
            "\"code\" = $3, \"state\" = 0, \"headers\" = NULL, "
            "\"body\" = NULL WHERE \"key\" = $4 AND \"at\" = $5",
    .class = QUERY_UPDATE,
    .keep = true,
    .n_args = 5,
};

const struct query sql_key_keep = {
    .text = "UPDATE \"_idempotency\" SET \"code\" = $1, \"headers\" = $2, "
            "\"body\" = $3, \"state\" = 1 WHERE \"key\" = $4 AND "
            "\"at\" = $5 AND \"state\" = 0",
    .class = QUERY_UPDATE,
    .keep = true,
    .n_args = 5,
};

const struct query sql_key_free = {
    .text = "DELETE FROM \"_idempotency\" WHERE \"key\" = $1 AND "
            "\"at\" = $2 AND \"state\" = 0",
    .class = QUERY_DELETE,
    .keep = true,
    .n_args = 2,
};

const struct query sql_key_free_all = {
    .text = "DELETE FROM \"_idempotency\" WHERE \"at\" > $1 AND "
            "\"state\" = 0",
    .class = QUERY_DELETE,
    .keep = false,
    .n_args = 1,
};
