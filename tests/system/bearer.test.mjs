// SPDX-License-Identifier: MIT
// What a program shows, in whatever form; that being here is worth nothing;
// and pages of other sites, which cannot show a key.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { start, stopAll } from './appliance.mjs';
import { admin, adminEnv, signIn } from './people.mjs';

const bearer = (text) => ({ headers: { authorization: `Bearer ${text}` } });
let n = 0;
const user = () => ({ name: 'Ann', email: `ann${++n}@example.org` });

// Everything that the built-in application guards, as functions of who asks,
// with what nobody gets.
const guarded = [
    ['list', 401, (a, o) => a.get('/api/v1/users', o)],
    ['read', 401, (a, o) => a.get('/api/v1/users/1', o)],
    ['status', 401, (a, o) => a.get('/api/v1/status', o)],
    ['settings', 401, (a, o) => a.get('/api/v1/settings', o)],
    ['me', 401, (a, o) => a.get('/api/v1/auth/me', o)],
    ['create', 403, (a, o) => a.post('/api/v1/users', user(), o)],
    ['change', 401, (a, o) => a.patch('/api/v1/users/1', { name: 'A' }, o)],
    ['delete', 404, (a, o) => a.delete('/api/v1/users/999999', o)],
    ['users: list', 401, (a, o) => a.get('/users', o)],
    ['users: read', 401, (a, o) => a.get('/users/1', o)],
    ['users: create', 403, (a, o) => a.post('/users', user(), o)],
    ['users: change', 401, (a, o) => a.put('/users/1', { name: 'B' }, o)],
    ['users: delete', 404, (a, o) => a.delete('/users/999999', o)],
];
const writes = guarded.filter(([name]) => /create|change|delete/.test(name));

describe('bearer: what a program shows', () => {
    let a;

    before(async () => {
        a = await start();
        assert.equal((await a.post('/users', user())).status, 201);
    });
    after(stopAll);

    for (const [name, ofNobody, ask] of guarded)
        test(`${name}: with a key, and not without`, async () => {
            const { key } = a;

            for (const headers of [
                { authorization: '' },
                { authorization: 'Bearer' },
                { authorization: 'Bearer ' },
                { authorization: `Bearer ${key}x` },
                { authorization: `Bearer ${key.slice(1)}` },
                { authorization: `Bearer ${key.slice(0, -1)}` },
                { authorization: `Bearer ${key.toUpperCase()}` },
                { authorization: `Bearer ${key} ${key}` },
                { authorization: `Bearer ${key},${key}` },
                { authorization: `Bearer "${key}"` },
                { authorization: `Bearer=${key}` },
                { authorization: `Bearer\t${key}` },
                { authorization: `Basic ${btoa(`x:${key}`)}` },
                { authorization: `Token ${key}` },
                { cookie: `session_id=${key}` },
            ]) {
                const got = await ask(a, { headers });
                const what = JSON.stringify(headers);

                assert.equal(got.status, 401, what);
                assert.equal(
                    got.headers['www-authenticate'],
                    'Bearer realm="appliance"',
                );
                assert.equal(got.json.status, 401);
                assert.ok(!got.text.includes(key.slice(1, -1)), what);
            }
            // Where nobody looks for it.
            for (const headers of [
                { 'x-api-key': key },
                { cookie: `token=${key}` },
                { 'proxy-authorization': `Bearer ${key}` },
            ]) {
                const got = await ask(a, { as: 'nobody', headers });

                assert.equal(got.status, ofNobody, JSON.stringify(headers));
            }
            const served = await ask(a, bearer(key));

            assert.ok([200, 201, 404].includes(served.status), served.text);
            for (const authorization of [`bearer  ${key} `, key])
                assert.equal(
                    (await ask(a, { headers: { authorization } })).status,
                    served.status,
                    'the scheme in any case, or none',
                );
        });

    test('what is public needs none', async () => {
        for (const path of ['/', '/login', '/health', '/static/none.js'])
            for (const as of ['nobody', 'wrong'])
                assert.notEqual((await a.get(path, { as })).status, 401, path);
        for (const path of ['/livez', '/readyz', '/metrics'])
            assert.equal((await a.askOps(path)).status, 200, path);
    });

    test('401 comes before the body is looked at', async () => {
        const got = await a.ask('POST', '/users', {
            as: 'wrong',
            body: 'no json at all',
            headers: { 'content-type': 'text/plain' },
        });

        assert.equal(got.status, 401);
        const wire = await a.dial();

        await wire.send(
            'POST /users HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n' +
                'Authorization: Bearer wrong\r\nExpect: 100-continue\r\n\r\n',
        );
        assert.equal((await wire.answer()).status, 401);
        assert.ok(await wire.closed());
    });

    test('a key in two fields is none', async () => {
        for (const other of ['Bearer wrong', `Bearer ${a.key}`])
            for (const twice of [
                [other, `Bearer ${a.key}`],
                [`Bearer ${a.key}`, other],
            ]) {
                const wire = await a.dial();
                const fields = twice.map((one) => `Authorization: ${one}\r\n`);

                await wire.send(
                    `GET /users HTTP/1.1\r\nHost: x\r\n${fields.join('')}\r\n`,
                );
                assert.equal((await wire.answer()).status, 401);
                wire.close();
            }
    });
});

describe('bearer: being here is worth nothing', () => {
    after(stopAll);

    for (const TRUSTED_PROXIES of [null, '127.0.0.1'])
        test(`with TRUSTED_PROXIES=${TRUSTED_PROXIES ?? ''}`, async () => {
            const a = await start({ env: { TRUSTED_PROXIES }, as: 'nobody' });

            for (const headers of [
                {},
                { 'x-forwarded-for': '127.0.0.1' },
                { 'x-forwarded-for': '::1' },
                { 'x-real-ip': '127.0.0.1' },
                { 'cf-connecting-ip': '127.0.0.1' },
                { forwarded: 'for=127.0.0.1' },
            ])
                for (const [name, ofNobody, ask] of guarded) {
                    const got = await ask(a, { headers });
                    const what = `${name} ${JSON.stringify(headers)}`;

                    assert.equal(got.status, ofNobody, what);
                }
            const users = await a.get('/users', { as: a.key });

            assert.deepEqual(users.json.data, []);
            await a.stop();
        });
});

// A browser shows cookies to whoever makes it ask, and a key to nobody.
describe('bearer: pages of other sites', () => {
    let a;
    let me;
    const elsewhere = [
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
        { origin: 'https://evil.example' },
        { origin: 'null' },
    ];

    before(async () => {
        a = await start({ env: adminEnv });
        me = (await signIn(a, admin)).headers;
    });
    after(stopAll);

    for (const [name, , ask] of writes)
        test(`${name}: by key from anywhere, by cookie from here`, async () => {
            for (const more of [
                {},
                { 'sec-fetch-site': 'same-origin' },
                { 'sec-fetch-site': 'none' },
                { origin: a.url },
                ...elsewhere,
                { origin: `${a.url}.evil.example` },
                { origin: `http://127.0.0.1:${a.httpPort}` },
                { origin: a.url, 'sec-fetch-site': 'cross-site' },
            ]) {
                const what = JSON.stringify(more);
                const ours = /^(same-origin|none)$/.test(
                    more['sec-fetch-site'] ??
                        ((more.origin ?? a.url) === a.url ? 'none' : ''),
                );
                const key = bearer(a.key).headers;
                const byKey = await ask(a, { headers: { ...key, ...more } });

                assert.ok([200, 201, 404].includes(byKey.status), byKey.text);
                const byCookie = await ask(a, { headers: { ...me, ...more } });

                assert.equal(byCookie.status === 403, !ours, what);
                if (!ours) assert.match(byCookie.text, /of another site/);
                const both = { ...me, ...key, ...more };

                assert.equal(
                    (await ask(a, { headers: both })).status,
                    byKey.status,
                    'the key counts',
                );
            }
        });

    test('reads of other sites change nothing and are served', async () => {
        for (const more of elsewhere) {
            const headers = { ...me, ...more };
            const got = await a.get('/api/v1/users', { headers });

            assert.equal(got.status, 200);
            assert.equal(
                got.headers['access-control-allow-origin'],
                undefined,
            );
        }
        const asked = await a.ask('OPTIONS', '/api/v1/users', {
            headers: {
                origin: 'https://evil.example',
                'access-control-request-method': 'POST',
            },
        });

        assert.equal(asked.headers['access-control-allow-origin'], undefined);
    });
});
