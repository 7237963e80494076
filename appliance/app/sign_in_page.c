/* SPDX-License-Identifier: MIT */
/* The pages of signing in work without a script: web/login.html and
 * web/setup.html, where what stands in double braces is filled in:
 *
 *   {{lang}}      "en" or "fr"
 *   {{alert}}     <p … role="alert">what went wrong</p>, or nothing
 *   {{email}} {{name}} {{return}} {{ticket}}   what was typed or brought along
 *   {{at_email}} {{at_password}}   "autofocus" where typing goes on, or nothing
 *   {{w_…}}       words in the reader's language, of the table below
 *
 * Everything is escaped but {{alert}}, which is made here. */
#include "app/form.h"
#include "app/sign_in.h"
#include "http/assets.h"

enum { PAGE_MAX_BYTES = 128 * 1024, ALERT_MAX_BYTES = 8 * 1024 };

static const struct {
    struct str name;
    struct str text[LANG__COUNT];
} words[] = {
    { STR_INIT("w_sign_in"),
      { STR_INIT("Sign in"), STR_INIT("Se connecter") } },
    { STR_INIT("w_login_title"),
      { STR_INIT("Sign in"), STR_INIT("Connexion") } },
    { STR_INIT("w_email"),
      { STR_INIT("E-mail address"), STR_INIT("Adresse e-mail") } },
    { STR_INIT("w_password"),
      { STR_INIT("Password"), STR_INIT("Mot de passe") } },
    { STR_INIT("w_show"), { STR_INIT("Show"), STR_INIT("Afficher") } },
    { STR_INIT("w_hide"), { STR_INIT("Hide"), STR_INIT("Masquer") } },
    { STR_INIT("w_name"), { STR_INIT("Name"), STR_INIT("Nom") } },
    { STR_INIT("w_setup_title"),
      { STR_INIT("First administrator"), STR_INIT("Premier administrateur") } },
    { STR_INIT("w_setup_why"),
      { STR_INIT("Nobody administers this instance yet. The account made here "
                 "does; this page works once."),
        STR_INIT("Personne n'administre encore cette instance. Le compte créé "
                 "ici le fera ; cette page ne sert qu'une fois.") } },
    { STR_INIT("w_setup_hint"),
      { STR_INIT("8 to 72 bytes; a few words are better than one."),
        STR_INIT("8 à 72 octets ; quelques mots valent mieux qu'un.") } },
    { STR_INIT("w_setup"),
      { STR_INIT("Create the account"), STR_INIT("Créer le compte") } },
};

/* --- filling in ----------------------------------------------------------- */

static void add_html(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        switch (s.ptr[i]) {
        case '&':
            buf_add(b, STR("&amp;"));
            break;
        case '<':
            buf_add(b, STR("&lt;"));
            break;
        case '>':
            buf_add(b, STR("&gt;"));
            break;
        case '"':
            buf_add(b, STR("&quot;"));
            break;
        case '\'':
            buf_add(b, STR("&#39;"));
            break;
        default:
            buf_add_char(b, s.ptr[i]);
        }
    }
}

static void add_alert(struct buf *b, struct str text)
{
    if (text.len == 0)
        return;
    buf_add(b, STR("<p class=\"alert\" role=\"alert\">"));
    add_html(b, text);
    buf_add(b, STR("</p>"));
}

static void add_word(struct buf *b, struct str name, enum lang lang)
{
    for (size_t i = 0; i < COUNT(words); i++)
        if (str_eq(words[i].name, name)) {
            add_html(b, words[i].text[lang]);
            return;
        }
    b->st = ST_BUG; /* a template asks for what nobody knows */
}

static void add_value(struct buf *b, struct str name, const struct page_fill *p,
                      enum lang lang)
{
    bool typed = p->email.len > 0;
    const struct {
        struct str name, value;
    } row[] = {
        { STR("lang"), lang == LANG_FR ? STR("fr") : STR("en") },
        { STR("email"), p->email },
        { STR("name"), p->name },
        { STR("return"), p->place },
        { STR("ticket"), p->ticket },
        { STR("at_email"), typed ? STR("") : STR("autofocus") },
        { STR("at_password"), typed ? STR("autofocus") : STR("") },
    };

    if (str_eq(name, STR("alert"))) {
        add_alert(b, p->alert);
        return;
    }
    for (size_t i = 0; i < COUNT(row); i++)
        if (str_eq(row[i].name, name)) {
            add_html(b, row[i].value);
            return;
        }
    add_word(b, name, lang);
}

/* "… {{name}} …": what stands before the mark, then the name; false: no more
 * marks, before is the rest. */
static bool next_mark(struct str *left, struct str *before, struct str *name)
{
    size_t i = 0, end;

    while (i + 1 < left->len &&
           !(left->ptr[i] == '{' && left->ptr[i + 1] == '{'))
        i++;
    for (end = i; end + 1 < left->len; end++)
        if (left->ptr[end] == '}' && left->ptr[end + 1] == '}')
            break;
    if (end + 1 >= left->len) {
        *before = *left;
        return false;
    }
    *before = (struct str){ left->ptr, i };
    *name = (struct str){ left->ptr + i + 2, end - i - 2 };
    *left = (struct str){ left->ptr + end + 2, left->len - end - 2 };
    return true;
}

enum status sign_in_page(const struct page_fill *p, const struct request *rq,
                         struct reply *rp)
{
    static const struct str files[] = { [PAGE_LOGIN] = STR_INIT("/login.html"),
                                        [PAGE_SETUP] =
                                            STR_INIT("/setup.html") };
    const struct asset *template = asset_find(files[p->page]);
    struct str left, before, name;

    if (template == NULL)
        return ST_BUG;
    buf_init(&rp->body, rq->arena, PAGE_MAX_BYTES);
    left = template->body;
    while (next_mark(&left, &before, &name)) {
        buf_add(&rp->body, before);
        add_value(&rp->body, name, p, rq->lang);
    }
    buf_add(&rp->body, before);
    rp->type = STR("text/html; charset=utf-8");
    reply_header(rp, STR("Vary"), STR("Accept-Language"));
    reply_header(rp, STR("Content-Language"),
                 rq->lang == LANG_FR ? STR("fr") : STR("en"));
    page_headers(rp);
    return rp->body.st;
}

/* --- what was wrong --------------------------------------------------------
 */

static struct str field_word(struct str field, enum lang lang)
{
    static const struct {
        struct str field, word;
    } row[] = {
        { STR_INIT("username"), STR_INIT("w_email") },
        { STR_INIT("email"), STR_INIT("w_email") },
        { STR_INIT("password"), STR_INIT("w_password") },
        { STR_INIT("name"), STR_INIT("w_name") },
    };

    for (size_t i = 0; i < COUNT(row); i++)
        for (size_t j = 0; j < COUNT(words); j++)
            if (str_eq(row[i].field, field) &&
                str_eq(row[i].word, words[j].name))
                return words[j].text[lang];
    return field;
}

/* "Password: too short: at least 8 bytes. Name: …" */
static void add_problems(struct buf *b, const struct reply *rp, enum lang lang)
{
    for (const struct problem_at *q = rp->problems; q != NULL; q = q->next) {
        if (q != rp->problems)
            buf_add(b, STR(". "));
        buf_add(b, field_word(q->where, lang));
        buf_add(b, lang == LANG_FR ? STR(" : ") : STR(": "));
        problem_words(b, q, lang);
    }
}

static void add_capital(struct buf *b, struct str s)
{
    if (s.len > 0 && s.ptr[0] >= 'a' && s.ptr[0] <= 'z') {
        buf_add_char(b, (char)(s.ptr[0] - 'a' + 'A'));
        s.ptr++;
        s.len--;
    }
    buf_add(b, s);
}

struct str sign_in_alert(const struct request *rq, const struct reply *rp,
                         enum status st)
{
    struct str text = str_of(status_text(st, rq->lang));
    struct buf b;

    buf_init(&b, rq->arena, ALERT_MAX_BYTES);
    if (rp->problems != NULL)
        add_problems(&b, rp, rq->lang);
    else
        add_capital(&b, rp->message.len > 0 ? rp->message : text);
    buf_add_char(&b, '.');
    return buf_done(&b, &text) == ST_OK ? text
                                        : str_of(status_text(st, rq->lang));
}

/* What can still be read of the form is kept. */
static void keep_typed(struct request *rq, struct page_fill *p)
{
    enum { USERNAME, EMAIL, NAME, RETURN, TICKET };
    struct form_field f[] = { { .name = STR("username") },
                              { .name = STR("email") },
                              { .name = STR("name") },
                              { .name = STR("return") },
                              { .name = STR("ticket") } };
    struct reply unused;

    reply_init(&unused, rq->arena, 0);
    if (form_read(rq, &unused, f, COUNT(f)) != ST_OK)
        return;
    p->email = f[f[USERNAME].value.len > 0 ? USERNAME : EMAIL].value;
    p->name = f[NAME].value;
    p->place = f[RETURN].value;
    p->ticket = f[TICKET].value;
}

bool sign_in_refused(struct request *rq, struct reply *rp, enum status st)
{
    struct page_fill p = { .page = str_eq(rq->path, STR("/setup"))
                                       ? PAGE_SETUP
                                       : PAGE_LOGIN };

    if (rq->route == NULL || rq->route->access != ACCESS_SIGN_IN ||
        !form_is(rq))
        return false;
    keep_typed(rq, &p);
    p.alert = sign_in_alert(rq, rp, st);
    rp->code = status_http(st);
    if (rp->code == 503 && !reply_has_header(rp, STR("Retry-After")))
        reply_header(rp, STR("Retry-After"), STR("1"));
    return sign_in_page(&p, rq, rp) == ST_OK;
}
