// SPDX-License-Identifier: MIT
// What signing in must withstand, over every combination of backends.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { sleep, start, stopAll, until } from './appliance.mjs';
import { backends, combinations, postgres } from './servers.mjs';

const password = 'a password to withstand';
const me = '/api/v1/auth/me';
let people = 0;
let hosts = 1;

// Failures are counted by address, and all of 127.0.0.0/8 is ours.
function address() {
    hosts++;
    return `127.2.${hosts >> 8}.${hosts & 255}`;
}

async function person(a, more = {}) {
    const email = `p${++people}@example.org`;
    const body = { name: 'Person', email, password, ...more };
    const made = await a.post('/api/v1/users', body);

    assert.equal(made.status, 201, made.text);
    return { id: made.json.id, email };
}

const attempt = (a, email, given, more = {}) =>
    a.post(
        '/login',
        { email, password: given },
        {
            as: 'nobody',
            localAddress: address(),
            ...more,
        },
    );

const cookieOf = (got) => got.headers['set-cookie']?.[0].split(';')[0];

async function signIn(a, email) {
    const got = await attempt(a, email, password);

    assert.equal(got.status, 200, got.text);
    return cookieOf(got);
}

const as = (cookie) => ({ as: 'nobody', headers: { cookie } });

for (const store of combinations)
    describe(`withstand: ${store.name}`, () => {
        let a, env;

        before(async () => {
            env = await backends(store);
            a = await start({ env });
        });
        after(stopAll);

        test('unknown account and wrong password: the same answer', async () => {
            const { email } = await person(a);
            const off = await person(a, { active: false });
            const none = await person(a, { password: null });
            const answers = [];

            for (const [who, given] of [
                [email, 'wrong password'],
                ['nobody@example.org', 'wrong password'],
                [off.email, password],
                [none.email, password],
                [email, 'x'.repeat(73)],
                [`${email}\0`, password],
                [`${password}`, password],
            ]) {
                const got = await attempt(a, who, given);
                const { date, 'x-request-id': id, ...headers } = got.headers;

                assert.ok(date && id);
                answers.push({ status: got.status, text: got.text, headers });
            }
            for (const answer of answers) assert.deepEqual(answer, answers[0]);
            assert.equal(answers[0].status, 401);
        });

        test('a session that was planted is not the one that is used', async () => {
            const { email } = await person(a);
            const planted = `session_id=${'A'.repeat(43)}`;
            const got = await attempt(a, email, password, {
                headers: { cookie: planted },
            });
            const cookie = cookieOf(got);

            assert.equal(got.status, 200);
            assert.notEqual(cookie, planted);
            assert.equal((await a.get(me, as(planted))).status, 401);
            const again = await attempt(a, email, password, {
                headers: { cookie },
            });

            assert.equal((await a.get(me, as(cookie))).status, 401);
            assert.equal((await a.get(me, as(cookieOf(again)))).status, 200);
        });

        test('a cookie that was changed is none', async () => {
            const { email } = await person(a);
            const cookie = await signIn(a, email);
            const secret = cookie.slice('session_id='.length);
            const other = (c) => (c === 'A' ? 'B' : 'A');

            assert.match(secret, /^[\w-]{43}$/);
            for (const changed of [
                other(secret[0]) + secret.slice(1),
                secret.slice(0, 20) + other(secret[20]) + secret.slice(21),
                secret.slice(0, -1),
                `${secret}A`,
                `${secret}=`,
                secret.toLowerCase(),
                `"${secret}"`,
                createHash('sha256').update(secret).digest('hex'),
                '',
                '../../etc/passwd',
                "' OR 1=1 --",
                'x'.repeat(4000),
            ]) {
                const got = await a.get(me, as(`session_id=${changed}`));

                assert.equal(got.status, 401, changed);
                assert.match(got.headers['set-cookie'][0], /Max-Age=0/);
            }
            const two = `${cookie}; session_id=${'A'.repeat(43)}`;

            assert.equal((await a.get(me, as(two))).status, 401);
            assert.equal((await a.get(me, as(cookie))).status, 200);
        });

        test('a token that was changed is none', async () => {
            const { email } = await person(a);
            const { token } = (
                await a.post(
                    '/api/collections/users/auth-with-password',
                    { identity: email, password },
                    { as: 'nobody', localAddress: address() },
                )
            ).json;
            const [head, body, sign] = token.split('.');
            const claims = JSON.parse(Buffer.from(body, 'base64url'));
            const asAdmin = Buffer.from(
                JSON.stringify({ ...claims, id: '1', role: 'admin' }),
            ).toString('base64url');
            const none = Buffer.from('{"alg":"none"}').toString('base64url');
            const get = (text) =>
                a.get(me, { as: 'nobody', headers: { authorization: text } });

            assert.equal((await get(token)).status, 200);
            assert.equal((await get(`Bearer ${token}`)).status, 200);
            for (const changed of [
                `${head}.${asAdmin}.${sign}`,
                `${none}.${body}.${sign}`,
                `${none}.${body}.`,
                `${head}.${body}`,
                `${head}.${body}.${sign}.`,
                `${head}.${body}.${sign.slice(0, -2)}`,
                sign,
                `..${sign}`,
                token.split('').reverse().join(''),
            ])
                assert.equal((await get(changed)).status, 401, changed);
        });

        test('nothing in the database opens anything', async () => {
            const { id, email } = await person(a);
            const cookie = await signIn(a, email);
            const secrets = [cookie.slice('session_id='.length), password];

            secrets.push(a.key);
            const rows = await dump(env);

            for (const secret of secrets)
                assert.ok(!rows.includes(secret), 'a secret is kept as it is');
            for (const found of rows.match(/\b[0-9a-f]{64}\b/g) ?? []) {
                const bytes = Buffer.from(found, 'hex').toString('base64url');

                for (const text of [found, bytes]) {
                    const got = await a.get(me, as(`session_id=${text}`));

                    assert.equal(got.status, 401);
                }
            }
            const hash = rows.match(/\$2[aby]\$04\$[./\w]{53}/)[0];

            assert.equal((await attempt(a, email, hash)).status, 401);
            assert.ok(
                !(await a.get(`/api/v1/users/${id}`)).text.includes('$2'),
            );
        });

        test('of twenty at once five are tried', async () => {
            const { email } = await person(a);
            const from = address();
            const all = await Promise.all(
                Array.from({ length: 20 }, (_, i) =>
                    attempt(a, email, `wrong ${i}`, {
                        localAddress: i % 2 ? from : address(),
                    }),
                ),
            );
            const statuses = all.map(({ status }) => status).sort();

            assert.deepEqual(statuses, [
                ...Array(5).fill(401),
                ...Array(15).fill(429),
            ]);
            for (const got of all.filter(({ status }) => status === 429)) {
                const wait = Number(got.headers['retry-after']);

                assert.ok(wait > 0 && wait <= 900, String(wait));
            }
            const right = await attempt(a, email, password);

            assert.equal(right.status, 429, 'not even the right one');
        });

        test('success clears the account, not the address', async () => {
            const { email } = await person(a);
            const from = address();
            const once = (given, who = email) =>
                attempt(a, who, given, { localAddress: from });

            for (let i = 0; i < 4; i++)
                assert.equal((await once('wrong one')).status, 401);
            assert.equal((await once(password)).status, 200);
            assert.equal((await once('wrong one')).status, 401);
            const got = await once('wrong one', 'somebody@example.org');

            assert.equal(got.status, 429, 'the sixth of this address');
            for (let i = 0; i < 3; i++)
                assert.equal(
                    (await attempt(a, email, 'wrong one')).status,
                    401,
                    'the account counts from one again',
                );
        });

        test('what ends while a body comes has ended', async () => {
            const boss = await person(a, { role: 'admin' });
            const held = await signIn(a, boss.email);
            const evil = { name: 'Evil', email: 'evil@example.org' };
            const key = async () => {
                const wanted = { name: 'held', scopes: ['*'] };
                const { headers } = as(held);
                const path = '/api/v1/auth/keys';

                return (await a.post(path, wanted, { headers })).json;
            };
            const sending = async (proof, method, path, json) => {
                const wire = await a.dial();
                const body = JSON.stringify(json);

                await wire.send(
                    `${method} ${path} HTTP/1.1\r\nHost: x\r\n${proof}\r\n` +
                        'Content-Type: application/json\r\n' +
                        `Content-Length: ${body.length}\r\n\r\n{`,
                );
                return async () => {
                    await wire.send(body.slice(1));
                    const { status } = await wire.answer();

                    wire.close();
                    return status;
                };
            };
            const requests = [
                ['POST', '/api/v1/auth/keys', { name: 'x', scopes: ['*'] }],
                ['POST', '/api/v1/users', { ...evil, role: 'admin' }],
                ['POST', '/users', evil],
                ['PATCH', `/api/v1/users/${boss.id}`, { name: 'Evil' }],
                [
                    'POST',
                    '/api/v1/batch',
                    {
                        requests: [
                            {
                                method: 'POST',
                                url: '/api/v1/users',
                                body: evil,
                            },
                        ],
                    },
                ],
            ];
            const cookies = [];
            const ends = [];

            for (const request of requests) {
                const cookie = await signIn(a, boss.email);

                cookies.push(cookie);
                ends.push(await sending(`Cookie: ${cookie}`, ...request));
            }
            const made = await key();
            const shown = `Authorization: Bearer ${made.key}`;

            ends.push(await sending(shown, ...requests[1]));
            const stays = await sending(
                `Cookie: ${held}`,
                'POST',
                '/api/v1/users',
                {
                    name: 'Good',
                    email: `good${boss.id}@example.org`,
                },
            );

            await sleep(100);
            const { headers } = as(held);

            await a.delete('/api/v1/auth/sessions', { headers });
            await a.delete(`/api/v1/auth/keys/${made.id}`, { headers });
            for (const cookie of cookies)
                assert.equal((await a.get(me, as(cookie))).status, 401);
            for (const [i, end] of ends.entries())
                assert.equal(await end(), 401, String(i));
            assert.equal(await stays(), 201);
            const filter = encodeURIComponent(`email='${evil.email}'`);
            const found = await a.get(`/api/v1/users?filter=${filter}`);

            assert.equal(found.json.totalItems, 0);
        });

        test('an address is taken in every case', async () => {
            const { email } = await person(a);
            const other = await person(a);
            const twin = email.toUpperCase();
            const { headers } = as(await signIn(a, other.email));
            const own = `/api/v1/users/${other.id}`;
            const body = { email: twin };

            for (const got of [
                await a.patch(own, body, { headers }),
                await a.put(own, { name: 'Other', ...body }, { headers }),
                await a.put(`/users/${other.id}`, body, { headers }),
                await a.post('/api/v1/users', { name: 'Twin', ...body }),
            ]) {
                assert.equal(got.status, 400, got.text);
                assert.equal(got.json.data.email.code, 'not_unique');
            }
            assert.equal((await attempt(a, twin, password)).status, 200);
            const mine = { email: other.email.toUpperCase() };

            assert.equal((await a.patch(own, mine, { headers })).status, 200);
        });

        test('passwords of 10 MB, with NUL, in all scripts', async () => {
            const big = 'x'.repeat(10 << 20);
            // 24 letters, 72 bytes
            const scripts = String.fromCodePoint(
                ...Array.from({ length: 24 }, (_, i) => 0x4e00 + 37 * i),
            );
            const { email, id } = await person(a);
            const got = await attempt(a, email, big).catch((error) => error);

            assert.ok(
                got.status === 413 ||
                    got.code === 'ECONNRESET' ||
                    got.code === 'EPIPE',
                String(got.status ?? got),
            );
            for (const [given, status] of [
                ['naïve Straße 密码 🔑', 200],
                [scripts, 200],
                [`${scripts}x`, 422],
                ['with\0NUL in it', 422],
                ['short', 422],
                ['        ', 422],
                ['password123', 422],
                [email, 422],
                [42424242, 422],
            ]) {
                const path = `/api/v1/users/${id}`;
                const changed = await a.patch(path, { password: given });

                assert.equal(
                    changed.status,
                    status,
                    `${given} ${changed.text}`,
                );
                if (status !== 200) {
                    assert.ok(changed.json.data.password.code);
                    if (String(given).trim().length > 8)
                        assert.ok(!changed.text.includes(given));
                    continue;
                }
                assert.equal((await attempt(a, email, given)).status, 200);
                const cut = given.slice(0, -2);

                assert.equal((await attempt(a, email, cut)).status, 401);
            }
        });

        test('names with NUL and all scripts', async () => {
            for (const name of [
                'ünïcödé 名前 😀',
                '<script>alert(1)</script>',
            ]) {
                const { email } = await person(a, { name });
                const cookie = await signIn(a, email);

                assert.equal((await a.get(me, as(cookie))).json.name, name);
            }
            const nul = await a.post('/api/v1/users', {
                name: 'a\0b',
                email: 'nul@example.org',
            });

            assert.ok([400, 422].includes(nul.status), nul.text);
        });

        test('the log names nobody who failed, and no secret', async () => {
            const { email } = await person(a);
            const typed = 'typed into the wrong field';

            await attempt(a, typed, 'secret that was typed');
            await attempt(a, email, 'secret that was typed');
            await signIn(a, email);
            await until('it is logged', () =>
                a.lines.some((line) => line.includes('sign_in_failed')),
            );
            for (const word of [
                typed,
                'secret that was typed',
                password,
                a.key,
            ])
                assert.ok(!a.lines.join('\n').includes(word), word);
        });
    });

// What the database keeps: SQLite's files as they are, PostgreSQL's rows of
// accounts and of the appliance itself.
async function dump({ DATABASE_URL: url }) {
    if (url.startsWith('sqlite:')) {
        const file = url.slice('sqlite:'.length);
        const files = [file, `${file}-wal`].filter(existsSync);

        return files.map((f) => readFileSync(f, 'latin1')).join('\n');
    }
    const pg = await postgres();
    const tables = ['users', '_session', '_key', '_ticket', '_secret'];
    const parts = await Promise.all(
        [...tables, '_audit', '_idempotency'].map((name) =>
            pg.sql(`SELECT row_to_json(t) FROM "${name}" t`, url),
        ),
    );

    return parts.join('\n');
}
