// SPDX-License-Identifier: MIT
// How long a refusal takes says nothing about the account.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { start, stopAll } from './appliance.mjs';
import { backends, combinations } from './servers.mjs';

const SAMPLES = 40;
// Two samples of 40 from one distribution lie further apart than this
// once in ten thousand times (Kolmogorov and Smirnov).
const APART = 0.49;

const password = 'a password for timing';
let hosts = 1;
function address() {
    hosts++;
    return `127.3.${hosts >> 8}.${hosts & 255}`;
}

// The greatest distance between the two empirical distribution functions.
function distance(a, b) {
    const below = (list, x) => list.filter((y) => y <= x).length / list.length;

    return Math.max(
        ...[...a, ...b].map((x) => Math.abs(below(a, x) - below(b, x))),
    );
}

test('timing: the test itself tells distributions apart', () => {
    const a = Array.from({ length: SAMPLES }, (_, i) => 10 + i / SAMPLES);

    assert.ok(distance(a, a) === 0);
    assert.ok(distance(a, a.map((x) => x + 0.6)) > APART);
});

for (const store of combinations.slice(0, 2))
    describe(`timing: ${store.name}`, () => {
        let a;

        before(async () => {
            const env = { ...(await backends(store)), PASSWORD_COST: '8' };

            a = await start({ env });
        });
        after(stopAll);

        async function account(i, more) {
            const email = `p${i}@example.org`;
            const body = { name: 'P', email, password, ...more };
            const made = await a.post('/api/v1/users', body);

            assert.equal(made.status, 201, made.text);
            return email;
        }

        async function took(email, given) {
            const got = await a.post(
                '/login',
                { email, password: given },
                { as: 'nobody', localAddress: address(), agent: false },
            );

            assert.equal(got.status, 401);
            return got.tookMs;
        }

        test('unknown, wrong, disabled, without, impossible', async () => {
            const kinds = {
                unknown: async (i) => [`nobody${i}@example.org`, 'wrong one'],
                wrong: async (i) => [await account(`w${i}`), 'wrong one'],
                disabled: async (i) => [
                    await account(`d${i}`, { active: false }),
                    password,
                ],
                without: async (i) => [
                    await account(`n${i}`, { password: null }),
                    'wrong one',
                ],
                impossible: async (i) => [`nobody${i}@example.org`, 'a\0b'],
            };
            const times = Object.fromEntries(
                Object.keys(kinds).map((kind) => [kind, []]),
            );

            // In turn, so that what else the machine does meets them alike.
            for (let i = 0; i < SAMPLES; i++)
                for (const [kind, make] of Object.entries(kinds))
                    times[kind].push(await took(...(await make(i))));
            for (const kind of Object.keys(kinds)) {
                const d = distance(times.unknown, times[kind]);

                assert.ok(d < APART, `${kind}: ${d.toFixed(2)} apart`);
            }
        });
    });
