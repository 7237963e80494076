// SPDX-License-Identifier: MIT
// API keys: what they may, by scope and by account; their end; the command
// line beside running instances. Over every combination of backends.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { command, newFolder, sleep, start, stopAll, until } from './appliance.mjs';
import { backends, combinations, ownRedis } from './servers.mjs';

const open = { list: '', view: '', create: '', update: '', delete: '' };
const text = { name: 'text', type: 'text', max: 50 };
const app = {
    collections: [
        { name: 'notes', rules: open, fields: [text] },
        {
            name: 'tasks',
            rules: open,
            fields: [
                text,
                {
                    name: 'note',
                    type: 'relation',
                    collection: 'notes',
                    onDelete: 'null',
                    index: true,
                },
            ],
        },
        {
            name: 'ledger',
            rules: { list: "@user.role = 'manager'", view: null },
            fields: [text],
        },
        { name: 'safe', fields: [text] },
    ],
};
const form = /^apl_[0-9A-Za-z]{49}$/;
const password = 'correct horse battery 9';
const verbs = ['list', 'view', 'create', 'update', 'delete'];
const groups = {
    read: ['list', 'view'],
    write: ['create', 'update', 'delete'],
    '*': verbs,
};
const of = (key) => ({ headers: { authorization: `Bearer ${key}` } });

// What a scope lets its key do in a collection.
function may(scope, collection) {
    const [name, verb = '*'] = scope.split(':');

    return name === '*' || name === collection ? groups[verb] ?? [verb] : [];
}

class Door {
    constructor(combination) {
        this.combination = combination;
    }

    async open(more) {
        const file = join(newFolder(), 'app.json');

        writeFileSync(file, JSON.stringify(app));
        this.env = {
            ...(await backends(this.combination)),
            ...more,
            APP_FILE: file,
            ADMIN_EMAIL: 'root@example.org',
            ADMIN_PASSWORD: password,
        };
        this.a = await start({ env: this.env, key: false });
        this.admin = await this.signIn('root@example.org');
        this.ann = await this.account('ann@example.org', 'user');
        this.max = await this.account('max@example.org', 'manager');
    }

    async signIn(email) {
        const got = await this.a.post('/login', { email, password });

        assert.equal(got.status, 200, got.text);
        const [cookie] = [got.headers['set-cookie']].flat();

        return { headers: { cookie: cookie.split(';')[0] } };
    }

    async account(email, role) {
        const got = await this.a.post(
            '/api/v1/users',
            { name: role, email, role, active: true, password },
            this.admin,
        );

        assert.equal(got.status, 201, got.text);
        return { id: got.json.id, ...(await this.signIn(email)) };
    }

    async key(who, scopes, more) {
        const body = { name: 'test', scopes: [scopes].flat(), ...more };
        const got = await this.a.post('/api/v1/auth/keys', body, who);

        assert.equal(got.status, 201, got.text);
        assert.match(got.json.key, form);
        return got.json;
    }

    change(id, body) {
        return this.a.patch(`/api/v1/users/${id}`, body, this.admin);
    }
}

for (const combination of combinations)
    describe(`keys over ${combination.name}`, () => {
        const d = new Door(combination);

        before(() => d.open());
        after(stopAll);

        // Each verb by each scope; the rules let everybody do everything.
        const tried = {
            list: (a, id, o) => a.get('/api/v1/notes', o),
            view: (a, id, o) => a.get(`/api/v1/notes/${id}`, o),
            create: (a, id, o) => a.post('/api/v1/notes', { text: 'n' }, o),
            update: (a, id, o) =>
                a.patch(`/api/v1/notes/${id}`, { text: 'u' }, o),
            delete: (a, id, o) => a.delete(`/api/v1/notes/${id}`, o),
        };
        const scopes = [
            ...[...verbs, 'read', 'write', '*'].flatMap((verb) => [
                `notes:${verb}`,
                `*:${verb}`,
                `tasks:${verb}`,
            ]),
            '*',
        ];

        for (const scope of scopes)
            test(`${scope}: what it may, and nothing else`, async () => {
                const { key } = await d.key(d.ann, scope);
                const { json: note } = await d.a.post(
                    '/api/v1/notes',
                    { text: 'mine' },
                    d.ann,
                );

                for (const verb of verbs) {
                    const got = await tried[verb](d.a, note.id, of(key));
                    const yes = may(scope, 'notes').includes(verb);

                    if (yes) assert.ok(got.status < 300, `${verb} ${got.text}`);
                    else {
                        assert.equal(got.status, 403, `${verb} ${got.text}`);
                        assert.ok(got.text.includes(`notes:${verb}`), got.text);
                    }
                }
                await d.a.delete(
                    `/api/v1/auth/keys/${(await mine(d.ann))[0].id}`,
                    d.ann,
                );
            });

        async function mine(who, query = '') {
            const got = await d.a.get(`/api/v1/auth/keys${query}`, who);

            assert.equal(got.status, 200, got.text);
            return got.json.items;
        }

        test('a batch is held to them, and undone as a whole', async () => {
            const { key } = await d.key(d.ann, ['notes:create', 'tasks:list']);
            const count = async () =>
                (await d.a.get('/api/v1/notes?perPage=1', d.ann)).json
                    .totalItems;
            const batch = (...requests) =>
                d.a.post('/api/v1/batch', { requests }, of(key));
            const note = {
                method: 'POST',
                url: '/api/v1/notes',
                body: { text: 'b' },
            };
            const task = { ...note, url: '/api/v1/tasks' };
            const before = await count();

            assert.equal((await batch(note, note)).status, 200);
            assert.equal(await count(), before + 2);
            const got = await batch(note, task);

            assert.ok(got.text.includes('tasks:'), got.text);
            assert.ok(got.status >= 400 && got.status < 500, got.text);
            assert.equal(await count(), before + 2);
        });

        test('relations lead no further', async () => {
            const { json: note } = await d.a.post(
                '/api/v1/notes',
                { text: 'hidden-word' },
                d.ann,
            );

            await d.a.post('/api/v1/tasks', { text: 't', note: note.id }, d.ann);
            const narrow = of((await d.key(d.ann, 'tasks:read')).key);
            const wide = of((await d.key(d.ann, ['tasks:read', 'notes:read'])).key);
            const path = '/api/v1/tasks?expand=note&sort=-id';

            for (let i = 0; i < 2; i++) {
                const far = await d.a.get(path, wide);
                const near = await d.a.get(path, narrow);

                assert.equal(far.json.items[0].expand.note.text, 'hidden-word');
                assert.ok(!near.text.includes('hidden-word'), near.text);
            }
            const asked = await d.a.get(
                "/api/v1/tasks?filter=note.text='hidden-word'",
                narrow,
            );

            assert.ok(
                asked.status >= 400 || asked.json.items.length === 0,
                asked.text,
            );
        });

        test('a key is no more than its account', async () => {
            const of_ann = of((await d.key(d.ann, '*')).key);
            const of_max = of((await d.key(d.max, '*')).key);
            const of_root = of((await d.key(d.admin, '*')).key);

            await d.a.post('/api/v1/ledger', { text: 'l' }, of_root);
            assert.equal(
                (await d.a.get('/api/v1/ledger', of_max)).json.items.length,
                1,
            );
            assert.deepEqual(
                (await d.a.get('/api/v1/ledger', of_ann)).json.items,
                [],
            );
            const { json: kept } = await d.a.post(
                '/api/v1/safe',
                { text: 's' },
                of_root,
            );
            const path = `/api/v1/safe/${kept.id}`;

            assert.equal((await d.a.get(path, of_root)).status, 200);
            assert.equal((await d.a.get(path, of_max)).status, 404);
            assert.equal((await d.a.post('/api/v1/safe', {}, of_max)).status, 403);
            const me = await d.a.get('/api/v1/auth/me', of_ann);

            assert.equal(me.status, 200, me.text);
            assert.equal(me.json.email, 'ann@example.org');
        });

        test('a key has nothing to do with signing in', async () => {
            const { key, id } = await d.key(d.admin, '*');
            const body = { name: 'x', scopes: ['*'] };

            for (const [method, path, json] of [
                ['GET', '/api/v1/auth/keys'],
                ['POST', '/api/v1/auth/keys', body],
                ['DELETE', `/api/v1/auth/keys/${id}`],
                ['GET', '/api/v1/auth/sessions'],
                ['DELETE', '/api/v1/auth/sessions'],
                ['POST', '/api/v1/auth/password', {}],
            ]) {
                const got = await d.a.ask(method, path, { json, ...of(key) });

                assert.equal(got.status, 403, `${method} ${path} ${got.text}`);
            }
        });

        test('its role is the one of now', async () => {
            const { id, ...cookie } = await d.account('eve@example.org', 'user');
            const key = of((await d.key(cookie, ['*:list'])).key);
            const sees = async () =>
                (await d.a.get('/api/v1/ledger', key)).json.items.length;

            assert.equal(await sees(), 0);
            assert.equal((await d.change(id, { role: 'manager' })).status, 200);
            assert.equal(await sees(), 1);
            assert.equal((await d.change(id, { role: 'user' })).status, 200);
            assert.equal(await sees(), 0);
            assert.equal((await d.change(id, { active: false })).status, 200);
            assert.equal((await d.a.get('/api/v1/notes', key)).status, 401);
            assert.equal((await d.change(id, { active: true })).status, 200);
            assert.equal((await d.a.get('/api/v1/notes/1', key)).status, 403);
            assert.equal((await d.a.get('/api/v1/ledger', key)).status, 200);
            const gone = await d.a.delete(`/api/v1/users/${id}`, d.admin);

            assert.equal(gone.status, 204, gone.text);
            assert.equal((await d.a.get('/api/v1/ledger', key)).status, 401);
        });

        test('it expires', async () => {
            const expires = new Date(Date.now() + 1500).toISOString();
            const made = await d.key(d.ann, '*', { expires });

            assert.equal(made.expires, expires);
            assert.equal((await d.a.get('/api/v1/notes', of(made.key))).status, 200);
            await sleep(Date.parse(expires) - Date.now() + 20);
            const got = await d.a.get('/api/v1/notes', of(made.key));

            assert.equal(got.status, 401);
            assert.match(got.headers['www-authenticate'], /^Bearer/);
            assert.match(got.json.message, /expired/);
        });

        test('wrong ones are worse than none', async () => {
            const { key } = await d.key(d.ann, '*');
            const last = key.at(-1) === 'a' ? 'b' : 'a';

            assert.equal((await d.a.get('/api/v1/notes')).status, 200);
            for (const wrong of [
                key.slice(0, -1) + last,
                key.slice(0, -1),
                key + 'a',
                key.toUpperCase(),
                `${key} ${key}`,
                'apl_',
                `apl_${'0'.repeat(43)}4Xends`, // well made, but nobody's
            ])
                for (const path of ['/api/v1/notes', '/api/v1/auth/me']) {
                    const got = await d.a.get(path, of(wrong));

                    assert.equal(got.status, 401, wrong);
                    assert.doesNotMatch(got.text, /expired/);
                }
            for (const authorization of [key, `bearer ${key}`])
                assert.equal(
                    (await d.a.get('/api/v1/notes', { headers: { authorization } }))
                        .status,
                    200,
                );
            const cookie = { headers: { cookie: `session_id=${key}` } };

            assert.equal((await d.a.get('/api/v1/auth/me', cookie)).status, 401);
        });

        test('shown once, listed without, revoked by whom it is of', async () => {
            const { id, ...zoe } = await d.account('zoe@example.org', 'user');
            const made = await d.key(zoe, ['notes:read', 'tasks:write']);
            const { key, ...rest } = made;

            assert.deepEqual(await mine(zoe), [rest]);
            assert.equal(rest.hint, `${key.slice(0, 8)}…`);
            assert.equal(rest.lastUsed, null);
            assert.equal((await d.a.get('/api/v1/notes', of(key))).status, 200);
            const [used] = await mine(zoe);

            assert.ok(Date.now() - Date.parse(used.lastUsed) < 60000);
            assert.equal(used.lastAddress, '127.0.0.1');
            const path = `/api/v1/auth/keys/${made.id}`;

            assert.equal((await d.a.delete(path, d.ann)).status, 404);
            assert.equal(
                (await d.a.get(`/api/v1/auth/keys?account=${id}`, d.ann)).status,
                403,
            );
            assert.equal((await mine(d.admin, `?account=${id}`)).length, 1);
            assert.equal((await d.a.delete(path, zoe)).status, 204);
            assert.equal((await d.a.get('/api/v1/notes', of(key))).status, 401);
            assert.equal((await d.a.delete(path, zoe)).status, 404);
            assert.deepEqual(await mine(zoe), []);
        });

        test('the log and the metrics tell of them, and no secret', async () => {
            const { key, id } = await d.key(d.ann, 'notes:list');

            await d.a.get('/api/v1/notes', of(key));
            await d.a.event('request', { where: (l) => l.user === `key:${id}` });
            for (const what of ['key_made', 'key_used'])
                await d.a.event('auth', {
                    where: (l) =>
                        l.what === what && JSON.parse(l.detail).key === id,
                });
            const { text: metrics } = await d.a.askOps('/metrics');

            for (const event of ['made', 'used'])
                assert.match(
                    metrics,
                    new RegExp(
                        `appliance_auth_api_keys_total{event="${event}"} [1-9]`,
                    ),
                );
            assert.ok(!d.a.lines.join('\n').includes(key.slice(8)));
        });

        test('the command line, beside a running instance', async () => {
            const cli = (...args) => command(['key', ...args], { env: d.env });
            const made = await cli(
                'add',
                'nightly job',
                '--user',
                'Ann@example.org',
                '--scope',
                'notes:read',
                '--scope=tasks:list',
                '--days',
                '7',
            );

            assert.equal(made.code, 0, made.err);
            const key = made.out.trim();

            assert.match(key, form);
            assert.equal(made.out, `${key}\n`);
            assert.match(made.err, /nightly job.*notes:read, tasks:list.*expires/);
            assert.equal((await d.a.get('/api/v1/notes', of(key))).status, 200);
            assert.equal((await d.a.get('/api/v1/ledger', of(key))).status, 403);
            const all = JSON.parse((await cli('list', '--json')).out);
            const line = all.find((k) => k.name === 'nightly job');

            assert.equal(line.user, 'ann@example.org');
            assert.deepEqual(line.scopes, ['notes:read', 'tasks:list']);
            assert.match(
                (await cli('list')).out,
                new RegExp(`^ *${line.id}  ${key.slice(0, 8)}…  ann@`, 'm'),
            );
            const revoked = await cli('revoke', String(line.id));

            assert.deepEqual([revoked.code, revoked.out], [0, '']);
            await until(
                'the instance hears of it',
                async () =>
                    (await d.a.get('/api/v1/notes', of(key))).status === 401,
                { timeout: 2000 },
            );
            const again = await cli('revoke', String(line.id));

            assert.equal(again.code, 1);
            assert.match(again.err, /there is no key/);

            const whole = await cli('add', 'deploy', '--days', 'never');
            const root = of(whole.out.trim());

            assert.equal((await d.a.get('/api/v1/safe', root)).status, 200);
            assert.equal((await d.a.get('/api/v1/auth/keys', root)).status, 403);
            assert.match(whole.err, /administrator.*never expires/);
            assert.deepEqual(
                (await mine(d.admin, '?account=0')).map((k) => k.name),
                ['deploy'],
            );
        });

        test('the command line says what is wrong', async () => {
            for (const [code, say, ...args] of [
                [2, /"key ad"; one of add, list, revoke/, 'ad'],
                [2, /key add NAME/, 'add'],
                [2, /key revoke ID/, 'revoke'],
                [2, /one word too many/, 'add', 'a', 'b'],
                [2, /no account has/, 'add', 'a', '--user', 'x@example.org'],
                [2, /--user needs a value/, 'add', 'a', '--user'],
                [2, /"7d" is neither/, 'add', 'a', '--days', '7d'],
                [2, /"0" is neither/, 'add', 'a', '--days', '0'],
                [2, /did you mean notes/, 'add', 'a', '--scope', 'nots:read'],
                [2, /unknown verb "rea"/, 'add', 'a', '--scope', 'notes:rea'],
                [2, /1 to 100 characters/, 'add', 'x'.repeat(101)],
                [2, /--scopes/, 'add', 'a', '--scopes', 'notes:read'],
                [2, /there is no key/, 'revoke', 'x'],
            ]) {
                const got = await command(['key', ...args], { env: d.env });

                assert.equal(got.code, code, `${args}: ${got.err}`);
                assert.match(got.err, say);
                assert.equal(got.out, '');
            }
            for (const args of [['key'], ['key', '--help'], ['help', 'key']]) {
                const got = await command(args);

                assert.equal(got.code, 0, got.err);
                assert.match(got.out, /appliance key COMMAND/);
            }
        });

        if (combination.store === 'postgres')
            test('another replica knows, and knows its end', async () => {
                const other = await start({ env: d.env, key: false });
                const { key, id } = await d.key(d.ann, 'notes:read');
                const asked = async (a) =>
                    (await a.get('/api/v1/notes', of(key))).status;

                assert.equal(await asked(d.a), 200);
                assert.equal(await asked(other), 200);
                assert.equal(await asked(other), 200);
                await d.a.delete(`/api/v1/auth/keys/${id}`, d.ann);
                assert.equal(await asked(d.a), 401);
                await until(
                    'the other hears of it',
                    async () => (await asked(other)) === 401,
                    { timeout: 1000, every: 1 },
                );
                await other.stop();
            });
        else
            test('the files hold no key', async () => {
                const { key } = await d.key(d.ann, '*');
                const file = d.env.DATABASE_URL.slice('sqlite:'.length);

                for (const name of readdirSync(dirname(file)))
                    assert.ok(
                        !readFileSync(join(dirname(file), name)).includes(
                            key.slice(8),
                        ),
                        name,
                    );
            });
    });

describe('keys while Redis comes and goes', () => {
    const d = new Door({ store: 'postgres' });
    let redis;
    let other;

    before(async () => {
        redis = await ownRedis();
        await d.open({ REDIS_URL: redis.url });
        other = await start({ env: d.env, key: false });
    });
    after(stopAll);

    const asked = async (a, key) =>
        (await a.get('/api/v1/notes', of(key))).status;

    async function revoke(id) {
        const got = await d.a.delete(`/api/v1/auth/keys/${id}`, d.ann);

        assert.equal(got.status, 204, got.text);
    }

    // Both replicas say so from then on; the other within a second or so.
    async function isDead(key) {
        assert.equal(await asked(d.a, key), 401);
        await until(
            'the other hears of it',
            async () => (await asked(other, key)) === 401,
            { timeout: 2000, every: 5 },
        );
    }

    test('killed, wiped, brought back: who may stays, who may not goes', async () => {
        const stays = await d.key(d.ann, 'notes:read');
        const before = await d.key(d.ann, 'notes:read');
        const during = await d.key(d.ann, 'notes:read');
        const keys = [stays, before, during];

        for (const { key } of keys)
            for (const a of [d.a, other, other])
                assert.equal(await asked(a, key), 200);
        await revoke(before.id);
        await isDead(before.key);
        await redis.crash();
        for (const a of [d.a, other]) {
            assert.equal(await asked(a, stays.key), 200);
            assert.equal(await asked(a, during.key), 200);
        }
        await revoke(during.id);
        await isDead(during.key);
        const made = await d.key(d.ann, 'notes:read');

        await redis.start();
        await until(
            'both are back on it',
            async () => {
                const all = await Promise.all(
                    [d.a, other].map((a) => a.askOps('/readyz?verbose')),
                );

                return all.every((got) =>
                    /^\[\+\]redis tracking/m.test(got.text),
                );
            },
            { timeout: 15000, every: 50 },
        );
        await redis.cli('FLUSHALL');
        for (const a of [d.a, other]) {
            assert.equal(await asked(a, stays.key), 200);
            assert.equal(await asked(a, made.key), 200);
            assert.equal(await asked(a, before.key), 401);
            assert.equal(await asked(a, during.key), 401);
        }
        await revoke(made.id);
        await isDead(made.key);
        assert.equal(await asked(other, stays.key), 200);
    });
});
