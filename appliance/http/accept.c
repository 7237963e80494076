/* SPDX-License-Identifier: MIT */
#include "http/accept.h"

#include "http/request.h"

/* "1", "0.8", "0.123": RFC 9110, 12.4.2; -1 when it is none. */
static int read_q(struct str text)
{
    int64_t whole, fraction = 0;
    struct str digits = text, first = str_cut(&digits, '.');

    if (first.len != 1 || str_to_int(first, 0, 1, &whole) != ST_OK)
        return -1;
    if (digits.len > 3 || str_has(digits, '-'))
        return -1;
    if (digits.len > 0 && str_to_int(digits, 0, 999, &fraction) != ST_OK)
        return -1;
    for (size_t i = digits.len; i < 3; i++)
        fraction *= 10;
    return whole == 1 && fraction > 0 ? -1 : (int)(whole * 1000 + fraction);
}

static int q_of(struct str parameters)
{
    while (parameters.ptr != NULL) {
        struct str value = str_trim(str_cut(&parameters, ';'));
        struct str name = str_trim(str_cut(&value, '='));
        int q;

        if (!str_eq_nocase(name, STR("q")))
            continue;
        q = read_q(str_trim(value));
        return q < 0 ? 0 : q;
    }
    return 1000;
}

bool accept_next(struct str *list, struct str *item, int *q)
{
    while (list->ptr != NULL) {
        struct str element = str_trim(str_cut(list, ','));
        struct str parameters = element;

        if (element.len == 0)
            continue;
        *item = str_trim(str_cut(&parameters, ';'));
        *q = q_of(parameters);
        return true;
    }
    return false;
}

/* 3: the type itself, 2: "text/ *", 1: any; 0: another type. */
static int how_specific(struct str range, struct str type)
{
    struct str main_type = str_cut(&type, '/'), sub_type = type;
    struct str main_range = str_cut(&range, '/'), sub_range = range;

    if (str_eq(main_range, STR("*")))
        return str_eq(sub_range, STR("*")) ? 1 : 0;
    if (!str_eq_nocase(main_range, main_type))
        return 0;
    if (str_eq(sub_range, STR("*")))
        return 2;
    return str_eq_nocase(sub_range, sub_type) ? 3 : 0;
}

int accept_type(struct str accept, struct str type, bool by_name)
{
    struct str range;
    int best = 0, q_best = 0, q;

    if (accept.ptr == NULL)
        return by_name ? 0 : 1000;
    while (accept_next(&accept, &range, &q)) {
        int how = how_specific(range, type);

        if (how <= best || (by_name && how < 3))
            continue;
        best = how;
        q_best = q;
    }
    return q_best;
}

enum lang accept_lang(struct str accept_language)
{
    static const struct str names[LANG__COUNT] = {
        [LANG_EN] = STR_INIT("en"),
        [LANG_FR] = STR_INIT("fr"),
    };
    enum lang best = LANG_EN;
    int q_best = 0, q;
    struct str range;

    /* The first of equals wins; "*" asks for nothing in particular. */
    while (accept_next(&accept_language, &range, &q)) {
        struct str language = str_cut(&range, '-');

        for (int l = 0; l < LANG__COUNT; l++)
            if (q > q_best && str_eq_nocase(language, names[l])) {
                best = (enum lang)l;
                q_best = q;
            }
    }
    return best;
}

enum coding accept_coding(struct str accept_encoding, bool have_gzip,
                          bool have_br)
{
    int gzip = -1, br = -1, none = -1, any = 0, q;
    enum coding best = CODING_NONE;
    struct str coding;

    while (accept_next(&accept_encoding, &coding, &q)) {
        if (str_eq_nocase(coding, STR("gzip")) ||
            str_eq_nocase(coding, STR("x-gzip")))
            gzip = q;
        else if (str_eq_nocase(coding, STR("br")))
            br = q;
        else if (str_eq_nocase(coding, STR("identity")))
            none = q;
        else if (str_eq(coding, STR("*")))
            any = q;
    }
    gzip = !have_gzip ? 0 : gzip < 0 ? any : gzip;
    br = !have_br ? 0 : br < 0 ? any : br;
    /* Not named, it is acceptable, but nobody's first choice. */
    if (none < 0)
        none = 1;
    if (gzip > 0 && gzip >= none)
        best = CODING_GZIP;
    if (br > 0 && br >= none && (best == CODING_NONE || br >= gzip))
        best = CODING_BR;
    return best;
}

/* Takes the next entity tag off the list; false: none, or not a tag. */
static bool next_etag(struct str *list, struct str *opaque, bool *weak)
{
    const char *end;
    struct str s = str_trim(*list);

    while (s.len > 0 && s.ptr[0] == ',')
        s = str_trim((struct str){ s.ptr + 1, s.len - 1 });
    *weak = str_starts(s, STR("W/"));
    if (*weak)
        s.ptr += 2, s.len -= 2;
    if (s.len < 2 || s.ptr[0] != '"')
        return false;
    end = s.ptr + 1;
    while (end < s.ptr + s.len && *end != '"')
        end++;
    if (end == s.ptr + s.len)
        return false;
    *opaque = (struct str){ s.ptr, (size_t)(end - s.ptr) + 1 };
    *list = (struct str){ end + 1, s.len - opaque->len };
    return true;
}

bool etag_in_list(struct str list, struct str etag, bool strong)
{
    bool weak_etag = str_starts(etag, STR("W/")), weak;
    struct str opaque;

    if (str_eq(str_trim(list), STR("*")))
        return true;
    if (weak_etag)
        etag.ptr += 2, etag.len -= 2;
    while (next_etag(&list, &opaque, &weak)) {
        if (strong && (weak || weak_etag))
            continue;
        if (str_eq(opaque, etag))
            return true;
    }
    return false;
}

/* Only digits, and not too many. */
static bool read_position(struct str text, uint64_t *out)
{
    int64_t n;

    if (text.len == 0 || text.ptr[0] == '-' ||
        str_to_int(text, 0, INT64_MAX, &n) != ST_OK)
        return false;
    *out = (uint64_t)n;
    return true;
}

static enum range_kind suffix_range(struct str text, uint64_t n_bytes,
                                    struct range *out)
{
    uint64_t n;

    if (!read_position(text, &n))
        return RANGE_NONE;
    if (n == 0 || n_bytes == 0)
        return RANGE_BAD;
    *out = (struct range){ n < n_bytes ? n_bytes - n : 0, n_bytes - 1 };
    return RANGE_ONE;
}

enum range_kind range_read(struct str range, uint64_t n_bytes,
                           struct range *out)
{
    struct str first;
    struct range r;

    if (!str_eq_nocase(str_cut(&range, '='), STR("bytes")) ||
        range.ptr == NULL || str_has(range, ','))
        return RANGE_NONE;
    range = str_trim(range);
    first = str_cut(&range, '-');
    if (range.ptr == NULL)
        return RANGE_NONE;
    if (first.len == 0)
        return suffix_range(range, n_bytes, out);
    if (!read_position(first, &r.from))
        return RANGE_NONE;
    r.to = UINT64_MAX;
    if (range.len > 0 && (!read_position(range, &r.to) || r.to < r.from))
        return RANGE_NONE;
    if (r.from >= n_bytes)
        return RANGE_BAD;
    if (r.to >= n_bytes)
        r.to = n_bytes - 1;
    *out = r;
    return RANGE_ONE;
}
