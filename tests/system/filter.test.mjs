// SPDX-License-Identifier: MIT
// API.md, Records: the parameter filter, and rules in its language. Over both
// databases, as a stranger unless it says otherwise.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { newFolder, start, stopAll } from './appliance.mjs';
import { backends, combinations } from './servers.mjs';

const admin = { as: 'admin' };
const field = (name, type, more) => ({ name, type, ...more });
const open = { list: '', view: '' };

const app = {
    collections: [
        {
            name: 'people',
            rules: open,
            fields: [
                field('name', 'text'),
                field('email', 'email'),
                field('age', 'int'),
                field('score', 'number'),
                field('wage', 'decimal', { scale: 2 }),
                field('active', 'bool'),
                field('born', 'date'),
                field('seen', 'datetime'),
                field('state', 'select', { values: ['here', 'away'] }),
                field('tags', 'select', { values: ['x', 'y', 'z'], max: 3 }),
                field('data', 'json'),
                field('team', 'relation', { collection: 'teams' }),
                field('friends', 'relation', { collection: 'people', max: 9 }),
                field('pay', 'decimal', {
                    scale: 2,
                    rules: { read: "@user.role = 'manager'" },
                }),
                field('pin', 'text', { hidden: true }),
                field('notes_count', 'computed', {
                    value: 'count(notes_via_person)',
                }),
            ],
        },
        {
            name: 'teams',
            rules: { list: '', view: "name != 'secret'" },
            fields: [field('name', 'text')],
        },
        {
            name: 'notes',
            rules: {
                list: "text !~ 'private'",
                view: "text !~ 'private'",
                create: "@request.body.text != '' && @user.id = ''",
                update: "text ~ 'draft%'",
                delete: null,
            },
            fields: [
                field('text', 'text'),
                field('person', 'relation', { collection: 'people' }),
            ],
        },
        {
            name: 'drawer',
            rules: {},
            fields: [field('text', 'text')],
        },
    ],
};

const attack = "x'; DROP TABLE people; --";

const teams = [{ name: 'Équipe' }, { name: 'secret' }];
const people = [
    {
        name: 'Ann',
        email: 'ann@x.org',
        age: 30,
        score: 0.5,
        wage: 12.5,
        active: true,
        born: '1990-01-31',
        seen: '2026-11-20T09:03:00Z',
        state: 'here',
        tags: ['x', 'y'],
        data: { k: 'Été' },
        team: 1,
        pay: 10,
        pin: '1234',
    },
    {
        name: 'Bob',
        age: 40,
        wage: 12.51,
        active: false,
        state: 'away',
        tags: ['z'],
        team: 2,
        friends: [1],
    },
    { name: 'Cid', age: 0, tags: [], friends: [1, 2] },
    { name: attack, email: 'd@x.org' },
    { name: "it's 100% \\ \"_\"" },
];
const notes = [
    { text: 'draft of Ann', person: 1 },
    { text: 'final', person: 1 },
    { text: 'private', person: 2 },
];

// The filter, and the first letters of whom it finds.
const found = [
    // = != > >= < <=
    ["name = 'Ann'", 'A'],
    ["name = 'ann'", ''],
    ["name != 'Ann'", 'BCxi'],
    ['age > 30', 'B'],
    ['age >= 30', 'AB'],
    ['30 > age', 'C'],
    ['age <= 30', 'AC'],
    ['age = null', 'xi'],
    ['age != null', 'ABC'],
    ['age = 30.5 || age > 39.5', 'B'],
    ['age < 1e30', 'ABC'],
    ['wage = 12.5', 'A'],
    ['wage > 12.505', 'B'],
    ['score < 0.6', 'A'],
    ['active = true', 'A'],
    ['active != true', 'BCxi'],
    ["born < '2000-01-01'", 'A'],
    ["seen = '2026-11-20 10:03:00+01:00'", 'A'],
    ["seen >= '2026-11-20'", 'A'],
    ['created <= @now && updated >= @today', 'ABCxi'],
    ["id = 2 || id = '3'", 'BC'],
    ['team = 1', 'A'],
    // ~ !~ with % as wildcard, whatever the case
    ["name ~ 'AN'", 'A'],
    ["name ~ 'a%'", 'A'],
    ["name ~ '%n'", 'A'],
    ["name !~ 'n'", 'BCxi'],
    ["name ~ '_' || name ~ '\\\\'", 'i'],
    ["data ~ 'ÉTÉ'", 'A'],
    ["email ~ '%@x.org'", 'Ax'],
    // && || () and strings in either quote
    ['age = 30 || age = 40 && active = true', 'A'],
    ['(age = 30 || age = 40) && active = false', 'B'],
    ["name = 'x\\'; DROP TABLE people; --'", 'x'],
    [`name = "${attack}"`, 'x'],
    ['name = "it\'s 100% \\\\ \\"_\\""', 'i'],
    // dotted relations; what may not be seen is not there
    ["team.name = 'Équipe'", 'A'],
    ["team.name = 'secret'", ''],
    ["team.name ~ 's%'", ''],
    ['team.name = null', 'BCxi'],
    // any of many, or all of them
    ["tags ?= 'x'", 'A'],
    ["tags = 'z'", 'B'],
    ["tags != 'x'", 'BCxi'],
    ['tags = null', 'Cxi'],
    ["friends.name ?= 'Ann'", 'BC'],
    ["friends.name = 'Ann'", 'B'],
    ["people_via_friends.name ?= 'Cid'", 'AB'],
    ["notes_via_person.text ?~ 'draft'", 'A'],
    ["notes_via_person.text ?= 'private'", ''],
    ['notes_count >= 1', 'AB'],
    // who asks
    ["@user.id != ''", ''],
    ["@user.role = '' && name = 'Ann'", 'A'],
    ['id = @user.id || team != @user.id', ''],
];

// The filter, the place of the mistake, what is said of it.
const refused = [
    ["born > '2026-02-30'", 8, /date such as/],
    ["age > 3 && seen < 'soon'", 19, /time such as/],
    ["name = 'Ann' && age = 'x'", 23, /number/],
    ["état = 'x'", 1, /"é"/],
    ["'é' = nam", 7, /did you mean "name"/],
    ["team.nam = 'x'", 6, /did you mean "name"/],
    ["state = 'her'", 9, /here, away/],
    ['active > true', 8, /= !=/],
    ["age ~ '3'", 5, /integer/],
    ['  nam = 1 ', 3, /"name"/],
    ['name = ', 8, /missing/],
    ["name = 'x", 8, /no end/],
    ['name = "x" OR 1=1', 12, /&& or \|\|/],
    ['(age = 1', 9, /\)/],
    ['age = 1; --', 8, /";"/],
    ['@request.body.name = 1', 1, /unknown/],
    ['friends.id ?= people_via_friends.id', 12, /many/],
];

for (const combination of combinations.filter((c) => !c.redis))
    describe(`filter over ${combination.name}`, () => {
        let a;

        before(async () => {
            const file = join(newFolder(), 'app.json');

            writeFileSync(file, JSON.stringify(app));
            a = await start({
                as: 'nobody',
                env: {
                    ...(await backends(combination)),
                    APP_FILE: file,
                },
            });
            for (const [c, rows] of Object.entries({ teams, people, notes })) {
                const made = await a.post(`/api/v1/${c}`, rows, admin);

                assert.ok(made.status < 300, made.text);
            }
        });
        after(stopAll);

        const list = (filter, more = '', options = {}) =>
            a.get(
                `/api/v1/people?sort=id&filter=${encodeURIComponent(filter)}` +
                    more,
                options,
            );

        for (const [filter, who] of found)
            test(`finds: ${filter}`, async () => {
                const got = await list(filter);

                assert.equal(got.status, 200, got.text);
                assert.equal(
                    got.json.items.map(({ name }) => name[0]).join(''),
                    who,
                );
                assert.equal(got.json.totalItems, who.length);
            });

        for (const [filter, at, what] of refused)
            test(`refuses: ${filter}`, async () => {
                const got = await list(filter);
                const why = got.json.data?.filter;

                assert.equal(got.status, 400, got.text);
                assert.equal(why.code, 'bad_filter');
                assert.ok(
                    why.message.startsWith(`at character ${at}: `),
                    why.message,
                );
                assert.match(why.message, what);
                const french = await list(filter, '', {
                    headers: { 'accept-language': 'fr' },
                });

                assert.ok(
                    french.json.data.filter.message.startsWith(
                        `au caractère ${at} : `,
                    ),
                    french.text,
                );
            });

        test('at most 3,500 bytes, 200 terms, 16 deep', async () => {
            const terms = (n) => Array(n).fill('age=1').join('||');
            const deep = (n) => '('.repeat(n) + 'age=1' + ')'.repeat(n);
            const bytes = (n) => `name='${'x'.repeat(n - 7)}'`;

            for (const [make, most] of [
                [terms, 200],
                [deep, 16],
                [bytes, 3500],
            ]) {
                assert.equal((await list(make(most))).status, 200);
                const over = await list(make(most + 1));

                assert.equal(over.status, 400);
                assert.match(over.json.data.filter.message, RegExp(`${most}`));
            }
            assert.equal((await list('('.repeat(3400))).status, 400);
        });

        test('names nothing that who asks may not read', async () => {
            for (const name of ['pay', 'pin', 'friends.pay', 'friends.pin'])
                for (const query of [
                    `filter=${name}>'0'`,
                    `filter=${name}=null`,
                    `sort=${name}`,
                    `aggregate=max(${name})`,
                    `aggregate=count&groupBy=${name}`,
                ]) {
                    const got = await a.get(`/api/v1/people?${query}`);

                    assert.equal(got.status, 400, `${query}: ${got.text}`);
                    assert.doesNotMatch(got.text, /mean \W*(pay|pin)\b/);
                    assert.match(got.text, /unknown|inconnu/);
                }
            const shown = (await list('id = 1')).json.items[0];

            assert.ok(!('pay' in shown) && !('pin' in shown));
            const his = (await list('pay = 10', '', admin)).json.items[0];

            assert.equal(his.pay, 10);
            assert.ok(!('pin' in his));
            assert.equal((await list("pin = '1234'", '', admin)).status, 400);
        });

        test('rules: list, view, create, update, delete', async () => {
            const drawer = await a.get('/api/v1/drawer');
            const texts = (await a.get('/api/v1/notes?sort=id')).json;

            assert.equal(drawer.status, 200);
            assert.deepEqual(drawer.json.items, []);
            assert.equal((await a.get('/api/v1/drawer/1')).status, 404);
            assert.deepEqual(
                texts.items.map(({ text }) => text),
                ['draft of Ann', 'final'],
            );
            assert.equal(texts.totalItems, 2);
            assert.equal((await a.get('/api/v1/notes/2')).status, 200);
            assert.equal((await a.get('/api/v1/notes/3')).status, 404);
            const write = async (method, id, json) =>
                (await a.ask(method, `/api/v1/notes/${id}`, { json })).status;

            assert.equal((await a.post('/api/v1/notes', {})).status, 201);
            assert.equal(
                (await a.post('/api/v1/notes', { text: '' })).status,
                403,
            );
            assert.equal(await write('PATCH', 1, { text: 'draft 2' }), 200);
            assert.equal(await write('PATCH', 2, { text: 'draft' }), 403);
            assert.equal(await write('PATCH', 3, { text: 'draft' }), 404);
            assert.equal(await write('DELETE', 1), 403);
            assert.equal(await write('DELETE', 3), 404);
        });
    });
