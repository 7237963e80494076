// SPDX-License-Identifier: MIT
// What the records of API.md must withstand: names that are not known, lists
// that change while they are read, many writers of one value.
import assert from 'node:assert/strict';
import https from 'node:https';
import { after, before, describe, test } from 'node:test';

import { admin, expect, open, query, rows, stores } from './api.mjs';
import { start, stopAll } from './appliance.mjs';

for (const store of stores)
    describe(`API.md, Records: withstands, over ${store.name}`, () => {
        let a;

        before(async () => {
            a = await open(store);
        });
        after(stopAll);

        test('unknown collection: named, with the nearest known name', async () => {
            const requests = [
                { method: 'POST', url: '/api/v1/peolpe', body: {} },
            ];

            for (const got of [
                await a.get('/api/v1/peolpe'),
                await a.get('/api/v1/peolpe/1'),
                await a.get('/api/v1/peolpe/1/history'),
                await a.post('/api/v1/peolpe', {}),
                await a.post('/api/v1/peolpe/1/restore'),
                await a.patch('/api/v1/peolpe/1', {}),
                await a.put('/api/v1/peolpe/1', {}),
                await a.delete('/api/v1/peolpe/1'),
                await a.get('/api/collections/peolpe/records'),
                await a.post('/api/v1/batch', { requests }),
            ]) {
                const { message } = expect(got, 404).json;

                assert.match(message, /\bpeolpe\b.*\bpeople\b/, got.text);
            }
        });

        test('unknown collection: none that the caller may not know', async () => {
            for (const name of ['drawers', 'valut']) {
                const path = `/api/v1/${name}`;
                const text = (await a.get(path)).text.replace(name, '');

                assert.ok(!/drawer|vault/.test(text), text);
                assert.match(
                    expect(await a.get(path, admin), 404).json.message,
                    /mean (drawer|vault)\?/,
                );
            }
        });

        test('unknown field: named, with the nearest known name', async () => {
            const write = { deparment: 'x' };
            const path = '/api/v1/people';
            const on = `${path}?on=emial`;

            for (const [got, status] of [
                [await a.post(path, { name: 'x', ...write }), 422],
                [await a.post(path, [{ name: 'x', ...write }]), 422],
                [await a.patch(`${path}/1`, write), 422],
                [await a.patch(`${path}/1`, { 'deparment+': 'x' }), 422],
                [await a.put(`${path}/1`, { name: 'x', ...write }), 422],
                [
                    await a.post('/api/v1/batch', {
                        requests: [{ method: 'POST', url: path, body: write }],
                    }),
                    422,
                ],
            ]) {
                const wrong = Object.entries(expect(got, status).json.data);
                const [name, { message }] = wrong.find(([key]) =>
                    key.includes('deparment'),
                );

                assert.match(name, /deparment/);
                assert.match(message, /\bdepartment\b/);
            }
            assert.match(
                expect(await a.post(on, { name: 'x' }), 400).json.data.on
                    .message,
                /\bemail\b/,
            );
        });

        test('unknown field in a parameter: named, with the nearest', async () => {
            for (const [collection, parameters, nearest] of [
                ['people', { filter: "deparment = 'x'" }, 'department'],
                ['people', { filter: "manager.deparment = 'x'" }, 'department'],
                ['people', { filter: "managr.name = 'x'" }, 'manager'],
                ['people', { sort: '-deparment' }, 'department'],
                ['people', { fields: 'id,deparment' }, 'department'],
                ['people', { expand: 'managr' }, 'manager'],
                ['people', { expand: 'manager.tgas' }, 'tags'],
                ['people', { expand: 'evaluation_via_person' }, 'evaluations_'],
                ['evaluations', { aggregate: 'avg(makr)' }, 'mark'],
                [
                    'evaluations',
                    { aggregate: 'count', groupBy: 'deparment' },
                    'department',
                ],
            ]) {
                const text = query(parameters);
                const got = await a.get(`/api/v1/${collection}?${text}`);
                const [said] = Object.values(expect(got, 400).json.data);
                const wrong = /\w*(deparment|managr|tgas|evaluation_|makr)/;

                assert.match(said.message, wrong, text);
                assert.match(said.message, new RegExp(nearest), text);
            }
        });

        test('unknown parameter: named, with the nearest known name', async () => {
            const path = '/api/v1/people';

            for (const [got, wrong, nearest] of [
                [await a.get(`${path}?flter=1`), 'flter', 'filter'],
                [await a.get(`${path}?per_page=1`), 'per_page', 'perPage'],
                [await a.get(`${path}?skiptotal=1`), 'skiptotal', 'skipTotal'],
                [await a.get(`${path}?groupby=1`), 'groupby', 'groupBy'],
                [await a.get(`${path}/1?field=id`), 'field', 'fields'],
                [await a.get(`${path}/1/history?pge=1`), 'pge', 'page'],
                [await a.post(`${path}?exapnd=a`, {}), 'exapnd', 'expand'],
                [await a.patch(`${path}/1?feilds=a`, {}), 'feilds', 'fields'],
                [await a.put(`${path}/1?feilds=a`, {}), 'feilds', 'fields'],
                [await a.delete(`${path}/1?pruge=1`, admin), 'pruge', 'purge'],
            ]) {
                const { data } = expect(got, 400).json;

                assert.deepEqual(Object.keys(data), [wrong]);
                assert.equal(data[wrong].code, 'unknown');
                assert.match(
                    data[wrong].message,
                    new RegExp(`\\b${nearest}\\b`),
                );
            }
            expect(await a.get(`${path}/1`), 200);
        });

        test('cursors while rows come and go: what stays is seen once', async () => {
            const path = '/api/v1/numbers';
            const filter = "code ~ 'stay%' || code ~ 'come%' || code ~ 'go%'";
            const row = (kind, i) => ({ code: `${kind} ${i}`, n: i % 9 });
            const make = async (kind, n) =>
                expect(
                    await a.post(
                        path,
                        [...Array(n)].map((_, i) => row(kind, i)),
                    ),
                    201,
                ).json.map(({ id }) => id);
            let came = 0;

            for (const sort of ['id', '-n', 'n,-code', '-updated,code']) {
                const go = await make('go', 120);
                const stay = await make('stay', 200);
                const gone = new Set();
                const seen = [];
                let cursor = '';
                let page = 0;

                // Between any two pages some go, before and behind the place.
                const churn = () =>
                    Promise.all([
                        ...go.splice(-3).map((id) => {
                            gone.add(id);
                            return a.delete(`${path}/${id}`);
                        }),
                        ...go.splice(0, 3).map((id) => {
                            gone.add(id);
                            return a.delete(`${path}/${id}`);
                        }),
                        a.post(path, row('come', ++came)),
                        a.post(path, { code: `come -${came}`, n: null }),
                    ]);

                while (cursor !== null) {
                    assert.ok(++page < 60, 'it comes to an end');
                    const text = query({ filter, sort, perPage: 15, cursor });
                    const got = expect(await a.get(`${path}?${text}`), 200);

                    for (const { id } of got.json.items)
                        assert.ok(!gone.has(id), 'one that had gone');
                    seen.push(...got.json.items.map(({ id }) => id));
                    cursor = got.json.next;
                    for (const made of await churn())
                        assert.ok([201, 204].includes(made.status), made.text);
                }
                assert.equal(new Set(seen).size, seen.length, 'none twice');
                const staying = seen.filter((id) => stay.includes(id));

                assert.equal(staying.length, stay.length, `none left: ${sort}`);
                const left = await a.get(
                    `${path}?${query({ filter, sort, perPage: 500 })}`,
                );
                const order = left.json.items
                    .map(({ id }) => id)
                    .filter((id) => stay.includes(id));

                assert.deepEqual(staying, order, sort);
                await clear(left.json.items);
            }
        });

        const clear = async (items) => {
            const requests = items.map(({ id }) => ({
                method: 'DELETE',
                url: `/api/v1/numbers/${id}`,
            }));

            while (requests.length > 0)
                expect(
                    await a.post('/api/v1/batch', {
                        requests: requests.splice(0, 200),
                    }),
                    200,
                );
        };

        test('a cursor whose own row is gone goes on behind it', async () => {
            const path = '/api/v1/numbers';
            const made = await a.post(
                path,
                [...Array(9)].map((_, i) => ({ code: `row ${i}`, n: 1 })),
            );
            const ids = made.json.map(({ id }) => id);
            const ask = async (cursor) =>
                expect(
                    await a.get(
                        `${path}?${query({
                            filter: "code ~ 'row%'",
                            sort: 'n,-code',
                            perPage: 3,
                            cursor,
                        })}`,
                    ),
                    200,
                ).json;
            const first = await ask('');

            for (const { id } of first.items)
                expect(await a.delete(`${path}/${id}`), 204);
            assert.deepEqual(
                (await ask(first.next)).items.map(({ id }) => id),
                ids.slice(3, 6).reverse(),
            );
        });

        test('a batch that fails in its last request leaves nothing', async () => {
            const total = async (collection) =>
                (await a.get(`/api/v1/${collection}`, admin)).json.totalItems;
            const trail = async () =>
                (await a.get('/api/v1/people/1/history')).json.totalItems;
            const count = async () => [
                await total('people'),
                await total('numbers'),
                await total('evaluations'),
                await trail(),
                (await a.get('/api/v1/people?search=nothing')).json.totalItems,
            ];
            const was = await count();
            const one = (await a.get('/api/v1/people/1')).text;
            const requests = [
                ['POST', 'people', { name: 'nothing', tags: [1] }],
                ['POST', 'evaluations', { person: '@0.id', mark: 1 }],
                ['PATCH', 'people/1', { born: '1970-01-01', 'tags-': 1 }],
                ['PUT', 'numbers/90000', { code: 'nothing' }],
                ['POST', 'people', { name: 'nothing', email: 'bob@y.org' }],
            ].map(([method, url, body]) => ({
                method,
                url: `/api/v1/${url}`,
                body,
            }));
            const got = await a.post('/api/v1/batch', { requests });

            assert.equal(
                expect(got, 400).json.data['4.email'].code,
                'not_unique',
            );
            assert.deepEqual(await count(), was);
            assert.equal((await a.get('/api/v1/people/1')).text, one);
            expect(await a.get('/api/v1/numbers/90000'), 404);
        });
    });

describe('API.md, Records: withstands, two instances', () => {
    after(stopAll);

    test('1,000 concurrent creates on one unique value: one 201, 999 × 400 not_unique', async () => {
        const one = await open(stores[1], { tags: rows.tags });
        const two = await start({ env: { ...one.env, DATA_DIR: undefined } });
        const agent = new https.Agent({
            keepAlive: true,
            maxSockets: 100,
            rejectUnauthorized: false,
        });
        const body = { code: 'the same' };
        const all = await Promise.all(
            [...Array(1000)].map((_, i) =>
                (i % 2 ? one : two).post('/api/v1/numbers', body, { agent }),
            ),
        );
        const made = all.filter(({ status }) => status === 201);
        const lost = all.filter(({ status }) => status === 400);

        agent.destroy();
        assert.equal(made.length, 1);
        assert.equal(lost.length, 999);
        for (const { json } of lost)
            assert.equal(json.data.code.code, 'not_unique');
        for (const a of [one, two])
            assert.equal((await a.get('/api/v1/numbers')).json.totalItems, 1);
    });
});
