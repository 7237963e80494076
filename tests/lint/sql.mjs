// SPDX-License-Identifier: MIT
// No value and no name of a request becomes text of a statement.
//
// 1. SQL is written in store/, records/sql/, records/plan/ and auth/sql.c only.
// 2. store/, records/plan/ and auth/sql.c know no request, so they can write
//    none of it; auth/sql.c, whose texts are constants, writes nothing at all.
// 3. In records/sql/, where requests and statements meet, a text grows by
//    literals, by names through ddl_name and ddl_text, by numbers, by
//    parameters (select_arg), and by what the table below lists; each line of
//    it says where that comes from. Other writers are not used there.
//
// Before it looks at the tree it looks at planted faults, which it must find.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const HOMES = /^appliance\/((store|records\/sql|records\/plan)\/|auth\/sql\.c$)/;
const BLIND = /^appliance\/((store|records\/plan)\/|auth\/sql\.)/;
const CONST = /^appliance\/auth\/sql\.c$/;
const SQL = /^appliance\/records\/sql\//;

// file: what it adds, and whose text that is.
const KNOWN = `
past.c        (struct str){ at, n }               a piece of its own table
past.c        str_of(begin[g->d][is])             a table of literals
past.c        str_of(end[g->d])                   a table of literals
past.c        no                                  a digit of its own table
past.c        brackets[d][0]                      a table of literals
past.c        brackets[d][1]                      a table of literals
past.c        g->s->row                           columns, as describe_row wrote
select.c      s->row                              columns, as describe_row wrote
select.c      (struct str){ s->letters, s->n_columns }  kinds, as it wrote
select.c      letter                              a kind: select_letter
select.c      where                               written before: q->where
select.c      branch                              written before: page.c
select.c      (struct str){ text.ptr + from, i - from }         its own, numbered
select.c      (struct str){ text.ptr + from, text.len - from }  its own, numbered
select.c      v.s.ptr[i]                          of app.json: add_literal
statements.c  s->row                              columns, as describe_row wrote
statements.c  str_of(before)                      literals of its callers
from.c        (struct str){ m->source.ptr, m->source.len }          written before
from.c        (struct str){ m->from.joins.ptr, m->from.joins.len }  written before
from.c        (struct str){ m->link.ptr, m->link.len }              written before
where.c       s->text                             a column: select_add_path
where.c       text                                a column: its caller's
where.c       str_of(words[q->dialect][i])        a table of literals
where.c       signs[op]                           a table of literals
where.c       s.ptr[i]                            into a pattern, a parameter
page.c        k->text                             a column: select_add_path
page.c        k[i].text                           a column: select_add_path
page.c        text                                a column: its callers' k->text
page.c        sign                                literals of its callers
page.c        q->ranked                           written before: search.c
computed.c    name                                literals of its callers
computed.c    what->text                          a column: select_summed
search.c      str_of(form[0])                     a table of literals
search.c      str_of(form[1])                     a table of literals
search.c      str_of(form[2])                     a table of literals
search.c      word                                into the words, a parameter
search.c      words                               into the words, a parameter
search.c      may[i]->name                        of the schema
search.c      q->s->c->name                       of the schema
`;

const known = new Set(
    KNOWN.trim().split('\n').map((line) => {
        const [, file, what] = /^(\S+)\s+(.+?)\s{2,}\S/.exec(line);
        return `${file} ${what}`;
    }),
);

const NAMES = [
    /^[\w.>[\]-]*(->|\.)name$/, // of a collection, a field
    /^(alias|item|none|links|table|name|as)$/, // ours, or a parameter of it
    /^q->from\.alias$/,
    /^select_alias\(q\)$/,
    /^str_of\((name|table)\)$/,
];

/* --- reading C -------------------------------------------------------------- */

// The end of what opens at i.
function close(s, i) {
    let depth = 0;
    let quote = '';
    for (; i < s.length; i++) {
        const c = s[i];
        if (quote !== '') {
            if (c === '\\') i++;
            else if (c === quote) quote = '';
        } else if (c === '"' || c === "'") {
            quote = c;
        } else if ('({['.includes(c)) {
            depth++;
        } else if (')}]'.includes(c) && --depth === 0) {
            return i;
        }
    }
    throw new Error('brackets do not match');
}

// At commas, or at ? and :, outside of brackets and quotes.
function split(s, at) {
    const parts = [''];
    for (let i = 0; i < s.length; i++) {
        const c = s[i];
        let end = i;
        if ('({['.includes(c)) {
            end = close(s, i);
        } else if (c === '"' || c === "'") {
            for (end++; s[end] !== c; end++) if (s[end] === '\\') end++;
        }
        if (end === i && at.includes(c)) {
            parts.push('');
            continue;
        }
        parts[parts.length - 1] += s.slice(i, end + 1);
        i = end;
    }
    return parts.map((p) => p.trim());
}

const withoutComments = (s) =>
    s.replace(/\/\*[^]*?\*\//g, (c) => c.replace(/[^\n]/g, ' '));

// What an expression may be worth: of c ? a : b, a and b.
function leaves(expression) {
    const parts = split(expression, '?:');
    return parts.length === 1 ? parts : parts.filter((p, i) => {
        const behind = expression.indexOf(p) + p.length;
        return i > 0 && !/^\s*\?/.test(expression.slice(behind));
    });
}

/* --- the rules -------------------------------------------------------------- */

const literal = (s) => /^("([^"\\]|\\.)*"\s*)+$/.test(s);

function fineText(file, leaf) {
    const text = /^STR\(([^]*)\)$/.exec(leaf);
    return (text !== null && literal(text[1])) ||
        /^select_text\(q, &[\w.>-]+\)$/.test(leaf) ||
        known.has(`${file} ${leaf}`);
}

function fineFormat(args) {
    if (!literal(args[0])) return false;
    const holes = args[0].match(/%[^%a-zA-Z]*[a-zA-Z]+/g) ?? [];
    return holes.every((h, i) => /^%(z?u|d|ll[du])$/.test(h) ||
        (h === '%s' && leaves(args[1 + i]).every(literal)));
}

const RULES = {
    buf_add: (file, [, what]) => leaves(what).every((l) => fineText(file, l)),
    buf_add_char: (file, [, what]) => leaves(what).every(
        (l) => /^'(.|\\.)'$/.test(l) || known.has(`${file} ${l}`)),
    buf_add_int: () => true,
    buf_add_real: () => true,
    buf_addf: (file, args) => fineFormat(args.slice(1)),
    ddl_name: (file, [, what]) => leaves(what).every(
        (l) => fineText(file, l) || NAMES.some((n) => n.test(l))),
    ddl_text: (file, [, what]) => NAMES.some((n) => n.test(what)),
};
const WRITERS = /\b(v?s?n?printf|str\w?cat|buf_add_\w+|buf_reserve|buf_add|buf_addf|ddl_name|ddl_text|memcpy|bytes_copy)\s*\(/g;
const STATEMENT = /"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|ALTER|CREATE|DROP|TRUNCATE|PRAGMA|WITH|COPY|VALUES)\s/;
const CLAUSE = /"[^"\n]*\b(SELECT [\\\w(*]|FROM \\"|WHERE \\"|ORDER BY|GROUP BY|LEFT JOIN|UNION ALL)[^"\n]*"/;

function check(path, source) {
    const found = [];
    const code = withoutComments(source);
    const line = (i) => code.slice(0, i).split('\n').length;
    const say = (i, what) => found.push(`${path}:${line(i)}: ${what}`);

    if (!HOMES.test(path)) {
        const hit = STATEMENT.exec(code) ?? CLAUSE.exec(code);
        if (hit !== null) say(hit.index, `SQL outside its folders: ${hit[0]}`);
    }
    if (BLIND.test(path)) {
        const hit = /#include "(http|cache|records\/(filter|read|write))\//.exec(code);
        if (hit !== null) say(hit.index, 'writes SQL and knows of requests');
    }
    if (CONST.test(path))
        for (const hit of code.matchAll(WRITERS))
            say(hit.index, `${hit[1]} where every text is a constant`);
    if (!SQL.test(path) || !path.endsWith('.c')) return found;
    for (const hit of code.matchAll(WRITERS)) {
        const open = hit.index + hit[0].length - 1;
        const text = code.slice(open + 1, close(code, open));
        const rule = RULES[hit[1]];
        const args = split(text.replace(/\s+/g, ' '), ',');
        if (rule === undefined)
            say(hit.index, `${hit[1]} writes what nobody looks at`);
        else if (!rule(path.replace(/.*\//, ''), args))
            say(hit.index, `${hit[1]}(${args.join(', ')}): whose text is it?`);
    }
    return found;
}

/* --- planted ---------------------------------------------------------------- */

const PLANTED = [
    ['appliance/http/x.c', 'q = "SELECT 1";'],
    ['appliance/records/read/x.c', 'buf_add(b, STR("DELETE FROM "));'],
    ['appliance/records/write/x.c', 'buf_add(b, STR(" ORDER BY id"));'],
    ['appliance/records/x.c', 's = "x" "UPDATE users SET a = 1";'],
    ['appliance/auth/session.c', 'q = "DELETE FROM _session";'],
    ['appliance/auth/sql.c', 'buf_add(b, STR(" AND "));'],
    ['appliance/auth/sql.c', '#include "http/request.h"\n'],
    ['appliance/records/plan/x.c', '#include "http/request.h"\n'],
    ['appliance/records/plan/x.c', '#include "records/filter/rules.h"\n'],
    ['appliance/records/sql/x.c', 'buf_add(b, rq->query);'],
    ['appliance/records/sql/x.c', 'buf_add(b, yes ? STR("a") : value.s);'],
    ['appliance/records/sql/x.c', 'buf_add(b, STR(TEXT));'],
    ['appliance/records/sql/x.c', 'buf_add(&q->where,\n    v.s);'],
    ['appliance/records/sql/x.c', 'buf_add_char(b, s.ptr[0]);'],
    ['appliance/records/sql/x.c', 'buf_addf(b, "%s", name);'],
    ['appliance/records/sql/x.c', 'buf_addf(b, "%.*s", STR_ARG(v.s));'],
    ['appliance/records/sql/x.c', 'buf_addf(b, format, 1);'],
    ['appliance/records/sql/x.c', 'buf_add_json(b, v.s);'],
    ['appliance/records/sql/x.c', 'ddl_name(b, sort.text);'],
    ['appliance/records/sql/x.c', 'ddl_text(b, v.s);'],
    ['appliance/records/sql/x.c', 'snprintf(sql, 100, "a %s", word);'],
    ['appliance/records/sql/x.c', 'memcpy(at, v.s.ptr, v.s.len);'],
    ['appliance/records/sql/search.c', 'buf_add(b, s->text);'],
];
const FINE = [
    ['appliance/records/sql/x.c', 'buf_add(b, d ? STR("a, (") : STR(":?"));'],
    ['appliance/records/sql/x.c', 'buf_addf(b, " $%zu%s", n, d ? "a" : "b");'],
    ['appliance/records/sql/x.c', 'ddl_name(b, s->c->fields[i].name);'],
    ['appliance/records/sql/x.c', '/* buf_add(b, v.s); "SELECT " */'],
    ['appliance/http/x.c', 's = "select one"; /* SELECT */'],
    ['appliance/auth/sql.c', 'static const char *q = "SELECT " "id";'],
];

const wrong = [];
for (const [path, source] of PLANTED)
    if (check(path, source).length === 0)
        wrong.push(`not found, though planted: ${source}`);
for (const [path, source] of FINE) wrong.push(...check(path, source));

const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard',
    'appliance/*.c', 'appliance/*.h', 'appliance/*.inl'], { encoding: 'utf8' });
for (const path of files.trim().split('\n'))
    wrong.push(...check(path, readFileSync(path, 'utf8')));
for (const line of wrong) console.log(line);
process.exitCode = wrong.length > 0 ? 1 : 0;
