// SPDX-License-Identifier: MIT
// Answers: methods, errors, languages, encodings, headers.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { root, run, start, stopAll } from './appliance.mjs';

const json = { 'content-type': 'application/json' };
const html = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
let n = 0;
const user = () => ({ name: 'Ann', email: `ann${++n}@example.org` });

describe('answers', () => {
    let a;

    before(async () => {
        a = await start();
        for (let i = 0; i < 40; i++) await a.post('/users', user());
    });
    after(stopAll);

    test('HEAD is GET without the body', async () => {
        for (const path of [
            ...['/', '/health', '/users', '/users/1', '/api/v1/users'],
            ...[
                '/api/v1/users/1',
                '/api/v1/users/999',
                '/none',
                '/static/x.js',
            ],
            ...['/api/v1/none', '/api/v1/users?page=0'],
        ])
            for (const coding of ['identity', 'gzip', 'br']) {
                const headers = { 'accept-encoding': coding };

                await a.get(path, { headers });
                const get = await a.get(path, { headers });
                const head = await a.ask('HEAD', path, { headers });

                assert.equal(head.status, get.status, path);
                assert.equal(head.bytes.length, 0);
                for (const h of [get.headers, head.headers])
                    for (const name of [
                        'date',
                        'x-request-id',
                        'server-timing',
                    ])
                        delete h[name];
                assert.deepEqual(
                    head.headers,
                    get.headers,
                    `${path} ${coding}`,
                );
            }
    });

    test('OPTIONS and 405 name what is allowed', async () => {
        for (const [path, allow] of [
            ['/', 'GET, HEAD, OPTIONS'],
            ['/health', 'GET, HEAD, OPTIONS'],
            ['/static/x.js', 'GET, HEAD, OPTIONS'],
            ['/users', 'GET, HEAD, POST, OPTIONS'],
            ['/users/1', 'GET, HEAD, PUT, DELETE, OPTIONS'],
            ['/api/v1/users', 'GET, HEAD, POST, OPTIONS'],
            ['/api/v1/users/1', 'GET, HEAD, PUT, PATCH, DELETE, OPTIONS'],
        ]) {
            const options = await a.ask('OPTIONS', path);

            assert.equal(options.status, 204, path);
            assert.equal(options.headers.allow, allow, path);
            assert.equal(options.headers['content-length'], undefined);
            for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'TRACE']) {
                if (allow.split(', ').includes(method)) continue;
                const body = method === 'TRACE' ? undefined : '{}';
                const got = await a.ask(method, path, { body, headers: json });

                assert.equal(got.status, 405, `${method} ${path}`);
                assert.equal(got.headers.allow, allow);
                assert.equal(got.json.status, 405);
                assert.ok(got.json.message.endsWith(`; here: ${allow}`));
            }
        }
        assert.equal((await a.ask('OPTIONS', '/none')).status, 404);
    });

    test('415: another type of body', async () => {
        const body = JSON.stringify(user());

        for (const type of [
            ...['text/plain', 'application/x-www-form-urlencoded', 'text/json'],
            ...['multipart/form-data; boundary=x', 'application/xml', 'json'],
            ...['application/json; charset=latin1', 'application/jsonx', ''],
        ]) {
            const headers = { 'content-type': type };
            const got = await a.ask('POST', '/api/v1/users', { body, headers });

            assert.equal(got.status, 415, type);
        }
        const gzip = { ...json, 'content-encoding': 'gzip' };
        const packed = await a.ask('POST', '/users', { body, headers: gzip });

        assert.equal(packed.status, 415);
        for (const type of [
            ...['application/json', 'application/json; charset=utf-8'],
            ...[
                'Application/JSON;Charset="UTF-8"',
                'application/merge-patch+json',
            ],
        ]) {
            const got = await a.ask('POST', '/api/v1/users', {
                body: JSON.stringify(user()),
                headers: { 'content-type': type },
            });

            assert.equal(got.status, 201, type);
        }
    });

    test('400: a body that is not JSON, or no object', async () => {
        for (const body of [
            ...['{', '{"name":}', "{'name':'x'}", '{"a":1,}', '[1', 'nul'],
            ...['{"a":1}{"b":2}', '{"a":01}', '{"a":NaN}', '{"a":"\x01"}'],
            ...['{"a":"\\ud800"}', '{"a":"\\x"}', '{"a":1 // x\n}', '\ufeff{}'],
            ...['[]', '"x"', '1', 'null', 'true', ' ', '{"a":1,"a":2}'],
            Buffer.from('{"name":"\xff\xfe"}', 'latin1'),
            Buffer.from('{"name":"\xc0\xaf"}', 'latin1'),
            `${'['.repeat(5000)}${']'.repeat(5000)}`,
            `${'{"a":'.repeat(2000)}1${'}'.repeat(2000)}`,
        ]) {
            const options = { body, headers: json };
            const got = await a.ask('POST', '/api/v1/users', options);

            assert.equal(got.status, 400, String(body).slice(0, 30));
            assert.equal(got.json.status, 400);
            assert.ok(got.json.message.length > 5);
        }
        const where = await a.ask('POST', '/api/v1/users', {
            body: '{\n  "name": "x",\n  "email" "y"\n}',
            headers: json,
        });

        assert.match(where.json.message, /line 3/);
        const none = await a.ask('POST', '/api/v1/users', {
            body: '',
            headers: json,
        });

        assert.equal(none.status, 400);
    });

    test('411 without a length, 413 above the limit', async () => {
        const b = await start({ env: { BODY_MAX_BYTES: '2048' } });
        const key = `Authorization: Bearer ${b.key}`;
        const wire = await b.dial();

        await wire.send('POST /users HTTP/1.1\r\nHost: x\r\n\r\n');
        assert.equal((await wire.answer()).status, 411, 'whoever asks');
        const long = { name: 'x'.repeat(2048), email: 'x@example.org' };
        const got = await b.post('/users', long);

        assert.equal(got.status, 413);
        assert.equal(got.json.status, 413);
        const fits = { name: 'x', email: 'fits@example.org' };
        const body = JSON.stringify(fits).padEnd(2048);
        const exact = await b.ask('POST', '/users', { body, headers: json });

        assert.equal(exact.status, 201);
        const more = await b.ask('POST', '/users', {
            body: `${body} `,
            headers: json,
        });

        assert.equal(more.status, 413);
        const chunked = await b.dial();

        await chunked.send(
            'POST /users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json' +
                `\r\n${key}\r\nTransfer-Encoding: chunked\r\n\r\n`,
        );
        for (let i = 0; i < 3; i++)
            await chunked.send(`400\r\n${' '.repeat(1024)}\r\n`);
        assert.equal((await chunked.answer()).status, 413);
        assert.ok(await chunked.closed());
        await b.stop();
    });

    test('BODY_MAX_BYTES may be more than the default', async () => {
        const b = await start({ env: { BODY_MAX_BYTES: '4000000' } });
        const body = JSON.stringify(user()).padEnd(3000000);
        const got = await b.ask('POST', '/users', { body, headers: json });

        assert.equal(got.status, 201, got.text);
        await b.stop();
    });

    test('404 for unknown paths, without echoing them', async () => {
        for (const path of [
            ...['/nothing-here-xyzzy', '/api/xyzzy', '/api/v2/xyzzy'],
            ...['/api/v1/xyzzy', '/api/v1/xyzzy/1', '/static/xyzzy.js'],
            ...['/users/xyzzy', '/users/1/xyzzy', '/api/v1/users/xyzzy'],
            ...['/%3Cscript%3Exyzzy', '/xyzzy?<script>', '/.git/xyzzy'],
            ...['/static/..%2fxyzzy', '/api/v1/users/1/xyzzy', '//xyzzy'],
        ]) {
            const got = await a.get(path);

            assert.equal(got.status, 404, path);
            assert.equal(got.headers['content-type'], 'application/json');
            assert.equal(got.json.status, 404);
            assert.ok(!JSON.stringify(got.rawHeaders).includes('xyzzy'));
            assert.ok(!got.text.includes('xyzzy'), got.text);
            assert.ok(!got.text.includes('script'), got.text);
        }
    });

    test('who accepts HTML gets the frontend for unknown paths', async () => {
        const page = await a.get('/', { headers: html });

        for (const path of [
            '/c/users',
            '/status',
            '/accueil',
            '/no/such/page',
        ]) {
            const got = await a.get(path, { headers: html });

            assert.equal(got.status, 200, path);
            assert.equal(got.text, page.text);
        }
        for (const path of ['/api/none', '/api/v1/none', '/static/none.js'])
            assert.equal(
                (await a.get(path, { headers: html })).status,
                404,
                path,
            );
        for (const accept of ['*/*', 'application/json', 'text/html;q=0']) {
            const got = await a.get('/c/users', { headers: { accept } });

            assert.equal(got.status, 404, accept);
        }
        const post = await a.ask('POST', '/c/users', { headers: html });

        assert.equal(post.status, 404);
    });

    test('errors speak French and English; codes never change', async () => {
        const bad = (headers) => a.post('/api/v1/users', {}, { headers });
        const en = await bad({ 'accept-language': 'en' });
        const fr = await bad({ 'accept-language': 'fr-CA, en;q=0.5' });

        assert.equal(en.headers['content-language'], 'en');
        assert.equal(fr.headers['content-language'], 'fr');
        assert.notEqual(en.json.message, fr.json.message);
        assert.equal(fr.json.data.name.code, en.json.data.name.code);
        assert.match(fr.json.data.name.message, /obligatoire/);
        for (const [value, lang] of [
            ['', 'en'],
            ['de', 'en'],
            ['fr;q=0', 'en'],
            ['en;q=0.1, fr;q=0.9', 'fr'],
            ['fr;q=0.1, en;q=0.9', 'en'],
            ['FR', 'fr'],
            ['x'.repeat(2000), 'en'],
        ]) {
            const got = await bad({ 'accept-language': value });

            assert.equal(got.headers['content-language'], lang, value);
        }
    });

    test('RFC 9457 when Accept names it', async () => {
        const headers = { accept: 'application/problem+json' };
        const got = await a.post('/api/v1/users', { name: '' }, { headers });

        assert.equal(got.status, 422);
        assert.equal(got.headers['content-type'], 'application/problem+json');
        const { type, title, status, detail, data } = got.json;

        assert.equal(type, 'about:blank');
        assert.equal(title, 'Unprocessable Content');
        assert.equal(status, 422);
        assert.ok(detail.length > 5);
        assert.equal(data.email.code, 'required');
        const any = await a.get('/none', { headers: { accept: '*/*' } });

        assert.equal(any.headers['content-type'], 'application/json');
        assert.deepEqual(Object.keys(any.json), ['status', 'message', 'data']);
    });

    test('gzip for JSON over 1 KiB, when accepted, with Vary', async () => {
        const long = '/api/v1/users?perPage=40';
        const plain = await a.get(long);

        assert.ok(plain.bytes.length > 1024);
        assert.equal(plain.headers['content-encoding'], undefined);
        assert.match(plain.headers.vary, /accept-encoding/i);
        for (const [accepted, gzip] of [
            ['gzip', true],
            ['gzip, br', true],
            ['br', false],
            ['*', true],
            ['gzip;q=0', false],
            ['gzip;q=0, *', false],
            ['identity, gzip;q=0.5', false],
            ['gzip;q=0.001', true],
            ['GZIP', true],
            ['x-gzip-not', false],
            ['', false],
        ]) {
            const headers = { 'accept-encoding': accepted };
            const got = await a.get(long, { headers });
            const coding = got.headers['content-encoding'];

            if (accepted !== 'identity, gzip;q=0.5')
                assert.equal(coding, gzip ? 'gzip' : undefined, accepted);
            assert.match(got.headers.vary, /accept-encoding/i);
            assert.equal(got.text, plain.text);
            assert.equal(
                Number(got.headers['content-length']),
                got.bytes.length,
            );
        }
        const gzip = { headers: { 'accept-encoding': 'gzip' } };
        const short = await a.get('/api/v1/users/1', gzip);

        assert.ok(short.bytes.length < 1024);
        assert.equal(short.headers['content-encoding'], undefined);
    });

    test('headers that every answer has, or has not', async () => {
        const page = await a.get('/', { headers: html });

        for (const got of [
            page,
            await a.get('/health'),
            await a.get('/none'),
            await a.get('/api/v1/users'),
            await a.post('/users', {}),
        ]) {
            const { headers } = got;

            assert.match(headers['x-request-id'], /^[0-9a-f]{32}$/);
            assert.ok(Math.abs(new Date(headers.date) - Date.now()) < 60000);
            assert.equal(headers.server, undefined);
            assert.equal(headers['x-powered-by'], undefined);
            assert.ok(headers['cache-control'], JSON.stringify(headers));
            assert.equal(headers['set-cookie'], undefined);
        }
        assert.match(
            page.headers['content-type'],
            /^text\/html; charset=utf-8$/i,
        );
        const csp = page.headers['content-security-policy'];

        assert.ok(csp && !csp.includes('unsafe-inline'), csp);
        assert.match(
            page.headers['strict-transport-security'],
            /max-age=\d{7}/,
        );
        assert.equal(page.headers['x-content-type-options'], 'nosniff');
        assert.equal(page.headers['x-frame-options'], 'SAMEORIGIN');
        assert.equal(
            page.headers['referrer-policy'],
            'strict-origin-when-cross-origin',
        );
        assert.ok(page.headers['permissions-policy']);
        assert.ok(page.headers['cross-origin-opener-policy']);
        const list = await a.get('/api/v1/users');

        assert.equal(list.headers['cache-control'], 'no-store');
        const one = await a.get('/api/v1/users/1');

        assert.ok(one.etag);
        assert.notEqual(one.headers['cache-control'], 'no-store');
    });

    test('/health and /api/v1/status', async () => {
        const health = await a.get('/health');

        assert.deepEqual(health.json, { status: 'healthy' });
        const { json: status } = await a.get('/api/v1/status');

        assert.equal(status.status, 'healthy');
        assert.match(status.version, /^\d+\.\d+\.\d+$/);
        assert.deepEqual(
            status.backends.map(({ name, kind, status: s }) => [name, kind, s]),
            [
                ['store', 'sqlite', 'up'],
                ['cache', 'memory', 'up'],
            ],
        );
        assert.ok(status.uptimeSeconds >= 0 && status.uptimeSeconds < 600);
        assert.ok(status.requests.total > 40);
    });

    test('curl and a page of another program understand it', async () => {
        const got = await run('curl', [
            ...['-sSk', '--compressed', '--http1.1', '-D', '-'],
            ...['-H', `Authorization: Bearer ${a.key}`],
            `${a.url}/api/v1/users?perPage=40`,
        ]);
        const [head, body] = got.out.split('\r\n\r\n');

        assert.match(head, /^HTTP\/1\.1 200 OK/);
        assert.equal(JSON.parse(body).items.length, 40);
        assert.ok(root);
    });
});

describe('answers: assets', () => {
    let a;
    let files;

    before(async () => {
        a = await start();
        const { text } = await a.get('/');

        files = [...text.matchAll(/(?:src|href)="\.(\/static\/[^"]+)"/g)].map(
            (match) => match[1],
        );
    });
    after(stopAll);

    test('hashed names, immutable, with their types', async () => {
        assert.ok(files.length >= 4, files.join());
        for (const file of files) {
            const got = await a.get(file);
            const extension = file.replace(/.*\./, '');
            const type = {
                js: 'text/javascript; charset=utf-8',
                css: 'text/css; charset=utf-8',
                svg: 'image/svg+xml',
                png: 'image/png',
                webmanifest: 'application/manifest+json',
            }[extension];

            assert.equal(got.status, 200, file);
            assert.match(file, /-[A-Za-z0-9_-]{8}\.[a-z]+$/);
            assert.equal(
                got.headers['cache-control'],
                'public, max-age=31536000, immutable',
            );
            assert.equal(got.headers['content-type'], type, file);
            assert.equal(got.headers['x-content-type-options'], 'nosniff');
            assert.ok(got.etag);
        }
        const page = await a.get('/');

        assert.equal(page.headers['cache-control'], 'no-cache');
    });

    test('br and gzip twins are the same file', async () => {
        for (const file of ['/', ...files]) {
            const plain = await a.get(file);

            assert.equal(plain.headers['content-encoding'], undefined);
            for (const [accepted, coding] of [
                ['br', 'br'],
                ['gzip', 'gzip'],
                ['gzip, deflate, br, zstd', 'br'],
                ['br;q=0.5, gzip', 'gzip'],
                ['br;q=0, gzip', 'gzip'],
                ['deflate', undefined],
            ]) {
                const headers = { 'accept-encoding': accepted };
                const got = await a.get(file, { headers });

                assert.deepEqual(got.text, plain.text, `${file} ${accepted}`);
                if (/\.(js|css|svg)$|^\/$/.test(file)) {
                    assert.equal(
                        got.headers['content-encoding'],
                        coding,
                        `${file} ${accepted}`,
                    );
                    assert.match(got.headers.vary, /accept-encoding/i);
                }
                if (file.endsWith('.png'))
                    assert.equal(got.headers['content-encoding'], undefined);
            }
        }
    });

    test('304 by ETag', async () => {
        for (const file of ['/', ...files]) {
            const { etag } = await a.get(file);
            const headers = { 'if-none-match': etag };

            assert.equal((await a.get(file, { headers })).status, 304);
            headers['if-none-match'] = '"other"';
            assert.equal((await a.get(file, { headers })).status, 200);
        }
    });

    test('ranges', async () => {
        const file = files.find((one) => one.endsWith('.js'));
        const whole = (await a.get(file)).bytes;
        const end = whole.length;

        for (const [range, from, to] of [
            ['bytes=0-99', 0, 100],
            ['bytes=100-', 100, end],
            ['bytes=-100', end - 100, end],
            ['bytes=0-0', 0, 1],
            [`bytes=${end - 1}-${end + 500}`, end - 1, end],
            [`bytes=-${end + 5}`, 0, end],
        ]) {
            const got = await a.get(file, { headers: { range } });

            assert.equal(got.status, 206, range);
            assert.deepEqual(got.bytes, whole.subarray(from, to), range);
            assert.equal(
                got.headers['content-range'],
                `bytes ${from}-${to - 1}/${end}`,
            );
        }
        const past = await a.get(file, {
            headers: { range: `bytes=${end}-` },
        });

        assert.equal(past.status, 416);
        assert.equal(past.headers['content-range'], `bytes */${end}`);
        for (const range of ['bytes=5-1', 'lines=1-2', 'bytes=a-b', 'bytes=']) {
            const got = await a.get(file, { headers: { range } });

            assert.equal(got.status, 200, range);
        }
    });
});
