// SPDX-License-Identifier: MIT
// Writers at once, beside those of the other files: whatever the order they
// come in, each gets an answer of API.md and the rows are such as some order
// of them one after the other would leave.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { admin, expect, open, query, stores } from './api.mjs';
import { stopAll } from './appliance.mjs';

const path = '/api/v1/numbers';
const times = (n, make) => Promise.all([...Array(n)].map((_, i) => make(i)));
const statuses = (all) => all.map(({ status }) => status).sort();

for (const store of stores)
    describe(`API.md, Records: races, over ${store.name}`, () => {
        let a;
        let n = 0;

        before(async () => {
            a = await open(store);
        });
        after(stopAll);

        const made = async (collection, record) =>
            expect(await a.post(`/api/v1/${collection}`, record, admin), 201)
                .json;

        test('PUT of one that is missing: one creates, the others replace', async () => {
            for (let i = 0; i < 4; i++) {
                const one = `${path}/${9000 + i}`;
                const all = await times(30, (k) => a.put(one, { n: k }));

                assert.deepEqual(statuses(all), [...Array(29).fill(200), 201]);
                const { json, etag } = await a.get(one);

                assert.ok(
                    all.some(
                        (got) => got.etag === etag && got.json.n === json.n,
                    ),
                );
            }
        });

        test('PUT of one that is missing, If-None-Match: *: one creates', async () => {
            const all = await times(30, (k) =>
                a.put(
                    `${path}/9100`,
                    { n: k },
                    { headers: { 'if-none-match': '*' } },
                ),
            );

            assert.deepEqual(statuses(all), [201, ...Array(29).fill(412)]);
        });

        test('PATCH field+ at once, and in batches that cross: none is lost', async () => {
            const one = (await made('numbers', { n: 0 })).id;
            const two = (await made('numbers', { n: 0 })).id;
            const plus = (id) => ({
                method: 'PATCH',
                url: `${path}/${id}`,
                body: { 'n+': 1 },
            });
            const all = await times(40, (i) =>
                a.post('/api/v1/batch', {
                    requests:
                        i % 2 ? [plus(one), plus(two)] : [plus(two), plus(one)],
                }),
            );
            for (const got of all) expect(got, 200);
            for (const id of [one, two])
                assert.equal((await a.get(`${path}/${id}`)).json.n, 40);
        });

        test('one value by POST, PUT, PATCH, array and batch: one has it', async () => {
            for (let i = 0; i < 4; i++) {
                const code = `taken ${++n}`;
                const others = await times(10, () => made('numbers', {}));
                const ways = [
                    () => a.post(path, { code }),
                    (k) => a.put(`${path}/${9200 + 50 * i + k}`, { code }),
                    (k) => a.patch(`${path}/${others[k % 10].id}`, { code }),
                    () => a.post(path, [{ n: 1 }, { code }]),
                    () =>
                        a.post('/api/v1/batch', {
                            requests: [
                                { method: 'POST', url: path, body: { code } },
                            ],
                        }),
                ];
                const all = await times(50, (k) =>
                    ways[k % 5]((k - (k % 5)) / 5),
                );
                const lost = all.filter(({ status }) => status === 400);

                assert.ok(all.length - lost.length >= 1);
                for (const { json } of lost)
                    assert.equal(
                        Object.values(json.data)[0].code,
                        'not_unique',
                    );
                const filter = query({ filter: `code = '${code}'` });
                const found = (await a.get(`${path}?${filter}`)).json;

                assert.equal(found.totalItems, 1);
            }
        });

        test('PATCH of two that lead to each other: neither waits for long', async () => {
            const one = (await made('people', { name: 'one' })).id;
            const two = (await made('people', { name: 'two' })).id;
            const all = await times(40, (i) =>
                a.patch(`/api/v1/people/${i % 2 ? one : two}`, {
                    manager: i % 2 ? two : one,
                    born: `2000-01-${10 + (i % 20)}`,
                }),
            );

            for (const got of all) expect(got, 200);
        });

        test('DELETE and restore at once: there, or in the trash', async () => {
            const { id } = await made('people', {
                name: 'to and fro',
                department: 'guests',
            });
            const one = `/api/v1/people/${id}`;
            const all = await times(40, (i) =>
                i % 2 ? a.delete(one) : a.post(`${one}/restore`),
            );

            for (const { status } of all)
                assert.ok([200, 204, 404].includes(status), `${status}`);
            const gone = all.filter(({ status }) => status === 204).length;
            const back = all.filter(({ status }) => status === 200).length;
            const { status } = await a.get(one);

            assert.equal(gone - back, status === 404 ? 1 : 0);
            const { items } = (await a.get(`${one}/history?perPage=99`, admin))
                .json;

            assert.equal(items.length, 1 + gone + back, 'each in the trail');
        });

        test('a parent that goes while records come to lead to it', async () => {
            for (let i = 0; i < 8; i++) {
                const purge = i % 2 ? '?purge=1' : '';
                const { id } = await made('people', {
                    name: `parent ${i}`,
                    department: 'guests',
                });
                const [gone, ...all] = await times(12, (k) =>
                    k === 0
                        ? a.delete(`/api/v1/people/${id}${purge}`, admin)
                        : a.post('/api/v1/evaluations', {
                              name: `of ${id}`,
                              person: id,
                          }),
                );

                expect(gone, 204);
                for (const { status } of all)
                    assert.ok([201, 422].includes(status), `${status}`);
                const filter = query({ filter: `name = 'of ${id}'` });
                const { items } = (await a.get(`/api/v1/evaluations?${filter}`))
                    .json;

                assert.equal(
                    items.length,
                    all.filter(({ status }) => status === 201).length,
                );
                for (const { person } of items) assert.equal(person, null);
            }
        });

        test('counts, search and computed fields: in step after all that', async () => {
            const total = async (collection, parameters) =>
                (
                    await a.get(
                        `/api/v1/${collection}?${query(parameters)}`,
                        admin,
                    )
                ).json.totalItems;
            const person = await made('people', { name: 'busy wombat' });

            await times(30, async (i) => {
                const { id } = await made('evaluations', {
                    name: `busy ${i}`,
                    person: person.id,
                    mark: i % 20,
                });

                if (i % 3 === 0)
                    expect(
                        await a.delete(`/api/v1/evaluations/${id}`, admin),
                        204,
                    );
            });
            const one = (await a.get(`/api/v1/people/${person.id}`)).json;

            assert.equal(one.evaluations, 20);
            assert.equal(await total('people', { search: 'wombat' }), 1);
            for (const collection of ['people', 'evaluations', 'numbers'])
                assert.equal(
                    await total(collection, { perPage: 1 }),
                    await total(collection, { perPage: 1, filter: 'id > 0' }),
                    collection,
                );
        });
    });
