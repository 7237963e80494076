// SPDX-License-Identifier: MIT
// SQL where it does not belong: at every parameter, in every part of a path,
// in headers, in keys and values of bodies. Nothing may come of it: no 500, no
// row that is changed or gone, no table that is another.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { command, newFolder, start, stopAll } from './appliance.mjs';
import { backends } from './servers.mjs';

const attacks = [
    "'",
    "''",
    '"',
    '\\',
    "\\'",
    '`',
    ';',
    '--',
    '/*',
    '*/',
    '$1',
    '$$',
    '?',
    ':id',
    '@now',
    '%',
    '%00',
    "' OR '1'='1",
    "' OR 1=1 --",
    '" OR ""="',
    "') OR ('a'='a",
    '1 OR 1=1',
    '1; DROP TABLE things',
    "1'; DROP TABLE things; --",
    '1"; DROP TABLE "things"; --',
    '"; DROP TABLE "things" CASCADE; --',
    "x'; DELETE FROM things WHERE 'a'='a",
    "x'; UPDATE things SET title='pwned' --",
    "x'; INSERT INTO things(title) VALUES('pwned') --",
    "' UNION SELECT name FROM sqlite_master --",
    "' UNION ALL SELECT NULL,NULL,NULL,NULL,NULL,NULL --",
    'id UNION SELECT value FROM _secret',
    '(SELECT value FROM "_secret" LIMIT 1)',
    '1 AND (SELECT count(*) FROM pg_class) > 0',
    '1); SELECT pg_sleep(10) --',
    "' || pg_sleep(10) || '",
    'randomblob(1000000000)',
    "' AND 1=CAST((SELECT version()) AS int) --",
    "'; ATTACH DATABASE '/tmp/pwned' AS pwned; --",
    "'; COPY things TO PROGRAM 'id'; --",
    "load_extension('x')",
    "'||(SELECT secret FROM things LIMIT 1)||'",
    'title, (SELECT secret FROM things LIMIT 1)',
    'title; DROP TABLE things',
    'title" DESC; DROP TABLE things --',
    'title) DESC --',
    'title COLLATE "C"',
    'secret',
    'things.secret',
    'title::int',
    'title->0',
    'CASE WHEN 1=1 THEN title ELSE id END',
    "E'\\x27'",
    'U&"d!0061t" UESCAPE \'!\'',
    '\u02bc OR 1=1 --',
    '\uff07 OR 1=1 --',
    'title\u0000; DROP TABLE things',
    'title\n; DROP TABLE things',
    'title\r\n\t; DROP TABLE things',
    'NEAR(title things)',
    'title:*',
    '"title" NOT "things"',
    '^things* AND (',
    "a & b | !c <-> 'd':*",
    '0x31',
    '1e309',
    '-1',
    '99999999999999999999',
    'NaN',
    'null',
    'true',
    '[]',
    '{}',
    '@0.id',
    '@1.id; DROP TABLE things',
    '../../things',
    '%27%20OR%201=1',
];

const parameters = [
    'page',
    'perPage',
    'sort',
    'filter',
    'search',
    'cursor',
    'skipTotal',
    'fields',
    'expand',
    'aggregate',
    'groupBy',
    'trash',
    'on',
    'purge',
    'format',
];

const headers = [
    'if-match',
    'if-none-match',
    'idempotency-key',
    'accept',
    'accept-language',
    'content-type',
    'cookie',
    'x-request-id',
    'traceparent',
    'cache-control',
    'user-agent',
    'prefer',
];

const app = {
    collections: [
        {
            name: 'things',
            trash: true,
            audit: true,
            fields: [
                { name: 'title', type: 'text', max: 1000, search: true },
                { name: 'code', type: 'text', unique: true },
                { name: 'n', type: 'int' },
                { name: 'real', type: 'number' },
                { name: 'money', type: 'decimal', scale: 2 },
                { name: 'yes', type: 'bool' },
                { name: 'day', type: 'date' },
                { name: 'at', type: 'datetime' },
                { name: 'kind', type: 'select', values: ['a', 'b'] },
                { name: 'kinds', type: 'select', values: ['a', 'b'], max: 2 },
                { name: 'mail', type: 'email' },
                { name: 'more', type: 'json' },
                { name: 'secret', type: 'text', hidden: true },
                {
                    name: 'friend',
                    type: 'relation',
                    collection: 'things',
                    onDelete: 'null',
                },
                {
                    name: 'others',
                    type: 'relation',
                    collection: 'things',
                    onDelete: 'null',
                    max: 9,
                },
            ],
        },
    ],
};
const fields = app.collections[0].fields.map((field) => field.name);

// Of a header's value: what HTTP lets through.
const sendable = (text) => !/[^\t\x20-\x7e\x80-\xff]/.test(text);

for (const store of ['sqlite', 'postgres'])
    describe(`attack: SQL in requests, over ${store}`, () => {
        let env;
        let a;

        before(async () => {
            const file = join(newFolder(), 'app.json');

            writeFileSync(file, JSON.stringify(app));
            env = { ...(await backends({ store })), APP_FILE: file };
            a = await start({ env });
            for (let i = 1; i <= 3; i++) {
                const made = await a.post('/api/v1/things', {
                    title: `title ${i}`,
                    code: `c${i}`,
                    n: i,
                    secret: 'not to be read',
                    friend: i > 1 ? i - 1 : null,
                });

                assert.equal(made.status, 201, made.text);
            }
        });
        after(stopAll);

        const all = async () => {
            const answer = await a.get('/api/v1/things?sort=id&perPage=500', {
                headers: { 'cache-control': 'no-cache' },
            });

            assert.equal(answer.status, 200, answer.text);
            return answer.text;
        };

        // Whatever it answers, it stands; and says nothing that it should not.
        const holds = (answer, what) => {
            assert.ok(answer.status < 500, `${what}: ${answer.text}`);
            assert.ok(
                !answer.text.includes('not to be read'),
                `${what}: ${answer.text}`,
            );
            assert.doesNotMatch(answer.text, /syntax error|SQLSTATE/i, what);
        };

        // Runs what must change nothing.
        const harmless = async (run) => {
            const before = await all();

            await run();
            assert.equal(await all(), before);
            assert.equal(a.events('store_bug').length, 0, a.lines.join('\n'));
        };

        const each = async (list, run) => {
            for (const text of attacks)
                await Promise.all(list.map((name) => run(name, text)));
        };

        test('in parameters of lists', () =>
            harmless(() =>
                each(parameters, async (name, text) => {
                    const query = `${name}=${encodeURIComponent(text)}`;
                    const answer = await a.get(`/api/v1/things?${query}`);

                    holds(answer, query);
                    if (answer.status !== 200) return;
                    assert.ok(answer.tookMs < 5000, `${query}: slow`);
                }),
            ));

        test('in parameters of records and of writes', () =>
            harmless(async () => {
                await each(parameters, async (name, text) => {
                    const query = `${name}=${encodeURIComponent(text)}`;
                    const path = `/api/v1/things/1?${query}`;

                    holds(await a.get(path), `GET ${path}`);
                    holds(await a.get(`/users?${query}`), `/users?${query}`);
                    holds(
                        await a.get(`/api/v1/things/1/history?${query}`),
                        query,
                    );
                });
                for (const text of attacks) {
                    const query = `?on=${encodeURIComponent(text)}`;
                    const path = `/api/v1/things${query}`;

                    holds(await a.post(path, { code: 1 }), path);
                }
            }));

        test('in names of parameters', () =>
            harmless(() =>
                each(['', 'sort'], async (before, text) => {
                    const query = `${encodeURIComponent(before + text)}=1`;
                    const answer = await a.get(`/api/v1/things?${query}`);

                    holds(answer, query);
                    assert.equal(answer.status, 400, query);
                }),
            ));

        test('inside what is well formed otherwise', () =>
            harmless(async () => {
                const forms = [
                    ['filter', (x) => `title = '${x}'`],
                    ['filter', (x) => `title ~ "${x}"`],
                    ['filter', (x) => `title = 'a' && ${x}`],
                    ['filter', (x) => `(${x}) = 1`],
                    ['filter', (x) => `n > ${x}`],
                    ['filter', (x) => `${x} = 'a'`],
                    ['filter', (x) => `friend.${x} = 'a'`],
                    ['filter', (x) => `things_via_${x}.n ?= 1`],
                    ['sort', (x) => `title,${x}`],
                    ['sort', (x) => `-${x}`],
                    ['sort', (x) => `friend.${x}`],
                    ['fields', (x) => `id,${x}`],
                    ['fields', (x) => `title:excerpt(${x})`],
                    ['fields', (x) => `expand.${x}`],
                    ['expand', (x) => `friend,${x}`],
                    ['expand', (x) => `friend.${x}`],
                    ['expand', (x) => `things_via_${x}`],
                    ['search', (x) => `title ${x}`],
                    ['aggregate', (x) => `count,sum(${x})`],
                    ['aggregate', (x) => `${x}(n)`],
                    ['groupBy', (x) => `kind,${x}`, 'aggregate=count&'],
                    ['sort', (x) => `-${x}`, 'aggregate=count&'],
                ];

                await each(forms, async ([name, form, more], text) => {
                    const value = encodeURIComponent(form(text));
                    const query = `${more ?? ''}${name}=${value}`;

                    holds(await a.get(`/api/v1/things?${query}`), query);
                });
            }));

        // That the others were not refused for another reason.
        test('what is well formed is asked, as a value', async () => {
            for (const text of attacks.filter((x) => !x.includes('\0'))) {
                const value = JSON.stringify(text);

                for (const query of [
                    `filter=${encodeURIComponent(`title = ${value}`)}`,
                    `filter=${encodeURIComponent(`${value} ~ title`)}`,
                    `filter=${encodeURIComponent(`friend.code != ${value}`)}`,
                    `search=${encodeURIComponent(text)}`,
                ]) {
                    const answer = await a.get(`/api/v1/things?${query}`);

                    assert.equal(answer.status, 200, query + answer.text);
                    holds(answer, query);
                }
            }
        });

        test('what is hidden cannot be named', async () => {
            for (const query of [
                'filter=secret="x"',
                'filter=secret~"%25"',
                'filter=friend.secret~"n%25"',
                'filter=things_via_friend.secret?~"n%25"',
                'sort=secret',
                'sort=-friend.secret',
                'fields=secret',
                'expand=secret',
                'expand=friend&fields=expand.friend.secret',
                'aggregate=min(secret)',
                'aggregate=count(friend.secret)',
                'aggregate=count&groupBy=secret',
            ]) {
                const answer = await a.get(`/api/v1/things?${query}`);

                assert.equal(answer.status, 400, query);
                holds(answer, query);
            }
        });

        test('in parts of paths', () =>
            harmless(async () => {
                const paths = [
                    ['GET', (x) => `/api/v1/${x}`],
                    ['GET', (x) => `/api/v1/${x}/1`],
                    ['GET', (x) => `/api/v1/things/${x}`],
                    ['GET', (x) => `/api/v1/things/1/${x}`],
                    ['GET', (x) => `/api/collections/${x}/records`],
                    ['GET', (x) => `/api/collections/things/records/${x}`],
                    ['GET', (x) => `/users/${x}`],
                    ['DELETE', (x) => `/api/v1/things/${x}`],
                    ['DELETE', (x) => `/api/v1/things/${x}?purge=1`],
                    ['POST', (x) => `/api/v1/things/${x}/restore`],
                    ['PATCH', (x) => `/api/v1/things/${x}`],
                    ['PUT', (x) => `/api/v1/things/${x}`],
                    ['POST', (x) => `/api/v1/${x}`],
                ];

                await each(paths, async ([method, form], text) => {
                    const path = form(encodeURIComponent(text));
                    const json = /^P/.test(method) ? { n: 1 } : undefined;
                    const answer = await a.ask(method, path, { json });

                    holds(answer, `${method} ${path}`);
                    assert.ok(answer.status >= 400, `${method} ${path}`);
                });
            }));

        test('in headers', () =>
            harmless(async () => {
                for (const text of attacks.filter(sendable))
                    for (const name of headers) {
                        const at = { headers: { [name]: text } };

                        holds(await a.get('/api/v1/things', at), name);
                        holds(await a.get('/api/v1/things/1', at), name);
                        if (name === 'if-match') {
                            const got = await a.delete('/api/v1/things/1', at);

                            assert.ok([400, 412].includes(got.status), text);
                        }
                    }
            }));

        test('in keys of bodies', () =>
            harmless(async () => {
                for (const text of attacks)
                    for (const key of [
                        text,
                        `${text}+`,
                        `n${text}`,
                        `+${text}`,
                    ]) {
                        const body = { [key]: 1 };

                        for (const answer of [
                            await a.post('/api/v1/things', body),
                            await a.patch('/api/v1/things/1', body),
                            await a.put('/api/v1/things/1', body),
                        ]) {
                            holds(answer, key);
                            assert.ok(answer.status >= 400, key);
                        }
                    }
            }));

        test('in requests of a batch', () =>
            harmless(async () => {
                for (const text of attacks) {
                    const part = encodeURIComponent(text);

                    for (const request of [
                        { method: text, url: '/api/v1/things', body: {} },
                        { method: 'POST', url: text, body: {} },
                        { method: 'POST', url: `/api/v1/${part}`, body: {} },
                        { method: 'DELETE', url: `/api/v1/things/${part}` },
                        {
                            method: 'POST',
                            url: `/api/v1/things?on=${part}`,
                            body: { code: 'c1' },
                        },
                        {
                            method: 'PATCH',
                            url: '/api/v1/things/1',
                            headers: { 'If-Match': text },
                            body: { n: 7 },
                        },
                    ]) {
                        const body = { requests: [request] };
                        const answer = await a.post('/api/v1/batch', body);

                        holds(answer, JSON.stringify(request));
                        assert.ok(
                            answer.status >= 400,
                            JSON.stringify(request) + answer.text,
                        );
                    }
                }
            }));

        test('in values: kept as they are, or refused', () =>
            harmless(async () => {
                const kept = attacks.filter((text) => !text.includes('\0'));

                for (const text of kept) {
                    const body = { title: text, more: { [text]: [text] } };
                    const made = await a.post('/api/v1/things', body);

                    assert.equal(made.status, 201, made.text);
                    assert.equal(made.json.title, text);
                    assert.deepEqual(made.json.more, body.more);
                    const path = `/api/v1/things/${made.json.id}`;
                    const changed = await a.patch(path, { code: text });

                    assert.equal(changed.status, 200, changed.text);
                    assert.equal((await a.get(path)).json.code, text);
                    const found = await a.get(
                        `/api/v1/things?fields=id&filter=${encodeURIComponent(
                            `code = ${JSON.stringify(text)}`,
                        )}`,
                    );

                    assert.deepEqual(
                        found.json.items,
                        [{ id: made.json.id }],
                        found.text,
                    );
                    assert.equal(
                        (await a.delete(`${path}?purge=1`)).status,
                        204,
                    );
                }
            }));

        test('in values of every type', () =>
            harmless(async () => {
                const texts = ['title', 'code', 'more', 'secret'];
                const numbers = /^-1$/; // decimals come as texts too

                for (const text of attacks.filter((x) => !numbers.test(x)))
                    for (const name of fields) {
                        if (texts.includes(name)) continue;
                        for (const value of [text, [text], { x: text }]) {
                            const body = { [name]: value };
                            const answer = await a.post('/api/v1/things', body);

                            holds(answer, JSON.stringify(body));
                            assert.ok(
                                answer.status >= 400,
                                JSON.stringify(body) + answer.text,
                            );
                        }
                    }
            }));

        test('the tables are what they were', async () => {
            const rows = await all();

            assert.equal(JSON.parse(rows).totalItems, 3);
            await a.stop();
            const plan = await command(['plan'], { env, folder: a.folder });

            assert.equal(plan.code, 0, plan.out + plan.err);
            assert.match(plan.out + plan.err, /nothing to do/i);
            a = await start({ env, folder: a.folder });
            assert.equal(await all(), rows);
        });
    });
