// SPDX-License-Identifier: MIT
// What answers show: expand, fields, and what who asks may not read, over both
// databases, as an administrator and as nobody.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { newFolder, start, stopAll } from './appliance.mjs';
import { valueOf } from './exposition.mjs';
import { backends } from './servers.mjs';

const holder = 'admin';
const to = (name, collection, more) => ({
    name,
    type: 'relation',
    collection,
    onDelete: 'null',
    ...more,
});
const all = { list: '', view: '' };
const app = {
    collections: [
        {
            name: 'users',
            rules: all,
            fields: [
                { name: 'name', type: 'text', required: true },
                {
                    name: 'email',
                    type: 'email',
                    unique: true,
                    rules: { read: null },
                },
            ],
        },
        {
            name: 'areas',
            rules: { list: '', view: 'open = true' },
            fields: [
                { name: 'name', type: 'text' },
                { name: 'open', type: 'bool' },
            ],
        },
        {
            name: 'people',
            rules: all,
            audit: true,
            fields: [
                { name: 'name', type: 'text', search: true },
                { name: 'salary', type: 'int', rules: { read: null } },
                {
                    name: 'phone',
                    type: 'text',
                    search: true,
                    rules: { read: 'listed = true' },
                },
                { name: 'listed', type: 'bool' },
                to('manager', 'people', { index: true }),
                to('area', 'areas', { index: true }),
                to('judge', 'people', { index: true, rules: { read: null } }),
                to('tags', 'tags', { max: 5 }),
                {
                    name: 'reports',
                    type: 'computed',
                    value: 'count(people_via_manager)',
                },
            ],
        },
        {
            name: 'tags',
            rules: all,
            fields: [{ name: 'name', type: 'text' }],
        },
        {
            name: 'absences',
            rules: all,
            trash: true,
            fields: [
                to('person', 'people', { index: true }),
                { name: 'days', type: 'int' },
            ],
        },
        { name: 'secrets', fields: [to('about', 'people', { index: true })] },
    ],
};

for (const store of ['sqlite', 'postgres'])
    describe(`shape: what answers show, over ${store}`, () => {
        let a;
        let ann;
        let bob;
        let cid;

        const make = async (collection, body) => {
            const made = await a.post(`/api/v1/${collection}`, body, {
                as: holder,
            });

            assert.equal(made.status, 201, made.text);
            return made.json;
        };
        const change = async (collection, id, body) => {
            const path = `/api/v1/${collection}/${id}`;
            const changed = await a.patch(path, body, { as: holder });

            assert.equal(changed.status, 200, changed.text);
        };
        const get = async (path, as) => {
            const got = await a.get(path, { as });

            assert.equal(got.status, 200, got.text);
            return got;
        };
        const refused = async (query) => {
            const got = await a.get(`/api/v1/people?${query}`);

            assert.equal(got.status, 400, query + got.text);
            return got.json.data;
        };
        const names = (records) => records.map((record) => record.name);

        before(async () => {
            const file = join(newFolder(), 'app.json');

            writeFileSync(file, JSON.stringify(app));
            a = await start({
                as: 'nobody',
                env: {
                    ...(await backends({ store })),
                    APP_FILE: file,
                },
            });
            const north = await make('areas', { name: 'north', open: true });
            const south = await make('areas', { name: 'south', open: false });
            const red = await make('tags', { name: 'red' });
            const blue = await make('tags', { name: 'blue' });

            ann = await make('people', {
                name: 'Ann',
                salary: 30,
                phone: '111',
                listed: true,
                area: north.id,
            });
            bob = await make('people', {
                name: 'Bob',
                salary: 20,
                phone: '222',
                listed: false,
                area: south.id,
                manager: ann.id,
                judge: ann.id,
                tags: [blue.id, red.id],
            });
            cid = await make('people', {
                name: 'Cid',
                manager: bob.id,
                tags: [red.id],
            });
            for (const days of [1, 2, 3])
                await make('absences', { person: bob.id, days });
            await make('secrets', { about: ann.id });
            await make('users', { name: 'Uma', email: 'uma@example.org' });
        });
        after(stopAll);

        test('expand=person.manager,tags: inlined under expand', async () => {
            const { items } = (
                await get(
                    '/api/v1/absences?expand=person.manager,person.tags&sort=id',
                )
            ).json;

            for (const item of items) {
                assert.equal(item.person, bob.id);
                const { person } = item.expand;

                assert.equal(person.name, 'Bob');
                assert.equal(person.collectionName, 'people');
                assert.equal(person.expand.manager.name, 'Ann');
                assert.deepEqual(names(person.expand.tags), ['blue', 'red']);
            }
            assert.deepEqual(
                items.map((item) => item.days),
                [1, 2, 3],
            );
        });

        test('expand: back along relations, in one record too', async () => {
            const path = `/api/v1/people/${bob.id}`;
            const { expand } = (
                await get(
                    `${path}?expand=absences_via_person,people_via_manager`,
                )
            ).json;

            assert.deepEqual(
                expand.absences_via_person.map((absence) => absence.days),
                [1, 2, 3],
            );
            assert.deepEqual(names(expand.people_via_manager), ['Cid']);
        });

        test('expand: six deep, and no deeper', async () => {
            const six = Array(6).fill('manager').join('.');
            const got = await get(`/api/v1/people/${cid.id}?expand=${six}`);
            const top = got.json.expand.manager.expand.manager;

            assert.equal(top.name, 'Ann');
            assert.deepEqual(top.expand, {});
            assert.match(
                (await refused(`expand=${six}.manager`)).expand.message,
                /6/,
            );
        });

        test('expand: one query per level', async () => {
            const queries = async () =>
                valueOf(
                    (await a.askOps('/metrics')).text,
                    'appliance_store_queries_total',
                );
            const cost = async (query) => {
                const from = await queries();

                await a.get(`/api/v1/people?skipTotal=1&${query}`, {
                    headers: { 'cache-control': 'no-cache' },
                });
                return (await queries()) - from;
            };
            const plain = await cost('perPage=3');

            assert.equal(await cost('perPage=3&expand=manager'), plain + 1);
            assert.equal(await cost('perPage=1&expand=manager'), plain);
            assert.equal(
                await cost(
                    'sort=-id&expand=manager,manager.area,tags,' +
                        'manager.absences_via_person',
                ),
                plain + 4,
            );
        });

        test('expand: rules applied', async () => {
            const path = '/api/v1/people?sort=id&expand=area,secrets_via_about';
            const open = (await get(path)).json.items;
            const full = (await get(path, holder)).json.items;

            assert.equal(open[0].expand.area.name, 'north');
            assert.equal(open[1].expand.area, undefined);
            assert.equal(full[1].expand.area.name, 'south');
            assert.deepEqual(open[0].expand.secrets_via_about, []);
            assert.equal(full[0].expand.secrets_via_about.length, 1);
            for (const name of ['judge', 'people_via_judge', 'judge.area'])
                assert.ok((await refused(`expand=${name}`)).expand, name);
            const judged = await get(
                `/api/v1/people/${bob.id}?expand=judge`,
                holder,
            );

            assert.equal(judged.json.expand.judge.name, 'Ann');
        });

        test('expand: what is in the trash is not there', async () => {
            const gone = await make('absences', { person: ann.id, days: 9 });
            const path = `/api/v1/people/${ann.id}?expand=absences_via_person`;

            assert.equal(
                (await get(path)).json.expand.absences_via_person.length,
                1,
            );
            await a.delete(`/api/v1/absences/${gone.id}`, { as: holder });
            assert.deepEqual(
                (await get(path)).json.expand.absences_via_person,
                [],
            );
        });

        test('fields=id,name,expand.person.name: a projection', async () => {
            const path = '/api/v1/absences?perPage=1&expand=person.manager';
            const shown = async (fields) =>
                (await get(`${path}&fields=${fields}`)).json.items[0];

            assert.deepEqual(await shown('days,expand.person.name'), {
                days: 1,
                expand: { person: { name: 'Bob' } },
            });
            assert.deepEqual(
                await shown('expand.person.expand.manager.name,days'),
                {
                    days: 1,
                    expand: {
                        person: { expand: { manager: { name: 'Ann' } } },
                    },
                },
            );
            assert.deepEqual(Object.keys(await shown('*,expand.person.id')), [
                'id',
                'collectionName',
                'person',
                'days',
                'created',
                'updated',
                'expand',
            ]);
            assert.deepEqual(
                (await get(`/api/v1/people/${bob.id}?fields=name,reports`))
                    .json,
                { name: 'Bob', reports: 1 },
            );
        });

        test('what is unknown: 400, named, with the nearest', async () => {
            for (const [query, parameter, named] of [
                ['fields=nmae', 'fields', /nmae.*name/],
                [
                    'fields=id,expand.manger.name&expand=manager',
                    'fields',
                    /manger.*manager/,
                ],
                [
                    'fields=expand.manager.nam&expand=manager',
                    'fields',
                    /nam.*name/,
                ],
                ['expand=manger', 'expand', /manger.*manager/],
                ['expand=manager.ara', 'expand', /ara.*area/],
                ['expand=name', 'expand', /name/],
                ['expand=absence_via_person', 'expand', /absences_via_person/],
            ]) {
                const data = await refused(query);

                assert.match(data[parameter].message, named, query);
            }
        });

        test('a field that may not be read is absent everywhere', async () => {
            for (const path of [
                '/api/v1/people',
                `/api/v1/people/${bob.id}`,
                '/api/v1/absences?expand=person',
                `/api/v1/people/${bob.id}/history`,
                '/api/v1/people?search=Bob',
                '/api/collections/people/records',
                '/api/openapi.json',
            ]) {
                const open = await get(path);
                const full = await get(path, holder);

                assert.doesNotMatch(open.text, /salary|"judge"|222/, path);
                assert.match(full.text, /"salary"/, path);
            }
            for (const path of ['/users', '/users/1', '/api/v1/users/1']) {
                assert.doesNotMatch((await get(path)).text, /email|uma@/, path);
                assert.match((await get(path, holder)).text, /uma@/, path);
            }
            for (const query of [
                'filter=salary>1',
                'filter=judge.name="Ann"',
                'filter=phone="222"',
                'filter=manager.salary>1',
                'sort=salary',
                'sort=manager.salary',
                'fields=salary',
                'aggregate=sum(salary)',
                'aggregate=count&groupBy=salary',
            ])
                assert.doesNotMatch(
                    JSON.stringify(await refused(query)),
                    /did you mean (salary|judge|phone)|dire (salary|judge)/,
                    query,
                );
        });

        test('a field that may be read in some records', async () => {
            const phones = async (headers) =>
                (await get('/api/v1/people?sort=id', headers)).json.items.map(
                    (person) => person.phone,
                );

            assert.deepEqual(await phones(), ['111', undefined, undefined]);
            assert.deepEqual(await phones(holder), ['111', '222', null]);
            await change('people', bob.id, { listed: true });
            assert.deepEqual(await phones(), ['111', '222', undefined]);
            assert.equal(
                (await get(`/api/v1/people/${bob.id}`)).json.phone,
                '222',
            );
            await change('people', bob.id, { listed: false });
            assert.equal(
                (await get(`/api/v1/people/${bob.id}`)).json.phone,
                undefined,
            );
        });

        test('answers of writes: fields and expand, one query per level', async () => {
            const queries = async () =>
                valueOf(
                    (await a.askOps('/metrics')).text,
                    'appliance_store_queries_total',
                    { class: 'list' },
                );
            const body = Array.from({ length: 50 }, (_, i) => ({
                person: i % 2 ? bob.id : cid.id,
                days: i,
            }));
            const from = await queries();
            const made = await a.post(
                '/api/v1/absences?expand=person.manager' +
                    '&fields=days,expand.person.expand.manager.name',
                body,
                { as: holder },
            );

            assert.equal(made.status, 201, made.text);
            assert.equal((await queries()) - from, 2);
            assert.equal(made.json.length, 50);
            assert.deepEqual(made.json[3], {
                days: 3,
                expand: { person: { expand: { manager: { name: 'Ann' } } } },
            });
            const { items } = (
                await get(
                    '/api/v1/absences?filter=days>3&perPage=500&fields=id',
                )
            ).json;

            for (const { id } of items)
                await a.delete(`/api/v1/absences/${id}?purge=1`, {
                    as: holder,
                });
        });

        test('with cursors, and the flags of rules beside their keys', async () => {
            const query =
                'sort=-name&expand=manager&fields=*,expand.manager.name';
            const whole = (await get(`/api/v1/people?${query}`)).json.items;
            const pieces = [];
            let cursor = '';

            for (let i = 0; i < whole.length; i++) {
                const { json } = await get(
                    `/api/v1/people?${query}&perPage=1&cursor=${cursor}`,
                );

                pieces.push(...json.items);
                cursor = json.next;
            }
            assert.equal(cursor, null);
            assert.deepEqual(pieces, whole);
            assert.ok(whole.some((person) => 'phone' in person));
            assert.ok(whole.some((person) => !('phone' in person)));
        });

        test('what is kept follows what it shows', async () => {
            const path = `/api/v1/people/${cid.id}?expand=manager.area`;
            const again = async () => {
                await get(path);
                return get(path);
            };

            assert.equal((await again()).source, 'hit');
            await change('people', bob.id, { name: 'Rob' });
            const named = await get(path);

            assert.equal(named.json.expand.manager.name, 'Rob');
            assert.equal((await again()).source, 'hit');
            await change('areas', 2, { open: true });
            const seen = await get(path);

            assert.equal(seen.json.expand.manager.expand.area.name, 'south');
            await change('areas', 2, { open: false });
            assert.deepEqual((await get(path)).json.expand.manager.expand, {});
            await change('people', bob.id, { name: 'Bob' });
        });

        test('304 only where the version tells it all', async () => {
            const { id } = await make('tags', { name: 'green' });
            const ask = async (path) => {
                const { etag } = await get(path);

                assert.match(etag, /^"v\d+"$/, path);
                return (
                    await a.get(path, { headers: { 'if-none-match': etag } })
                ).status;
            };

            assert.equal(await ask(`/api/v1/tags/${id}`), 304);
            assert.equal(await ask(`/api/v1/tags/${id}?fields=name`), 304);
            assert.equal(
                await ask(`/api/v1/tags/${id}?expand=people_via_tags`),
                200,
            );
            assert.equal(await ask(`/api/v1/people/${ann.id}`), 200);
            assert.equal(
                await ask(`/api/v1/people/${ann.id}?fields=name`),
                304,
            );
        });

        test('too many to expand: 400, and how to ask for fewer', async () => {
            const { id } = await make('people', { name: 'Max' });
            const bulk = Array(1000).fill({ person: id });

            for (let i = 0; i < 11; i++) await make('absences', bulk);
            const path = `/api/v1/people/${id}?expand=absences_via_person`;
            const got = await a.get(path);

            assert.equal(got.status, 400);
            assert.match(got.json.message, /too large.*expand less/);
            assert.equal(
                (
                    await a.get(
                        '/api/v1/people?perPage=1&expand=absences_via_person',
                    )
                ).status,
                200,
            );
        });
    });
