// SPDX-License-Identifier: MIT
// Three listeners: HTTPS, the one that redirects, the one for operators.
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';

import { start, stopAll } from './appliance.mjs';
import { ask } from './client.mjs';

const opsPaths = ['/metrics', '/livez', '/readyz', '/readyz?verbose'];
const byProxy = { 'x-forwarded-proto': 'https' };

let n = 0;
const user = () => ({ name: 'Ann', email: `ann${++n}@example.org` });

describe('listeners: the redirect', () => {
    let a;

    before(async () => (a = await start()));
    after(stopAll);

    test('308 to HTTPS, keeping path and query', async () => {
        for (const [method, path] of [
            ['GET', '/'],
            ['GET', '/c/users?page=2&x=%C3%A9&y=a+b%26'],
            ['GET', '/a%2Fb/%20/c;d=1,2?'],
            ['GET', '/static/none.js?v=1?2/3'],
            ['HEAD', '/health'],
            ['POST', '/api/v1/users?x=1'],
            ['DELETE', '/api/v1/users/1'],
            ['OPTIONS', '/users'],
        ]) {
            const got = await ask(a.http, method, path, {
                headers: { host: 'shop.example' },
                body: method === 'POST' ? '{}' : undefined,
            });

            assert.equal(got.status, 308, `${method} ${path}`);
            assert.equal(
                got.headers.location,
                `https://shop.example:${a.port}${path}`,
            );
        }
    });

    test('the name is the one that was asked for', async () => {
        for (const [host, to] of [
            ['shop.example:8080', 'shop.example'],
            ['127.0.0.1:8080', '127.0.0.1'],
            ['[::1]:8080', '[::1]'],
            ['[2001:db8::7]', '[2001:db8::7]'],
            ['SHOP.Example', 'SHOP.Example'],
        ]) {
            const { headers } = await ask(a.http, 'GET', '/x', {
                headers: { host },
            });

            assert.equal(
                headers.location.toLowerCase(),
                `https://${to}:${a.port}/x`.toLowerCase(),
            );
        }
    });

    test('a name that could lead elsewhere is refused', async () => {
        for (const host of [
            'a b',
            'a/b',
            'a@b',
            'a?b',
            'x:99999',
            '[::1',
            'a"b',
        ]) {
            const wire = await a.dial({ port: a.httpPort, tls: false });

            await wire.send(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
            const got = await wire.answer();

            assert.equal(got.status, 400, host);
            assert.equal(got.headers.location, undefined);
            wire.close();
        }
    });

    test('with an absolute target, its name and path count', async () => {
        const wire = await a.dial({ port: a.httpPort, tls: false });

        await wire.send(
            'GET http://real.example/p?q=1 HTTP/1.1\r\nHost: other\r\n\r\n',
        );
        const { status, headers } = await wire.answer();

        assert.equal(status, 308);
        assert.equal(headers.location, `https://real.example:${a.port}/p?q=1`);
        wire.close();
    });

    test('HTTP/1.0 without Host: nowhere to send it', async () => {
        const wire = await a.dial({ port: a.httpPort, tls: false });

        await wire.send('GET / HTTP/1.0\r\n\r\n');
        assert.equal((await wire.answer()).status, 400);
        assert.ok(await wire.closed());
    });

    test('nothing is served plainly, whatever a stranger claims', async () => {
        for (const headers of [
            byProxy,
            { ...byProxy, 'x-forwarded-for': '127.0.0.1' },
            { forwarded: 'proto=https' },
            { 'x-forwarded-ssl': 'on' },
        ]) {
            const got = await ask(a.http, 'GET', '/health', { headers });

            assert.equal(got.status, 308, JSON.stringify(headers));
        }
    });
});

describe('listeners: behind a trusted proxy', () => {
    let a;

    before(async () => {
        a = await start({
            env: { TRUSTED_PROXIES: '127.0.0.1/32, 10.0.0.0/8, 2001:db8::/32' },
        });
    });
    after(stopAll);

    test('serves plainly when it says X-Forwarded-Proto: https', async () => {
        const plain = { at: a.http, headers: byProxy };
        const got = await a.get('/health', plain);

        assert.equal(got.status, 200);
        assert.deepEqual(got.json, { status: 'healthy' });
        assert.equal((await a.get('/', plain)).status, 200);
        const local = { ...byProxy, 'x-forwarded-for': '::1' };
        const made = await a.post('/users', user(), {
            at: a.http,
            headers: local,
        });

        assert.equal(made.status, 201);
    });

    test('without it, or with http, it redirects', async () => {
        for (const headers of [
            {},
            { 'x-forwarded-proto': 'http' },
            { 'x-forwarded-proto': 'https, http' }, // the last hop was plain
            { 'x-forwarded-proto': '' },
            { 'x-forwarded-proto': 'httpsx' },
            { forwarded: 'proto=https' },
        ]) {
            const got = await a.get('/health', { at: a.http, headers });

            assert.equal(got.status, 308, JSON.stringify(headers));
        }
    });

    async function clientOf(headers, options = {}) {
        const from = a.log.length;
        const got = await a.get('/health', { headers, ...options });
        const id = got.headers['x-request-id'];
        const line = await a.event('request', {
            from,
            where: (one) => one.request_id === id,
        });

        return line.client;
    }

    test('the client is who the trusted proxies name', async () => {
        const peer = '127.0.0.1';

        for (const [headers, client] of [
            [{}, peer],
            [{ 'x-forwarded-for': '192.0.2.7' }, '192.0.2.7'],
            [{ 'x-forwarded-for': '192.0.2.7, 10.1.2.3' }, '192.0.2.7'],
            // What stands left of the first stranger is only what he says.
            [
                { 'x-forwarded-for': '1.2.3.4, 192.0.2.7, 10.1.2.3' },
                '192.0.2.7',
            ],
            [{ 'x-forwarded-for': '127.0.0.1, 192.0.2.7' }, '192.0.2.7'],
            [{ 'x-forwarded-for': '2001:db9::1' }, '2001:db9::1'],
            [{ 'x-forwarded-for': '192.0.2.7:1234' }, '192.0.2.7'],
            [{ 'x-forwarded-for': '10.0.0.9' }, '10.0.0.9'],
            [{ 'cf-connecting-ip': '192.0.2.8' }, '192.0.2.8'],
        ])
            assert.equal(
                await clientOf(headers),
                client,
                JSON.stringify(headers),
            );
    });

    test('from a stranger these headers count for nothing', async () => {
        const b = await start();

        for (const headers of [
            { 'x-forwarded-for': '192.0.2.7' },
            { 'cf-connecting-ip': '192.0.2.8' },
        ]) {
            const { headers: got } = await b.get('/health', { headers });
            const line = await b.event('request', {
                where: (one) => one.request_id === got['x-request-id'],
            });

            assert.equal(line.client, '127.0.0.1');
        }
        await b.stop();
    });
});

describe('listeners: the operators’ one', () => {
    let a;

    before(async () => {
        a = await start({ env: { TRUSTED_PROXIES: '127.0.0.1' } });
    });
    after(stopAll);

    test('carries /metrics, /livez, /readyz', async () => {
        const live = await a.askOps('/livez');

        assert.equal(live.status, 200);
        assert.equal((await a.askOps('/readyz')).status, 200);
        const verbose = await a.askOps('/readyz?verbose');

        assert.equal(verbose.status, 200);
        assert.match(verbose.text, /^\[\+\]sqlite ok$/m);
        const metrics = await a.askOps('/metrics');

        assert.equal(metrics.status, 200);
        assert.match(metrics.text, /^appliance_build_info\{/m);
    });

    test('they are 404 on the public listeners', async () => {
        const html = { accept: 'text/html' };

        for (const path of [...opsPaths, '/metrics/', '/%6detrics', '/livez/x'])
            for (const options of [
                { headers: {} },
                { headers: byProxy, at: a.http },
                { headers: {}, at: a.http },
            ]) {
                const got = await a.get(path, options);
                const redirected = options.at && got.status === 308;

                assert.ok(
                    got.status === 404 ||
                        (redirected && !opsPaths.includes(path)),
                    `${path}: ${got.status}`,
                );
                assert.ok(!got.text.includes('appliance_'), path);
            }
        for (const path of opsPaths)
            assert.equal((await a.get(path, { headers: html })).status, 404);
        assert.equal((await a.ask('HEAD', '/metrics')).status, 404);
        assert.equal((await a.post('/livez', {})).status, 404);
    });

    test('serves nothing else', async () => {
        for (const path of ['/', '/health', '/users', '/api/v1/users', '/x'])
            assert.equal((await a.askOps(path)).status, 404, path);
        const options = { headers: { accept: 'text/html' } };

        assert.equal((await a.askOps('/', options)).status, 404);
        const post = await ask(a.ops, 'POST', '/users', { json: user() });

        assert.equal(post.status, 404);
        const wrong = await ask(a.ops, 'POST', '/livez', { json: {} });

        assert.equal(wrong.status, 405);
        assert.equal(wrong.headers.allow, 'GET, HEAD, OPTIONS');
    });

    test('off means off', async () => {
        const b = await start({
            env: { LISTEN_OPS: 'off', LISTEN_HTTP: 'off' },
        });

        assert.equal(b.opsPort, 0);
        assert.equal(b.httpPort, 0);
        assert.equal((await b.get('/metrics')).status, 404);
        await b.stop();
    });
});

describe('listeners: addresses', () => {
    after(stopAll);

    function reached(host, port) {
        return new Promise((done) => {
            const socket = net.connect({ host, port });

            socket.on('connect', () => done(true) || socket.destroy());
            socket.on('error', () => done(false));
        });
    }

    test('IPv6: on ::1 alone', async () => {
        const env = {
            LISTEN: '[::1]:0',
            LISTEN_HTTP: '[::1]:0',
            LISTEN_OPS: '[::1]:0',
        };
        const a = await start({ env });
        const at = `https://[::1]:${a.port}`;

        assert.equal((await a.get('/health', { at })).status, 200);
        const ops = await ask(`http://[::1]:${a.opsPort}`, 'GET', '/readyz');

        assert.equal(ops.status, 200);
        const redirect = await ask(`http://[::1]:${a.httpPort}`, 'GET', '/a?b');

        assert.equal(redirect.headers.location, `${at}/a?b`);
        assert.equal(await reached('127.0.0.1', a.port), false);
        assert.equal((await a.post('/users', user(), { at })).status, 201);
        const line = await a.event('request', {
            where: (one) => one.path === '/users',
        });

        assert.equal(line.client, '::1');
        await a.stop();
    });

    test('":0" is every address of both families', async () => {
        const a = await start({ env: { LISTEN: ':0' } });

        for (const at of ['127.0.0.1', '[::1]']) {
            const got = await a.get('/health', {
                at: `https://${at}:${a.port}`,
            });

            assert.equal(got.status, 200, at);
        }
        const { headers } = await a.get('/health');
        const line = await a.event('request', {
            where: (one) => one.request_id === headers['x-request-id'],
        });

        assert.equal(line.client, '127.0.0.1', 'not ::ffff:127.0.0.1');
        assert.equal((await a.post('/users', user())).status, 201);
        await a.stop();
    });

    test('several addresses', async () => {
        const first = net.createServer().listen(0, '127.0.0.1');

        await new Promise((done) => first.once('listening', done));
        const { port } = first.address();

        await new Promise((done) => first.close(done));
        const a = await start({
            env: { LISTEN: `127.0.0.1:${port},[::1]:${port}` },
        });

        for (const at of ['127.0.0.1', '[::1]']) {
            const got = await a.get('/health', { at: `https://${at}:${port}` });

            assert.equal(got.status, 200, at);
        }
        await a.stop();
    });
});

describe('listeners: BASE_PATH', () => {
    let a;

    before(async () => (a = await start({ env: { BASE_PATH: '/mppeep' } })));
    after(stopAll);

    test('everything stands under it, and nothing beside it', async () => {
        for (const path of ['', '/', '/health', '/users', '/api/v1/users'])
            assert.equal((await a.get(path)).status, 200, path);
        for (const path of ['/', '/health', '/users', '/mppeeps', '/MPPEEP/'])
            assert.equal((await ask(a.url, 'GET', path)).status, 404, path);
        const html = { headers: { accept: 'text/html' } };

        assert.equal((await a.get('/c/users', html)).status, 200);
        const beside = await ask(a.url, 'GET', '/mppeepx/health', html);

        assert.equal(beside.status, 404);
    });

    test('Location and redirects name it', async () => {
        const made = await a.post('/api/v1/users', user());

        assert.match(made.headers.location, /^\/mppeep\/api\/v1\/users\/\d+$/);
        const headers = a.proof();
        const read = await ask(a.url, 'GET', made.headers.location, {
            headers,
        });

        assert.equal(read.json.id, made.json.id);
        const moved = await ask(a.http, 'GET', '/mppeep/c/users?x=1');

        assert.equal(moved.headers.location, `${a.url}/mppeep/c/users?x=1`);
    });

    test('the page knows where it stands', async () => {
        const { text } = await a.get('/');

        assert.match(text, /<base href="\/mppeep\/"/);
        const script = /src="\.\/(static\/[^"]+\.js)"/.exec(text)[1];
        const got = await a.get(`/${script}`);

        assert.equal(got.status, 200);
        assert.match(got.headers['cache-control'], /immutable/);
    });

    test('the operators’ listener is not under it', async () => {
        assert.equal((await a.askOps('/readyz')).status, 200);
        assert.equal((await a.askOps('/mppeep/readyz')).status, 404);
    });

    test('an "/" at its end makes no difference', async () => {
        const b = await start({ env: { BASE_PATH: '/a/b/' } });

        assert.equal((await b.get('/health')).status, 200);
        assert.equal((await ask(b.url, 'GET', '/a/b/health')).status, 200);
        assert.equal((await ask(b.url, 'GET', '/a/health')).status, 404);
        await b.stop();
    });
});
