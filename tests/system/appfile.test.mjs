// SPDX-License-Identifier: MIT
// app.json: its mistakes, the plan made from it, and what is applied.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import {
    command,
    newFolder,
    run,
    start as begin,
    binary,
    stopAll,
} from './appliance.mjs';
import { backends, postgres } from './servers.mjs';

// The database is as it is when this starts: `key add`, which brings it to its
// app.json as every start does, comes afterwards.
async function start(options) {
    const a = await begin({ key: false, ...options });
    const { code, out, err } = await run(binary, ['key', 'add', 'tests'], {
        cwd: a.folder,
        env: a.env,
    });

    assert.equal(code, 0, err);
    return Object.assign(a, { key: out.trim(), as: 'admin' });
}

const text = (name, more) => ({ name, type: 'text', ...more });
const collection = (name, ...fields) => ({ name, fields });
const things = (...fields) => ({
    collections: [collection('things', ...fields)],
});

function appFile(app) {
    const file = join(newFolder(), 'app.json');

    writeFileSync(file, typeof app === 'string' ? app : JSON.stringify(app));
    return file;
}

// app, JSON pointer, what the line says besides
const mistakes = [
    [
        things({ name: 'x', type: 'txt' }),
        '/collections/0/fields/0/type',
        /text.*email.*relation/,
    ],
    [things({ name: 'x' }), '/collections/0/fields/0', /type/],
    [things({ type: 'text' }), '/collections/0/fields/0', /name/],
    [things(text('x', { nane: 1 })), '/collections/0/fields/0/nane', /name/],
    [
        things(text('x', { requird: true })),
        '/collections/0/fields/0/requird',
        /required/,
    ],
    [
        things(text('x', { required: 'yes' })),
        '/collections/0/fields/0/required',
        /true or false/,
    ],
    [things(text('x', { min: 5, max: 3 })), '/collections/0/fields/0/m', /max/],
    [things(text('x', { min: -1 })), '/collections/0/fields/0/min', /0/],
    [
        things(text('x', { max: 'long' })),
        '/collections/0/fields/0/max',
        /integer|number/,
    ],
    [
        things(text('x', { max: 99999999 })),
        '/collections/0/fields/0/max',
        /1000000/,
    ],
    [
        things(text('x', { pattern: '(' })),
        '/collections/0/fields/0/pattern',
        /pattern/,
    ],
    [
        things(text('x', { pattern: '(a)\\1' })),
        '/collections/0/fields/0/pattern',
        /pattern/,
    ],
    [
        things(text('x', { max: 3, default: 'long' })),
        '/collections/0/fields/0/default',
        /3/,
    ],
    [
        things(text('x', { scale: 2 })),
        '/collections/0/fields/0/scale',
        /text.*min, max/,
    ],
    [
        things({ name: 'x', type: 'int', min: 1.5 }),
        '/collections/0/fields/0/min',
        /integer/,
    ],
    [
        things({ name: 'x', type: 'int', max: 3, default: 4 }),
        '/collections/0/fields/0/default',
        /3/,
    ],
    [
        things({ name: 'x', type: 'decimal', scale: 10 }),
        '/collections/0/fields/0/scale',
        /9/,
    ],
    [
        things({ name: 'x', type: 'decimal', scale: 1, max: 0.55 }),
        '/collections/0/fields/0/max',
        /scale/,
    ],
    [
        things({ name: 'x', type: 'date', min: 'soon' }),
        '/collections/0/fields/0/min',
        /2026/,
    ],
    [
        things({ name: 'x', type: 'select' }),
        '/collections/0/fields/0',
        /values/,
    ],
    [
        things({ name: 'x', type: 'select', values: [] }),
        '/collections/0/fields/0/values',
        /1 to/,
    ],
    [
        things({ name: 'x', type: 'select', values: ['a', 'a'] }),
        '/collections/0/fields/0/values/1',
        /twice/,
    ],
    [
        things({ name: 'x', type: 'select', values: ['a'], default: 'b' }),
        '/collections/0/fields/0/default',
        /a/,
    ],
    [
        things({ name: 'x', type: 'relation' }),
        '/collections/0/fields/0',
        /collection/,
    ],
    [
        things({ name: 'x', type: 'relation', collection: 'thing' }),
        '/collections/0/fields/0/collection',
        /things/,
    ],
    [
        things({
            name: 'x',
            type: 'relation',
            collection: 'things',
            onDelete: 'drop',
        }),
        '/collections/0/fields/0/onDelete',
        /restrict.*cascade.*null/,
    ],
    [things(text('x'), text('x')), '/collections/0/fields/1', /x/],
    [things(text('id')), '/collections/0/fields/0/name', /id/],
    [things(text('created')), '/collections/0/fields/0/name', /created/],
    [things(text('X')), '/collections/0/fields/0/name', /a to z/],
    [things(text('a__b')), '/collections/0/fields/0/name', /__/],
    [things(text('x'.repeat(29))), '/collections/0/fields/0/name', /28/],
    [things(text('1x')), '/collections/0/fields/0/name', /letter|\[a-z\]/],
    [
        {
            collections: [
                collection('a', text('x')),
                collection('a', text('x')),
            ],
        },
        '/collections/1',
        /a/,
    ],
    [
        { collections: [collection('status', text('x'))] },
        '/collections/0/name',
        /status/,
    ],
    [
        { collections: [collection('_own', text('x'))] },
        '/collections/0/name',
        /a-z|letter/,
    ],
    [
        { collections: [{ ...collection('a', text('x')), indexes: [['y']] }] },
        '/collections/0/indexes/0/0',
        /x/,
    ],
    [
        {
            collections: [
                { ...collection('a', text('x')), indexes: [['x'], ['x']] },
            ],
        },
        '/collections/0/indexes/1',
        /./,
    ],
    [
        {
            collections: [
                { ...collection('a', text('x')), cache: { ttl: -1 } },
            ],
        },
        '/collections/0/cache/ttl',
        /0/,
    ],
    [
        {
            collections: [
                { ...collection('a', text('x')), rules: { edit: '' } },
            ],
        },
        '/collections/0/rules/edit',
        /./,
    ],
    [{ collections: {} }, '/collections', /list/],
    [{ collection: [] }, '/collection', /collections/],
    [{}, '', /collections/],
    [[], '', /object/],
];

const notJson = [
    ['', /line 1/],
    ['{', /line 1/],
    ['{\n  "collections": [\n    {,\n  ]\n}', /line 3/],
    ['{"collections":[],"collections":[]}', /twice|duplicate/],
    ['{"collections":[]} x', /line 1/],
    ['\xff\xfe', /line 1|UTF-8/],
];

describe('app file: mistakes', () => {
    after(stopAll);

    // The start, and the commands, say it alike.
    async function refusedBy(app, args = []) {
        const file = appFile(app);
        const got = await command(args, { env: { APP_FILE: file } });
        const lines = got.err.trim().split('\n');

        assert.equal(got.code, 2, `${JSON.stringify(app)}: ${got.err}`);
        assert.equal(lines.length, 1, got.err);
        assert.equal(got.out, '');
        assert.match(lines[0], /^appliance: APP_FILE /);
        assert.ok(lines[0].includes(file), lines[0]);
        return lines[0];
    }

    for (const [app, pointer, says] of mistakes)
        test(`${pointer} of ${JSON.stringify(app)}`.slice(0, 110), async () => {
            const line = await refusedBy(app);

            assert.ok(
                line.includes(`: ${pointer}`),
                `the pointer ${pointer} in ${line}`,
            );
            assert.match(line, says);
        });

    for (const [app, says] of notJson)
        test(`not JSON: ${JSON.stringify(app).slice(0, 50)}`, async () => {
            const line = await refusedBy(app);

            assert.match(line, says);
            assert.doesNotMatch(line, /: :|: $/);
        });

    test('plan and migrate say the same as the start', async () => {
        const app = things({ name: 'x', type: 'txt' });
        const cut = (line) => line.replace(/"[^"]*app\.json"/, '');
        const line = cut(await refusedBy(app));

        for (const args of [['plan'], ['migrate'], ['migrate', '--allow-drop']])
            assert.equal(cut(await refusedBy(app, args)), line);
    });
});

for (const store of ['sqlite', 'postgres'])
    describe(`app file over ${store}`, () => {
        let env; // the database

        const withApp = (app) => ({ ...env, APP_FILE: appFile(app) });
        const plan = (app) => command(['plan'], { env: withApp(app) });
        const migrate = (app, ...args) =>
            command(['migrate', ...args], { env: withApp(app) });
        const steps = ({ out }) =>
            out.split('\n').filter((line) => /^[A-Z].*;/.test(line));

        before(async () => (env = await backends({ store })));
        after(stopAll);

        const first = things(text('title', { max: 50, index: true }), {
            name: 'n',
            type: 'int',
        });
        const second = {
            collections: [
                collection(
                    'things',
                    text('title', { max: 50, index: true }),
                    { name: 'n', type: 'int' },
                    text('more', { default: 'x' }),
                    { name: 'owner', type: 'relation', collection: 'people' },
                ),
                collection('people', text('name', { unique: true })),
            ],
        };

        test('plan prints the SQL of an empty database', async () => {
            const got = await plan(first);

            assert.equal(got.code, 0, got.err);
            assert.match(got.out, /^CREATE TABLE "?things"? \(/m);
            assert.match(got.out, /^CREATE INDEX /m);
            assert.match(got.out, /^-- /m, 'and why');
            const again = await plan(first);

            assert.equal(again.out, got.out, 'it changes nothing');
        });

        test('start applies what is safe, once', async () => {
            const a = await start({ env: withApp(first) });

            assert.ok(a.events('schema_applied')[0].steps >= 2);
            const made = await a.post('/api/v1/things', { title: 'a', n: 1 });

            assert.equal(made.status, 201, made.text);
            await a.stop();
            const b = await start({ env: withApp(first) });

            assert.equal(b.events('schema_applied').length, 0);
            assert.match((await plan(first)).out, /nothing to do/);
            await b.stop();
        });

        test('a new collection, fields and index: rows are kept', async () => {
            const planned = await plan(second);

            assert.ok(steps(planned).length >= 3, planned.out);
            assert.doesNotMatch(planned.out, /LOSES/);
            const a = await start({ env: withApp(second) });
            const { items } = (await a.get('/api/v1/things')).json;

            assert.equal(items.length, 1);
            assert.equal(items[0].title, 'a');
            assert.equal(items[0].more, 'x', 'older rows get the default');
            const ann = await a.post('/api/v1/people', { name: 'Ann' });
            const owned = await a.post('/api/v1/things', {
                title: 'b',
                owner: ann.json.id,
            });

            assert.equal(owned.json.more, 'x');
            assert.equal(owned.json.owner, ann.json.id);
            await a.stop();
        });

        const losing = [
            [
                'a field that is gone',
                things(text('title', { max: 50, index: true })),
            ],
            [
                'a text made shorter than rows have',
                {
                    collections: [
                        collection(
                            'things',
                            text('title', { max: 1, index: true }),
                            { name: 'n', type: 'int', min: 100 },
                            text('more', { default: 'x' }),
                            {
                                name: 'owner',
                                type: 'relation',
                                collection: 'people',
                            },
                        ),
                        collection('people', text('name', { unique: true })),
                    ],
                },
            ],
            [
                'another type',
                {
                    collections: [
                        collection(
                            'things',
                            { name: 'title', type: 'int' },
                            { name: 'n', type: 'int' },
                            text('more', { default: 'x' }),
                            {
                                name: 'owner',
                                type: 'relation',
                                collection: 'people',
                            },
                        ),
                        collection('people', text('name', { unique: true })),
                    ],
                },
            ],
            [
                'a collection that is gone',
                {
                    collections: [
                        collection(
                            'things',
                            text('title', { max: 50, index: true }),
                            { name: 'n', type: 'int' },
                            text('more', { default: 'x' }),
                        ),
                    ],
                },
            ],
        ];

        for (const [name, app] of losing)
            test(`${name}: refused at start, and nothing changed`, async () => {
                const planned = await plan(app);

                assert.equal(planned.code, 0, planned.err);
                assert.match(planned.out, /LOSES DATA/);
                const got = await command([], { env: withApp(app) });
                const lines = got.err.trim().split('\n');

                assert.equal(got.code, 1, got.err);
                assert.equal(lines.length, 1, got.err);
                assert.match(lines[0], /migrate --allow-drop/);
                const migrated = await migrate(app);

                assert.equal(migrated.code, 1);
                assert.match(migrated.err, /--allow-drop/);
                const still = await start({ env: withApp(second) });
                const { json } = await still.get('/api/v1/things?sort=id');

                assert.equal(json.totalItems, 2);
                assert.equal(json.items[0].n, 1);
                await still.stop();
            });

        test('migrate --allow-drop does it', async () => {
            const [, app] = losing[3];
            const done = await migrate(app, '--allow-drop');

            assert.equal(done.code, 0, done.err);
            const a = await start({ env: withApp(app) });
            const { json } = await a.get('/api/v1/things?sort=id');

            assert.equal(json.totalItems, 2);
            assert.equal('owner' in json.items[0], false);
            assert.equal(json.items[0].title, 'a');
            assert.equal((await a.get('/api/v1/people')).status, 404);
            await a.stop();
            assert.match((await plan(app)).out, /nothing to do/);
        });

        test('a narrowing that no row contradicts is safe', async () => {
            const app = things(
                text('title', { max: 20, index: true, required: true }),
                { name: 'n', type: 'int', max: 5 },
                text('more', { default: 'x', max: 3 }),
            );
            const planned = await plan(app);

            assert.doesNotMatch(planned.out, /LOSES/);
            const a = await start({ env: withApp(app) });
            const long = await a.post('/api/v1/things', {
                title: 'x'.repeat(21),
            });

            assert.equal(long.status, 422);
            await a.stop();
        });

        test('unique where values occur twice cannot be done', async () => {
            const fresh = await backends({ store });
            const twice = things(text('title'));
            const a = await start({
                env: { ...fresh, APP_FILE: appFile(twice) },
            });

            for (let i = 0; i < 2; i++)
                await a.post('/api/v1/things', { title: 'same' });
            await a.stop();
            const app = appFile(things(text('title', { unique: true })));
            const got = await command([], { env: { ...fresh, APP_FILE: app } });

            assert.equal(got.code, 1, got.err);
            assert.match(got.err, /title/);
            const forced = await command(['migrate', '--allow-drop'], {
                env: { ...fresh, APP_FILE: app },
            });

            assert.equal(forced.code, 1, forced.out);
        });
    });

describe('app file: replicas', () => {
    after(stopAll);

    test('ten starting at once on one PostgreSQL do it once', async () => {
        const server = await postgres();
        const DATABASE_URL = await server.database();
        const env = { DATABASE_URL, DATABASE_POOL: '1' };
        const all = await Promise.all(
            Array.from({ length: 10 }, () => start({ env, timeout: 60000 })),
        );
        const applied = all.filter(
            (a) => a.events('schema_applied').length > 0,
        );

        assert.equal(applied.length, 1);
        await Promise.all(
            all.map(async (a, i) => {
                const key = `from.replica.${i}`;
                const got = await a.post('/api/v1/settings', { key });

                assert.equal(got.status, 201, got.text);
            }),
        );
        const { json } = await all[0].get('/api/v1/settings');

        assert.equal(json.totalItems, 10);
        const ends = await Promise.all(all.map((a) => a.stop()));

        for (const { code } of ends) assert.equal(code, 0);
        const tables = await server.sql(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'" +
                " AND left(tablename, 1) <> '_'",
            DATABASE_URL,
        );

        assert.equal(tables, '8', 'a collection each');
    });

    test('a table of somebody else is in the way: refused', async () => {
        const server = await postgres();
        const DATABASE_URL = await server.database();

        await server.sql('CREATE TABLE things (a int)', DATABASE_URL);
        const env = {
            DATABASE_URL,
            APP_FILE: appFile(things(text('title'))),
        };
        const got = await command([], { env });

        assert.equal(got.code, 1, got.err);
        assert.match(got.err, /things/);
        assert.equal(got.err.trim().split('\n').length, 1, got.err);
        await server.sql('SELECT a FROM things', DATABASE_URL);
    });

    test('plan works beside a running instance', async () => {
        const folder = newFolder();
        const env = { DATABASE_URL: `sqlite:${folder}/app.db` };
        const a = await start({ env });
        const got = await command(['plan'], { env });

        assert.equal(got.code, 0, got.err);
        assert.match(got.out, /nothing to do/);
        assert.equal((await a.get('/health')).status, 200);
        await a.stop();
        const none = await command(['plan'], {
            env: { DATABASE_URL: `sqlite:${newFolder()}/none.db` },
        });

        assert.equal(none.code, 0, none.err);
        assert.match(none.out, /CREATE TABLE/);
    });
});
