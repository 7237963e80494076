// SPDX-License-Identifier: MIT
// How much and how often: rates of requests, failures to sign in, over two
// replicas, with Redis killed and brought back.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import {
    command,
    newFolder,
    sleep,
    start,
    stopAll,
    until,
} from './appliance.mjs';
import { valueOf } from './exposition.mjs';
import { ownRedis, postgres } from './servers.mjs';

const admin = { email: 'root@example.org', password: 'correct horse battery' };
const signIn = {
    ADMIN_EMAIL: admin.email,
    ADMIN_PASSWORD: admin.password,
    TRUSTED_PROXIES: '127.0.0.1',
};
// Who asks is a stranger, unless his headers say otherwise.
const begin = (options) => start({ as: 'nobody', key: false, ...options });
const read = '/api/v1/schema';
const from = (address, headers = {}) => ({
    headers: { 'x-forwarded-for': address, ...headers },
});
const limit = (got) => {
    const [, name, r, t] =
        /^"([a-z-]+)";r=(\d+);t=(\d+)$/.exec(got.headers.ratelimit) ?? [];

    return { name, r: Number(r), t: Number(t) };
};
let number = 0;
const nextAddress = () => `198.51.${++number >> 8}.${number & 255}`;

const login = (a, address, email, password, headers) =>
    a.post('/login', { email, password }, from(address, headers));
const wrong = (a, address, email) => login(a, address, email, 'not it at all');

async function fails(a, address, email, times) {
    for (let i = 0; i < times; i++) {
        const got = await wrong(a, address, email);

        assert.equal(got.status, 401, `${address} ${email} ${i}: ${got.text}`);
    }
}

async function shut(a, address, email, password = admin.password) {
    const got = await login(a, address, email, password);

    assert.equal(got.status, 429, `${address} ${email}: ${got.text}`);
    assert.match(got.headers['retry-after'], /^\d+$/);
    assert.ok(Number(got.headers['retry-after']) > 800);
    assert.ok(Number(got.headers['retry-after']) <= 900);
    return got;
}

async function open(a, address) {
    const got = await login(a, address, admin.email, admin.password);

    assert.equal(got.status, 200, `${address}: ${got.text}`);
    return got;
}

describe('limits: rates', () => {
    let a;

    before(async () => {
        const RATE_LIMIT = 'read=5/60 write=3/60,sign-in=4/60 # and so on';

        a = await begin({ env: { ...signIn, RATE_LIMIT } });
    });
    after(stopAll);

    test('so many are served, the next gets 429', async () => {
        const address = nextAddress();

        for (let left = 4; left >= 0; left--) {
            const got = await a.get(read, from(address));

            assert.equal(got.status, 200);
            assert.equal(got.headers['ratelimit-policy'], '"read";q=5;w=60');
            assert.equal(limit(got).name, 'read');
            assert.equal(limit(got).r, left);
            assert.ok(limit(got).t > 50 && limit(got).t <= 60);
            assert.equal(got.headers['retry-after'], undefined);
        }
        const got = await a.get(read, from(address));

        assert.equal(got.status, 429);
        assert.equal(got.headers['ratelimit-policy'], '"read";q=5;w=60');
        assert.equal(limit(got).r, 0);
        assert.equal(Number(got.headers['retry-after']), limit(got).t);
        assert.equal(got.json.status, 429);
        assert.match(got.json.message, /try again in \d+ seconds?$/);
        assert.ok(!got.text.includes(address));
        const french = await a.get(
            read,
            from(address, { 'accept-language': 'fr' }),
        );

        assert.match(french.json.message, /réessayez dans \d+ secondes?$/);
        const problem = await a.get(
            read,
            from(address, { accept: 'application/problem+json' }),
        );

        assert.equal(problem.status, 429);
        assert.equal(problem.json.code, 'too_many_requests');
        assert.equal((await a.get(read, from(nextAddress()))).status, 200);
    });

    test('each class counts on its own, errors too', async () => {
        const address = nextAddress();

        for (let left = 2; left >= 0; left--) {
            const got = await a.post('/api/v1/settings', {}, from(address));

            assert.ok([401, 403].includes(got.status), got.text);
            assert.equal(got.headers['ratelimit-policy'], '"write";q=3;w=60');
            assert.equal(limit(got).r, left);
        }
        const more = await a.post('/api/v1/settings', {}, from(address));

        assert.equal(more.status, 429);
        const got = await a.get('/api/v1/settings/999999', from(address));

        assert.ok([401, 404].includes(got.status), got.text);
        assert.equal(limit(got).r, 4);
    });

    test('what is not counted carries nothing', async () => {
        for (const path of ['/health', '/static/none.js', '/none']) {
            const got = await a.get(path, from(nextAddress()));

            assert.equal(got.headers.ratelimit, undefined, path);
            assert.equal(got.headers['ratelimit-policy'], undefined, path);
        }
        for (let i = 0; i < 10; i++) {
            const got = await a.askOps('/livez');

            assert.equal(got.status, 200);
            assert.equal(got.headers.ratelimit, undefined);
        }
    });

    test('what is no session does not end without end', async () => {
        const address = nextAddress();
        const out = (secret, where = address) =>
            a.ask('POST', '/logout', {
                headers: {
                    cookie: `session_id=${secret}`,
                    'x-forwarded-for': where,
                },
            });
        const mine = (await open(a, nextAddress())).headers['set-cookie'][0];
        const secret = /^session_id=([\w-]{43});/.exec(mine)[1];
        const deletions = async () =>
            valueOf(
                (await a.askOps('/metrics')).text,
                'appliance_store_queries_total',
                { class: 'delete', result: 'ok' },
            );
        const before = await deletions();
        let refused = 0;

        for (let i = 0; i < 610; i++) {
            const got = await out(String(i).padStart(43, 'x'));

            assert.ok([204, 429].includes(got.status), got.text);
            refused += got.status === 429;
            if (got.status === 429) assert.ok(got.headers['retry-after'] > 0);
        }
        assert.ok(refused > 0 && refused <= 10, String(refused));
        // Some are of the housekeeping.
        assert.ok((await deletions()) - before < 50, 'the writer is not asked');
        assert.equal((await out(secret, nextAddress())).status, 204);
        const cookie = `session_id=${secret}`;

        assert.equal(
            (await a.get('/api/v1/auth/me', from(nextAddress(), { cookie })))
                .status,
            401,
        );
    });

    test('sign-ins count by address, whoever it is', async () => {
        const address = nextAddress();

        for (let left = 3; left >= 0; left--) {
            const got = await login(a, address, admin.email, admin.password);

            assert.equal(got.status, 200);
            assert.equal(limit(got).name, 'sign-in');
            assert.equal(limit(got).r, left);
        }
        const got = await login(a, address, admin.email, admin.password);

        assert.equal(got.status, 429);
        assert.equal(limit(got).r, 0);
    });

    test('the signed-in count by account, from wherever', async () => {
        const cookie = (await open(a, nextAddress())).headers[
            'set-cookie'
        ][0].split(';')[0];
        const elsewhere = nextAddress();

        for (let left = 4; left >= 0; left--) {
            const got = await a.get(read, from(nextAddress(), { cookie }));

            assert.equal(got.status, 200);
            assert.equal(limit(got).r, left);
        }
        assert.equal(
            (await a.get(read, from(elsewhere, { cookie }))).status,
            429,
        );
        assert.equal((await a.get(read, from(elsewhere))).status, 200);
    });

    // Which of these belong together: each asks after the one before.
    for (const [name, ...fields] of [
        [
            'IPv6 /64',
            '2001:db8:9:1::1',
            '2001:db8:9:1:f:f:f:f',
            '[2001:db8:9:1::2]:99',
        ],
        ['IPv4 in IPv6', '192.0.2.77', '::ffff:192.0.2.77', '192.0.2.77:1'],
        [
            'what stands right',
            '192.0.2.78',
            '1.1.1.1, 192.0.2.78',
            'x,192.0.2.78, 127.0.0.1',
        ],
        [
            'several fields',
            '192.0.2.79',
            ['9.9.9.9', '192.0.2.79'],
            ['192.0.2.79', '127.0.0.1'],
        ],
    ])
        test(`one address: ${name}`, async () => {
            for (const [i, value] of fields.entries()) {
                const got = await a.get(read, from(value));

                assert.equal(limit(got).r, 4 - i, String(value));
            }
        });

    test('two addresses: the next /64, the next IPv4', async () => {
        for (const address of [
            '2001:db8:9:5::1',
            '2001:db8:9:6::1',
            '192.0.2.80',
            '192.0.2.81',
        ])
            assert.equal(limit(await a.get(read, from(address))).r, 4, address);
    });

    test('CF-Connecting-IP where nobody else is named', async () => {
        const headers = { 'cf-connecting-ip': '192.0.2.90' };

        assert.equal(limit(await a.get(read, { headers })).r, 4);
        assert.equal(limit(await a.get(read, { headers })).r, 3);
        assert.equal(limit(await a.get(read, from('192.0.2.90'))).r, 2);
        assert.equal(
            limit(await a.get(read, from('192.0.2.91', headers))).r,
            4,
        );
    });
});

describe('limits: whom proxies name is not believed of strangers', () => {
    after(stopAll);

    test('all from one peer count together', async () => {
        const a = await begin({ env: { RATE_LIMIT: 'read=50/60' } });

        for (let left = 49; left >= 46; left--) {
            const headers = {
                'x-forwarded-for': nextAddress(),
                'cf-connecting-ip': nextAddress(),
            };

            assert.equal(limit(await a.get(read, { headers })).r, left);
        }
    });
});

describe('limits: answers without a body', () => {
    after(stopAll);

    test('304 carries them, too', async () => {
        const env = { ...signIn, RATE_LIMIT: 'read=5/60' };
        const a = await begin({ env });
        const { headers } = await open(a, nextAddress());
        const cookie = headers['set-cookie'][0].split(';')[0];
        const ask = (more) =>
            a.get('/api/v1/users/1', from(nextAddress(), { cookie, ...more }));
        const found = await ask({});
        const same = await ask({ 'if-none-match': found.etag });

        assert.equal(found.status, 200, found.text);
        assert.equal(same.status, 304);
        assert.equal(limit(same).r, limit(found).r - 1);
        assert.equal(same.headers['ratelimit-policy'], '"read";q=5;w=60');
    });
});

describe('limits: RATE_LIMIT', () => {
    after(stopAll);

    const policy = async (value, folder) => {
        const a = await begin({ folder, env: { RATE_LIMIT: value } });
        const got = await a.get(read);

        assert.equal(got.status, 200);
        await a.stop();
        return got.headers['ratelimit-policy'];
    };

    test('on by default', async () => {
        assert.equal(await policy(null), '"read";q=60000;w=60');
        assert.equal(await policy('on'), '"read";q=60000;w=60');
    });

    test('off, and 0 for one class', async () => {
        assert.equal(await policy('off'), undefined);
        assert.equal(await policy('read=0'), undefined);
        assert.equal(await policy('write=0'), '"read";q=60000;w=60');
    });

    test('a file', async () => {
        const folder = newFolder();

        writeFileSync(
            join(folder, 'rates'),
            '# slow\nread=7/10\n\nwrite=1/1\n',
        );
        assert.equal(await policy('rates', folder), '"read";q=7;w=10');
    });

    for (const [value, said] of [
        ['maybe', /RATE_LIMIT.*maybe/],
        ['read=fast', /RATE_LIMIT.*read=fast.*requests\/seconds/],
        ['reed=1/1', /RATE_LIMIT.*reed=1\/1.*sign-in/],
        ['read=1/1,read=2/2', /RATE_LIMIT.*read.*twice/],
        ['/nowhere/rates', /RATE_LIMIT.*file/],
    ])
        test(`refused: ${value}`, async () => {
            const { code, err } = await command([], {
                env: { RATE_LIMIT: value },
            });

            assert.notEqual(code, 0);
            assert.match(err, said);
            assert.equal(err.trim().split('\n').length, 1, err);
        });
});

describe('limits: failures', () => {
    let a;

    before(async () => {
        a = await begin({ env: { ...signIn, RATE_LIMIT: 'off' } });
    });
    after(stopAll);

    test('five by address, whoever it is', async () => {
        const address = nextAddress();

        for (let i = 0; i < 5; i++)
            await fails(a, address, `x${i}@example.org`, 1);
        const got = await shut(a, address, admin.email);

        assert.match(got.json.message, /try again in 15 minutes$/);
        assert.ok(!/address|account/.test(got.text), got.text);
        await open(a, nextAddress());
    });

    test('five by account, from wherever, in any case', async () => {
        const email = 'By.Account@example.org';

        for (const typed of [
            email,
            email.toLowerCase(),
            email.toUpperCase(),
            ` ${email} `,
            email,
        ])
            await fails(a, nextAddress(), typed, 1);
        const there = await shut(a, nextAddress(), email);
        const french = await login(a, nextAddress(), email, 'x', {
            'accept-language': 'fr',
        });

        assert.match(french.json.message, /réessayez dans 15 minutes$/);
        assert.deepEqual(there.json.data, {});
    });

    test('the same answers for an account that is not there', async () => {
        const answers = [];

        for (const email of [admin.email, 'nobody@example.org']) {
            const texts = [];

            for (let i = 0; i < 6; i++) {
                const got = await wrong(a, nextAddress(), email);

                texts.push(`${got.status} ${got.text}`);
            }
            answers.push(texts);
        }
        assert.deepEqual(answers[0], answers[1]);
        assert.match(answers[0][4], /^401/);
        assert.match(answers[0][5], /^429/);
    });

    test('whichever way they come in', async () => {
        const address = nextAddress();
        const sign = (path, body) => a.post(path, body, from(address));
        const password = 'not it at all';
        const email = 'anyhow@example.org';
        const pocketbase = '/api/collections/users/auth-with-password';

        for (let i = 0; i < 3; i++) await fails(a, address, email, 1);
        for (let i = 0; i < 2; i++) {
            const got = await sign(pocketbase, { identity: email, password });

            assert.equal(got.status, 400, got.text);
        }
        const got = await sign(pocketbase, { identity: email, password });

        assert.equal(got.status, 429, got.text);
        await shut(a, address, admin.email);
    });

    test('counted, and told', async () => {
        const { text } = await a.askOps('/metrics');
        const lockouts = (by) =>
            valueOf(text, 'appliance_auth_lockouts_total', { by });

        assert.ok(lockouts('address') >= 1);
        assert.ok(lockouts('account') >= 2);
    });
});

describe('limits: success clears the account', () => {
    after(stopAll);

    test("its failures are forgotten, the address's are not", async () => {
        const a = await begin({ env: { ...signIn, RATE_LIMIT: 'off' } });
        const address = nextAddress();

        await fails(a, address, admin.email, 4);
        await open(a, nextAddress());
        for (let i = 0; i < 4; i++)
            await fails(a, nextAddress(), admin.email, 1);
        await open(a, address);
        await fails(a, address, 'else@example.org', 1);
        await shut(a, address, admin.email);
    });

    test('many at once who know their password all get in', async () => {
        const a = await begin({ env: { ...signIn, RATE_LIMIT: 'off' } });
        const address = nextAddress();
        const all = await Promise.all(
            Array.from({ length: 12 }, () =>
                login(a, address, admin.email, admin.password),
            ),
        );

        assert.deepEqual(new Set(all.map((got) => got.status)), new Set([200]));
    });

    test('of many at once who do not, five are tried', async () => {
        const a = await begin({ env: { ...signIn, RATE_LIMIT: 'off' } });
        const address = nextAddress();
        const all = await Promise.all(
            Array.from({ length: 40 }, () => wrong(a, address, admin.email)),
        );
        const count = (status) =>
            all.filter((got) => got.status === status).length;

        assert.equal(count(401), 5);
        assert.equal(count(429) + count(503), 35);
        await shut(a, address, admin.email);
    });
});

describe('limits: two replicas and Redis', () => {
    let redis;
    let a;
    let b;

    before(async () => {
        const server = await postgres();
        const env = {
            ...signIn,
            DATABASE_URL: await server.database(),
        };

        redis = await ownRedis();
        env.REDIS_URL = redis.url;
        env.RATE_LIMIT = 'read=40/600';
        a = await begin({ env });
        b = await begin({ env });
    });
    after(stopAll);

    test('failures count together', async () => {
        const address = nextAddress();

        await fails(a, address, 'both@example.org', 3);
        await fails(b, address, 'both@example.org', 2);
        for (const replica of [a, b]) {
            await shut(replica, address, admin.email);
            await shut(replica, nextAddress(), 'both@example.org');
        }
    });

    test('never more than five, wherever they are tried', async () => {
        const address = nextAddress();
        const all = await Promise.all(
            Array.from({ length: 24 }, (_, i) =>
                wrong(i % 2 === 0 ? a : b, address, 'race@example.org'),
            ),
        );

        assert.equal(all.filter((got) => got.status === 401).length, 5);
        assert.ok(all.every((got) => [401, 429, 503].includes(got.status)));
    });

    test('success clears the account on both', async () => {
        await fails(a, nextAddress(), admin.email, 2);
        await fails(b, nextAddress(), admin.email, 2);
        await open(a, nextAddress());
        for (let i = 0; i < 4; i++)
            await fails(b, nextAddress(), admin.email, 1);
        await open(b, nextAddress());
        for (let i = 0; i < 4; i++)
            await fails(a, nextAddress(), admin.email, 1);
        await open(a, nextAddress());
    });

    test('rates count together, a moment later', async () => {
        const address = nextAddress();

        for (let i = 0; i < 40; i++) {
            const got = await a.get(read, from(address));

            assert.equal(got.status, 200);
        }
        assert.equal((await a.get(read, from(address))).status, 429);
        await sleep(500);
        await until('the other refuses it, too', async () => {
            const got = await b.get(read, from(address));

            await sleep(200);
            return got.status === 429;
        });
    });

    test('Redis killed and back: who was shut out stays so', async () => {
        const address = nextAddress();
        const other = nextAddress();

        await fails(a, address, 'outage@example.org', 5);
        await redis.crash();
        await a.event('redis_down');
        await b.event('redis_down');
        await shut(a, address, admin.email);
        await fails(a, other, 'later@example.org', 5);
        await shut(a, other, admin.email);
        for (let i = 0; i < 3; i++) {
            const got = await a.get(read, from(address));

            assert.equal(got.status, 200);
            assert.equal(limit(got).r, 39 - i);
        }
        const at = [a.lines.length, b.lines.length];

        await redis.start();
        await a.event('redis_up', { from: at[0] });
        await b.event('redis_up', { from: at[1] });
        await shut(a, address, admin.email);
        await shut(a, other, admin.email);
        for (const who of [address, other])
            await until(
                'the other has learned',
                async () => {
                    const { email, password } = admin;
                    const got = await login(b, who, email, password);

                    assert.ok([200, 429].includes(got.status), got.text);
                    return got.status === 429;
                },
                { timeout: 5000, every: 100 },
            );
    });

    test('what is in Redis tells nobody who it is about', async () => {
        const address = nextAddress();

        await fails(a, address, 'secret@example.org', 1);
        const keys = (await redis.cli('--scan')).split('\n');

        assert.ok(keys.some((key) => key.startsWith('appliance:n:')));
        for (const key of keys) {
            assert.ok(!key.includes('secret') && !key.includes(address), key);
            if (key.startsWith('appliance:n:'))
                assert.ok(Number(await redis.cli('pttl', key)) !== -1, key);
        }
    });
});
