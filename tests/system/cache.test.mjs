// SPDX-License-Identifier: MIT
// Two appliances on the same servers: what one writes, the other reads, also
// while PostgreSQL or Redis comes and goes.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { sleep, start, stopAll, until } from './appliance.mjs';
import { ownPostgres, ownRedis, postgres } from './servers.mjs';

const two = (env) => Promise.all([start({ env }), start({ env })]);

let lastEmail = 0;

async function newUser(a) {
    const email = `u${++lastEmail}@example.org`;
    const got = await a.post('/api/v1/users', { name: 'n0', email });

    assert.equal(got.status, 201, got.text);
    return got.json.id;
}

async function change(a, id, name) {
    const got = await a.patch(`/api/v1/users/${id}`, { name });

    assert.equal(got.status, 200, got.text);
}

async function nameOf(a, id) {
    const got = await a.get(`/api/v1/users/${id}`);

    assert.equal(got.status, 200, got.text);
    return got.json.name;
}

// Writes through one, reads through the other until it is there: how long
// that took after the write was acknowledged, worst of n. The reader has the
// old answer in its cache every time; the writer reads its own write.
async function worstDelay(writer, reader, n) {
    const id = await newUser(writer);
    let worst = 0;

    for (let i = 1; i <= n; i++) {
        await nameOf(reader, id);
        await nameOf(reader, id);
        await change(writer, id, `n${i}`);
        const from = performance.now();

        for (;;) {
            const asked = performance.now();
            const name = await nameOf(reader, id);

            if (name === `n${i}`) {
                worst = Math.max(worst, asked - from);
                break;
            }
            assert.equal(name, `n${i - 1}`, 'old or new, nothing else');
            assert.ok(asked - from < 5000, 'never seen');
        }
        assert.equal(await nameOf(writer, id), `n${i}`, 'its own write');
    }
    return worst;
}

const isHit = async (a, id) => {
    const { source } = await a.get(`/api/v1/users/${id}`);

    return source === 'hit';
};

async function readyz(a) {
    return a.askOps('/readyz?verbose');
}

const tracking = async (a) =>
    /^\[\+\]redis tracking/m.test((await readyz(a)).text);

for (const { name, withRedis } of [
    { name: 'PostgreSQL and Redis', withRedis: true },
    { name: 'PostgreSQL', withRedis: false },
])
    describe(`cache: two appliances, ${name}`, () => {
        let a;
        let b;

        before(async () => {
            const env = { DATABASE_URL: await (await postgres()).database() };

            if (withRedis) env.REDIS_URL = (await ownRedis()).url;
            [a, b] = await two(env);
            if (withRedis)
                for (const one of [a, b])
                    await until('pushes', async () => await tracking(one));
        });
        after(stopAll);

        test('a write through one is seen through the other', async (t) => {
            const worst = Math.max(
                await worstDelay(a, b, 100),
                await worstDelay(b, a, 100),
            );

            t.diagnostic(`worst of 200: ${worst.toFixed(1)} ms`);
            if (process.env.SHOW) console.log(`worst: ${worst.toFixed(1)} ms`);
            assert.ok(worst < 1000, `${worst} ms`);
        });

        test('meanwhile answers do come from the cache', async () => {
            const id = await newUser(a);

            for (const one of [a, b]) {
                await nameOf(one, id);
                await until('a hit', async () => await isHit(one, id));
            }
        });

        test('lists too: added, changed, deleted', async () => {
            const list = async (one) => {
                const query = 'sort=-id&perPage=1';
                const got = await one.get(`/api/v1/users?${query}`);

                return got.json.items[0];
            };

            await list(b);
            const id = await newUser(a);

            await until('added', async () => (await list(b))?.id === id);
            await list(b);
            await change(a, id, 'other');
            await until(
                'changed',
                async () => (await list(b))?.name === 'other',
            );
            assert.equal((await a.delete(`/api/v1/users/${id}`)).status, 204);
            await until('deleted', async () => (await list(b))?.id !== id);
            assert.equal((await b.get(`/api/v1/users/${id}`)).status, 404);
        });

        test('both write at once: the last is what both say', async () => {
            const id = await newUser(a);
            const write = async (one, word) => {
                for (let i = 0; i < 40; i++) {
                    await change(one, id, `${word}${i}`);
                    await nameOf(one, id);
                }
            };

            await Promise.all([write(a, 'a'), write(b, 'b')]);
            await until('they agree', async () => {
                const [x, y] = [await nameOf(a, id), await nameOf(b, id)];
                const got = await a.get('/api/v1/users?sort=-id&perPage=1');

                return x === y && x === got.json.items[0].name;
            });
            assert.match(await nameOf(a, id), /^[ab]39$/);
        });
    });

describe('cache: Redis comes and goes', () => {
    let redis;
    let a;
    let b;

    before(async () => {
        redis = await ownRedis();
        [a, b] = await two({
            DATABASE_URL: await (await postgres()).database(),
            REDIS_URL: redis.url,
        });
        for (const one of [a, b])
            await until('pushes', async () => await tracking(one));
    });
    after(stopAll);

    const both = (name, from) =>
        Promise.all([a, b].map((one, i) => one.event(name, { from: from[i] })));
    const marks = () => [a.log.length, b.log.length];
    const count = (name, from) =>
        [a, b].map(
            (one, i) =>
                one.log.slice(from[i]).filter((l) => l.event === name).length,
        );

    test('killed: it serves, and says so once', async () => {
        const from = marks();

        await newUser(a);
        await redis.crash();
        const worst = Math.max(
            await worstDelay(a, b, 15),
            await worstDelay(b, a, 15),
        );

        await both('redis_down', from);
        await sleep(1500);
        const id = await newUser(a);

        assert.equal(await nameOf(b, id), 'n0');
        assert.deepEqual(count('redis_down', from), [1, 1]);
        for (const one of [a, b]) {
            const { status, text } = await readyz(one);

            assert.equal(status, 200, 'still ready');
            assert.match(text, /^\[-\]redis /m);
        }
        if (process.env.SHOW) console.log(`away: ${worst.toFixed(1)} ms`);
        assert.ok(worst < 3000, `${worst} ms`);
    });

    test('back: it is used again, and no old answer comes out', async () => {
        const from = marks();
        const id = await newUser(a);

        await change(a, id, 'while away');
        await redis.start();
        await both('redis_up', from);
        for (const one of [a, b]) {
            await until('pushes', async () => await tracking(one));
            assert.equal(await nameOf(one, id), 'while away');
            await until('hits', async () => await isHit(one, id));
        }
        assert.deepEqual(count('redis_up', from), [1, 1]);
        const worst = await worstDelay(a, b, 50);

        assert.ok(worst < 1000, `${worst} ms`);
        assert.match(await redis.cli('INFO', 'keyspace'), /keys=[1-9]/);
    });

    test('wiped: no old answer comes out', async () => {
        const id = await newUser(a);

        for (let i = 0; i < 20; i++) {
            await nameOf(b, id);
            if (i % 2 === 0) await redis.cli('FLUSHALL');
            await change(a, id, `w${i}`);
            if (i % 2 === 1) await redis.cli('FLUSHALL');
            await until(
                'the new one',
                async () => (await nameOf(b, id)) === `w${i}`,
                { timeout: 3000 },
            );
            assert.equal(await nameOf(a, id), `w${i}`);
        }
    });

    test('its connections cut: all goes on', async () => {
        const id = await newUser(a);

        for (let i = 0; i < 6; i++) {
            await nameOf(b, id);
            await redis.cli('CLIENT', 'KILL', 'TYPE', 'normal');
            await redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
            await change(a, id, `k${i}`);
            assert.equal(await nameOf(a, id), `k${i}`);
            await until(
                'the new one',
                async () => (await nameOf(b, id)) === `k${i}`,
                { timeout: 5000 },
            );
        }
    });

    test('frozen: a request waits for it only briefly', async () => {
        const id = await newUser(a);

        await until('pushes', async () => await tracking(a));
        await redis.pause();
        try {
            let slowest = 0;

            for (let i = 0; i < 20; i++) {
                const got = await a.get(`/api/v1/users?page=${i + 1}`);

                assert.equal(got.status, 200);
                slowest = Math.max(slowest, got.tookMs);
            }
            assert.ok(slowest < 2500, `${slowest} ms`);
            const from = performance.now();

            await change(a, id, 'frozen');
            assert.ok(performance.now() - from < 2500);
            assert.equal(await nameOf(a, id), 'frozen');
            await until(
                'the other knows',
                async () => (await nameOf(b, id)) === 'frozen',
                { timeout: 5000 },
            );
        } finally {
            await redis.resume();
        }
        for (const one of [a, b])
            await until('pushes', async () => await tracking(one));
    });
});

describe('cache: servers that are not there', () => {
    after(stopAll);

    test('Redis away at start: it starts, and uses it later', async () => {
        const redis = await ownRedis();

        await redis.stop();
        const a = await start({ env: { REDIS_URL: redis.url } });

        await a.event('redis_down');
        const id = await newUser(a);

        assert.equal(await nameOf(a, id), 'n0');
        const { status, text } = await readyz(a);

        assert.equal(status, 200);
        assert.match(text, /^\[-\]redis /m);
        await sleep(500);
        assert.equal(a.events('redis_down').length, 1);
        await redis.start();
        await a.event('redis_up');
        await until('pushes', async () => await tracking(a));
        await nameOf(a, id);
        await until('keys', async () =>
            /keys=[1-9]/.test(await redis.cli('INFO', 'keyspace')),
        );
    });

    test('PostgreSQL restarted: 503 with Retry-After, then well', async () => {
        const server = await ownPostgres();
        const [a, b] = await two({ DATABASE_URL: await server.database() });
        const id = await newUser(a);

        await server.crash();
        await until('503', async () => {
            const got = await a.get('/api/v1/users?perPage=7');

            if (got.status === 200) return null;
            assert.equal(got.status, 503, got.text);
            assert.ok(Number(got.headers['retry-after']) >= 1);
            assert.doesNotMatch(got.text, /postgres|connection|127\.0/i);
            return true;
        });
        const lost = await a.patch(`/api/v1/users/${id}`, { name: 'lost' });

        assert.equal(lost.status, 503, lost.text);
        assert.ok(lost.headers['retry-after']);
        assert.equal((await a.askOps('/readyz')).status, 503);
        assert.equal((await a.askOps('/livez')).status, 200);
        await server.start();
        for (const one of [a, b])
            await until('well again', async () => {
                const { status } = await one.get('/api/v1/users?perPage=8');

                return status === 200;
            });
        assert.equal(await nameOf(a, id), 'n0');
        for (const one of [a, b])
            await until('hits again', async () => await isHit(one, id));
        const worst = await worstDelay(a, b, 30);

        assert.ok(worst < 2000, `${worst} ms`);
    });

    test('connections to PostgreSQL cut: no write is missed', async () => {
        const server = await ownPostgres();
        const [a, b] = await two({ DATABASE_URL: await server.database() });
        const id = await newUser(a);

        for (let i = 0; i < 5; i++) {
            await nameOf(b, id);
            await server.sql(
                'SELECT pg_terminate_backend(pid) FROM pg_stat_activity' +
                    " WHERE usename = 'app'",
            );
            await until('written', async () => {
                const name = `t${i}`;
                const got = await a.patch(`/api/v1/users/${id}`, { name });

                return got.status === 200;
            });
            await until(
                'the other knows',
                async () => {
                    const got = await b.get(`/api/v1/users/${id}`);

                    return got.status === 200 && got.json.name === `t${i}`;
                },
                { timeout: 5000 },
            );
        }
    });
});
