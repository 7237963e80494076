// SPDX-License-Identifier: MIT
// The wire, as RFC 9112 and RFC 9110 say: nothing is guessed. What could be
// read in two ways is refused, and nothing stands behind a refusal.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { sleep, start, stopAll } from './appliance.mjs';

const CRLF = '\r\n';
const lines = (...list) => `${list.join(CRLF)}${CRLF}${CRLF}`;
const get = (path = '/health', ...fields) =>
    lines(`GET ${path} HTTP/1.1`, 'Host: x', ...fields);

let who = []; // the field that says who asks, once somebody does
const ofKey = (a) => [`Authorization: Bearer ${a.key}`];

let n = 0;
const body = () => `{"name":"Ann","email":"ann${++n}@example.org"}`;
const chunked = (...parts) =>
    `${parts
        .map((part) => `${part.length.toString(16)}${CRLF}${part}${CRLF}`)
        .join('')}0${CRLF}${CRLF}`;
const post = (fields, content) =>
    lines(
        'POST /users HTTP/1.1',
        'Host: x',
        'Content-Type: application/json',
        ...who,
        ...fields,
    ) + content;

// name, bytes, status (0: the connection may simply end); refused requests
// end the connection.
const refused = [
    // the request line
    ['no target', lines('GET HTTP/1.1', 'Host: x'), 400],
    ['no version', lines('GET /', 'Host: x'), 400],
    ['two blanks before the target', lines('GET  / HTTP/1.1', 'Host: x'), 400],
    ['two blanks behind it', lines('GET /  HTTP/1.1', 'Host: x'), 400],
    ['a blank at the end', lines('GET / HTTP/1.1 ', 'Host: x'), 400],
    ['a blank at the beginning', lines(' GET / HTTP/1.1', 'Host: x'), 400],
    ['a tab for a blank', lines('GET\t/ HTTP/1.1', 'Host: x'), 400],
    ['a blank in the target', lines('GET /a b HTTP/1.1', 'Host: x'), 400],
    ['lower case http', lines('GET / http/1.1', 'Host: x'), 400],
    ['HTTP/2.0', lines('GET / HTTP/2.0', 'Host: x'), 505],
    ['HTTP/0.9', lines('GET / HTTP/0.9', 'Host: x'), 505],
    ['HTTP/1.10', lines('GET / HTTP/1.10', 'Host: x'), 400],
    ['HTTP/1', lines('GET / HTTP/1', 'Host: x'), 400],
    ['HTTP/x.y', lines('GET / HTTP/x.y', 'Host: x'), 400],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
    ['two empty lines first', `${CRLF}${CRLF}${get()}`, 400],
    ['an unknown method', lines('BREW / HTTP/1.1', 'Host: x'), 501],
    ['a method in lower case', lines('get / HTTP/1.1', 'Host: x'), 501],
    ['a method that is no token', lines('G(T / HTTP/1.1', 'Host: x'), 400],
    ['CONNECT', lines('CONNECT x:443 HTTP/1.1', 'Host: x:443'), 405],
    // the target
    ['an asterisk with GET', lines('GET * HTTP/1.1', 'Host: x'), 400],
    ['no slash', lines('GET health HTTP/1.1', 'Host: x'), 400],
    ['another scheme', lines('GET ftp://x/ HTTP/1.1', 'Host: x'), 400],
    [
        'an absolute form, no host',
        lines('GET http:/// HTTP/1.1', 'Host: x'),
        400,
    ],
    ['user info', lines('GET http://u@x/ HTTP/1.1', 'Host: x'), 400],
    ['a fragment', lines('GET /health#x HTTP/1.1', 'Host: x'), 400],
    ['%00', lines('GET /health%00 HTTP/1.1', 'Host: x'), 400],
    ['a bad escape', lines('GET /health%zz HTTP/1.1', 'Host: x'), 400],
    ['an escape cut short', lines('GET /health%4 HTTP/1.1', 'Host: x'), 400],
    ['dot segments', lines('GET /a/../health HTTP/1.1', 'Host: x'), 400],
    ['escaped dots', lines('GET /a/%2e%2E/health HTTP/1.1', 'Host: x'), 400],
    ['one dot', lines('GET /./health HTTP/1.1', 'Host: x'), 400],
    ['a backslash', lines('GET /a\\b HTTP/1.1', 'Host: x'), 400],
    ['a quote', lines('GET /a"b HTTP/1.1', 'Host: x'), 400],
    ['bytes above 127', lines('GET /h\xe9alth HTTP/1.1', 'Host: x'), 400],
    [
        'a control byte in the query',
        lines('GET /?a\x01 HTTP/1.1', 'Host: x'),
        400,
    ],
    // Host
    ['no Host', lines('GET /health HTTP/1.1'), 400],
    ['two Hosts', lines('GET /health HTTP/1.1', 'Host: x', 'Host: x'), 400],
    ['an empty Host', lines('GET /health HTTP/1.1', 'Host:'), 400],
    ['a Host with a path', lines('GET /health HTTP/1.1', 'Host: x/y'), 400],
    ['a Host with user info', lines('GET /health HTTP/1.1', 'Host: u@x'), 400],
    ['a Host with a comma', lines('GET /health HTTP/1.1', 'Host: x, y'), 400],
    ['a Host with a bad port', lines('GET /health HTTP/1.1', 'Host: x:y'), 400],
    // lines and fields
    ['bare LF', 'GET /health HTTP/1.1\nHost: x\n\n', 400],
    ['one bare LF', `GET /health HTTP/1.1${CRLF}Host: x\n${CRLF}`, 400],
    [
        'bare CR in a value',
        lines('GET /health HTTP/1.1', 'Host: x', 'A: b\rc'),
        400,
    ],
    [
        'NUL in a value',
        lines('GET /health HTTP/1.1', 'Host: x', 'A: b\0c'),
        400,
    ],
    ['NUL in a name', lines('GET /health HTTP/1.1', 'Host: x', 'A\0: b'), 400],
    ['NUL in the path', lines('GET /he\0alth HTTP/1.1', 'Host: x'), 400],
    [
        'DEL in a value',
        lines('GET /health HTTP/1.1', 'Host: x', 'A: \x7f'),
        400,
    ],
    ['a blank before the colon', lines('GET / HTTP/1.1', 'Host : x'), 400],
    [
        'a tab before the colon',
        lines('GET / HTTP/1.1', 'Host: x', 'A\t: b'),
        400,
    ],
    ['a folded line', lines('GET / HTTP/1.1', 'Host: x', 'A: b', ' c'), 400],
    ['a blank before the first', lines('GET / HTTP/1.1', ' Host: x'), 400],
    ['no colon', lines('GET / HTTP/1.1', 'Host: x', 'nothing'), 400],
    ['no name', lines('GET / HTTP/1.1', 'Host: x', ': b'), 400],
    ['a name in brackets', lines('GET / HTTP/1.1', 'Host: x', '(a): b'), 400],
    ['a name above 127', lines('GET / HTTP/1.1', 'Host: x', 'A\xe9: b'), 400],
    // how long the body is
    [
        'two lengths',
        post(['Content-Length: 2', 'Content-Length: 2'], '{}'),
        400,
    ],
    [
        'two that differ',
        post(['Content-Length: 2', 'Content-Length: 3'], '{}'),
        400,
    ],
    ['a list of lengths', post(['Content-Length: 2, 2'], '{}'), 400],
    ['a length with a sign', post(['Content-Length: +2'], '{}'), 400],
    ['a negative length', post(['Content-Length: -2'], '{}'), 400],
    ['a length in hex', post(['Content-Length: 0x2'], '{}'), 400],
    ['an empty length', post(['Content-Length:'], '{}'), 400],
    ['a length with a blank', post(['Content-Length: 1 2'], '{}'), 400],
    [
        'a length past 64 bits',
        post(['Content-Length: 99999999999999999999'], ''),
        413,
    ],
    [
        'chunked and a length',
        post(
            ['Transfer-Encoding: chunked', 'Content-Length: 2'],
            chunked('{}'),
        ),
        400,
    ],
    [
        'a length and chunked',
        post(
            ['Content-Length: 2', 'Transfer-Encoding: chunked'],
            chunked('{}'),
        ),
        400,
    ],
    [
        'chunked twice',
        post(['Transfer-Encoding: chunked, chunked'], chunked('{}')),
        400,
    ],
    [
        'chunked in two lines',
        post(
            ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'],
            chunked('{}'),
        ),
        400,
    ],
    [
        'chunked is not last',
        post(['Transfer-Encoding: chunked, gzip'], chunked('{}')),
        400,
    ],
    [
        'gzip, chunked',
        post(['Transfer-Encoding: gzip, chunked'], chunked('{}')),
        501,
    ],
    ['identity', post(['Transfer-Encoding: identity'], '{}'), 400],
    [
        'an unknown coding',
        post(['Transfer-Encoding: xchunked'], chunked('{}')),
        400,
    ],
    [
        'chunked in quotes',
        post(['Transfer-Encoding: "chunked"'], chunked('{}')),
        400,
    ],
    ['an empty coding', post(['Transfer-Encoding:'], '{}'), 400],
    [
        'chunked with a parameter',
        post(['Transfer-Encoding: chunked;q=1'], chunked('{}')),
        400,
    ],
    [
        'chunked in HTTP/1.0',
        lines('POST /users HTTP/1.0', 'Transfer-Encoding: chunked') +
            chunked('{}'),
        400,
    ],
    [
        'an unknown expectation',
        post(['Expect: magic', 'Content-Length: 2'], '{}'),
        417,
    ],
];

// Bodies in chunks that are none.
const badChunks = [
    ['a size that is no hex', 'g\r\n{}\r\n0\r\n\r\n'],
    ['a size with 0x', '0x2\r\n{}\r\n0\r\n\r\n'],
    ['a size with a sign', '+2\r\n{}\r\n0\r\n\r\n'],
    ['a negative size', '-2\r\n{}\r\n0\r\n\r\n'],
    ['a blank before the size', ' 2\r\n{}\r\n0\r\n\r\n'],
    ['a blank behind the size', '2 \r\n{}\r\n0\r\n\r\n'],
    ['no size', '\r\n{}\r\n0\r\n\r\n'],
    ['a size past 64 bits', '10000000000000002\r\n{}\r\n0\r\n\r\n'],
    ['bare LF behind the size', '2\n{}\r\n0\r\n\r\n'],
    ['bare LF behind the data', '2\r\n{}\n0\r\n\r\n'],
    ['data longer than said', '1\r\n{}\r\n0\r\n\r\n'],
    ['data shorter than said', '3\r\n{}\r\n0\r\n\r\n'],
    ['NUL in an extension', '2;a=\0\r\n{}\r\n0\r\n\r\n'],
    ['a bare LF ends it', '2\r\n{}\r\n0\n\n'],
    ['a huge extension', `2;${'x'.repeat(20000)}\r\n{}\r\n0\r\n\r\n`],
    ['huge trailers', `2\r\n{}\r\n0\r\nA: ${'x'.repeat(40000)}\r\n\r\n`],
];

describe('http: what is refused', () => {
    let a;

    before(async () => {
        a = await start();
        who = ofKey(a);
    });
    after(stopAll);

    // The request behind must never be served as one of its own.
    async function refuse(bytes, status) {
        const behind = get('/smuggled');
        const wire = await a.dial();

        await wire.send(Buffer.from(bytes + behind, 'latin1'));
        const got = await wire.answer();

        if (status) assert.equal(got.status, status);
        assert.ok(got.status >= 400, `${got.status}`);
        assert.equal(got.json.status, got.status);
        assert.equal(got.headers.connection, 'close');
        assert.ok(got.headers['x-request-id']);
        assert.equal(await wire.answer(), null, 'nothing behind it');
        assert.ok(await wire.closed());
        wire.close();
        return got;
    }

    for (const [name, bytes, status] of refused)
        test(name, async () => {
            const got = await refuse(bytes, status);

            if (status === 405) assert.ok(got.headers.allow);
        });

    for (const [name, content] of badChunks)
        test(`chunks: ${name}`, async () => {
            await refuse(post(['Transfer-Encoding: chunked'], content), 400);
        });

    // Refused ahead of its body: that must not become a request either.
    for (const [name, content] of badChunks)
        test(`chunks of nobody: ${name}`, async () => {
            const wire = await a.dial();
            const head = lines(
                ...['POST /users HTTP/1.1', 'Host: x'],
                'Content-Type: application/json',
                'Transfer-Encoding: chunked',
            );

            await wire.send(head + content + get('/smuggled'));
            assert.equal((await wire.answer()).status, 403);
            assert.equal(await wire.answer(), null, 'nothing behind it');
            wire.close();
        });

    test('none of them was served, all were logged', async () => {
        const marker = await a.get('/health');

        await a.event('request', {
            where: (l) => l.request_id === marker.headers['x-request-id'],
        });
        for (const line of a.events('request'))
            assert.notEqual(line.path, '/smuggled');
        const logged = a.events('request').filter((l) => l.status >= 400);

        assert.ok(logged.length >= refused.length + 2 * badChunks.length);
        const users = await a.get('/users');

        assert.deepEqual(users.json.data, []);
    });

    test('a line that is too long: 414', async () => {
        const path = `/${'a'.repeat(8300)}`;

        await refuse(lines(`GET ${path} HTTP/1.1`, 'Host: x'), 414);
        const wire = await a.dial();

        await wire.send(`GET /${'a'.repeat(100000)}`);
        assert.equal((await wire.answer()).status, 414, 'before its end');
        assert.ok(await wire.closed());
        const long = await a.get(`/${'a'.repeat(8000)}`);

        assert.equal(long.status, 404, '8,000 bytes are fine');
    });

    test('headers that are too large: 431', async () => {
        const large = `A: ${'x'.repeat(17000)}`;

        await refuse(lines('GET / HTTP/1.1', 'Host: x', large), 431);
        const many = Array.from({ length: 150 }, (_, i) => `A${i}: x`);

        await refuse(lines('GET / HTTP/1.1', 'Host: x', ...many), 431);
        const wire = await a.dial();

        await wire.send(
            `GET / HTTP/1.1${CRLF}Host: x${CRLF}A: ${'x'.repeat(200000)}`,
        );
        assert.equal((await wire.answer()).status, 431, 'before its end');
        assert.ok(await wire.closed());
        const headers = { a: 'x'.repeat(12000) };

        assert.equal((await a.get('/health', { headers })).status, 200);
    });

    test('a method of 10,000 bytes, and no line at all', async () => {
        const wire = await a.dial();

        await wire.send('A'.repeat(10000));
        const got = await wire.answer();

        assert.ok([400, 414, 501].includes(got.status), `${got.status}`);
        assert.ok(await wire.closed());
    });
});

describe('http: what is served', () => {
    let a;

    before(async () => {
        a = await start();
        who = ofKey(a);
    });
    after(stopAll);

    async function exchange(bytes, options) {
        const wire = await a.dial();

        await wire.send(Buffer.from(bytes, 'latin1'));
        const got = await wire.answer(options);

        return { wire, got };
    }

    for (const [name, bytes, status] of [
        ['one empty line first', CRLF + get(), 200],
        [
            'a higher minor version',
            lines('GET /health HTTP/1.9', 'Host: x'),
            200,
        ],
        [
            'blanks around a value',
            lines('GET /health HTTP/1.1', 'Host:\t x \t'),
            200,
        ],
        [
            'no blank behind the colon',
            lines('GET /health HTTP/1.1', 'Host:x'),
            200,
        ],
        ['names in any case', lines('GET /health HTTP/1.1', 'hOsT: x'), 200],
        ['an empty value', lines('GET /health HTTP/1.1', 'Host: x', 'A:'), 200],
        [
            'obs-text in a value',
            lines('GET /health HTTP/1.1', 'Host: x', 'A: \xe9'),
            200,
        ],
        [
            'the absolute form',
            lines('GET https://y/health HTTP/1.1', 'Host: x'),
            200,
        ],
        [
            'HTTPS in capitals',
            lines('GET HTTPS://Y:8443/health HTTP/1.1', 'Host: x'),
            200,
        ],
        [
            'an IPv6 Host',
            lines('GET /health HTTP/1.1', 'Host: [::1]:8443'),
            200,
        ],
        ['an escaped letter', lines('GET /%68ealth HTTP/1.1', 'Host: x'), 200],
        [
            'an asterisk with OPTIONS',
            lines('OPTIONS * HTTP/1.1', 'Host: x'),
            204,
        ],
        [
            'a query on it',
            lines('GET /health?a=b&&=%20 HTTP/1.1', 'Host: x'),
            200,
        ],
        [
            'Transfer-Encoding in any case',
            () => post(['transfer-encoding: CHUNKED'], chunked(body())),
            201,
        ],
        [
            'a body with a length',
            () => {
                const text = body();

                return post([`Content-Length: ${text.length}`], text);
            },
            201,
        ],
        [
            'a length with leading zeros',
            () => {
                const text = body();

                return post([`Content-Length: 000${text.length}`], text);
            },
            201,
        ],
        [
            'chunks with extensions and trailers',
            () => {
                const text = body();
                const size = text.length.toString(16);

                return post(
                    ['Transfer-Encoding: chunked'],
                    `${size};a="b;c";d\r\n${text}\r\n000;x\r\nT: 1\r\nU: 2\r\n\r\n`,
                );
            },
            201,
        ],
        [
            'sizes in capitals and with zeros',
            () => {
                const text = body().padEnd(0x4b);

                return post(
                    ['Transfer-Encoding: chunked'],
                    `0004B\r\n${text}\r\n0\r\n\r\n`,
                );
            },
            201,
        ],
        [
            'a GET with a body that nobody wants',
            lines('GET /health HTTP/1.1', 'Host: x', 'Content-Length: 5') +
                'hello',
            200,
        ],
        [
            'a GET with chunks that nobody wants',
            lines(
                'GET /health HTTP/1.1',
                'Host: x',
                'Transfer-Encoding: chunked',
            ) + chunked('hello', 'again'),
            200,
        ],
    ])
        test(name, async () => {
            const { wire, got } = await exchange(
                typeof bytes === 'function' ? bytes() : bytes,
            );

            assert.equal(got.status, status, got.text);
            // In step: the next request is read where it begins.
            await wire.send(get('/health?next'));
            assert.equal((await wire.answer()).status, 200);
            wire.close();
        });

    test('HTTP/1.0: closes, unless it asks for more', async () => {
        const { wire, got } = await exchange('GET /health HTTP/1.0\r\n\r\n');

        assert.equal(got.status, 200);
        assert.equal(got.headers.connection, 'close');
        assert.ok(await wire.closed());
        const kept = await exchange(
            lines('GET /health HTTP/1.0', 'Connection: keep-alive'),
        );

        assert.equal(kept.got.headers.connection, 'keep-alive');
        await kept.wire.send(get());
        assert.equal((await kept.wire.answer()).status, 200);
    });

    test('Connection: close, in any list', async () => {
        for (const value of [
            'close',
            'Close',
            'x, close',
            'keep-alive, close',
        ]) {
            const { wire, got } = await exchange(
                lines(
                    'GET /health HTTP/1.1',
                    'Host: x',
                    `Connection: ${value}`,
                ),
            );

            assert.equal(got.status, 200);
            assert.equal(got.headers.connection, 'close', value);
            assert.ok(await wire.closed(), value);
        }
    });

    test('100-continue: asked for, then sent', async () => {
        const text = body();
        const fields = [
            `Content-Length: ${text.length}`,
            'Expect: 100-continue',
        ];
        const { wire, got } = await exchange(post(fields, ''));

        assert.equal(got.status, 100);
        await wire.send(text);
        assert.equal((await wire.answer()).status, 201);
        await wire.send(get());
        assert.equal((await wire.answer()).status, 200);
        wire.close();
    });

    test('100-continue is not sent when the body is not wanted', async () => {
        for (const [head, status] of [
            [
                post(['Content-Length: 99999999', 'Expect: 100-continue'], ''),
                413,
            ],
            [
                lines(
                    ...['POST /users HTTP/1.1', 'Host: x', 'Content-Length: 2'],
                    ...['Content-Type: text/plain', 'Expect: 100-Continue'],
                    ...who,
                ),
                415,
            ],
            [
                lines(
                    ...['POST /none HTTP/1.1', 'Host: x', 'Content-Length: 2'],
                    'Expect: 100-continue',
                ),
                404,
            ],
        ]) {
            const { wire, got } = await exchange(head);

            assert.equal(got.status, status);
            assert.equal(got.headers.connection, 'close', 'it may not follow');
            assert.ok(await wire.closed());
        }
        const text = body();
        const sent = await exchange(
            post(
                [`Content-Length: ${text.length}`, 'Expect: 100-continue'],
                text,
            ),
        );
        const last =
            sent.got.status === 100 ? await sent.wire.answer() : sent.got;

        assert.equal(last.status, 201, 'who does not wait is served too');
    });

    test('pipelining: answers in order', async () => {
        const wire = await a.dial();
        const first = body();
        const bytes = [
            get('/health'),
            get('/none'),
            post([`Content-Length: ${first.length}`], first),
            lines('HEAD /health HTTP/1.1', 'Host: x'),
            post(['Transfer-Encoding: chunked'], chunked(body())),
            get('/users/999999', ...who),
        ].join('');

        await wire.send(bytes.repeat(1));
        const got = [];

        for (const head of [false, false, false, true, false, false])
            got.push((await wire.answer({ head })).status);
        assert.deepEqual(got, [200, 404, 201, 200, 201, 404]);
        await wire.send(get().repeat(200));
        for (let i = 0; i < 200; i++)
            assert.equal((await wire.answer()).status, 200);
        wire.close();
    });

    test('a request may come in pieces of any size', async () => {
        const text = body();
        const bytes = Buffer.from(
            post(
                ['Transfer-Encoding: chunked'],
                chunked(text.slice(0, 9), text.slice(9)),
            ) + get(),
        );
        const patched = Buffer.from(
            lines(
                ...['PUT /users/1 HTTP/1.1', 'Host: x', 'Content-Length: 12'],
                ...['Content-Type: application/json', ...who],
            ) + '{"name":"B"}',
        );

        await exchange(post(['Transfer-Encoding: chunked'], chunked(body())));
        for (let at = 1; at < patched.length; at++) {
            const wire = await a.dial();

            await wire.send(patched.subarray(0, at));
            await sleep(at % 8 === 0 ? 2 : 0);
            await wire.send(patched.subarray(at));
            assert.equal((await wire.answer()).status, 200, `cut at ${at}`);
            wire.close();
        }
        const wire = await a.dial();

        for (const byte of bytes) await wire.send(Buffer.from([byte]));
        assert.equal((await wire.answer()).status, 201);
        assert.equal((await wire.answer()).status, 200);
        wire.close();
    });

    test('a client that sent its end is still answered', async () => {
        const wire = await a.dial({ port: a.httpPort, tls: false });

        await wire.send(get('/x'));
        wire.socket.end();
        assert.equal((await wire.answer()).status, 308);
        assert.ok(await wire.closed());
    });

    test('a client that goes away in its body leaves nothing', async () => {
        const before = (await a.get('/users')).json.data.length;

        for (let i = 0; i < 20; i++) {
            const wire = await a.dial();

            await wire.send(post(['Content-Length: 500'], '{"name":"half'));
            wire.close();
        }
        for (let i = 0; i < 20; i++) {
            const wire = await a.dial();

            await wire.send(post(['Transfer-Encoding: chunked'], '5\r\n{"nam'));
            wire.socket.end();
            await wire.closed();
        }
        assert.equal((await a.get('/users')).json.data.length, before);
    });

    test('a body that nobody read does not become a request', async () => {
        const inside = get('/smuggled');
        const { wire, got } = await exchange(
            lines(
                ...['POST /none HTTP/1.1', 'Host: x'],
                `Content-Length: ${inside.length}`,
            ) + inside,
        );

        assert.equal(got.status, 404);
        if (got.headers.connection !== 'close') {
            await wire.send(get('/health'));
            assert.equal((await wire.answer()).status, 200);
        }
        const marker = await a.get('/health');

        await a.event('request', {
            where: (l) => l.request_id === marker.headers['x-request-id'],
        });
        assert.ok(!a.events('request').some((l) => l.path === '/smuggled'));
    });
});
