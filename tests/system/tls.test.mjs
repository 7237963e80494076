// SPDX-License-Identifier: MIT
// HTTPS: versions, suites, curves, resumption, keys, chains, reloading.
import assert from 'node:assert/strict';
import {
    readFileSync,
    renameSync,
    statSync,
    utimesSync,
    writeFileSync,
} from 'node:fs';
import net from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import tls from 'node:tls';

import { command, newFolder, run, sleep, start } from './appliance.mjs';
import { stopAll, until } from './appliance.mjs';
import { authority, openssl, selfSigned, signed } from './certificates.mjs';
import { valueOf } from './exposition.mjs';

const get = 'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n';

// One handshake by openssl's own client: { ok, text }.
async function handshake(a, ...args) {
    const { code, out, err } = await run(
        'openssl',
        ['s_client', '-connect', `127.0.0.1:${a.port}`, ...args],
        { input: '' },
    );

    return { ok: code === 0 && /Cipher is [A-Z]/.test(out), text: out + err };
}

// One handshake by node: what was agreed, or null. options of tls.connect.
function connect(a, options = {}) {
    return new Promise((done) => {
        const socket = tls.connect({
            port: a.port,
            host: '127.0.0.1',
            rejectUnauthorized: false,
            ...options,
        });

        socket.on('error', () => done(null));
        socket.on('secureConnect', () => {
            const agreed = {
                version: socket.getProtocol(),
                suite: socket.getCipher().name,
                alpn: socket.alpnProtocol,
                resumed: socket.isSessionReused(),
                session: socket.getSession(),
                curve: socket.getEphemeralKeyInfo()?.name,
                fingerprint: socket.getPeerCertificate().fingerprint256,
                certificate: socket.getPeerCertificate(true),
            };

            socket.on('close', () => done(agreed));
            socket.resume().end();
        });
    });
}

const fingerprint = async (a) => (await connect(a)).fingerprint;

const suites = (key) => [
    `ECDHE-${key}-AES128-GCM-SHA256`,
    `ECDHE-${key}-AES256-GCM-SHA384`,
    `ECDHE-${key}-CHACHA20-POLY1305`,
];

describe('tls: what is spoken', () => {
    let a; // with the self-signed certificate: ECDSA
    let rsa;

    before(async () => {
        a = await start();
        rsa = await start({ env: await selfSigned('rsa:2048') });
    });
    after(stopAll);

    for (const version of ['-tls1', '-tls1_1', '-tls1_3'])
        test(`${version} is refused`, async () => {
            const weak = ['-cipher', 'ALL:@SECLEVEL=0'];
            const args = version === '-tls1_3' ? [] : weak;

            for (const server of [a, rsa]) {
                const got = await handshake(server, version, ...args);

                assert.ok(!got.ok, got.text);
            }
        });

    test('TLS 1.2 is spoken', async () => {
        for (const server of [a, rsa]) {
            const got = await handshake(server, '-tls1_2');

            assert.ok(got.ok, got.text);
            assert.match(got.text, /TLSv1\.2/);
        }
    });

    test('of all suites, exactly those of ECDHE with an AEAD', async () => {
        const { out } = await openssl(
            'ciphers',
            '-s',
            '-tls1_2',
            'ALL:@SECLEVEL=0',
        );
        const all = out.trim().split(':');
        const taken = { ecdsa: [], rsa: [] };

        assert.ok(all.length > 30, out);
        for (const suite of all) {
            const options = { maxVersion: 'TLSv1.2', ciphers: suite };

            options.ciphers += ':@SECLEVEL=0';
            if (await connect(a, options)) taken.ecdsa.push(suite);
            if (await connect(rsa, options)) taken.rsa.push(suite);
        }
        assert.deepEqual(taken.ecdsa.sort(), suites('ECDSA'));
        assert.deepEqual(taken.rsa.sort(), suites('RSA'));
    });

    test('of the curves, exactly X25519 and P-256', async () => {
        const taken = [];

        for (const ecdhCurve of [
            ...['X25519', 'prime256v1', 'secp384r1', 'secp521r1', 'X448'],
        ])
            if (await connect(rsa, { ecdhCurve })) taken.push(ecdhCurve);
        assert.deepEqual(taken, ['X25519', 'prime256v1']);
    });

    test('ALPN: http/1.1 is agreed', async () => {
        for (const [offered, agreed] of [
            [['http/1.1'], 'http/1.1'],
            [['h2', 'http/1.1'], 'http/1.1'],
            [['http/1.1', 'h2'], 'http/1.1'],
            [undefined, false],
        ]) {
            const got = await connect(a, { ALPNProtocols: offered });

            assert.equal(got.alpn, agreed, String(offered));
        }
        // Only what we do not speak: nothing is agreed on, or it is refused.
        const other = await connect(a, { ALPNProtocols: ['h2'] });

        assert.ok(other === null || other.alpn === false);
    });

    test('sessions are resumed (openssl -reconnect)', async () => {
        for (const server of [a, rsa]) {
            const got = await handshake(server, '-tls1_2', '-reconnect');

            assert.equal(got.text.match(/^Reused, TLSv1\.2/gm)?.length, 5);
        }
    });

    test('a session that nobody knows gets a full handshake', async () => {
        const { session } = await connect(a, { maxVersion: 'TLSv1.2' });
        const again = await connect(a, { session });
        const elsewhere = await connect(rsa, { session });

        assert.equal(again.resumed, true);
        assert.equal(elsewhere?.resumed, false);
    });

    test('handshakes are counted: full, resumed, failed', async () => {
        const count = async (result) => {
            const { text } = await a.askOps('/metrics');

            return valueOf(text, 'appliance_tls_handshakes_total', { result });
        };
        const before = {};

        for (const kind of ['full', 'resumed', 'failed'])
            before[kind] = await count(kind);
        const { session } = await connect(a, { maxVersion: 'TLSv1.2' });

        await connect(a, { session });
        await connect(a, { minVersion: 'TLSv1.3' });
        await until('all three counted', async () => {
            const now = [];

            for (const kind of ['full', 'resumed', 'failed'])
                now.push((await count(kind)) - before[kind]);

            return now.join() === '1,1,1';
        });
    });

    test('renegotiation is refused', async () => {
        const wire = await a.dial({ maxVersion: 'TLSv1.2' });
        const refused = await new Promise((done) => {
            wire.socket.on('error', () => done(true));
            wire.socket.on('close', () => done(true));
            wire.socket.renegotiate({}, (error) => done(error !== null));
            setTimeout(() => done(false), 5000).unref();
        });

        assert.ok(refused);
        wire.close();
    });

    test('what is not TLS is cut off, and others are served', async () => {
        for (const bytes of [
            get,
            '\x16\x03\x01\xff\xff',
            '\x16\x03\x03\0\x04\x01\0\0\0',
            '\x80\x2e\x01\0\x02\0\x15\0\0\0\x10',
            Buffer.alloc(70000, 0x16),
            '\0',
        ]) {
            const wire = await a.dial({ tls: false, port: a.port });

            await wire.send(bytes);
            wire.socket.end();
            assert.ok(
                await wire.closed(5000),
                JSON.stringify(bytes).slice(0, 40),
            );
            assert.ok(wire.bytes.length < 64, 'at most an alert');
        }
        assert.equal((await a.get('/health')).status, 200);
    });

    test('a handshake cut at each of its bytes harms nobody', async () => {
        const hello = await new Promise((done) => {
            const server = net.createServer((socket) =>
                socket.once('data', (bytes) => {
                    socket.destroy();
                    server.close();
                    done(bytes);
                }),
            );

            server.listen(0, '127.0.0.1', () => {
                const { port } = server.address();

                tls.connect({ port, maxVersion: 'TLSv1.2' }).on(
                    'error',
                    () => {},
                );
            });
        });

        assert.ok(hello.length > 100);
        const cut = async (n) => {
            const wire = await a.dial({ tls: false, port: a.port });

            await wire.send(hello.subarray(0, n));
            wire.socket.end();
            assert.ok(await wire.closed(5000), `${n} bytes`);
        };

        for (let n = 0; n < hello.length; n += 20)
            await Promise.all(
                Array.from({ length: 20 }, (_, i) =>
                    cut(Math.min(n + i, hello.length - 1)),
                ),
            );
        assert.equal((await a.get('/health')).status, 200);
    });

    test('a handshake that takes too long is cut off', async () => {
        const slow = await start({ env: { HEAD_TIMEOUT_MS: '300' } });
        const wire = await slow.dial({ tls: false, port: slow.port });

        await wire.send('\x16\x03\x01');
        assert.ok(await wire.closed(5000));
        await slow.stop();
    });
});

describe('tls: keys and certificates', () => {
    after(stopAll);

    for (const [key, suite] of [
        ['ec:P-256', 'ECDSA'],
        ['ec:P-384', 'ECDSA'],
        ['rsa:2048', 'RSA'],
        ['rsa:3072', 'RSA'],
        ['rsa:4096', 'RSA'],
    ])
        for (const form of [
            'PKCS#8',
            key.startsWith('rsa') ? 'PKCS#1' : 'SEC1',
        ])
            test(`a key ${key} as ${form}`, async () => {
                const env = await selfSigned(key, { form });
                const text = readFileSync(env.TLS_KEY, 'latin1');
                const label = {
                    'PKCS#8': '-----BEGIN PRIVATE KEY',
                    'PKCS#1': '-----BEGIN RSA PRIVATE KEY',
                    SEC1: '-----BEGIN EC PRIVATE KEY',
                }[form];

                assert.ok(text.startsWith(label), text.slice(0, 40));
                const a = await start({ env });
                const got = await connect(a);

                assert.match(got.suite, new RegExp(`^ECDHE-${suite}-`));
                const { fingerprint256 } = got.certificate;

                assert.equal(fingerprint256, await env.fingerprint());
                assert.equal((await a.get('/health')).status, 200);
                await a.stop();
            });

    test('the whole chain is sent, and a browser would believe it', async () => {
        const folder = newFolder();
        const top = await authority(folder, 'top');
        const middle = await authority(folder, 'middle', top);
        const leaf = await signed(folder, 'leaf', middle);
        const chain = join(folder, 'chain.pem');
        const text = [leaf.cert, middle.cert]
            .map((file) => readFileSync(file, 'latin1'))
            .join('Text between certificates is allowed.\n');

        writeFileSync(chain, text);
        const a = await start({ env: { TLS_CERT: chain, TLS_KEY: leaf.key } });
        const ok = await handshake(
            a,
            ...['-CAfile', top.cert, '-verify_return_error'],
            ...['-verify_hostname', 'localhost', '-showcerts'],
        );

        assert.ok(ok.ok, ok.text);
        assert.match(ok.text, /Verify return code: 0 \(ok\)/);
        assert.equal(ok.text.match(/BEGIN CERTIFICATE/g).length, 2);
        const curl = await run('curl', [
            ...['-sS', '--cacert', top.cert, '--resolve'],
            ...[`localhost:${a.port}:127.0.0.1`],
            `https://localhost:${a.port}/health`,
        ]);

        assert.equal(curl.out, '{"status":"healthy"}', curl.err);
    });

    const wrong = [
        [
            'a key that does not match',
            async (env) => ({
                ...env,
                TLS_KEY: (await selfSigned('ec:P-256')).TLS_KEY,
            }),
            /match/,
        ],
        [
            'a key of another kind',
            async (env) => ({
                ...env,
                TLS_KEY: (await selfSigned('rsa:2048')).TLS_KEY,
            }),
            /match/,
        ],
        [
            'the two files exchanged',
            async (env) => ({ TLS_CERT: env.TLS_KEY, TLS_KEY: env.TLS_CERT }),
            /certificate/,
        ],
        ['an empty certificate', (env) => spoilt(env, 'TLS_CERT', () => '')],
        ['an empty key', (env) => spoilt(env, 'TLS_KEY', () => '')],
        [
            'a certificate cut short',
            (env) => spoilt(env, 'TLS_CERT', (s) => s.slice(0, s.length / 2)),
        ],
        [
            'a key cut short',
            (env) => spoilt(env, 'TLS_KEY', (s) => s.slice(0, s.length / 2)),
        ],
        [
            'a certificate with a letter that is no base64',
            (env) =>
                spoilt(env, 'TLS_CERT', (s) => s.replace(/\n.{9}/, '\n!!!')),
        ],
        [
            'a certificate with bytes changed',
            (env) =>
                spoilt(env, 'TLS_CERT', (s) => s.replace(/\nMII/, '\nAAA')),
        ],
        [
            'random bytes',
            (env) => spoilt(env, 'TLS_CERT', () => '\xff\xfe\0\x01'.repeat(99)),
        ],
        [
            'a key under a password',
            async (env) => {
                const file = join(newFolder(), 'locked.key');

                await openssl(
                    ...['pkcs8', '-topk8', '-v2', 'aes-256-cbc', '-in'],
                    ...[env.TLS_KEY, '-passout', 'pass:x', '-out', file],
                );
                return { ...env, TLS_KEY: file };
            },
            /encrypted|password/,
        ],
        ['an Ed25519 key', () => selfSigned('ed25519'), /P-256|RSA|ECDSA/],
        ['an RSA key of 1024 bits', () => selfSigned('rsa:1024'), /2048/],
        ['a key on another curve', () => selfSigned('ec:secp256k1'), /P-256/],
    ];

    function spoilt(env, name, change) {
        const file = join(newFolder(), 'spoilt.pem');

        writeFileSync(
            file,
            change(readFileSync(env[name], 'latin1')),
            'latin1',
        );
        return { ...env, [name]: file };
    }

    for (const [name, make, says] of wrong)
        test(`${name}: said clearly at start, exit 2`, async () => {
            const env = await make(await selfSigned('ec:P-256'));
            const { code, err } = await command([], { env });
            const lines = err.trim().split('\n');

            assert.equal(code, 2, err);
            assert.equal(lines.length, 1, err);
            assert.ok(
                lines[0].includes(env.TLS_CERT) ||
                    lines[0].includes(env.TLS_KEY),
                `names the file: ${err}`,
            );
            if (says) assert.match(lines[0], says);
        });

    test('an expired certificate: a warning, and it serves', async () => {
        const env = await selfSigned('ec:P-256', { days: -1 });
        const a = await start({ env });
        const warning = a.log.find(
            (line) =>
                line.level === 'warn' && /expired/.test(JSON.stringify(line)),
        );

        assert.ok(warning, a.lines.join('\n'));
        assert.ok(JSON.stringify(warning).includes(env.TLS_CERT));
        assert.equal((await a.get('/health')).status, 200);
    });
});

describe('tls: the self-signed certificate', () => {
    after(stopAll);

    test('is made once, kept, and says what it should', async () => {
        const folder = newFolder();
        const a = await start({ folder });
        const cert = join(folder, 'data/tls.crt');
        const key = join(folder, 'data/tls.key');
        const text = (await openssl('x509', '-in', cert, '-noout', '-text'))
            .out;
        const san = /Subject Alternative Name:.*\n(.*)/.exec(text)[1];

        for (const name of [
            'DNS:localhost',
            'IP Address:127.0.0.1',
            'IP Address:0:0:0:0:0:0:0:1',
            `DNS:${hostname()}`,
        ])
            assert.ok(san.includes(name), `${name} in ${san}`);
        assert.match(text, /NIST CURVE: P-256/);
        assert.match(text, /Version: 3/);
        assert.match(text, /TLS Web Server Authentication/);
        const { certificate } = await connect(a);
        const days =
            (new Date(certificate.valid_to) -
                new Date(certificate.valid_from)) /
            86400000;

        assert.ok(days >= 364 && days <= 367, `${days} days`);
        assert.ok(new Date(certificate.valid_from) <= new Date());
        assert.equal(statSync(key).mode & 0o077, 0, 'only ours to read');
        const check = await openssl('verify', '-CAfile', cert, cert);

        assert.match(check.out, /OK/);
        const first = await fingerprint(a);

        await a.stop();
        const b = await start({ folder });

        assert.equal(await fingerprint(b), first, 'kept');
        await b.stop();
    });

    test('another folder has another one', async () => {
        const [a, b] = [await start(), await start()];

        assert.notEqual(await fingerprint(a), await fingerprint(b));
    });

    test('a broken one is said clearly, and not thrown away', async () => {
        const folder = newFolder();
        const a = await start({ folder });

        await a.stop();
        writeFileSync(join(folder, 'data/tls.key'), 'broken');
        const { code, err } = await command([], { folder });

        assert.notEqual(code, 0, err);
        assert.match(err.trim(), /^appliance: .*tls\.(key|crt).*$/);
        assert.equal(
            readFileSync(join(folder, 'data/tls.key'), 'utf8'),
            'broken',
        );
    });
});

describe('tls: a new certificate', () => {
    after(stopAll);

    // An appliance with files of its own, and what to put there next.
    async function withFiles() {
        const folder = newFolder();
        const old = await selfSigned('ec:P-256', { folder, name: 'tls' });
        const next = await selfSigned('rsa:2048', { folder, name: 'next' });
        const a = await start({ env: old });
        const put = () => {
            renameSync(next.TLS_KEY, old.TLS_KEY);
            renameSync(next.TLS_CERT, old.TLS_CERT);
        };

        return { a, old, next, put };
    }

    for (const [how, tell] of [
        ['SIGHUP', (a) => a.child.kill('SIGHUP')],
        ['changed files', () => {}],
    ])
        test(`${how}: new connections get it, old ones go on`, async () => {
            const { a, next, put } = await withFiles();
            const first = await fingerprint(a);
            const second = await next.fingerprint();
            const wire = await a.dial();

            await wire.send(get);
            assert.equal((await wire.answer()).status, 200);
            put();
            tell(a);
            await a.event('certificate_loaded');
            await until(
                'the new certificate',
                async () => (await fingerprint(a)) === second,
            );
            assert.notEqual(first, second);
            await wire.send(get);
            assert.equal(
                (await wire.answer()).status,
                200,
                'the old connection',
            );
            assert.equal(
                wire.socket.getPeerCertificate().fingerprint256,
                first,
            );
            wire.close();
            assert.equal(a.events('certificate_kept').length, 0);
            await a.stop();
        });

    for (const how of ['SIGHUP', 'changed files'])
        test(`${how}, but broken: logged, and the old one kept`, async () => {
            const { a, old, put } = await withFiles();
            const first = await fingerprint(a);

            writeFileSync(old.TLS_CERT, '-----BEGIN CERTIFICATE-----\nAAAA\n');
            if (how === 'SIGHUP') a.child.kill('SIGHUP');
            const kept = await a.event('certificate_kept');

            assert.equal(kept.level, 'error');
            assert.ok(kept.why.includes(old.TLS_CERT), JSON.stringify(kept));
            assert.equal(await fingerprint(a), first);
            assert.equal((await a.get('/health')).status, 200);
            // Said once, not once a second.
            await sleep(2500);
            assert.ok(a.events('certificate_kept').length <= 2);
            put();
            await a.event('certificate_loaded');
            assert.notEqual(await fingerprint(a), first, 'mended');
            await a.stop();
        });

    test('SIGHUP alone ends nothing', async () => {
        const { a, old } = await withFiles();
        const first = await fingerprint(a);

        for (let i = 0; i < 5; i++) {
            a.child.kill('SIGHUP');
            utimesSync(old.TLS_CERT, i, i);
            assert.equal((await a.get('/health')).status, 200);
        }
        await a.event('certificate_loaded');
        assert.equal(await fingerprint(a), first);
        assert.equal((await a.stop()).code, 0);
    });
});
