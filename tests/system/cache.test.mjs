// SPDX-License-Identifier: MIT
// Two appliances on the same servers: what one writes, the other reads.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { start, stopAll } from './appliance.mjs';
import { ownRedis, postgres } from './servers.mjs';

async function two(env) {
    return Promise.all([start({ env }), start({ env })]);
}

describe('cache: two appliances, PostgreSQL and Redis', () => {
    after(stopAll);

    test('a write through one is seen through the other', async () => {
        const DATABASE_URL = await (await postgres()).database();
        const [a, b] = await two({
            DATABASE_URL,
            REDIS_URL: (await ownRedis()).url,
        });
        const user = { name: 'Ann', email: 'ann@example.org' };
        const { id } = (await a.post('/api/v1/users', user)).json;

        assert.equal((await b.get(`/api/v1/users/${id}`)).json.name, 'Ann');
    });
});
