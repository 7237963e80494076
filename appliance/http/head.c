/* SPDX-License-Identifier: MIT */
#include "http/head.h"

#include <assert.h>
#include <string.h>

#include "http/chars.h"

const char *const method_names[] = {
    [METHOD_GET] = "GET",         [METHOD_HEAD] = "HEAD",
    [METHOD_POST] = "POST",       [METHOD_PUT] = "PUT",
    [METHOD_PATCH] = "PATCH",     [METHOD_DELETE] = "DELETE",
    [METHOD_OPTIONS] = "OPTIONS", [METHOD_OTHER] = "other",
};

static_assert(COUNT(method_names) == METHOD__COUNT, "one name per method");

/* --- finding the end --------------------------------------------------- */

/* One more complete line of len bytes without its line break. *done: it was
 * the empty one that ends the head. */
static enum status scan_line(struct head_scan *s, size_t len, size_t next,
                             bool *done)
{
    if (len == 0 && s->lines == 0) {
        /* RFC 9112, 2.2: an empty line before the request line is ignored;
         * we ignore one. */
        if (s->begin > 0)
            return ST_BAD_INPUT;
        s->begin = next;
        return ST_OK;
    }
    *done = len == 0;
    s->lines++;
    return ST_OK;
}

static enum status scan_limits(const struct head_scan *s, size_t n_bytes,
                               const struct head_limits *limits)
{
    size_t line = n_bytes - s->begin;

    if (s->lines == 0 && line > limits->line_max_bytes + 2)
        return ST_URI_TOO_LONG;
    if (line > limits->head_max_bytes || s->lines > HEAD_FIELDS_MAX + 2)
        return ST_HEADERS_TOO_BIG;
    return ST_OK;
}

enum status head_scan(struct head_scan *s, struct str bytes,
                      const struct head_limits *limits, size_t *n_bytes)
{
    enum status st = ST_OK;
    bool done = false;

    *n_bytes = 0;
    /* Something else altogether, such as TLS, is not waited for. */
    if (bytes.len > 0 && bytes.ptr[0] != '\r' &&
        !char_is(bytes.ptr[0], CHAR_TOKEN))
        return ST_BAD_INPUT;
    while (s->at < bytes.len && !done) {
        const char *from = bytes.ptr + s->at;
        const char *nl = memchr(from, '\n', bytes.len - s->at);
        size_t end;

        if (nl == NULL) {
            s->at = bytes.len;
            break;
        }
        end = (size_t)(nl - bytes.ptr);
        if (end == s->line_at || bytes.ptr[end - 1] != '\r')
            return ST_BAD_INPUT;
        st = scan_limits(s, end + 1, limits);
        if (st == ST_OK)
            st = scan_line(s, end - 1 - s->line_at, end + 1, &done);
        if (st != ST_OK)
            return st;
        s->at = s->line_at = end + 1;
    }
    if (!done)
        return scan_limits(s, bytes.len, limits);
    *n_bytes = s->at - s->begin;
    return ST_OK;
}

/* --- the request line -------------------------------------------------- */

static bool method_of(struct str text, enum method *out)
{
    for (int m = 0; m < METHOD_OTHER; m++)
        if (str_eq(text, str_of(method_names[m]))) {
            *out = (enum method)m;
            return true;
        }
    *out = METHOD_OTHER;
    return str_eq(text, STR("TRACE")) || str_eq(text, STR("CONNECT"));
}

static enum status read_version(struct str text, struct head *h)
{
    if (text.len != 8 || !str_starts(text, STR("HTTP/")) ||
        text.ptr[6] != '.' || text.ptr[5] < '0' || text.ptr[5] > '9' ||
        text.ptr[7] < '0' || text.ptr[7] > '9')
        return ST_BAD_INPUT;
    if (text.ptr[5] != '1')
        return ST_BAD_VERSION;
    /* RFC 9110, 2.5: a higher minor version is read as the highest known. */
    h->minor = text.ptr[7] == '0' ? 0 : 1;
    return ST_OK;
}

static enum status read_request_line(struct str line, struct head *h)
{
    h->method_text = str_cut(&line, ' ');
    h->target = str_cut(&line, ' ');
    if (h->method_text.len == 0 || !chars_are(h->method_text, CHAR_TOKEN) ||
        h->target.len == 0)
        return ST_BAD_INPUT;
    return read_version(line, h);
}

/* --- fields ------------------------------------------------------------ */

/* What the framing rules need to know of all fields together. */
struct seen {
    int hosts, lengths;
    bool coding;   /* a Transfer-Encoding */
    bool chunked;  /* that ended in chunked */
    bool other;    /* and had another coding before it */
    bool twisted;  /* chunked twice, or not last, or an empty element */
    bool too_long; /* a length past 64 bits */
    bool bad_expect;
    bool close, keep_alive; /* Connection */
    struct str host;
};

static enum status on_host(struct head *h, struct seen *seen, struct str v)
{
    (void)h;
    seen->host = v;
    return seen->hosts++ == 0 ? ST_OK : ST_BAD_INPUT;
}

static enum status on_length(struct head *h, struct seen *seen, struct str v)
{
    if (seen->lengths++ > 0 || v.len == 0)
        return ST_BAD_INPUT;
    for (size_t i = 0; i < v.len; i++)
        if (v.ptr[i] < '0' || v.ptr[i] > '9')
            return ST_BAD_INPUT;
    seen->too_long = str_to_int(v, 0, INT64_MAX, &h->content_length) != ST_OK;
    return ST_OK;
}

static enum status on_coding(struct head *h, struct seen *seen, struct str v)
{
    (void)h;
    seen->coding = true;
    do {
        struct str coding = str_trim(str_cut(&v, ','));
        bool chunked = str_eq_nocase(coding, STR("chunked"));

        seen->twisted |= seen->chunked || coding.len == 0;
        seen->chunked |= chunked;
        seen->other |= !chunked;
    } while (v.ptr != NULL);
    return ST_OK;
}

static enum status on_connection(struct head *h, struct seen *seen,
                                 struct str v)
{
    (void)h;
    do {
        struct str option = str_trim(str_cut(&v, ','));

        seen->close |= str_eq_nocase(option, STR("close"));
        seen->keep_alive |= str_eq_nocase(option, STR("keep-alive"));
    } while (v.ptr != NULL);
    return ST_OK;
}

static enum status on_expect(struct head *h, struct seen *seen, struct str v)
{
    if (str_eq_nocase(v, STR("100-continue")))
        h->expect_continue = true;
    else
        seen->bad_expect = true;
    return ST_OK;
}

static const struct {
    struct str name;
    enum status (*on)(struct head *h, struct seen *seen, struct str value);
} known_fields[] = {
    { STR_INIT("host"), on_host },
    { STR_INIT("content-length"), on_length },
    { STR_INIT("transfer-encoding"), on_coding },
    { STR_INIT("connection"), on_connection },
    { STR_INIT("expect"), on_expect },
};

static enum status read_field(struct str line, struct head *h,
                              struct seen *seen)
{
    struct head_field f;

    /* A line that begins with a blank (obs-fold), a blank before the colon,
     * an empty name: none of these is a token. */
    f.name = str_cut(&line, ':');
    if (line.ptr == NULL || f.name.len == 0 || !chars_are(f.name, CHAR_TOKEN) ||
        !chars_are(line, CHAR_FIELD))
        return ST_BAD_INPUT;
    f.value = str_trim(line);
    if (h->n_fields == HEAD_FIELDS_MAX)
        return ST_HEADERS_TOO_BIG;
    h->field[h->n_fields++] = f;
    for (size_t i = 0; i < COUNT(known_fields); i++)
        if (str_eq_nocase(f.name, known_fields[i].name))
            return known_fields[i].on(h, seen, f.value);
    return ST_OK;
}

/* RFC 9112, 6.1 and 6.3: one way to tell how long the body is. */
static enum status check_framing(const struct head *h, const struct seen *seen)
{
    if (seen->coding &&
        (seen->twisted || !seen->chunked || h->minor == 0 || seen->lengths > 0))
        return ST_BAD_INPUT;
    if (seen->other)
        return ST_UNSUPPORTED;
    return seen->too_long ? ST_TOO_BIG : ST_OK;
}

/* RFC 9112, 3.2: exactly one Host in HTTP/1.1, and a valid one; what an
 * absolute form names goes before it. */
static enum status check_host(struct head *h, const struct seen *seen)
{
    if (seen->hosts == 0)
        return h->minor == 0 ? ST_OK : ST_BAD_INPUT;
    if (!host_is_valid(seen->host))
        return ST_BAD_INPUT;
    if (h->host.ptr == NULL)
        h->host = seen->host;
    return ST_OK;
}

static enum status check_head(struct head *h, const struct seen *seen)
{
    enum status st;
    bool known = method_of(h->method_text, &h->method);

    h->keep_alive = !seen->close && (h->minor == 1 || seen->keep_alive);
    st = check_framing(h, seen);
    if (st != ST_OK)
        return st;
    h->chunked = seen->chunked;
    if (!known)
        return ST_UNSUPPORTED;
    if (str_eq(h->method_text, STR("CONNECT")))
        return ST_BAD_METHOD;
    st = target_parse(h);
    if (st == ST_OK)
        st = check_host(h, seen);
    if (st != ST_OK || h->minor == 0) {
        h->expect_continue = false; /* RFC 9110, 10.1.1: not in HTTP/1.0 */
        return st;
    }
    return seen->bad_expect ? ST_BAD_EXPECT : ST_OK;
}

void head_reset(struct head *h)
{
    /* Everything but the fields, of which there is room for a hundred. */
    memset(h, 0, offsetof(struct head, field));
    h->method = METHOD_OTHER;
    h->content_length = -1;
}

enum status head_parse(struct str bytes, struct head *out)
{
    struct seen seen = { .hosts = 0 };
    struct str line = str_cut(&bytes, '\n');
    enum status st;

    head_reset(out);
    line.len--; /* head_scan saw that each line ends in CR LF */
    st = read_request_line(line, out);
    while (st == ST_OK) {
        line = str_cut(&bytes, '\n');
        if (line.len <= 1)
            return check_head(out, &seen);
        line.len--;
        st = read_field(line, out, &seen);
    }
    return st;
}
