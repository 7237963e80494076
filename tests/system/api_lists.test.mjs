// SPDX-License-Identifier: MIT
// API.md, Records: the parameters of lists, a test for each line, and the
// answer of a list.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { admin, expect, names, open, query, rows, stores } from './api.mjs';
import { stopAll } from './appliance.mjs';
import { valueOf } from './exposition.mjs';

const numbers = [...Array(95)].map((_, i) => ({
    code: `c${String(i).padStart(2, '0')}`,
    n: i % 7 === 0 ? null : i % 5,
    half: i % 3 === 0 ? null : (i % 4) / 2,
    yes: i % 2 === 0,
}));

for (const store of stores)
    describe(`API.md, Records: lists, over ${store.name}`, () => {
        let a;

        before(async () => {
            a = await open(store, { ...rows, numbers });
        });
        after(stopAll);

        const ask = (collection, parameters, options) =>
            a.get(`/api/v1/${collection}?${query(parameters)}`, options);
        const list = async (collection, parameters, options) =>
            expect(await ask(collection, parameters, options), 200);
        const bad = async (collection, parameters, options) =>
            expect(await ask(collection, parameters, options), 400).json.data;
        const found = async (filter, options) =>
            (await list('people', { filter, sort: 'id' }, options)).json.items
                .map(({ name }) => name[0])
                .join('');
        const queries = async () =>
            valueOf(
                (await a.askOps('/metrics')).text,
                'appliance_store_queries_total',
            );
        // How many queries a list costs that no cache answers; housekeeping
        // may ask something meanwhile, but not every time.
        const cost = async (collection, parameters) => {
            const headers = { 'cache-control': 'no-cache' };
            const tries = [];

            for (let i = 0; i < 4; i++) {
                const from = await queries();

                await list(collection, parameters, { headers });
                tries.push((await queries()) - from);
            }
            return Math.min(...tries);
        };

        test('list answer: {"page":1,"perPage":30,"totalItems":42,"totalPages":2,"items":[…]}', async () => {
            const filter = "code < 'c42'";
            const got = await list('numbers', { filter, sort: 'code' });

            assert.match(
                got.text,
                /^\{"page":1,"perPage":30,"totalItems":42,"totalPages":2,"items":\[/,
            );
            assert.deepEqual(Object.keys(got.json), [
                'page',
                'perPage',
                'totalItems',
                'totalPages',
                'items',
            ]);
            assert.equal(got.json.items.length, 30);
        });

        test('page (1), perPage (30, at most 500): offset pages', async () => {
            const plain = (await list('numbers', {})).json;
            const second = (await list('numbers', { page: 2 })).json;
            const last = (await list('numbers', { page: 10, perPage: 10 }))
                .json;
            const ids = (page) => page.items.map(({ id }) => id);

            assert.deepEqual([plain.page, plain.perPage], [1, 30]);
            assert.deepEqual(
                ids(plain),
                [...Array(30)].map((_, i) => i + 1),
            );
            assert.deepEqual(
                ids(second),
                [...Array(30)].map((_, i) => i + 31),
            );
            assert.deepEqual(ids(last), [91, 92, 93, 94, 95]);
            assert.equal(last.totalPages, 10);
            assert.deepEqual((await list('numbers', { page: 99 })).json, {
                page: 99,
                perPage: 30,
                totalItems: 95,
                totalPages: 4,
                items: [],
            });
            assert.equal(
                (await list('numbers', { perPage: 500 })).json.items.length,
                95,
            );
            for (const [name, value] of [
                ['perPage', 501],
                ['perPage', 0],
                ['page', 0],
                ['page', -1],
                ['page', 'x'],
                ['page', '99999999999999999999'],
            ])
                assert.ok((await bad('numbers', { [name]: value }))[name]);
        });

        // All records, page after page.
        const walk = async (parameters) => {
            const seen = [];
            let cursor = '';

            for (let n = 0; cursor !== null; n++) {
                assert.ok(n < 60, 'it comes to an end');
                const page = (await list('numbers', { ...parameters, cursor }))
                    .json;

                seen.push(...page.items.map(({ id }) => id));
                cursor = page.next;
            }
            return seen;
        };

        test('cursor: keyset pages over any sort', async () => {
            for (const sort of [
                'id',
                '-id',
                'code',
                '-n',
                'n',
                'half,-n',
                '-half,n,-code',
                'yes,-created',
                '-updated,n,half',
            ]) {
                const whole = (
                    await list('numbers', { sort, perPage: 500 })
                ).json.items.map(({ id }) => id);

                assert.equal(new Set(whole).size, 95);
                assert.deepEqual(await walk({ sort, perPage: 7 }), whole, sort);
            }
            const filter = 'n >= 2 && half != null';
            const some = (
                await list('numbers', { sort: '-n', filter, perPage: 500 })
            ).json.items.map(({ id }) => id);

            assert.deepEqual(
                await walk({ sort: '-n', filter, perPage: 4 }),
                some,
            );
        });

        test('cursor: the answer carries next, and Link: rel="next"', async () => {
            const parameters = { sort: '-n,code', perPage: 60, cursor: '' };
            const first = await list('numbers', parameters);
            const { next } = first.json;
            const link = first.headers.link.match(/^<([^>]+)>; rel="next"$/);
            const linked = expect(await a.get(link[1]), 200);
            const second = await list('numbers', {
                ...parameters,
                cursor: next,
            });

            assert.equal(first.json.totalItems, -1);
            assert.deepEqual(linked.json, second.json);
            assert.equal(second.json.items.length, 35);
            assert.equal(second.json.next, null);
            assert.equal(second.headers.link, undefined);
        });

        test('cursor: opaque and tamper-evident; of one list only', async () => {
            const parameters = { sort: 'code', perPage: 3, cursor: '' };
            const { next } = (await list('numbers', parameters)).json;

            for (let i = 0; i < next.length; i++) {
                const other = next[i] === 'A' ? 'B' : 'A';
                const cursor = next.slice(0, i) + other + next.slice(i + 1);
                const got = await ask('numbers', { ...parameters, cursor });

                assert.equal(got.status, 400, `letter ${i}`);
                assert.equal(got.json.data.cursor.code, 'bad_cursor');
            }
            for (const [collection, sort] of [
                ['numbers', '-code'],
                ['numbers', 'code,n'],
                ['people', 'name'],
            ])
                assert.ok(
                    (await bad(collection, { sort, cursor: next })).cursor,
                );
        });

        test('skipTotal=1: no COUNT; both totals are -1', async () => {
            const filter = 'n > 1';
            const got = await list('numbers', { filter, skipTotal: 1 });

            assert.equal(got.json.totalItems, -1);
            assert.equal(got.json.totalPages, -1);
            assert.equal(got.json.items.length, 30);
            assert.equal(await cost('numbers', { filter: 'n > 2' }), 2);
            assert.equal(
                await cost('numbers', { filter: 'n > 2', skipTotal: 1 }),
                1,
            );
        });

        test('sort=-created,name', async () => {
            const once = (await list('people', { sort: '-created,name' })).json;
            const keys = once.items.map(({ created, name }) => [created, name]);
            const order = ([t, x], [u, y]) =>
                t === u ? Buffer.compare(Buffer.from(x), Buffer.from(y)) : 0;

            assert.deepEqual(keys, [...keys].sort(order));
            assert.deepEqual(names({ json: once }), [
                'Ann Dupont',
                'Bob Dupond',
                'O\'Neill "Shaq"',
                'Élodie Martin',
            ]);
            assert.deepEqual(
                names(await list('people', { sort: '-mark,name' })),
                [
                    'Bob Dupond',
                    'Ann Dupont',
                    'Élodie Martin',
                    'O\'Neill "Shaq"',
                ],
                'a computed one',
            );
            assert.deepEqual(
                names(await list('people', { sort: '-manager.name,name' }))[0],
                'Élodie Martin',
            );
        });

        test('sort: at most 8 keys', async () => {
            const keys =
                'name,-email,status,department,born,badge,evaluations,mark';

            await list('people', { sort: keys });
            const { sort } = await bad('people', { sort: `${keys},updated` });

            assert.match(sort.message, /8/);
        });

        test("filter=(status='active' && salary>=1000) || email~'%@x.org'", async () => {
            const filter =
                "(status='active' && salary>=1000) || email~'%@x.org'";

            assert.equal(await found(filter, admin), 'AÉ');
            assert.equal(
                await found("(status='active' && mark>=15)", admin),
                'B',
            );
        });

        test('filter: = != > >= < <= ~ !~', async () => {
            for (const [filter, who] of [
                ['evaluations = 1', 'AB'],
                ['evaluations != 1', 'ÉO'],
                ['evaluations > 1', 'É'],
                ['evaluations >= 1', 'ABÉ'],
                ['evaluations < 1', 'O'],
                ['evaluations <= 1', 'ABO'],
                ["name ~ 'dupon'", 'AB'],
                ["name ~ 'DUPON'", 'AB'],
                ["name ~ 'ÉLODIE%'", 'É'],
                ["name ~ 'dupon%'", ''],
                ["name !~ 'dupon'", 'ÉO'],
            ])
                assert.equal(await found(filter), who, filter);
        });

        test('filter: the any-of forms ?= ?!= … across relations', async () => {
            for (const [filter, who] of [
                ["tags.name ?= 'red'", 'AB'],
                ["tags.name = 'red'", 'B'],
                ["tags.name ?!= 'red'", 'A'],
                ["tags.name ?~ 'BL'", 'A'],
                ["tags.name ?!~ 'bl'", 'AB'],
                ['evaluations_via_person.mark ?> 10', 'AB'],
                ['evaluations_via_person.mark ?>= 17', 'B'],
                ['evaluations_via_person.mark ?< 10', 'É'],
                ['evaluations_via_person.mark ?<= 12', 'AÉ'],
                ["people_via_manager.name ?= 'Bob Dupond'", 'A'],
            ])
                assert.equal(await found(filter), who, filter);
            const filter = "tags.name ?= 'red' || tags.name ?= 'blue'";
            const got = await list('people', { filter, perPage: 1 });

            assert.equal(got.json.totalItems, 2, 'no row comes twice');
        });

        test('filter: && || (), strings in either quote, numbers, true false null', async () => {
            for (const [filter, who] of [
                ["name~'A%' || name~'B%' && evaluations = 0", 'A'],
                ["(name~'A%' || name~'B%') && evaluations = 0", ''],
                ["((((name~'A%'))))", 'A'],
                [`name = 'O\\'Neill "Shaq"'`, 'O'],
                [`name = "O'Neill \\"Shaq\\""`, 'O'],
                ['mark = 12', 'A'],
                ['mark > -0.5e1 && mark < 5.5', 'É'],
                ['manager = null', 'AO'],
                ['null != manager', 'BÉ'],
            ])
                assert.equal(await found(filter), who, filter);
            const yes = async (filter) =>
                (await list('numbers', { filter })).json.totalItems;

            assert.equal(await yes('yes = true'), 48);
            assert.equal(await yes('yes = false'), 47);
        });

        test('filter: @now @today @user.id @user.role', async () => {
            for (const [filter, who] of [
                ['created <= @now && updated > "2026-01-01"', 'ABÉO'],
                ['created > @now', ''],
                ['born < @today', 'A'],
                ["@user.id = '' && name ~ 'ann%'", 'A'],
                ["@user.id != ''", ''],
                ["@user.role = 'manager'", ''],
            ])
                assert.equal(await found(filter), who, filter);
        });

        test('filter: dotted relations (person.department)', async () => {
            const of = async (filter) =>
                names(await list('evaluations', { filter, sort: 'id' }));

            assert.deepEqual(await of("person.department = 'HR'"), [
                'first',
                'second',
            ]);
            assert.deepEqual(await of("person.manager.manager.name ~ 'ann%'"), [
                'third',
            ]);
            assert.deepEqual(await of('person.department = null'), ['none']);
        });

        test('filter: at most 3,500 bytes, 200 terms, 16 deep', async () => {
            const bytes = (n) => `name='${'x'.repeat(n - 7)}'`;
            const terms = (n) => Array(n).fill('id=1').join('||');
            const deep = (n) => `${'('.repeat(n)}id=1${')'.repeat(n)}`;

            for (const [make, most, more] of [
                [bytes, 3500, 3501],
                [terms, 200, 201],
                [deep, 16, 17],
            ]) {
                await list('people', { filter: make(most) });
                const { filter } = await bad('people', { filter: make(more) });

                assert.match(filter.message, new RegExp(`\\b${most}\\b`));
            }
        });

        test('expand=person.manager,tags: relations inlined under expand', async () => {
            const got = await list('evaluations', {
                expand: 'person.manager,tags',
                sort: 'id',
            });
            const [first, second, , none] = got.json.items;

            assert.equal(first.person, 1);
            assert.equal(first.expand.person.name, 'Ann Dupont');
            assert.equal(first.expand.person.expand.manager, undefined);
            assert.deepEqual(
                first.expand.tags.map(({ name }) => name),
                ['red', 'blue'],
            );
            assert.equal(
                second.expand.person.expand.manager.name,
                'Ann Dupont',
            );
            assert.equal(none.expand.person, undefined);
        });

        test('expand: six deep', async () => {
            const path = (n) => Array(n).fill('manager').join('.');

            await list('people', { expand: path(6) });
            const { expand } = await bad('people', { expand: path(7) });

            assert.match(expand.message, /6/);
        });

        test('expand: one query per level', async () => {
            const plain = { sort: 'id', skipTotal: 1 };
            const base = await cost('people', plain);

            for (const [expand, more] of [
                ['manager', 1],
                ['manager.manager', 2],
                ['manager,tags,evaluations_via_person', 3],
            ])
                assert.equal(
                    await cost('people', { ...plain, expand }),
                    base + more,
                    expand,
                );
        });

        test('expand: rules applied', async () => {
            const parameters = { expand: 'tags,manager', sort: 'id' };
            const mine = (await list('people', parameters)).json.items;
            const full = (await list('people', parameters, admin)).json.items;

            assert.deepEqual(mine[2].expand.tags, [], 'secret');
            assert.equal(full[2].expand.tags[0].name, 'secret');
            assert.ok(!('salary' in mine[1].expand.manager));
            assert.equal(full[1].expand.manager.salary, 2000);
        });

        test('fields=id,name,expand.person.name: a projection', async () => {
            const fields = 'id,name,expand.person.name';
            const parameters = { fields, expand: 'person', sort: 'id' };
            const got = await list('evaluations', parameters);

            assert.deepEqual(got.json.items[0], {
                id: 1,
                name: 'first',
                expand: { person: { name: 'Ann Dupont' } },
            });
            assert.deepEqual(
                (await a.get('/api/v1/people/1?fields=name,mark')).json,
                { name: 'Ann Dupont', mark: 12 },
            );
        });

        test("search=dup: full text over the collection's searchable fields", async () => {
            const of = async (search, more, options) =>
                names(await list('people', { search, ...more }, options));

            assert.deepEqual((await of('dup')).sort(), [
                'Ann Dupont',
                'Bob Dupond',
                'O\'Neill "Shaq"',
            ]);
            for (const word of ['elodie', 'ÉLODIE', 'Élodie', 'elod'])
                assert.deepEqual(await of(word), ['Élodie Martin'], word);
            assert.deepEqual(await of('martin it'), ['Élodie Martin']);
            assert.deepEqual(await of('martin hr'), []);
            assert.deepEqual(await of('x.org'), [], 'email is not searchable');
            assert.deepEqual(
                await of('dup', { filter: "status = 'away'" }),
                [],
            );
            assert.deepEqual(await of('dup', { sort: '-name', perPage: 2 }), [
                'O\'Neill "Shaq"',
                'Bob Dupond',
            ]);
        });

        test('search: best first; in step with the rows', async () => {
            const make = async (name, department) =>
                expect(
                    await a.post('/api/v1/people', { name, department }, admin),
                    201,
                ).json.id;
            const found = async () =>
                names(await list('people', { search: 'wombat' }));
            const once = 'a wombat among many other words of this name here';

            const id = await make(once, 'guests');
            const best = await make('wombat wombat', 'wombat');

            assert.deepEqual(await found(), ['wombat wombat', once]);
            await a.patch(`/api/v1/people/${best}`, { name: 'x' }, admin);
            await a.delete(`/api/v1/people/${id}`, admin);
            assert.deepEqual(await found(), ['x']);
            await a.post(`/api/v1/people/${id}/restore`, undefined, admin);
            await a.delete(`/api/v1/people/${best}?purge=1`, admin);
            assert.deepEqual(await found(), [once]);
            await a.delete(`/api/v1/people/${id}?purge=1`, admin);
            assert.deepEqual(await found(), []);
        });

        test('aggregate=count,avg(mark)&groupBy=department: groups', async () => {
            const got = await list('evaluations', {
                aggregate: 'count,avg(mark)',
                groupBy: 'department',
            });

            assert.deepEqual(got.json, {
                page: 1,
                perPage: 30,
                totalItems: 3,
                totalPages: 1,
                items: [
                    { department: null, count: 1, 'avg(mark)': null },
                    { department: 'HR', count: 2, 'avg(mark)': 14.5 },
                    { department: 'IT', count: 1, 'avg(mark)': 9.5 },
                ],
            });
            const all = await list('evaluations', {
                aggregate: 'count,sum(mark),min(mark),max(at),count(mark)',
            });

            assert.deepEqual(all.json.items, [
                {
                    count: 4,
                    'sum(mark)': 38.5,
                    'min(mark)': 9.5,
                    'max(at)': '2026-11-20T09:00:00.000Z',
                    'count(mark)': 3,
                },
            ]);
        });

        test('aggregate: under the same filter and rules', async () => {
            const count = async (collection, filter, options) =>
                (
                    await list(
                        collection,
                        { aggregate: 'count', filter },
                        options,
                    )
                ).json.items[0]?.count;

            assert.equal(await count('evaluations', 'mark < 10'), 1);
            assert.equal(await count('evaluations', 'mark < 10', admin), 2);
            assert.ok(!(await count('drawer', '')));
            for (const parameters of [
                { aggregate: 'max(salary)' },
                { aggregate: 'count', groupBy: 'salary' },
                { aggregate: 'count', groupBy: 'pin' },
            ])
                assert.match(
                    JSON.stringify(await bad('people', parameters)),
                    /unknown/,
                );
        });
    });
