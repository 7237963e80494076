// SPDX-License-Identifier: MIT
// Records on the wire, over every combination of backends: lists, orders,
// conditions, caching, every type of field, and what is refused.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { newFolder, start, stopAll } from './appliance.mjs';
import { backends, combinations } from './servers.mjs';

// A collection with every type, bounded and not.
const kinds = {
    name: 'kinds',
    fields: [
        { name: 'title', type: 'text' },
        { name: 'short', type: 'text', min: 2, max: 5, pattern: '[a-z]+' },
        { name: 'mail', type: 'email' },
        { name: 'site', type: 'url', max: 60 },
        { name: 'whole', type: 'int' },
        { name: 'few', type: 'int', min: -3, max: 3 },
        { name: 'real', type: 'number' },
        { name: 'some', type: 'number', min: -0.5, max: 2.5 },
        { name: 'money', type: 'decimal', scale: 2 },
        { name: 'fine', type: 'decimal', scale: 9 },
        { name: 'round', type: 'decimal', scale: 0, min: 0, max: 10 },
        { name: 'yes', type: 'bool' },
        { name: 'day', type: 'date' },
        { name: 'at', type: 'datetime' },
        {
            name: 'late',
            type: 'datetime',
            min: '2026-01-01T00:00:00Z',
            max: '2026-12-31T23:59:59.999Z',
        },
        { name: 'one', type: 'select', values: ['a', 'b', 'é ö'] },
        {
            name: 'many',
            type: 'select',
            values: ['x', 'y', 'z'],
            min: 1,
            max: 2,
        },
        { name: 'any', type: 'json', max: 200 },
        { name: 'friend', type: 'relation', collection: 'kinds' },
        { name: 'secret', type: 'text', hidden: true },
    ],
    cache: { ttl: 60 },
};
const uncached = {
    name: 'plain',
    fields: [{ name: 'n', type: 'int' }],
    cache: { ttl: 0 },
};

// field, sent as JSON text, what comes back as JSON text
const taken = [
    ['title', '""'],
    ['title', '"  blanks  "'],
    [
        'title',
        '"a\\"b\\\\c\\/\\b\\f\\n\\r\\t\\u001f"',
        '"a\\"b\\\\c/\\b\\f\\n\\r\\t\\u001f"',
    ],
    ['title', '"\\u00e9\\ud83d\\ude00"', '"é😀"'],
    [
        'title',
        '"e\\u0301 ﬁ İ ß ١٢٣ 中文 עברית"',
        '"e\u0301 ﬁ İ ß ١٢٣ 中文 עברית"',
    ],
    ['title', '"\\u2028\\ufeff\\uffff\\u0085"', '"\\u2028\ufeff\uffff\u0085"'],
    ['title', '"\'; DROP TABLE kinds; --"'],
    ['title', '"$1 %s {x} \\\\x41"'],
    ['short', '"ab"'],
    ['short', '"abcde"'],
    ['mail', '"a.b+c@x-y.example"'],
    ['mail', '"é@exämple.org"'],
    ['site', '"https://example.org/a?b=c#d"'],
    ['site', '"http://127.0.0.1:8080/"'],
    ['whole', '0'],
    ['whole', '9223372036854775807'],
    ['whole', '-9223372036854775808'],
    ['whole', '-0', '0'],
    ['few', '-3'],
    ['few', '3'],
    ['real', '0'],
    ['real', '0.1'],
    ['real', '1e300', '1e+300'],
    ['real', '-5e-324', '-5e-324'],
    ['real', '1.7976931348623157e308', '1.7976931348623157e+308'],
    ['real', '123456789.125'],
    ['real', '1e-400', '0'],
    ['some', '2.5'],
    ['some', '-0.5'],
    ['money', '12.5', '12.50'],
    ['money', '"12.50"', '12.50'],
    ['money', '1e2', '100.00'],
    ['money', '0.1', '0.10'],
    ['money', '-0.01', '-0.01'],
    ['money', '1.000', '1.00'],
    ['money', '92233720368547758.07', '92233720368547758.07'],
    ['money', '-92233720368547758.08', '-92233720368547758.08'],
    ['fine', '0.000000001', '0.000000001'],
    ['round', '10', '10'],
    ['round', '3.0', '3'],
    ['yes', 'true'],
    ['yes', 'false'],
    ['day', '"2024-02-29"'],
    ['day', '"0001-01-01"'],
    ['day', '"9999-12-31"'],
    ['at', '"2026-11-20T09:00:00Z"', '"2026-11-20T09:00:00.000Z"'],
    ['at', '"2026-11-20T10:30:00.5+01:30"', '"2026-11-20T09:00:00.500Z"'],
    ['at', '"2026-11-19T23:00:00.123-10:00"', '"2026-11-20T09:00:00.123Z"'],
    ['at', '"1970-01-01T00:00:00.001Z"'],
    ['at', '"1969-12-31T23:59:59.999Z"'],
    ['late', '"2026-12-31T23:59:59.999Z"'],
    ['one', '"é ö"'],
    ['many', '["x"]'],
    ['many', '["z","x"]'],
    ['any', 'true'],
    ['any', '"text"'],
    ['any', '[1,2.50,{"a":[]},null]'],
    ['any', '{"b":1,"a":{"c":"é"}}'],
    ['any', '12345678901234567890.123'],
];

const refused = [
    ['title', '7', 'wrong_type'],
    ['title', '"a\\u0000b"', 'bad_value'],
    ['title', `"${'x'.repeat(5001)}"`, 'too_long'],
    ['short', '"a"', 'too_short'],
    ['short', '"abcdef"', 'too_long'],
    ['short', '"abC"', 'bad_pattern'],
    ['short', '"ab\\n"', 'bad_pattern'],
    ['mail', '"a@b@c"', 'bad_email'],
    ['mail', '"a..b@x.org"', 'bad_email'],
    ['mail', '"a@-x.org"', 'bad_email'],
    ['mail', '"a@x.org\\n"', 'bad_email'],
    ['mail', '""', 'bad_email'],
    ['site', '"ftp://x.org"', 'bad_url'],
    ['site', '"javascript:alert(1)"', 'bad_url'],
    ['site', '"https://"', 'bad_url'],
    ['site', '"https://a b"', 'bad_url'],
    ['site', `"https://x.org/${'y'.repeat(60)}"`, 'too_long'],
    ['whole', '1.5', 'wrong_type'],
    ['whole', '1.0', 'wrong_type'],
    ['whole', '9223372036854775808', 'too_large'],
    ['whole', '-9223372036854775809', 'too_small'],
    ['few', '4', 'too_large'],
    ['few', '-4', 'too_small'],
    ['real', '1e400', 'too_large'],
    ['real', '-1e400', 'too_small'],
    ['real', '"1"', 'wrong_type'],
    ['some', '2.500001', 'too_large'],
    ['some', '-0.6', 'too_small'],
    ['money', '12.345', 'too_precise'],
    ['money', '92233720368547758.08', 'too_large'],
    ['money', '"twelve"', 'wrong_type'],
    ['fine', '0.0000000001', 'too_precise'],
    ['round', '11', 'too_large'],
    ['round', '0.5', 'too_precise'],
    ['yes', '1', 'wrong_type'],
    ['day', '"2023-02-29"', 'bad_date'],
    ['day', '"0000-01-01"', 'bad_date'],
    ['at', '"2026-11-20 09:00:00"', 'bad_datetime'],
    ['at', '"2026-11-20T25:00:00Z"', 'bad_datetime'],
    ['at', '"2026-11-20T09:00:00"', 'bad_datetime'],
    ['at', '1763629200000', 'bad_datetime'],
    ['late', '"2025-12-31T23:59:59.999Z"', 'too_small'],
    ['late', '"2027-01-01T00:00:00Z"', 'too_large'],
    ['one', '"A"', 'not_an_option'],
    ['many', '[]', 'too_few'],
    ['many', '["x","y","z"]', 'too_many'],
    ['many', '["x","x"]', 'duplicate'],
    ['many', '"x"', 'wrong_type'],
    ['any', `"${'x'.repeat(200)}"`, 'too_long'],
    ['friend', '123456', 'no_such_record'],
    ['titel', '"x"', 'unknown'],
    ['id', '5', 'read_only'],
    ['version', '5', 'read_only'],
];

// In the order of their bytes, whatever the database's language.
const names = [
    ...['', ' a', '0', '10', '9', 'A', 'Z', '_', 'a', 'aa', 'b', 'z'],
    ...['É', 'é', '中'],
];

for (const combination of combinations)
    describe(`records over ${combination.name}`, () => {
        let a;
        const kind = (id) => `/api/v1/kinds${id ? `/${id}` : ''}`;

        before(async () => {
            const file = join(newFolder(), 'app.json');
            const app = { collections: [kinds, uncached] };

            writeFileSync(file, JSON.stringify(app));
            const env = { ...(await backends(combination)), APP_FILE: file };

            a = await start({ env });
        });
        after(stopAll);

        const json = { 'content-type': 'application/json' };
        const postText = (body, headers = json) =>
            a.ask('POST', kind(), { body, headers });

        test('every type: what is taken comes back as it was', async () => {
            for (const [field, sent, back] of taken) {
                const made = await postText(`{"${field}":${sent}}`);
                const what = `${field} ${sent}: ${made.text}`;

                assert.equal(made.status, 201, what);
                const want = `"${field}":${back ?? sent}`;

                assert.ok(made.text.includes(`${want},`), `${want} in ${what}`);
                const read = await a.get(kind(made.json.id));

                assert.equal(read.text, made.text);
                const patched = await a.ask('PATCH', kind(made.json.id), {
                    body: `{"secret":"x","${field}":${sent}}`,
                    headers: json,
                });

                assert.equal(patched.status, 200, patched.text);
                assert.ok(patched.text.includes(`${want},`), patched.text);
            }
        });

        test('every type: what is refused', async () => {
            for (const [field, sent, code] of refused) {
                const got = await postText(`{"${field}":${sent}}`);
                const what = `${field} ${sent.slice(0, 40)}: ${got.text}`;

                assert.equal(got.status, 422, what);
                assert.deepEqual(Object.keys(got.json.data), [field], what);
                assert.equal(got.json.data[field].code, code, what);
            }
        });

        test('an unknown field names the nearest', async () => {
            const got = await a.post(kind(), { titel: 'x', zzzzzz: 1 });

            assert.match(got.json.data.titel.message, /title/);
            assert.equal(got.json.data.zzzzzz.code, 'unknown');
        });

        test('a hidden field is written, and never shown', async () => {
            const made = await a.post(kind(), { secret: 'hush' });

            assert.equal(made.status, 201);
            for (const got of [
                made,
                await a.get(kind(made.json.id)),
                await a.get(`${kind()}?perPage=500`),
                await a.patch(kind(made.json.id), { secret: 'hush2' }),
                await a.get(`${kind()}?sort=secret`),
            ])
                assert.ok(!/secret":|hush/.test(got.text), got.text);
        });

        test('records sent back whole are taken', async () => {
            const { json: made } = await a.post(kind(), { title: 'x' });
            const got = await a.patch(kind(made.id), { ...made, title: 'y' });

            assert.equal(got.status, 200, got.text);
            const other = { ...made, id: made.id + 1 };
            const wrong = await a.patch(kind(made.id), other);

            assert.equal(wrong.json.data.id.code, 'read_only');
        });

        test('a relation to itself, and to another', async () => {
            const { json: first } = await a.post(kind(), { title: 'first' });
            const { json: next } = await a.post(kind(), { friend: first.id });

            assert.equal(next.friend, first.id);
            const self = await a.patch(kind(first.id), { friend: first.id });

            assert.equal(self.json.friend, first.id);
            const refusal = await a.delete(kind(first.id));

            assert.equal(refusal.status, 409);
            assert.deepEqual(Object.keys(refusal.json.data), ['kinds.friend']);
            await a.patch(kind(next.id), { friend: null });
            await a.patch(kind(first.id), { friend: null });
            assert.equal((await a.delete(kind(first.id))).status, 204);
        });

        test('a million bytes of text are refused, 5,000 kept', async () => {
            const text = 'é'.repeat(5000);
            const made = await a.post(kind(), { title: text });

            assert.equal(made.json.title, text);
            const large = await a.post(kind(), { title: 'x'.repeat(500000) });

            assert.equal(large.json.data.title.code, 'too_long');
            await a.delete(kind(made.json.id));
        });

        describe('lists', () => {
            const rows = []; // as created

            before(async () => {
                const { items } = (await a.get(`${kind()}?perPage=500`)).json;

                for (const { id } of items.reverse()) await a.delete(kind(id));
                for (const [i, title] of names.entries()) {
                    const made = await a.post(kind(), {
                        title,
                        few: i % 3 === 0 ? null : (i % 4) - 2,
                        real: 10 - i,
                    });

                    rows.push(made.json);
                }
            });

            const list = async (query) =>
                (await a.get(`${kind()}${query}`)).json;
            const idsOf = ({ items }) => items.map(({ id }) => id);

            test('the envelope', async () => {
                const all = await list('');

                assert.deepEqual(Object.keys(all), [
                    ...['page', 'perPage', 'totalItems', 'totalPages', 'items'],
                ]);
                assert.deepEqual(
                    { ...all, items: 0 },
                    {
                        page: 1,
                        perPage: 30,
                        totalItems: names.length,
                        totalPages: 1,
                        items: 0,
                    },
                );
                assert.deepEqual(all.items, rows, 'in the order of their ids');
            });

            test('pages', async () => {
                const n = names.length;

                for (const perPage of [1, 4, n - 1, n, n + 1, 500]) {
                    const seen = [];
                    const pages = Math.ceil(n / perPage);

                    for (let page = 1; page <= pages; page++) {
                        const got = await list(
                            `?page=${page}&perPage=${perPage}`,
                        );

                        assert.equal(got.page, page);
                        assert.equal(got.perPage, perPage);
                        assert.equal(got.totalItems, n);
                        assert.equal(got.totalPages, pages);
                        seen.push(...idsOf(got));
                    }
                    assert.deepEqual(
                        seen,
                        rows.map(({ id }) => id),
                    );
                }
                const past = await list('?page=1000&perPage=500');

                assert.deepEqual(past.items, []);
                assert.equal(past.totalItems, n);
            });

            test('skipTotal', async () => {
                for (const yes of ['1', 'true']) {
                    const got = await list(`?skipTotal=${yes}&perPage=2`);

                    assert.equal(got.totalItems, -1);
                    assert.equal(got.totalPages, -1);
                    assert.equal(got.items.length, 2);
                }
                assert.equal(
                    (await list('?skipTotal=0')).totalItems,
                    rows.length,
                );
            });

            test('sort: texts by their bytes', async () => {
                const up = await list('?sort=title');

                assert.deepEqual(
                    up.items.map(({ title }) => title),
                    names,
                );
                const down = await list('?sort=-title');

                assert.deepEqual(
                    down.items.map(({ title }) => title),
                    [...names].reverse(),
                );
            });

            test('sort: null first, ties by id, several keys', async () => {
                const order = (row) => row.few ?? -1e9;
                const by = (compare) =>
                    [...rows].sort(compare).map(({ id }) => id);

                assert.deepEqual(
                    idsOf(await list('?sort=few')),
                    by((x, y) => order(x) - order(y) || x.id - y.id),
                );
                assert.deepEqual(
                    idsOf(await list('?sort=-few,real')),
                    by((x, y) => order(y) - order(x) || x.real - y.real),
                );
                assert.deepEqual(
                    idsOf(await list('?sort=%2Bfew,-id')),
                    by((x, y) => order(x) - order(y) || y.id - x.id),
                );
                assert.deepEqual(
                    idsOf(await list('?sort=-created,-id')),
                    by((x, y) => y.id - x.id),
                );
                assert.deepEqual(
                    idsOf(await list('?sort=real')),
                    by((x, y) => x.real - y.real),
                    'numbers as numbers',
                );
            });

            test('sort: every column but json', async () => {
                for (const { name, type, hidden } of kinds.fields) {
                    const { status, json: got } = await a.get(
                        `${kind()}?sort=-${name}`,
                    );

                    if (type === 'json' || hidden) {
                        assert.equal(status, 400, name);
                        assert.ok(got.data.sort, name);
                    } else {
                        assert.equal(status, 200, name);
                        assert.equal(got.items.length, rows.length);
                    }
                }
                const eight = [...Array(8).keys()].map(
                    (i) => kinds.fields[i].name,
                );

                assert.equal(
                    (await a.get(`${kind()}?sort=${eight}`)).status,
                    200,
                );
                const nine = await a.get(`${kind()}?sort=${eight},money`);

                assert.equal(nine.status, 400);
            });

            test('bad parameters: 400, each named', async () => {
                for (const [query, name, says] of [
                    ['page=0', 'page'],
                    ['page=-1', 'page'],
                    ['page=x', 'page'],
                    ['page=', 'page'],
                    ['page=1.5', 'page'],
                    ['page=99999999999999999999', 'page'],
                    ['perPage=0', 'perPage'],
                    ['perPage=501', 'perPage', /500/],
                    ['skipTotal=yes', 'skipTotal'],
                    ['sort=titel', 'sort', /title/],
                    ['sort=-', 'sort'],
                    ['sort=title,,few', 'sort'],
                    ['sort=title;drop', 'sort'],
                    ['filter=few%3E', 'filter', /character/],
                    ['filter=fwe%3E1', 'filter', /few/],
                    ['fields=idd', 'fields'],
                    ['expand=title', 'expand'],
                    ['search=x', 'search'],
                    ['cursor=x', 'cursor'],
                    ['aggregate=median(few)', 'aggregate', /avg/],
                    ['groupBy=few', 'groupBy', /aggregate/],
                    ['trash=1', 'trash'],
                    ['perpage=5', 'perpage', /perPage/],
                    ['PAGE=1', 'PAGE', /page/],
                    ['page=1&page=2', 'page'],
                    ['x%5B%5D=1', 'x[]'],
                ]) {
                    const got = await a.get(`${kind()}?${query}`);

                    assert.equal(got.status, 400, query);
                    assert.ok(got.json.data[name], `${query}: ${got.text}`);
                    if (says)
                        assert.match(got.json.data[name].message, says, query);
                }
                const two = await a.get(`${kind()}?page=0&perPage=0&x=1`);

                assert.deepEqual(Object.keys(two.json.data).sort(), [
                    ...['page', 'perPage', 'x'],
                ]);
                for (const query of ['page=%zz', 'page=%ff', '%00=1'])
                    assert.equal(
                        (await a.get(`${kind()}?${query}`)).status,
                        400,
                        query,
                    );
                const one = await a.get(`${kind(rows[0].id)}?page=1`);

                assert.equal(one.status, 400, 'one record takes none');
                assert.equal((await a.get(`${kind()}?`)).status, 200);
            });
        });

        describe('the cache', () => {
            let id;

            before(async () => {
                id = (await a.post(kind(), { title: 'cached' })).json.id;
            });

            test('X-Cache: miss, hit, bypass', async () => {
                for (const path of [
                    kind(id),
                    `${kind()}?perPage=7`,
                    `${kind()}?sort=-real&skipTotal=1`,
                ]) {
                    const first = await a.get(path);
                    const second = await a.get(path);
                    const bypass = await a.get(path, {
                        headers: { 'cache-control': 'no-cache' },
                    });

                    assert.equal(first.source, 'miss', path);
                    assert.equal(second.source, 'hit', path);
                    assert.equal(bypass.source, 'bypass', path);
                    assert.equal(second.text, first.text);
                    assert.equal(bypass.text, first.text);
                    assert.match(second.headers['server-timing'], /cache/);
                    assert.match(first.headers['server-timing'], /store;dur=/);
                }
            });

            test('the same question in other words is a hit', async () => {
                await a.get(`${kind()}?perPage=9&page=1&sort=title,few`);
                const again = await a.get(
                    `${kind()}?sort=title,%2Bfew&perPage=9&skipTotal=false`,
                );

                assert.equal(again.source, 'hit');
            });

            test('a write is read at once', async () => {
                const all = `${kind()}?perPage=500`;

                for (let i = 0; i < 50; i++) {
                    const title = `round ${i}`;

                    await a.get(all);
                    await a.get(kind(id));
                    const changed = await a.patch(kind(id), { title });

                    assert.equal(changed.status, 200);
                    const one = await a.get(kind(id));

                    assert.equal(one.json.title, title);
                    assert.equal(one.etag, changed.etag);
                    const { items } = (await a.get(all)).json;

                    assert.equal(
                        items.find((row) => row.id === id).title,
                        title,
                    );
                }
            });

            test('an error is not kept', async () => {
                const path = kind(id + 1);

                assert.equal((await a.get(path)).status, 404);
                const { json: made } = await a.post(kind(), { title: 'new' });

                assert.equal(made.id, id + 1);
                assert.equal((await a.get(path)).status, 200);
            });

            test('a collection with ttl 0 is not cached', async () => {
                await a.post('/api/v1/plain', { n: 1 });
                for (let i = 0; i < 3; i++)
                    assert.notEqual(
                        (await a.get('/api/v1/plain')).source,
                        'hit',
                    );
            });
        });

        describe('conditions', () => {
            let path;
            let etag;

            before(async () => {
                const made = await a.post(kind(), { title: 'one' });

                path = kind(made.json.id);
                etag = made.etag;
            });

            const match = (value) => ({ headers: { 'if-match': value } });

            test('If-None-Match: 304 while it is the same', async () => {
                for (const value of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
                    const got = await a.get(path, {
                        headers: { 'if-none-match': value },
                    });

                    assert.equal(got.status, 304, value);
                    assert.equal(got.bytes.length, 0);
                    assert.equal(got.etag, etag);
                }
                for (const value of ['"v99"', '"v"', 'v1', '']) {
                    const got = await a.get(path, {
                        headers: { 'if-none-match': value },
                    });

                    assert.equal(got.status, 200, value);
                }
            });

            test('If-Match: 412 when it changed', async () => {
                const first = await a.patch(
                    path,
                    { title: 'two' },
                    match(etag),
                );

                assert.equal(first.status, 200);
                assert.notEqual(first.etag, etag);
                const late = await a.patch(
                    path,
                    { title: 'three' },
                    match(etag),
                );

                assert.equal(late.status, 412);
                assert.equal((await a.get(path)).json.title, 'two');
                const gone = await a.delete(path, match(etag));

                assert.equal(gone.status, 412);
                const weak = match(`W/${first.etag}`);

                assert.equal(
                    (await a.patch(path, { few: 1 }, weak)).status,
                    412,
                );
                const any = await a.patch(path, { title: 'four' }, match('*'));

                assert.equal(any.status, 200);
                const list = match(`"v7", ${any.etag}`);

                assert.equal(
                    (await a.patch(path, { few: 2 }, list)).status,
                    200,
                );
                const none = kind(123456);

                assert.equal((await a.patch(none, {}, match('*'))).status, 404);
                assert.equal((await a.delete(none, match('"v1"'))).status, 404);
            });

            test('of writers at once with one ETag, one wins', async () => {
                for (let round = 0; round < 10; round++) {
                    const now = (await a.get(path)).etag;
                    const got = await Promise.all(
                        [0, 1, 2, 3, 4, 5].map((i) =>
                            a.patch(
                                path,
                                { title: `w${round}.${i}` },
                                match(now),
                            ),
                        ),
                    );
                    const won = got.filter(({ status }) => status === 200);

                    assert.equal(won.length, 1);
                    for (const { status } of got)
                        assert.ok([200, 412].includes(status), `${status}`);
                    const read = await a.get(path);

                    assert.equal(read.json.title, won[0].json.title);
                    assert.equal(read.etag, won[0].etag);
                }
            });

            test('versions count what changed', async () => {
                const before = await a.get(path);
                const same = await a.patch(path, { title: before.json.title });

                assert.equal(same.status, 200);
                const other = await a.patch(path, { title: 'other' });

                assert.notEqual(other.etag, before.etag);
                assert.ok(other.json.updated >= before.json.updated);
                assert.equal(other.json.created, before.json.created);
            });
        });

        test('a thousand concurrent writes lose nothing', async () => {
            const before = (await a.get(`${kind()}?perPage=1`)).json.totalItems;
            const one = async (i) => {
                const made = await a.post(kind(), { title: `c${i}` });

                assert.equal(made.status, 201, made.text);
                const done = await a.patch(kind(made.json.id), { whole: i });

                assert.equal(done.json.whole, i);
                return made.json.id;
            };
            const ids = [];

            for (let i = 0; i < 500; i += 25)
                ids.push(
                    ...(await Promise.all(
                        [...Array(25).keys()].map((j) => one(i + j)),
                    )),
                );
            assert.equal(new Set(ids).size, 500);
            const { json: now } = await a.get(`${kind()}?perPage=1`);

            assert.equal(now.totalItems, before + 500);
        });
    });
