// SPDX-License-Identifier: MIT
// The list parameters, line by line as the API says them, over every
// combination of backends; who sees what; and lists in two replicas.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { newFolder, start, stopAll } from './appliance.mjs';
import { backends, combinations, ownRedis, postgres } from './servers.mjs';

const app = {
    collections: [
        {
            name: 'teams',
            rules: { list: '', view: 'open = true', create: null },
            fields: [
                { name: 'name', type: 'text', index: true },
                { name: 'open', type: 'bool' },
            ],
        },
        {
            name: 'people',
            trash: true,
            rules: { list: 'active = true', view: 'active = true' },
            fields: [
                { name: 'name', type: 'text', search: true, index: true },
                { name: 'email', type: 'email', search: true },
                { name: 'department', type: 'text', index: true },
                { name: 'mark', type: 'number' },
                {
                    name: 'salary',
                    type: 'decimal',
                    scale: 2,
                    rules: { read: "@user.role = 'manager'" },
                },
                { name: 'active', type: 'bool' },
                {
                    name: 'team',
                    type: 'relation',
                    collection: 'teams',
                    onDelete: 'null',
                },
            ],
        },
        {
            name: 'closed',
            rules: { list: null, view: null },
            fields: [{ name: 'n', type: 'int' }],
        },
        { name: 'inner', fields: [{ name: 'n', type: 'int' }] },
    ],
};

const names = ['Élodie', 'Zoé', null, 'dupont', 'Dupré', 'anne', 'Anne', ''];

// 40 of them, with ties and nulls.
const person = (i) => ({
    name: names[i % names.length],
    email: `p${i}@example.org`,
    department: ['HR', 'IT', null][i % 3],
    mark: i % 5 === 0 ? null : i % 4,
    salary: (i * 125.25).toFixed(2),
    active: i % 2 === 0,
    team: 1 + (i % 2),
});

const admin = { as: 'admin' };

function appFile() {
    const file = join(newFolder(), 'app.json');

    writeFileSync(file, JSON.stringify(app));
    return file;
}

async function good(a, path, options = admin) {
    const got = await a.get(`/api/v1/${path}`, options);

    assert.equal(got.status, 200, `${path}: ${got.text}`);
    return got;
}

const list = async (a, path, options) => (await good(a, path, options)).json;
const ids = (page) => page.items.map((item) => item.id);

async function fill(a) {
    for (const team of [
        { name: 'blue', open: true },
        { name: 'red', open: false },
    ])
        assert.equal((await a.post('/api/v1/teams', team, admin)).status, 201);
    const all = [...Array(40).keys()].map(person);
    const got = await a.post('/api/v1/people', all, admin);

    assert.equal(got.status, 201, got.text);
    for (const c of ['closed', 'inner'])
        assert.equal(
            (await a.post(`/api/v1/${c}`, { n: 1 }, admin)).status,
            201,
        );
}

// From the first page to the last by what each answer says of the next.
async function walk(a, query, by) {
    const all = [];

    for (let next = ''; next !== null; ) {
        const path = `people?${query}&cursor=${encodeURIComponent(next)}`;
        const got = await good(a, path);
        const link = got.headers.link ?? null;

        assert.deepEqual(
            [got.json.page, got.json.totalItems, got.json.totalPages],
            [-1, -1, -1],
        );
        all.push(...ids(got.json));
        next = got.json.next;
        assert.equal(link === null, next === null);
        if (by === 'link' && link !== null) {
            const [, target] = /^<([^>]+)>; rel="next"$/.exec(link);

            assert.equal(
                new URL(target, a.url).searchParams.get('cursor'),
                next,
            );
            assert.equal(
                new URL(target, a.url).search.replace(/&?cursor=[^&]*/, ''),
                `?${query}`,
            );
        }
    }
    return all;
}

for (const combination of combinations)
    describe(`lists over ${combination.name}`, () => {
        let a;

        before(async () => {
            const env = await backends(combination);

            a = await start({
                as: 'nobody',
                env: { ...env, APP_FILE: appFile() },
            });
            await fill(a);
        });
        after(stopAll);

        test('page (1), perPage (30, at most 500): offset pages', async () => {
            const first = await list(a, 'people');

            assert.deepEqual(
                { ...first, items: first.items.length },
                {
                    page: 1,
                    perPage: 30,
                    totalItems: 40,
                    totalPages: 2,
                    items: 30,
                },
            );
            const last = await list(a, 'people?page=2');

            assert.deepEqual(
                [...ids(first), ...ids(last)],
                [...Array(40).keys()].map((i) => i + 1),
            );
            assert.equal((await list(a, 'people?page=3')).items.length, 0);
            assert.equal(
                (await list(a, 'people?perPage=500')).items.length,
                40,
            );
            const got = await a.get('/api/v1/people?perPage=501', admin);

            assert.equal(got.status, 400);
        });

        test('cursor: keyset pages over any sort, next and Link', async () => {
            for (const sort of [
                'id',
                '-id',
                'name',
                '-name,mark',
                'mark,-name',
                '-created',
                'team.name,-mark',
                'department,-salary',
            ]) {
                const whole = ids(
                    await list(a, `people?perPage=500&sort=${sort}`),
                );

                for (const n of [1, 7, 40])
                    assert.deepEqual(
                        await walk(a, `sort=${sort}&perPage=${n}`),
                        whole,
                        `${sort} by ${n}`,
                    );
            }
            await walk(a, 'filter=mark%3E0&perPage=9', 'link');
        });

        test('a cursor is opaque and tamper-evident', async () => {
            const { next } = await list(a, 'people?sort=name&cursor=');

            for (let i = 0; i < next.length; i += 5) {
                const other = next[i] === 'A' ? 'B' : 'A';
                const bad = next.slice(0, i) + other + next.slice(i + 1);
                const got = await a.get(
                    `/api/v1/people?sort=name&cursor=${bad}`,
                    admin,
                );

                assert.equal(got.status, 400, bad);
                assert.equal(got.json.data.cursor.code, 'bad_cursor');
            }
            const got = await a.get(
                `/api/v1/people?sort=-name&cursor=${next}`,
                admin,
            );

            assert.equal(got.status, 400);
            assert.match(got.json.data.cursor.message, /sort/);
        });

        test('skipTotal=1: no COUNT; both totals are -1', async () => {
            const page = await list(a, 'people?skipTotal=1&perPage=2');

            assert.deepEqual([page.totalItems, page.totalPages], [-1, -1]);
        });

        test('sort=-created,name: at most 8 keys', async () => {
            const page = await list(a, 'people?sort=-mark,name&perPage=500');
            const keys = page.items.map((p) => [p.mark ?? -1, p.name]);

            for (let i = 1; i < keys.length; i++)
                assert.ok(keys[i - 1][0] >= keys[i][0], `${keys[i]}`);
            const nine =
                'name,email,department,mark,salary,active,team,created,updated';
            const got = await a.get(`/api/v1/people?sort=${nine}`, admin);

            assert.equal(got.json.data.sort.code, 'too_many');
        });

        test('search=dup: full text, best first', async () => {
            const got = async (words) =>
                (
                    await list(
                        a,
                        `people?search=${encodeURIComponent(words)}`,
                    )
                ).items.map((p) => p.name);

            assert.deepEqual(
                [...new Set(await got('dup'))].sort(),
                ['Dupré', 'dupont'],
            );
            assert.deepEqual(new Set(await got('ELO')), new Set(['Élodie']));
            assert.equal((await got('dupre')).length, 5);
            assert.equal((await got('dup p4')).length, 1);
            assert.equal((await got('nobody')).length, 0);
            assert.equal((await got('!')).length, 0);
        });

        test('aggregate=count,avg(mark)&groupBy=department', async () => {
            const page = await list(
                a,
                'people?aggregate=count,avg(mark),sum(salary)' +
                    '&groupBy=department&sort=-department&filter=mark%3E%3D0',
            );
            const all = [...Array(40).keys()].map(person);
            const of = (department) =>
                all.filter((p) => p.mark !== null && p.department === department);

            assert.deepEqual(
                page.items.map((g) => g.department),
                ['IT', 'HR', null],
            );
            for (const group of page.items) {
                const rows = of(group.department);
                const sum = (field) =>
                    rows.reduce((n, p) => n + Number(p[field]), 0);

                assert.equal(group.count, rows.length);
                assert.equal(group['avg(mark)'], sum('mark') / rows.length);
                assert.equal(group['sum(salary)'], sum('salary'));
            }
            assert.equal(page.totalItems, 3);
        });

        test('X-Cache says where an answer came from', async () => {
            const path = "people?filter=team.name%3D'blue'&sort=mark";

            assert.equal((await good(a, path)).source, 'miss');
            assert.equal((await good(a, path)).source, 'hit');
            assert.equal(
                (
                    await a.patch('/api/v1/teams/1', { name: 'Blue' }, admin)
                ).status,
                200,
            );
            const after = await good(a, path);

            assert.equal(after.source, 'miss');
            assert.equal(after.json.totalItems, 0);
            await a.patch('/api/v1/teams/1', { name: 'blue' }, admin);
            assert.equal((await list(a, path)).totalItems, 20);
            assert.equal(
                (await good(a, 'people?filter=created%3C@now')).source,
                'bypass',
            );
        });

        test('not allowed to list: an empty page; to see: 404', async () => {
            const nobody = {};
            const open = await list(a, 'people?perPage=500', nobody);

            assert.equal(open.totalItems, 20);
            assert.ok(open.items.every((p) => p.active));
            assert.equal(
                (await list(a, 'people?perPage=3', nobody)).totalItems,
                20,
            );
            assert.deepEqual(await list(a, 'closed', nobody), {
                page: 1,
                perPage: 30,
                totalItems: 0,
                totalPages: 0,
                items: [],
            });
            for (const path of ['closed/1', 'people/2', 'people/999'])
                assert.equal((await a.get(`/api/v1/${path}`)).status, 404);
            assert.equal((await a.get('/api/v1/people/1')).status, 200);
            const inner = await a.get('/api/v1/inner');

            assert.equal(inner.status, 401);
            assert.match(inner.headers['www-authenticate'], /^Bearer/);
        });

        test('who may not read a field cannot guess it either', async () => {
            for (const query of [
                "filter=salary%3E1",
                'sort=salary',
                'fields=salary',
                'aggregate=sum(salary)',
                'aggregate=count&groupBy=salary',
            ]) {
                const got = await a.get(`/api/v1/people?${query}`);

                assert.equal(got.status, 400, query);
                assert.ok(!/mean "?salary/.test(got.text), got.text);
            }
            const { items } = await list(a, 'people', {});

            assert.ok(items.every((p) => !('salary' in p)));
            // A related record that may not be seen is as if it were not.
            assert.equal(
                (await list(a, "people?filter=team.name%3D'red'", {}))
                    .totalItems,
                0,
            );
        });

        test('trash=1: what was deleted, to who may delete', async () => {
            await a.delete('/api/v1/people/5', admin);
            assert.equal((await a.get('/api/v1/people/5', admin)).status, 404);
            assert.deepEqual(ids(await list(a, 'people?trash=1')), [5]);
            assert.equal((await list(a, 'people')).totalItems, 39);
            assert.equal((await list(a, 'people?trash=1', {})).totalItems, 0);
            assert.ok((await list(a, 'people/5?trash=1')).deleted);
        });

        test('all that is wrong is named at once', async () => {
            const got = await a.get(
                '/api/v1/people?page=0&perPge=3&sort=nam&filter=x%3D1' +
                    '&expand=tea&aggregate=sum(name)&trash=2',
                admin,
            );

            assert.equal(got.status, 400);
            assert.deepEqual(Object.keys(got.json.data).sort(), [
                'aggregate',
                'expand',
                'filter',
                'page',
                'perPge',
                'sort',
                'trash',
            ]);
            assert.match(got.json.data.perPge.message, /perPage/);
        });
    });

// A list that is made of two collections ends with either, wherever it was
// changed.
for (const [name, redis] of [
    ['with Redis', true],
    ['without Redis', false],
])
    describe(`lists in two replicas, ${name}`, () => {
        let a, b, servers;

        before(async () => {
            servers = [await (await postgres()).database()];
            const env = {
                DATABASE_URL: servers[0],
                APP_FILE: appFile(),
            };

            if (redis) {
                servers.push(await ownRedis());
                env.REDIS_URL = servers[1].url;
            }
            [a, b] = await Promise.all([
                start({ as: 'nobody', env }),
                start({ as: 'nobody', env }),
            ]);
            await fill(a);
        });
        after(stopAll);

        test('another replica sees the change of a part', async () => {
            for (let i = 0; i < 30; i++) {
                const path = `people?filter=team.name%3D'n${i}'`;

                for (let k = 0; k < 3; k++)
                    assert.equal((await list(b, path)).totalItems, 0);
                await a.patch('/api/v1/teams/1', { name: `n${i}` }, admin);
                assert.equal((await list(a, path)).totalItems, 20, 'its own');
                const from = performance.now();

                while ((await list(b, path)).totalItems !== 20)
                    assert.ok(performance.now() - from < 2000, 'never seen');
            }
        });

        test('cursors of one are read by the other', async () => {
            const { next } = await list(a, 'people?sort=-name&cursor=');

            assert.deepEqual(
                await list(b, `people?sort=-name&cursor=${next}`),
                await list(a, `people?sort=-name&cursor=${next}`),
            );
        });
    });
