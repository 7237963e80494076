// SPDX-License-Identifier: MIT
// What was acknowledged is there afterwards, whatever happened.
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

import { newFolder, run, sleep, start, stopAll } from './appliance.mjs';
import { ownPostgres, postgres } from './servers.mjs';

// Writers that go on until the appliance is gone. Resolves to the names that
// were acknowledged, by id, and those whose fate nobody was told.
async function writeUntilKilled(a, n, ms, word) {
    const known = new Map();
    const unknown = new Set();
    const writer = async (w) => {
        for (let i = 0; ; i++) {
            const name = `${word}-${w}-${i}`;
            const user = { name, email: `${name}@example.org` };
            let answer;

            unknown.add(name);
            try {
                answer = await a.post('/api/v1/users', user);
            } catch {
                return;
            }
            assert.equal(answer.status, 201, answer.text);
            unknown.delete(name);
            known.set(answer.json.id, name);
        }
    };
    const writers = Array.from({ length: n }, (_, w) => writer(w));

    await sleep(ms);
    await a.kill();
    await Promise.all(writers);
    return { known, unknown };
}

async function allUsers(a) {
    const all = [];

    for (let page = 1; ; page++) {
        const query = `page=${page}&perPage=500&sort=id`;
        const got = await a.get(`/api/v1/users?${query}`);

        assert.equal(got.status, 200, got.text);
        all.push(...got.json.items);
        if (page >= got.json.totalPages) return all;
    }
}

async function checkAll(env, { known, unknown }) {
    const a = await start({ env });
    const there = new Map();

    for (const user of await allUsers(a)) there.set(user.id, user.name);
    for (const [id, name] of known) assert.equal(there.get(id), name);
    for (const [id, name] of there)
        assert.ok(known.has(id) || unknown.has(name), `${name}: from where?`);
    return a;
}

const stores = {
    SQLite: () => `sqlite:${join(newFolder(), 'app.db')}`,
    PostgreSQL: async () => (await postgres()).database(),
};

describe('durability: kill -9', () => {
    after(stopAll);

    for (const [name, store] of Object.entries(stores)) {
        test(`${name}: all that was acknowledged is there`, async () => {
            const env = { DATABASE_URL: await store() };
            const all = { known: new Map(), unknown: new Set() };

            for (const ms of [700, 300, 150]) {
                const a = await start({ env });
                const word = `r${ms}`;
                const { known, unknown } = await writeUntilKilled(
                    a,
                    8,
                    ms,
                    word,
                );

                for (const [id, user] of known) all.known.set(id, user);
                for (const user of unknown) all.unknown.add(user);
                const b = await checkAll(env, all);

                assert.equal((await b.stop()).code, 0);
            }
            assert.ok(all.known.size > 60, `only ${all.known.size} writes`);
        });

        test(`${name}: a changed row is as acknowledged`, async () => {
            const env = { DATABASE_URL: await store() };
            const a = await start({ env });
            const user = { name: 'n0', email: 'ann@example.org' };
            const { id } = (await a.post('/api/v1/users', user)).json;
            let acknowledged = 0;
            const writing = (async () => {
                for (let i = 1; ; i++) {
                    const body = { name: `n${i}` };

                    try {
                        await a.patch(`/api/v1/users/${id}`, body);
                    } catch {
                        return;
                    }
                    acknowledged = i;
                }
            })();

            await sleep(500);
            await a.kill();
            await writing;
            const b = await start({ env });
            const got = await b.get(`/api/v1/users/${id}`);
            const last = Number(got.json.name.slice(1));

            assert.ok(acknowledged > 5, `only ${acknowledged}`);
            assert.ok(
                [acknowledged, acknowledged + 1].includes(last),
                `${last}`,
            );
            assert.equal(got.etag, `"v${last + 1}"`);
            await b.stop();
        });
    }

    test('PostgreSQL killed: all that was acknowledged is there', async () => {
        process.env.TEST_FSYNC = 'on';
        const server = await ownPostgres();

        delete process.env.TEST_FSYNC;
        const env = { DATABASE_URL: await server.database() };
        const a = await start({ env });
        const known = new Map();
        const unknown = new Set();
        let going = true;
        const writer = async (w) => {
            for (let i = 0; going; i++) {
                const name = `w${w}-${i}`;
                const user = { name, email: `${name}@example.org` };
                const got = await a.post('/api/v1/users', user);

                if (got.status === 201) known.set(got.json.id, name);
                else unknown.add(name);
                if (got.status !== 201) assert.equal(got.status, 503, got.text);
                if (got.status !== 201) await sleep(20);
            }
        };
        const writers = Array.from({ length: 6 }, (_, w) => writer(w));

        await sleep(500);
        await server.crash();
        await sleep(200);
        await server.start();
        await sleep(800);
        going = false;
        await Promise.all(writers);
        await a.stop();
        assert.ok(known.size > 20, `only ${known.size} writes`);
        await checkAll(env, { known, unknown });
    });
});

const root = process.getuid() === 0;

describe('durability: no room left', () => {
    after(stopAll);

    // A disk of so many megabytes: whoever asks for it unmounts it.
    async function smallDisk(megabytes) {
        const folder = newFolder();
        const options = `size=${megabytes}m`;
        const args = ['-t', 'tmpfs', '-o', options, 'tmpfs', folder];
        const { code, err } = await run('mount', args);

        assert.equal(code, 0, err);
        return folder;
    }

    const skip = root ? false : 'root only';

    test('a full disk: 503, and nothing is lost', { skip }, async () => {
        const disk = await smallDisk(4);
        const ballast = join(disk, 'ballast');

        try {
            writeFileSync(ballast, Buffer.alloc(300000, 1));
            const env = { DATABASE_URL: `sqlite:${join(disk, 'app.db')}` };
            const a = await start({ env });
            const known = new Map();
            let refusals = 0;
            const text = 'x'.repeat(1900);

            for (let i = 0; refusals < 3; i++) {
                assert.ok(i < 3000, 'the disk is never full');
                const body = { title: `t${i}`, description: text };
                const got = await a.post('/api/v1/activities', body);

                if (got.status === 201) {
                    known.set(got.json.id, body.title);
                    continue;
                }
                assert.equal(got.status, 503, got.text);
                assert.ok(Number(got.headers['retry-after']) >= 1);
                assert.doesNotMatch(got.text, /sqlite|disk|SQL/i);
                refusals++;
            }
            const [some] = known;

            assert.ok(known.size > 20);
            const read = await a.get(`/api/v1/activities/${some[0]}`);

            assert.equal(read.status, 200, 'reading goes on');
            rmSync(ballast);
            const more = { title: 'room again', description: text };

            await sleep(100);
            const got = await a.post('/api/v1/activities', more);

            assert.equal(got.status, 201, got.text);
            known.set(got.json.id, more.title);
            await a.kill();

            const b = await start({ env });
            const there = new Map();

            for (let page = 1; there.size < known.size; page++) {
                const query = `perPage=500&page=${page}&sort=id`;
                const { items } = (await b.get(`/api/v1/activities?${query}`))
                    .json;

                if (items.length === 0) break;
                for (const { id, title } of items) there.set(id, title);
            }
            assert.deepEqual([...there], [...known]);
            await b.stop();
        } finally {
            await run('umount', ['-l', disk]); // a folder in use stays
        }
    });
});
