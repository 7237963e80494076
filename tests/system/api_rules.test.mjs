// SPDX-License-Identifier: MIT
// API.md, Records: rules of collections and of fields, sentence by sentence.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { admin, expect, names, open, query, stores } from './api.mjs';
import { stopAll } from './appliance.mjs';

const bearer = 'Bearer realm="appliance"';

for (const store of stores)
    describe(`API.md, Records: rules, over ${store.name}`, () => {
        let a;
        let n = 0;

        before(async () => {
            a = await open(store);
            for (const collection of ['drawer', 'vault'])
                await make(collection, { text: 'kept' });
        });
        after(stopAll);

        const make = async (collection, record) =>
            expect(await a.post(`/api/v1/${collection}`, record, admin), 201)
                .json;
        const person = (more) =>
            make('people', { name: `person ${++n}`, ...more });
        const list = async (collection, parameters, options) =>
            expect(
                await a.get(
                    `/api/v1/${collection}?${query(parameters)}`,
                    options,
                ),
                200,
            );

        test('null nobody but administrators', async () => {
            const path = '/api/v1/drawer';

            assert.deepEqual((await a.get(path)).json.items, []);
            expect(await a.get(`${path}/1`), 404);
            expect(await a.post(path, { text: 'x' }), 403);
            expect(await a.patch(`${path}/1`, { text: 'x' }), 404);
            expect(await a.put(`${path}/1`, { text: 'x' }), 403);
            expect(await a.put(`${path}/2`, { text: 'x' }), 403);
            expect(await a.delete(`${path}/1`), 404);
            assert.equal((await a.get(path, admin)).json.totalItems, 1);
            assert.equal((await a.get(`${path}/1`, admin)).json.text, 'kept');
            const { id } = await make('drawer', { text: 'x' });

            expect(await a.patch(`${path}/${id}`, { text: 'y' }, admin), 200);
            expect(await a.put(`${path}/${id}`, { text: 'z' }, admin), 200);
            expect(await a.delete(`${path}/${id}`, admin), 204);
        });

        test('"" anyone', async () => {
            const path = '/api/v1/numbers';
            const { id } = expect(await a.post(path, { n: 1 }), 201).json;
            const one = `${path}/${id}`;

            assert.equal((await a.get(path)).json.totalItems, 1);
            expect(await a.get(one), 200);
            expect(await a.patch(one, { n: 2 }), 200);
            expect(await a.put(one, { n: 3 }), 200);
            expect(await a.delete(one), 204);
        });

        test('else an expression over the record', async () => {
            const { id } = await person({ department: 'guests' });
            const path = `/api/v1/people/${id}`;

            expect(await a.patch(path, { born: '2000-01-01' }), 200);
            expect(await a.patch(path, { status: 'away' }), 200);
            expect(await a.patch(path, { status: 'active' }), 403);
            expect(await a.delete(path), 204);
            expect(await a.delete('/api/v1/people/1'), 403);
        });

        test('… and @user, @request.body.*', async () => {
            const path = '/api/v1/people';

            expect(await a.post(path, { name: 'x' }), 201);
            const no = await a.post(path, { name: 'x', department: 'board' });

            assert.deepEqual(expect(no, 403).json.data, {});
            expect(
                await a.post(path, { name: 'x', department: 'board' }, admin),
                201,
            );
            assert.ok(!('salary' in (await a.get(`${path}/1`)).json));
        });

        test('who may not create learns nothing of what is there', async () => {
            const taken = { name: 'x', email: 'ann@x.org' };
            const no = { ...taken, department: 'board' };

            expect(await a.post('/api/v1/people', taken), 400);
            expect(await a.post('/api/v1/people', no), 403);
        });

        test('not allowed to list: an empty page', async () => {
            assert.deepEqual(
                (await list('drawer', { sort: '-text', perPage: 7 })).json,
                {
                    page: 1,
                    perPage: 7,
                    totalItems: 0,
                    totalPages: 0,
                    items: [],
                },
            );
            const page = await list('evaluations', { sort: 'id' });

            assert.deepEqual(names(page), ['first', 'second', 'third', 'none']);
            assert.equal(page.json.totalItems, 4);
            assert.equal(
                (await list('evaluations', {}, admin)).json.totalItems,
                5,
            );
        });

        test('not allowed to see: 404', async () => {
            const get = (id, options) =>
                a.get(`/api/v1/evaluations/${id}`, options);

            const hidden = expect(await get(4), 404);
            const none = expect(await get(4444), 404);

            assert.deepEqual(hidden.json, none.json);
            expect(await get(4, admin), 200);
            for (const method of ['PATCH', 'PUT', 'DELETE'])
                expect(
                    await a.ask(method, '/api/v1/evaluations/4', {
                        json: method === 'DELETE' ? undefined : { mark: 20 },
                    }),
                    404,
                );
            assert.equal((await get(4, admin)).json.mark, 1);
        });

        test('not allowed to create or change: 403', async () => {
            expect(await a.post('/api/v1/tags', { name: 'x' }), 403);
            expect(await a.patch('/api/v1/tags/1', { name: 'x' }), 403);
            expect(await a.put('/api/v1/tags/1', { name: 'x' }), 403);
            expect(await a.patch('/api/v1/people/3', { born: null }), 403);
            assert.equal((await a.get('/api/v1/tags/1')).json.name, 'red');
        });

        test('without rules: for administrators', async () => {
            for (const got of [
                await a.get('/api/v1/vault'),
                await a.get('/api/v1/vault/1'),
                await a.post('/api/v1/vault', { text: 'x' }),
                await a.patch('/api/v1/vault/1', { text: 'x' }),
                await a.delete('/api/v1/vault/1'),
            ]) {
                expect(got, 401);
                assert.equal(got.headers['www-authenticate'], bearer);
            }
            assert.equal(
                (await a.get('/api/v1/vault/1', admin)).json.text,
                'kept',
            );
        });

        test('fields: who may not read it does not get it', async () => {
            for (const path of [
                '/api/v1/people',
                '/api/v1/people/1',
                '/api/v1/people?search=ann',
                '/api/v1/people/2?expand=manager',
                '/api/v1/evaluations?expand=person',
                '/api/v1/people/1/history',
                '/api/v1/schema',
                '/api/openapi.json',
                '/api/collections/people/records/1',
            ]) {
                assert.ok(!(await a.get(path)).text.includes('salary'), path);
                const full = (await a.get(path, admin)).text;

                assert.ok(full.includes('salary'), path);
            }
            const made = await a.post('/api/v1/people', { name: 'x' });

            assert.ok(!expect(made, 201).text.includes('salary'));
        });

        test('fields: … nor guesses it letter by letter', async () => {
            for (const parameters of [
                { filter: 'salary > 1000' },
                { filter: 'salary = null' },
                { filter: 'manager.salary > 1000' },
                { filter: 'people_via_manager.salary ?> 1000' },
                { filter: "pin ~ '1%'" },
                { sort: 'salary' },
                { sort: '-manager.salary' },
                { aggregate: 'max(salary)' },
                { aggregate: 'count', groupBy: 'salary' },
                { fields: 'salary' },
                { filter: 'salry > 1' },
                { sort: 'salry' },
            ]) {
                const text = query(parameters);
                const got = await a.get(`/api/v1/people?${text}`);

                expect(got, 400);
                assert.ok(!/mean \W*(salary|pin)\b/.test(got.text), got.text);
            }
        });

        test('fields: who may not write it gets 403 naming it', async () => {
            const { id } = await person({ salary: 10, badge: 3 });
            const path = `/api/v1/people/${id}`;

            for (const name of ['salary', 'badge'])
                for (const got of [
                    await a.post('/api/v1/people', { name: 'x', [name]: 1 }),
                    await a.patch(path, { [name]: 1 }),
                    await a.patch(path, { [`${name}+`]: 1 }),
                    await a.put(path, { name: 'x', [name]: 1 }),
                ]) {
                    const { data } = expect(got, 403).json;

                    assert.equal(
                        (data[name] ?? data[`${name}+`]).code,
                        'forbidden',
                    );
                }
            const { salary, badge } = (await a.get(path, admin)).json;

            assert.deepEqual([salary, badge], [10, 3]);
        });

        test('fields: PUT leaves what its sender may not write', async () => {
            const one = await person({ salary: 10, badge: 3 });
            const path = `/api/v1/people/${one.id}`;

            expect(await a.put(path, { name: 'replaced' }), 200);
            const { name, salary, badge } = (await a.get(path, admin)).json;

            assert.deepEqual([name, salary, badge], ['replaced', 10, 3]);
        });

        test('a batch is under the rules of each of its requests', async () => {
            const batch = (requests) =>
                a.post('/api/v1/batch', {
                    requests: requests.map(([method, url, body]) => ({
                        method,
                        url: `/api/v1/${url}`,
                        body,
                    })),
                });
            const good = ['POST', 'numbers', { n: 77 }];

            expect(await batch([good, ['POST', 'tags', {}]]), 403);
            expect(await batch([good, ['DELETE', 'people/1']]), 403);
            expect(await batch([good, ['PATCH', 'drawer/1', {}]]), 404);
            expect(await batch([good, ['POST', 'vault', {}]]), 401);
            const { data } = expect(
                await batch([good, ['PATCH', 'people/1', { salary: 1 }]]),
                403,
            ).json;

            assert.deepEqual(Object.keys(data), ['1.salary']);
            assert.equal(
                (await list('numbers', { filter: 'n = 77' })).json.totalItems,
                0,
            );
        });
    });
