/* SPDX-License-Identifier: MIT */
#include "auth/password.h"

#include <string.h>

#include "base/fold.h"

enum {
    PART_MIN_BYTES = 3, /* of a name, to be looked for in a password */
    CORE_MIN_BYTES = 4, /* of the common password in one with more around it */
    RUN_MIN_BYTES = 3,
    FEW_DISTINCT = 3,
    ABOUT_MAX_BYTES = 512
};

/* Sorted lines in lower case, made by build/common_passwords. */
extern const struct str common_passwords;

/* A password in the ways it is looked at, byte by byte alike. */
struct looked_at {
    char lower[PASSWORD_MAX_BYTES];
    char letters_i[PASSWORD_MAX_BYTES]; /* p4ssw0rd as password, 1 as i … */
    char letters_l[PASSWORD_MAX_BYTES]; /* … and as l */
    size_t len;
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char letter_for(char c, char one)
{
    static const char digits[] = "0345789@$+", letters[] = "oeastbgast";
    const char *at = c == '\0' ? NULL : strchr(digits, c);

    if (c == '1' || c == '!' || c == '|')
        return one;
    return at == NULL ? c : letters[at - digits];
}

static void look_at(struct str password, struct looked_at *out)
{
    out->len = fold_case_into(password, out->lower);
    for (size_t i = 0; i < out->len; i++) {
        out->letters_i[i] = letter_for(out->lower[i], 'i');
        out->letters_l[i] = letter_for(out->lower[i], 'l');
    }
}

/* --- common ones ---------------------------------------------------------- */

static struct str line_around(struct str all, size_t at)
{
    size_t from = at, to = at;

    while (from > 0 && all.ptr[from - 1] != '\n')
        from--;
    while (to < all.len && all.ptr[to] != '\n')
        to++;
    return (struct str){ all.ptr + from, to - from };
}

static bool is_listed(struct str word)
{
    struct str left = common_passwords;

    while (left.len > 0) {
        struct str line = line_around(left, left.len / 2);
        int order = str_cmp(word, line);
        size_t end = (size_t)(line.ptr - left.ptr) + line.len + 1;

        if (order == 0)
            return true;
        if (order < 0)
            left.len = (size_t)(line.ptr - left.ptr);
        else
            left = end < left.len
                       ? (struct str){ left.ptr + end, left.len - end }
                       : STR_NONE;
    }
    return false;
}

static bool has_letter(const char *at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (is_letter(at[i]))
            return true;
    return false;
}

static bool is_core_listed(const struct looked_at *p, size_t from, size_t n)
{
    if (is_listed((struct str){ p->lower + from, n }))
        return true;
    return has_letter(p->lower + from, n) &&
           (is_listed((struct str){ p->letters_i + from, n }) ||
            is_listed((struct str){ p->letters_l + from, n }));
}

/* Listed, with no more digits and signs around it than it is long. */
static bool is_common(const struct looked_at *p)
{
    size_t before = 0, after = 0;

    while (before < p->len && !is_letter(p->lower[before]))
        before++;
    while (after < p->len && !is_letter(p->lower[p->len - after - 1]))
        after++;
    for (size_t i = 0; i <= before; i++)
        for (size_t j = 0; j <= after && i + j < p->len; j++) {
            size_t n = p->len - i - j;

            if (n >= CORE_MIN_BYTES && n * 2 >= p->len &&
                is_core_listed(p, i, n))
                return true;
        }
    return false;
}

/* --- simple ones ---------------------------------------------------------- */

/* A group that is too short to be a password itself, over and over. */
static bool is_repeated(const char *text, size_t len)
{
    for (size_t n = 1; n < PASSWORD_MIN_BYTES && n * 2 <= len; n++)
        if (memcmp(text, text + n, len - n) == 0)
            return true;
    return false;
}

static bool has_few_distinct(const char *text, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len && n <= FEW_DISTINCT; i++)
        n += i == 0 || memchr(text, text[i], i) == NULL;
    return n <= FEW_DISTINCT;
}

/* How far the text goes along the line, forwards or backwards. */
static size_t run_along(struct str text, const char *line)
{
    size_t len = strlen(line), best = 0;

    for (size_t at = 0; at < len; at++) {
        size_t n = 0, back = 0;

        while (n < text.len && at + n < len && text.ptr[n] == line[at + n])
            n++;
        while (back < text.len && back <= at &&
               text.ptr[back] == line[at - back])
            back++;
        n = n > back ? n : back;
        best = n > best ? n : best;
    }
    return best;
}

static size_t run_at(struct str text)
{
    /* clang-format off */
    static const char *const lines[] = {
        "abcdefghijklmnopqrstuvwxyz", "01234567890",
        "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./", "qwertzuiop", "yxcvbnm",
        "azertyuiop", "qsdfghjklm", "wxcvbn,;:!", "!@#$%^&*()_+",
        "1qaz", "2wsx", "3edc", "4rfv", "5tgb", "6yhn", "7ujm", "1aqw", "2zsx",
        "!qaz", "@wsx", "#edc", "$rfv",
        "qazwsxedcrfvtgbyhnujm", "aqwzsxedcrfvtgbyhnuj",
        "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0",
        "1a2z3e4r5t6y7u8i9o0p", "a1z2e3r4t5y6u7i8o9p0",
        "1a2b3c4d5e6f7g8h9i0j", "a1b2c3d4e5f6g7h8i9j0",
        "00112233445566778899", "aabbccddeeffgghhiijj",
        "147258369", "741852963", "159357",
    };
    /* clang-format on */
    size_t best = 1;

    while (best < text.len && text.ptr[best] == text.ptr[0])
        best++;
    for (size_t i = 0; i < COUNT(lines); i++) {
        size_t n = run_along(text, lines[i]);

        best = n > best ? n : best;
    }
    return best < RUN_MIN_BYTES ? 1 : best;
}

/* Made of runs of an alphabet, a keyboard or one character, few for its
 * length. */
static bool is_runs(const char *text, size_t len)
{
    size_t pieces = 0;

    for (size_t i = 0; i < len; pieces++)
        i += run_at((struct str){ text + i, len - i });
    return pieces * RUN_MIN_BYTES <= len + 1;
}

static bool is_year_month_day(const char *year, const char *month,
                              const char *day)
{
    int m = (month[0] - '0') * 10 + month[1] - '0';
    int d = (day[0] - '0') * 10 + day[1] - '0';

    return (memcmp(year, "19", 2) == 0 || memcmp(year, "20", 2) == 0) &&
           m >= 1 && m <= 12 && d >= 1 && d <= 31;
}

static bool is_date(const char *text, size_t len)
{
    char t[8];
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        if (is_digit(text[i]) && n < sizeof(t))
            t[n++] = text[i];
        else if (memchr("./- ", text[i], 4) == NULL)
            return false;
    }
    return n == sizeof(t) && (is_year_month_day(t, t + 4, t + 6) ||
                              is_year_month_day(t + 4, t + 2, t) ||
                              is_year_month_day(t + 4, t, t + 2));
}

static bool is_simple(const char *text, size_t len)
{
    return is_repeated(text, len) || has_few_distinct(text, len) ||
           is_runs(text, len) || is_date(text, len);
}

/* As it is, or without the digits and signs around it if they are few. */
static bool is_simple_inside(const struct looked_at *p)
{
    size_t from = 0, to = p->len;

    while (from < to && !is_letter(p->lower[from]))
        from++;
    while (to > from && !is_letter(p->lower[to - 1]))
        to--;
    return is_simple(p->lower, p->len) ||
           ((to - from) * 3 >= p->len * 2 &&
            is_simple(p->lower + from, to - from));
}

/* --- about who it is for -------------------------------------------------- */

struct about {
    const struct looked_at *p;
    bool covered[PASSWORD_MAX_BYTES];
};

static void cover(struct about *ab, struct str part)
{
    const struct looked_at *p = ab->p;

    if (part.len < PART_MIN_BYTES)
        return;
    for (size_t i = 0; i + part.len <= p->len; i++)
        if (memcmp(p->lower + i, part.ptr, part.len) == 0 ||
            memcmp(p->letters_i + i, part.ptr, part.len) == 0 ||
            memcmp(p->letters_l + i, part.ptr, part.len) == 0)
            memset(ab->covered + i, true, part.len);
}

static bool is_of_name(char c)
{
    return is_letter(c) || is_digit(c);
}

/* Its words. */
static void cover_words(struct about *ab, struct str text)
{
    size_t from = 0;

    for (size_t i = 0; i <= text.len; i++)
        if (i == text.len || !is_of_name(text.ptr[i])) {
            cover(ab, (struct str){ text.ptr + from, i - from });
            from = i + 1;
        }
}

static struct str about_fold(struct str text, char room[ABOUT_MAX_BYTES])
{
    if (text.len > ABOUT_MAX_BYTES)
        text.len = ABOUT_MAX_BYTES;
    if (text.len > 0)
        text.len = str_utf8_run(text);
    if (text.len == 0)
        return (struct str){ room, 0 };
    return (struct str){ room, fold_case_into(text, room) };
}

/* Most of it is the name or the address. What comes behind the last dot of
 * an address says nothing of anybody. */
static enum status is_about(const struct looked_at *p, struct str email,
                            struct str name, bool *yes)
{
    struct about ab = { .p = p };
    char room[ABOUT_MAX_BYTES];
    struct arena a;
    struct str text = about_fold(email, room), plain;
    size_t n = 0;

    cover(&ab, text);
    while (text.len > 0 && text.ptr[text.len - 1] != '.')
        text.len--;
    cover_words(&ab, text);
    text = about_fold(name, room);
    cover_words(&ab, text);
    arena_init(&a, (size_t)8 * ABOUT_MAX_BYTES);
    plain = fold_accents(text, &a);
    if (plain.ptr != NULL)
        cover_words(&ab, plain);
    arena_close(&a);
    for (size_t i = 0; i < p->len; i++)
        n += ab.covered[i];
    *yes = n * 2 >= p->len;
    return plain.ptr == NULL && text.len > 0 ? ST_NO_MEMORY : ST_OK;
}

/* --- all of it ------------------------------------------------------------ */

static enum status wrong(enum problem what, struct str bound, enum problem *why,
                         struct str *detail)
{
    *why = what;
    *detail = bound;
    return ST_INVALID;
}

enum status password_check(struct str password, struct str email,
                           struct str name, enum problem *why,
                           struct str *detail)
{
    struct looked_at p;
    enum status st;
    bool easy, about = false;

    if (password.len < PASSWORD_MIN_BYTES)
        return wrong(PROBLEM_PASSWORD_SHORT, STR("8"), why, detail);
    if (password.len > PASSWORD_MAX_BYTES)
        return wrong(PROBLEM_PASSWORD_LONG, STR("72"), why, detail);
    if (!str_is_utf8(password) || str_has_control(password))
        return wrong(PROBLEM_PASSWORD_CHARS, STR(""), why, detail);
    look_at(password, &p);
    easy = is_common(&p) || is_simple_inside(&p);
    st = easy ? ST_OK : is_about(&p, email, name, &about);
    explicit_bzero(&p, sizeof(p));
    if (st != ST_OK)
        return st;
    if (easy)
        return wrong(PROBLEM_PASSWORD_COMMON, STR(""), why, detail);
    return about ? wrong(PROBLEM_PASSWORD_ABOUT, STR(""), why, detail) : ST_OK;
}
