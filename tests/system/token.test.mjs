// SPDX-License-Identifier: MIT
// Who may read and write: with API_TOKEN, without it, from other sites.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { start, stopAll } from './appliance.mjs';

const token = 'tok.en~with+all/the=signs_-!';
const bearer = (text) => ({ headers: { authorization: `Bearer ${text}` } });
let n = 0;
const user = () => ({ name: 'Ann', email: `ann${++n}@example.org` });

// Everything that is not public, as functions of who asks.
const guarded = [
    ['list', (a, o) => a.get('/api/v1/users', o)],
    ['read', (a, o) => a.get('/api/v1/users/1', o)],
    ['status', (a, o) => a.get('/api/v1/status', o)],
    ['create', (a, o) => a.post('/api/v1/users', user(), o)],
    ['change', (a, o) => a.patch('/api/v1/users/1', { name: 'A' }, o)],
    ['delete', (a, o) => a.delete('/api/v1/users/999999', o)],
    ['users: list', (a, o) => a.get('/users', o)],
    ['users: read', (a, o) => a.get('/users/1', o)],
    ['users: create', (a, o) => a.post('/users', user(), o)],
    ['users: change', (a, o) => a.put('/users/1', { name: 'B' }, o)],
    ['users: delete', (a, o) => a.delete('/users/999999', o)],
];
const writes = guarded.filter(([name]) => /create|change|delete/.test(name));
const reads = guarded.filter((row) => !writes.includes(row));

describe('token: with API_TOKEN', () => {
    let a;

    before(async () => {
        a = await start({ env: { API_TOKEN: token } });
        assert.equal(
            (await a.post('/users', user(), bearer(token))).status,
            201,
        );
    });
    after(stopAll);

    for (const [name, ask] of guarded)
        test(`${name}: 401 without it, served with it`, async () => {
            for (const headers of [
                {},
                { authorization: '' },
                { authorization: 'Bearer' },
                { authorization: 'Bearer ' },
                { authorization: `Bearer ${token}x` },
                { authorization: `Bearer ${token.slice(1)}` },
                { authorization: `Bearer ${token.slice(0, -1)}` },
                { authorization: `Bearer ${token.toUpperCase()}` },
                { authorization: `Bearer ${token} ${token}` },
                { authorization: token },
                { authorization: `Basic ${btoa(`x:${token}`)}` },
                { 'x-api-key': token },
                { cookie: `token=${token}` },
            ]) {
                const got = await ask(a, { headers });
                const what = JSON.stringify(headers);

                assert.equal(got.status, 401, what);
                assert.match(got.headers['www-authenticate'], /^Bearer/);
                assert.equal(got.json.status, 401);
                assert.ok(!got.text.includes(token), what);
            }
            const served = await ask(a, bearer(token));

            assert.ok([200, 201, 404].includes(served.status), served.text);
            const scheme = { authorization: `bearer  ${token} ` };

            assert.equal(
                (await ask(a, { headers: scheme })).status,
                served.status,
                'the scheme in any case',
            );
        });

    test('what is public needs none', async () => {
        for (const path of ['/', '/health', '/static/none.js', '/none'])
            assert.notEqual((await a.get(path)).status, 401, path);
        for (const path of ['/livez', '/readyz', '/metrics'])
            assert.equal((await a.askOps(path)).status, 200, path);
    });

    test('401 comes before the body is looked at', async () => {
        const got = await a.ask('POST', '/users', {
            body: 'no json at all',
            headers: { 'content-type': 'text/plain' },
        });

        assert.equal(got.status, 401);
        const wire = await a.dial();

        await wire.send(
            'POST /users HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n' +
                'Expect: 100-continue\r\n\r\n',
        );
        assert.equal((await wire.answer()).status, 401);
        assert.ok(await wire.closed());
    });

    test('a token in two headers is none', async () => {
        const wire = await a.dial();

        await wire.send(
            'GET /users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer wrong\r\n' +
                `Authorization: Bearer ${token}\r\n\r\n`,
        );
        assert.equal((await wire.answer()).status, 401);
        wire.close();
    });
});

describe('token: without API_TOKEN', () => {
    let a;

    before(async () => {
        a = await start({ env: { TRUSTED_PROXIES: '127.0.0.1' } });
        const made = await a.post('/users', user(), from('127.0.0.1'));

        assert.equal(made.status, 201);
    });
    after(stopAll);

    const from = (address) => ({ headers: { 'x-forwarded-for': address } });

    for (const [name, ask] of writes)
        test(`${name}: from this machine only`, async () => {
            const here = await ask(a, from('127.0.0.1'));

            assert.ok([200, 201, 404].includes(here.status), here.text);
            for (const address of [
                ...['192.0.2.1', '10.0.0.1', '2001:db8::1', '128.0.0.1'],
                ...['0.0.0.0', '::', '::2', '169.254.0.1', '::ffff:192.0.2.1'],
            ]) {
                const got = await ask(a, from(address));

                assert.equal(got.status, 403, address);
                assert.match(got.json.message, /API_TOKEN/);
            }
            for (const address of ['127.9.9.9', '::1'])
                assert.equal((await ask(a, from(address))).status, here.status);
            const fr = await ask(a, {
                headers: {
                    'accept-language': 'fr',
                    ...from('192.0.2.1').headers,
                },
            });

            assert.match(fr.json.message, /machine/);
            assert.equal(fr.headers['content-language'], 'fr');
        });

    for (const [name, ask] of reads)
        test(`${name}: from anywhere`, async () => {
            assert.equal((await ask(a, from('192.0.2.1'))).status, 200);
        });

    // The proxy is trusted, but does not say who asks.
    for (const headers of [
        { 'x-forwarded-proto': 'https' },
        { 'x-forwarded-for': '' },
        { 'x-forwarded-for': 'unknown' },
        { 'x-forwarded-for': '203.0.113.9,' },
        { 'x-forwarded-for': '203.0.113.9, garbage' },
        { 'x-forwarded-for': '127.0.0.1, unknown' },
        { 'x-real-ip': '203.0.113.9' },
        { forwarded: 'for=203.0.113.9' },
        { via: '1.1 proxy' },
    ])
        test(`passed on with ${JSON.stringify(headers)}: not local`, async () => {
            const got = await a.post('/users', user(), { headers });

            assert.equal(got.status, 403);
        });

    test('a proxy that is not trusted makes nobody local', async () => {
        const b = await start();

        assert.equal((await b.post('/users', user())).status, 201);
        for (const headers of [
            { 'x-forwarded-for': '127.0.0.1' },
            { forwarded: 'for=127.0.0.1' },
            { via: '1.1 proxy' },
            { 'x-real-ip': '127.0.0.1' },
            { 'cf-connecting-ip': '127.0.0.1' },
        ]) {
            const got = await b.post('/users', user(), { headers });

            assert.equal(got.status, 403, JSON.stringify(headers));
        }
        await b.stop();
    });
});

describe('token: pages of other sites', () => {
    const open = {};
    const closed = {};

    before(async () => {
        open.a = await start();
        closed.a = await start({ env: { API_TOKEN: token } });
        open.headers = {};
        closed.headers = bearer(token).headers;
        for (const { a, headers } of [open, closed]) {
            const got = await a.post('/users', user(), { headers });

            assert.equal(got.status, 201);
        }
    });
    after(stopAll);

    for (const [name, ask] of writes)
        test(`${name}: by Sec-Fetch-Site, else Origin`, async () => {
            for (const { a, headers } of [open, closed])
                for (const [more, allowed] of [
                    [{ 'sec-fetch-site': 'same-origin' }, true],
                    [{ 'sec-fetch-site': 'none' }, true],
                    [{ 'sec-fetch-site': 'cross-site' }, false],
                    [{ 'sec-fetch-site': 'same-site' }, false],
                    [{ origin: a.url }, true],
                    [{ origin: 'https://evil.example' }, false],
                    [{ origin: 'null' }, false],
                    [{ origin: `${a.url}.evil.example` }, false],
                    [{ origin: `http://127.0.0.1:${a.httpPort}` }, false],
                    [{ origin: a.url, 'sec-fetch-site': 'cross-site' }, false],
                ]) {
                    const got = await ask(a, {
                        headers: { ...headers, ...more },
                    });
                    const what = `${JSON.stringify(more)}: ${got.text}`;

                    if (allowed) assert.notEqual(got.status, 403, what);
                    else assert.equal(got.status, 403, what);
                    if (!allowed) assert.match(what, /of another site/);
                }
        });

    test('reads of other sites change nothing and are served', async () => {
        const headers = { 'sec-fetch-site': 'cross-site' };
        const got = await open.a.get('/api/v1/users', { headers });

        assert.equal(got.status, 200);
        assert.equal(got.headers['access-control-allow-origin'], undefined);
        const asked = await open.a.ask('OPTIONS', '/api/v1/users', {
            headers: {
                origin: 'https://evil.example',
                'access-control-request-method': 'POST',
            },
        });

        assert.equal(asked.headers['access-control-allow-origin'], undefined);
    });
});
