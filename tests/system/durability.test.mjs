// SPDX-License-Identifier: MIT
// What was acknowledged is there afterwards, whatever happened.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

import { newFolder, sleep, start, stopAll } from './appliance.mjs';
import { postgres } from './servers.mjs';

// Writers that go on until the appliance is gone. Resolves to the names that
// were acknowledged, by id, and those whose fate nobody was told.
async function writeUntilKilled(a, n, ms) {
    const known = new Map();
    const unknown = new Set();
    const writer = async (w) => {
        for (let i = 0; ; i++) {
            const name = `w${w}-${i}`;
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

describe('durability', () => {
    after(stopAll);

    const stores = {
        SQLite: () => `sqlite:${join(newFolder(), 'app.db')}`,
        PostgreSQL: async () => (await postgres()).database(),
    };

    for (const [name, store] of Object.entries(stores))
        test(`kill -9 among writes: ${name} has all it said`, async () => {
            const env = { DATABASE_URL: await store() };
            const a = await start({ env });
            const { known, unknown } = await writeUntilKilled(a, 8, 700);
            const b = await start({ env });
            const there = new Map();

            for (const user of await allUsers(b)) there.set(user.id, user.name);
            assert.ok(known.size > 20, `only ${known.size} writes`);
            for (const [id, user] of known) assert.equal(there.get(id), user);
            for (const [id, user] of there)
                assert.ok(known.has(id) || unknown.has(user), user);
            await b.stop();
        });
});
