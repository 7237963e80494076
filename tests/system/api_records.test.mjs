// SPDX-License-Identifier: MIT
// API.md, Records: its table of paths, a test a row, and what records carry.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { admin, app, expect, names, open, stores } from './api.mjs';
import { newFolder, start, stopAll } from './appliance.mjs';

const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const now = (text) => Math.abs(Date.parse(text) - Date.now()) < 60000;

for (const store of stores)
    describe(`API.md, Records: paths, over ${store.name}`, () => {
        let a;
        let n = 0;

        before(async () => {
            a = await open(store);
        });
        after(stopAll);

        const guest = async (more) =>
            expect(
                await a.post(
                    '/api/v1/people',
                    { name: `guest ${++n}`, department: 'guests', ...more },
                    admin,
                ),
                201,
            ).json;

        test('GET /api/v1/{collection}: list', async () => {
            const got = expect(await a.get('/api/v1/tags?sort=name'), 200);

            assert.equal(got.headers['content-type'], 'application/json');
            assert.deepEqual(names(got), ['blue', 'red', 'secret']);
        });

        test('POST /api/v1/{collection}: create → 201, Location, the record', async () => {
            const made = expect(
                await a.post('/api/v1/people', {
                    name: 'Zoé 😀',
                    email: 'zoe@example.org',
                    born: '2000-02-29',
                    manager: 1,
                    tags: [2, 1],
                }),
                201,
            );
            const { id, created, updated, ...rest } = made.json;

            assert.equal(made.headers.location, `/api/v1/people/${id}`);
            assert.equal(made.etag, '"v1"');
            assert.deepEqual(rest, {
                collectionName: 'people',
                name: 'Zoé 😀',
                email: 'zoe@example.org',
                status: 'active',
                department: null,
                badge: null,
                born: '2000-02-29',
                manager: 1,
                tags: [2, 1],
                evaluations: 0,
                mark: null,
            });
            assert.ok(created === updated && now(created), created);
            const read = expect(await a.get(made.headers.location), 200);

            assert.deepEqual(read.json, made.json);
        });

        test('GET /api/v1/{collection}/{id}: one', async () => {
            const got = expect(await a.get('/api/v1/tags/2'), 200).json;

            assert.equal(got.id, 2);
            assert.equal(got.name, 'blue');
            for (const id of ['99', '0', '-1', 'x', '9223372036854775808'])
                expect(await a.get(`/api/v1/tags/${id}`), 404);
        });

        test('PATCH /api/v1/{collection}/{id}: change the fields given', async () => {
            const { id, ...was } = await guest({ email: 'old@example.org' });
            const path = `/api/v1/people/${id}`;
            const got = expect(
                await a.patch(
                    path,
                    { born: '1999-12-31', status: 'away' },
                    admin,
                ),
                200,
            );

            assert.deepEqual(got.json, {
                id,
                ...was,
                born: '1999-12-31',
                status: 'away',
                updated: got.json.updated,
            });
            assert.ok(got.json.updated >= was.updated);
            assert.deepEqual((await a.get(path, admin)).json, got.json);
            expect(await a.patch('/api/v1/people/99999', {}), 404);
        });

        test('PUT /api/v1/{collection}/{id}: replace', async () => {
            const { id, created } = await guest({ email: 'put@example.org' });
            const path = `/api/v1/people/${id}`;
            const got = expect(await a.put(path, { name: 'replaced' }), 200);

            assert.equal(got.json.id, id);
            assert.equal(got.json.created, created);
            assert.equal(got.json.name, 'replaced');
            assert.equal(got.json.email, null, 'what is not given is gone');
            assert.equal(got.json.status, 'active', 'the default again');
            assert.deepEqual((await a.get(path)).json, got.json);
        });

        test('PUT /api/v1/{collection}/{id}: create when missing', async () => {
            const path = `/api/v1/numbers/7000`;
            const made = expect(await a.put(path, { code: 'put' }), 201);

            assert.equal(made.json.id, 7000);
            assert.equal(made.headers.location, path);
            expect(await a.put(path, { code: 'again' }), 200);
            assert.equal((await a.get(path)).json.code, 'again');
        });

        test('DELETE /api/v1/{collection}/{id}: delete → 204', async () => {
            const { id } = (await a.post('/api/v1/numbers', {})).json;
            const path = `/api/v1/numbers/${id}`;
            const gone = expect(await a.delete(path), 204);

            assert.equal(gone.text, '');
            expect(await a.get(path), 404);
            expect(await a.delete(path), 404);
            expect(await a.post(`${path}/restore`, undefined, admin), 404);
        });

        test('DELETE: to the trash, where the collection keeps one', async () => {
            const { id, name } = await guest({ email: 'trash@example.org' });
            const path = `/api/v1/people/${id}`;
            const filter = `filter=name='${name.replace(' ', '%20')}'`;
            const seen = async (more, options) =>
                names(
                    expect(
                        await a.get(`/api/v1/people?${filter}${more}`, options),
                        200,
                    ),
                );

            expect(await a.delete(path), 204);
            expect(await a.get(path), 404);
            assert.deepEqual(await seen(''), []);
            assert.deepEqual(await seen('&trash=1', admin), [name]);
            assert.equal(
                expect(await a.get(`${path}?trash=1`, admin), 200).json.id,
                id,
            );
            await guest({ email: 'trash@example.org' }); // free again
        });

        test('POST /api/v1/{collection}/{id}/restore: out of the trash', async () => {
            const one = await guest();
            const path = `/api/v1/people/${one.id}`;

            expect(await a.post(`${path}/restore`, undefined, admin), 404);
            expect(await a.delete(path), 204);
            const back = expect(await a.post(`${path}/restore`), 200).json;

            assert.equal(back.name, one.name);
            assert.equal((await a.get(path)).json.name, one.name);
            assert.ok((await a.get(path)).json.created === one.created);
        });

        test('GET /api/v1/{collection}/{id}/history: its audit trail', async () => {
            const { id } = await guest();
            const path = `/api/v1/people/${id}`;

            await a.patch(path, { born: '2001-01-01', pin: '4711' });
            await a.delete(path);
            await a.post(`${path}/restore`);
            const got = expect(await a.get(`${path}/history`, admin), 200);
            const entries = got.json.items;

            assert.deepEqual(
                entries.map(({ action }) => action),
                ['restore', 'delete', 'update', 'create'],
            );
            assert.equal(got.json.totalItems, 4);
            assert.equal(entries[2].before.born, null);
            assert.equal(entries[2].after.born, '2001-01-01');
            for (const { at, address } of entries) {
                assert.match(at, time);
                assert.equal(address, '127.0.0.1');
            }
            assert.deepEqual(entries[3].user, { id: null, name: 'key:1' });
            assert.ok(!got.text.includes('4711'));
        });

        const batch = (...requests) =>
            a.post('/api/v1/batch', {
                requests: requests.map(([method, url, body]) => ({
                    method,
                    url: `/api/v1/${url}`,
                    body,
                })),
            });

        test('POST /api/v1/batch: several of the above, over several collections', async () => {
            const gone = await guest();
            const got = expect(
                await batch(
                    ['POST', 'people', { name: 'in a batch' }],
                    ['POST', 'evaluations', { name: 'e', person: '@0.id' }],
                    ['PATCH', 'evaluations/@1.id', { mark: 3.25 }],
                    ['PUT', 'numbers/8000', { code: 'batch' }],
                    ['DELETE', `people/${gone.id}`],
                    ['POST', `people/${gone.id}/restore`],
                ),
                200,
            ).json;

            assert.equal(got[1].body.person, got[0].body.id);
            assert.equal(got[2].body.id, got[1].body.id);
            assert.equal(got[2].body.mark, 3.25);
            assert.equal(got[3].body.id, 8000);
            assert.equal(got[5].body.id, gone.id);
            const { id } = got[1].body;
            const read = await a.get(`/api/v1/evaluations/${id}`);

            assert.deepEqual(read.json, got[2].body);
        });

        test('batch: the answer gives a status and a body for each', async () => {
            const got = expect(
                await batch(
                    ['POST', 'numbers', { code: 'b1' }],
                    ['PATCH', 'numbers/@0.id', { n: 1 }],
                    ['DELETE', 'numbers/@0.id'],
                ),
                200,
            ).json;

            assert.deepEqual(
                got.map(({ status }) => status),
                [201, 200, 204],
            );
            for (const one of got)
                assert.deepEqual(Object.keys(one), ['status', 'body']);
            assert.equal(got[0].body.code, 'b1');
            assert.equal(got[1].body.n, 1);
            assert.equal(got[2].body, null);
        });

        test('batch: in one transaction: all or nothing', async () => {
            const path = '/api/v1/numbers?filter=code~%27all-%25%27';

            for (const [last, status] of [
                [['POST', 'numbers', { code: 'all-0' }], 400],
                [['POST', 'numbers', { n: 'x' }], 422],
                [['PATCH', 'numbers/999999', {}], 404],
                [['POST', 'tags', { name: 'x' }], 403],
                [['POST', 'nombers', {}], 404],
                [['GET', 'numbers/999999'], 404],
            ]) {
                const got = expect(
                    await batch(
                        ['POST', 'numbers', { code: 'all-0' }],
                        ['POST', 'evaluations', { name: 'all-1' }],
                        last,
                    ),
                    status,
                );

                assert.match(got.json.message, /^request 2 of the batch: /);
                assert.deepEqual((await a.get(path)).json.items, []);
            }
            const left = await a.get('/api/v1/evaluations?search=&sort=-id');

            assert.ok(!names(left).includes('all-1'));
        });

        test('GET /api/v1/schema: the collections the caller may see', async () => {
            const seen = async (options) =>
                expect(
                    await a.get('/api/v1/schema', options),
                    200,
                ).json.collections.map(({ name }) => name);

            assert.deepEqual(await seen(), [
                'people',
                'evaluations',
                'tags',
                'numbers',
            ]);
            assert.deepEqual(
                await seen(admin),
                [...app.collections.map(({ name }) => name), 'users'],
            );
        });

        test('schema: fields, types, bounds, rules in effect', async () => {
            const of = async (options) =>
                (await a.get('/api/v1/schema', options)).json.collections[0];
            const field = ({ fields }, name) =>
                fields.find((one) => one.name === name);
            const mine = await of();
            const full = await of(admin);

            assert.deepEqual(
                full.fields.map(({ name, type }) => [name, type]),
                app.collections[0].fields
                    .filter(({ hidden }) => !hidden)
                    .map(({ name, type, value }) => [
                        name,
                        { computed: /^count/.test(value) ? 'int' : 'number' }[
                            type
                        ] ?? type,
                    ]),
            );
            assert.deepEqual(
                mine.fields.map(({ name }) => name),
                full.fields
                    .map(({ name }) => name)
                    .filter((name) => name !== 'salary'),
            );
            assert.equal(field(full, 'name').max, 80);
            assert.equal(field(full, 'name').required, true);
            assert.equal(field(full, 'salary').min, 0);
            assert.equal(field(full, 'salary').max, 9999.99);
            assert.deepEqual(field(full, 'status').values, ['active', 'away']);
            assert.equal(field(full, 'tags').collection, 'tags');
            assert.equal(field(mine, 'badge').readOnly, true);
            assert.equal(field(full, 'badge').readOnly, false);
            assert.equal(mine.rules.update, "status = 'active'");
            assert.equal(mine.may.list, 'yes');
        });

        test('GET /api/openapi.json: OpenAPI 3.1 of exactly what this instance serves', async () => {
            const methods = ['get', 'post', 'put', 'patch', 'delete'];

            for (const options of [undefined, admin]) {
                const got = await a.get('/api/openapi.json', options);
                const { openapi, paths } = expect(got, 200).json;
                const { collections } = (await a.get('/api/v1/schema', options))
                    .json;

                assert.match(openapi, /^3\.1\./);
                for (const { name } of collections)
                    assert.ok(paths[`/api/v1/${name}`].get, name);
                for (const { name } of app.collections)
                    if (!collections.some((one) => one.name === name))
                        assert.ok(!got.text.includes(name), name);
                for (const [path, item] of Object.entries(paths)) {
                    const real = path.replace('{id}', '999999');
                    const { headers } = await a.ask('OPTIONS', real, options);
                    const allowed = headers.allow.toLowerCase().split(', ');

                    for (const method of methods)
                        if (item[method])
                            assert.ok(allowed.includes(method), method + path);
                }
                assert.equal(got.text.includes('salary'), options === admin);
            }
        });

        test('GET /api/docs shows it', async () => {
            const got = expect(await a.get('/api/docs'), 200);

            assert.match(got.headers['content-type'], /^text\/html/);
            assert.match(got.headers['content-security-policy'], /script-src/);
            assert.ok(
                !/unsafe|https:/.test(got.headers['content-security-policy']),
            );
            for (const [, file] of got.text.matchAll(
                /(?:src|href)="(\.[^"]+)/g,
            ))
                expect(await a.get(new URL(file, 'x://x/').pathname), 200);
        });

        test('records carry id, collectionName, their fields, created, updated', async () => {
            const list = (await a.get('/api/v1/evaluations?perPage=1')).json;

            assert.deepEqual(Object.keys(list.items[0]), [
                'id',
                'collectionName',
                'name',
                'department',
                'mark',
                'at',
                'person',
                'tags',
                'created',
                'updated',
            ]);
            const one = list.items[0];

            assert.ok(Number.isInteger(one.id));
            assert.equal(one.collectionName, 'evaluations');
            assert.match(one.created, time);
            assert.match(one.updated, time);
        });

        test('… and expand when asked', async () => {
            const { json } = await a.get('/api/v1/evaluations/1?expand=person');

            assert.deepEqual(Object.keys(json).at(-1), 'expand');
            assert.equal(json.expand.person.id, json.person);
            assert.ok(
                !('expand' in (await a.get('/api/v1/evaluations/1')).json),
            );
        });

        test('X-Cache: hit | miss | bypass says where an answer came from', async () => {
            const made = (await a.post('/api/v1/numbers', { n: 1 })).json;

            for (const path of [
                `/api/v1/numbers/${made.id}`,
                '/api/v1/numbers?perPage=2',
            ]) {
                const source = async (headers) =>
                    expect(await a.get(path, { headers }), 200).source;

                assert.equal(await source(), 'miss', path);
                assert.equal(await source(), 'hit', path);
                assert.equal(
                    await source({ 'cache-control': 'no-cache' }),
                    'bypass',
                    path,
                );
            }
            await a.patch(`/api/v1/numbers/${made.id}`, { n: 2 });
            const got = await a.get(`/api/v1/numbers/${made.id}`);

            assert.equal(got.source, 'miss');
            assert.equal(got.json.n, 2, 'never older than the last write');
        });

        test('Server-Timing says what it cost', async () => {
            const path = '/api/v1/people?sort=-id&perPage=3';
            const miss = (await a.get(path)).headers['server-timing'];
            const hit = (await a.get(path)).headers['server-timing'];
            const post = (await a.post('/api/v1/numbers', {})).headers;

            assert.match(miss, /^cache;desc=miss, store;dur=\d+\.\d+$/);
            assert.match(hit, /^cache;desc=hit\b/);
            assert.match(post['server-timing'], /\bstore;dur=\d+\.\d+$/);
        });

        test("both spellings: PocketBase's /api/collections/{c}/records", async () => {
            const path = '/api/collections/numbers/records';
            const made = expect(await a.post(path, { code: 'pb' }), 201);
            const one = `${path}/${made.json.id}`;

            assert.deepEqual(
                (await a.get(one)).json,
                (await a.get(`/api/v1/numbers/${made.json.id}`)).json,
            );
            expect(await a.patch(one, { n: 5 }), 200);
            assert.equal((await a.get(one)).json.n, 5);
            const list = await a.get(`${path}?filter=code%3D%27pb%27`);

            assert.equal(list.json.totalItems, 1);
            expect(await a.delete(one), 204);
            expect(await a.get(one), 404);
        });
    });

describe('API.md, Records: under BASE_PATH', () => {
    after(stopAll);

    test('every path stands under BASE_PATH', async () => {
        const a = await start({
            env: { BASE_PATH: '/under' },
            folder: newFolder(),
        });
        const body = { name: 'Ann', email: 'ann@example.org' };
        const made = expect(await a.post('/api/v1/users', body), 201);

        assert.match(made.headers.location, /^\/under\/api\/v1\/users\/\d+$/);
        expect(await a.get(`/api/v1/users/${made.json.id}`), 200);
        a.base = '';
        expect(await a.get('/api/v1/users'), 404);
    });
});
