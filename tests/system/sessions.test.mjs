// SPDX-License-Identifier: MIT
// Sessions of two appliances on the same servers: whoever is signed in stays,
// whatever happens to Redis; who is signed out is so everywhere at once.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { sleep, start, stopAll, until } from './appliance.mjs';
import { admin, adminEnv, cookieOf, newPerson, signIn } from './people.mjs';
import { ownPostgres, ownRedis, postgres } from './servers.mjs';

const ME = '/api/v1/auth/me';
const SESSIONS = '/api/v1/auth/sessions';

const isIn = async (a, who) => {
    const got = await a.get(ME, who);

    // 404: the account is gone, and he has not heard of it yet.
    assert.ok([200, 401, 404].includes(got.status), got.text);
    return got.status === 200;
};

// How long after an answer the other still let him in; the worst of some.
async function delay(what, by, other, who, end) {
    assert.ok(await isIn(by, who), `${what}: in`);
    assert.ok(await isIn(other, who), `${what}: in, there too`);
    await end();
    const from = performance.now();

    assert.ok(!(await isIn(by, who)), `${what}: at once where it was done`);
    await until(what, async () => !(await isIn(other, who)), {
        timeout: 3000,
        every: 1,
    });
    return performance.now() - from;
}

// Every way to end somebody's sessions, by one appliance, seen by the other.
async function endings(a, b, boss) {
    let worst = 0;
    const ended = async (what, who, end) => {
        worst = Math.max(worst, await delay(what, a, b, who, end));
    };
    const done = (got, status) => assert.equal(got.status, status, got.text);
    const ben = await newPerson(a, boss);
    const path = `/api/v1/users/${ben.id}`;

    await ended('signed out', ben.as, async () =>
        done(await a.ask('POST', '/logout', ben.as), 204));
    let as = await signIn(b, ben);
    let other = await signIn(a, ben);

    await ended('ended by himself', other, async () => {
        const { items } = (await b.get(SESSIONS, as)).json;
        const { id } = items.find(({ current }) => !current);

        assert.equal(items.length, 2);
        done(await a.ask('DELETE', `${SESSIONS}/${id}`, as), 204);
    });
    other = await signIn(b, ben);
    await ended('all others', other, async () => {
        const got = await a.ask('DELETE', SESSIONS, as);

        done(got, 200);
        assert.deepEqual(got.json, { ended: 1 });
    });
    assert.ok(await isIn(b, as));
    await ended('by the administrator', as, async () =>
        done(await a.ask('DELETE', `${SESSIONS}?account=${ben.id}`, boss), 200));
    as = await signIn(b, ben);
    await ended('role', as, async () =>
        done(await a.patch(path, { role: 'manager' }, boss), 200));
    as = await signIn(b, ben);
    await ended('password', as, async () =>
        done(await a.patch(path, { password: 'some other words' }, boss), 200));
    ben.password = 'some other words';
    as = await signIn(b, ben);
    await ended('disabled', as, async () =>
        done(await a.patch(path, { active: false }, boss), 200));
    done(await a.patch(path, { active: true }, boss), 200);
    as = await signIn(b, ben);
    await ended('deleted', as, async () =>
        done(await a.ask('DELETE', path, boss), 204));
    return worst;
}

const two = async (env) => {
    const a = await start({ env: { ...env, ...adminEnv } });

    return [a, await start({ env: { ...env, ...adminEnv } })];
};

describe('sessions: two appliances', () => {
    after(stopAll);

    test('told by PostgreSQL', async (t) => {
        const [a, b] = await two({
            DATABASE_URL: await (await postgres()).database(),
        });
        const boss = await signIn(a, admin);

        t.diagnostic(`worst ${await endings(a, b, boss)} ms`);
        assert.ok(await isIn(b, boss));
    });

    test('told by Redis', async (t) => {
        const redis = await ownRedis();
        const [a, b] = await two({
            DATABASE_URL: await (await postgres()).database(),
            REDIS_URL: redis.url,
        });
        const boss = await signIn(a, admin);

        t.diagnostic(`worst ${await endings(a, b, boss)} ms`);
        assert.ok(await isIn(b, boss));
    });
});

describe('sessions: Redis comes and goes', () => {
    let redis, a, b, boss, ben;

    before(async () => {
        redis = await ownRedis();
        [a, b] = await two({
            DATABASE_URL: await (await ownPostgres()).database(),
            REDIS_URL: redis.url,
        });
        boss = await signIn(a, admin);
        ben = await newPerson(b, boss);
    });
    after(stopAll);

    async function allIn(when) {
        for (const one of [a, b]) {
            assert.ok(await isIn(one, boss), `${when}: boss`);
            assert.ok(await isIn(one, ben.as), `${when}: ben`);
        }
        await endings(a, b, boss);
    }

    test('wiped', async () => {
        await allIn('before');
        await redis.cli('FLUSHALL');
        await allIn('wiped');
    });

    test('killed, and back', async () => {
        await redis.crash();
        await allIn('gone');
        await redis.start();
        await allIn('back');
        await sleep(1500);
        await allIn('back for a while');
    });

    test('killed while people ask', async () => {
        let going = true;
        let asked = 0;
        const reader = async (one, who) => {
            while (going) {
                const got = await one.get('/api/v1/auth/me', who);

                assert.equal(got.status, 200, got.text);
                asked++;
            }
        };
        const readers = [reader(a, boss), reader(b, boss), reader(b, ben.as)];

        for (let i = 0; i < 2; i++) {
            await sleep(200);
            await redis.crash();
            await sleep(400);
            await redis.start();
        }
        await sleep(200);
        going = false;
        await Promise.all(readers);
        assert.ok(asked > 20, `${asked}`);
    });

    test('a restart of both keeps everybody signed in', async () => {
        const [one, other] = [a, b];

        [a, b] = await two({
            DATABASE_URL: one.env.DATABASE_URL,
            REDIS_URL: redis.url,
        });
        for (const old of [one, other]) old.child.kill('SIGKILL');
        await allIn('new processes');
    });
});

describe('sessions: who changes himself', () => {
    after(stopAll);

    test('goes on, under a new identifier', async () => {
        const a = await start({ env: adminEnv });
        const boss = await signIn(a, admin);
        const other = await signIn(a, admin);
        const { json: me } = await a.get(ME, boss);
        const got = await a.patch(
            `/api/v1/users/${me.id}`,
            { password: 'another long enough one' },
            boss,
        );

        assert.equal(got.status, 200, got.text);
        const next = { headers: { cookie: cookieOf(got) } };

        assert.notEqual(next.headers.cookie, boss.headers.cookie);
        assert.ok(!(await isIn(a, boss)));
        assert.ok(!(await isIn(a, other)));
        assert.ok(await isIn(a, next));
        const failed = await a.post(
            '/api/v1/batch',
            {
                requests: [
                    {
                        method: 'PATCH',
                        url: `/api/v1/users/${me.id}`,
                        body: { password: 'yet another long one' },
                    },
                    { method: 'DELETE', url: '/api/v1/users/99999' },
                ],
            },
            next,
        );

        assert.notEqual(failed.status, 200, failed.text);
        assert.equal(failed.headers['set-cookie'], undefined);
        assert.ok(await isIn(a, next), 'what was rolled back ended nothing');
    });
});
