// SPDX-License-Identifier: MIT
// The small REST at /users, exactly as API.md says, over every combination.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { newFolder, start, stopAll } from './appliance.mjs';
import { backends, combinations } from './servers.mjs';

for (const combination of combinations)
    describe(`users over ${combination.name}`, () => {
        let a;

        before(async () => {
            a = await start({ env: await backends(combination) });
        });
        after(stopAll);

        test('a life: POST, GET, PUT, DELETE', async () => {
            const empty = await a.get('/users');

            assert.equal(empty.status, 200);
            assert.deepEqual(empty.json, { source: 'database', data: [] });

            const ann = { name: 'Ann', email: 'ann@example.org' };
            const made = await a.post('/users', ann);

            assert.equal(made.status, 201);
            const { id } = made.json;

            assert.deepEqual(made.json, { id, ...ann });
            assert.equal(made.headers.location, `/users/${id}`);
            assert.deepEqual((await a.get(`/users/${id}`)).json, made.json);

            const first = await a.get('/users');
            const second = await a.get('/users');

            assert.deepEqual(first.json, {
                source: 'database',
                data: [{ id, ...ann }],
            });
            assert.deepEqual(second.json, { ...first.json, source: 'cache' });

            const put = await a.put(`/users/${id}`, { name: 'Anna' });

            assert.equal(put.status, 200);
            assert.deepEqual(put.json, { id, ...ann, name: 'Anna' });
            const fresh = await a.get('/users');

            assert.deepEqual(fresh.json.source, 'database');
            assert.deepEqual(fresh.json.data, [put.json]);

            const gone = await a.delete(`/users/${id}`);

            assert.equal(gone.status, 200);
            assert.deepEqual(Object.keys(gone.json), ['message']);
            assert.ok(gone.json.message.length > 3);
            assert.equal((await a.get(`/users/${id}`)).status, 404);
        });

        test('an unknown id is 404, for every method', async () => {
            const ids = ['999999', '0', '-1', 'x', '1x', '01', '1.0', '%31x'];

            ids.push('99999999999999999999', '%20');
            for (const id of ids) {
                const path = `/users/${id}`;

                assert.equal((await a.get(path)).status, 404, path);
                assert.equal((await a.put(path, { name: 'x' })).status, 404);
                assert.equal((await a.delete(path)).status, 404, path);
                const { json } = await a.get(path);

                assert.equal(json.status, 404);
                assert.deepEqual(json.data, {});
            }
        });

        test('what is wrong is told as for records', async () => {
            const bob = { name: 'Bob', email: 'bob@example.org' };

            assert.equal((await a.post('/users', bob)).status, 201);
            for (const [body, status, codes] of [
                [{}, 422, { name: 'required', email: 'required' }],
                [{ name: 'x' }, 422, { email: 'required' }],
                [{ ...bob, email: 'no' }, 422, { email: 'bad_email' }],
                [bob, 400, { email: 'not_unique' }],
                [{ ...bob, nam: 1, email: 'b@x.org' }, 422, { nam: 'unknown' }],
                [
                    {
                        name: 'x'.repeat(101),
                        email: `${'x'.repeat(115)}@x.org`,
                    },
                    422,
                    { name: 'too_long', email: 'too_long' },
                ],
                [
                    { ...bob, email: 'c@x.org', role: 'king' },
                    422,
                    {
                        role: 'not_an_option',
                    },
                ],
            ]) {
                const got = await a.post('/users', body);
                const found = {};

                for (const [name, { code }] of Object.entries(got.json.data))
                    found[name] = code;
                assert.equal(got.status, status, got.text);
                assert.deepEqual(found, codes);
            }
            const exactly = {
                name: 'x'.repeat(100),
                email: `${'x'.repeat(60)}@${'y'.repeat(55)}.org`,
            };

            assert.equal(exactly.email.length, 120);
            assert.equal((await a.post('/users', exactly)).status, 201);
        });

        test('they are the collection’s rows', async () => {
            const cy = { name: 'Cy', email: 'cy@example.org', role: 'admin' };
            const made = await a.post('/users', { ...cy, active: false });
            const full = await a.get(`/api/v1/users/${made.json.id}`);

            assert.equal(full.json.role, 'admin');
            assert.equal(full.json.active, false);
            assert.deepEqual(Object.keys(made.json), ['id', 'name', 'email']);
            const patch = { name: 'Cyd' };

            await a.patch(`/api/v1/users/${made.json.id}`, patch);
            assert.equal(
                (await a.get(`/users/${made.json.id}`)).json.name,
                'Cyd',
            );
        });

        test('a long list is gzipped, in order, at most 500', async () => {
            const post = (i) =>
                a.post('/users', { name: `N${i}`, email: `n${i}@example.org` });

            for (let i = 0; i < 520; i += 20)
                await Promise.all(
                    [...Array(20).keys()].map((j) => post(i + j)),
                );
            for (const source of ['database', 'cache']) {
                const got = await a.get('/users', {
                    headers: { 'accept-encoding': 'gzip' },
                });
                const ids = got.json.data.map(({ id }) => id);

                assert.equal(got.headers['content-encoding'], 'gzip');
                assert.match(got.headers.vary, /accept-encoding/i);
                assert.equal(got.json.source, source);
                assert.equal(ids.length, 500);
                assert.deepEqual(
                    ids,
                    [...ids].sort((x, y) => x - y),
                );
            }
            const next = await a.get('/users?page=2');

            assert.ok(next.json.data.length >= 20);
        });
    });

describe('users: where app.json has none', () => {
    after(stopAll);

    test('they are there, for administrators', async () => {
        const file = join(newFolder(), 'app.json');
        const fields = [{ name: 'n', type: 'int' }];
        const app = { collections: [{ name: 'things', fields }] };
        const ann = { name: 'Ann', email: 'ann@example.org' };

        writeFileSync(file, JSON.stringify(app));
        const a = await start({ env: { APP_FILE: file } });

        assert.equal((await a.get('/api/v1/things')).status, 200);
        const made = await a.post('/users', ann);

        assert.equal(made.status, 201, made.text);
        assert.deepEqual((await a.get('/users')).json.data, [made.json]);
        const one = await a.get(`/api/v1/users/${made.json.id}`);

        assert.equal(one.json.role, 'user');
        assert.equal(one.json.active, true);
        for (const [path, status] of [
            ['/users', 403],
            ['/api/v1/users', 403],
            ['/api/v1/things', 401],
        ]) {
            const as = 'nobody';
            const bob = { name: 'Bob', email: 'bob@example.org' };

            assert.equal((await a.get(path, { as })).status, 401, path);
            assert.equal((await a.post(path, bob, { as })).status, status, path);
        }
        assert.equal((await a.get('/users')).json.data.length, 1);
    });
});
