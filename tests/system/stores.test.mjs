// SPDX-License-Identifier: MIT
// Where rows are kept: every way to name a database, and many who write to it
// at once.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { command, newFolder, start, stopAll, until } from './appliance.mjs';
import { valueOf } from './exposition.mjs';
import { backends, postgres } from './servers.mjs';

let n = 0;
const user = () => ({ name: 'Ann', email: `ann${++n}@example.org` });

// It serves, and what it was given is there for the next one.
async function keeps(env, options = {}) {
    const a = await start({ env, ...options });
    const made = await a.post('/users', user());

    assert.equal(made.status, 201, made.text);
    assert.equal((await a.stop()).code, 0, a.lines.join('\n'));
    const b = await start({ env, folder: a.folder, ...options });
    const got = await b.get(`/users/${made.json.id}`);

    assert.deepEqual(got.json, made.json);
    await b.stop();
    return b;
}

describe('stores: SQLite', () => {
    after(stopAll);

    test('with nothing configured: data/app.db, for us alone', async () => {
        const a = await keeps({ DATA_DIR: null });
        const file = join(a.folder, 'data/app.db');

        assert.equal(a.events('ready')[0].store, 'sqlite');
        assert.equal(statSync(file).mode & 0o777, 0o600);
        assert.equal(statSync(join(a.folder, 'data')).mode & 0o777, 0o700);
        assert.ok(!existsSync(`${file}-wal`), 'all of it is in the one file');
    });

    test('a path of any kind', async () => {
        const folder = newFolder();

        mkdirSync(join(folder, 'real'));
        symlinkSync('real', join(folder, 'link'));
        for (const path of [
            'rows.db',
            './sub/folder/rows.db',
            join(folder, 'with blank & é.db'),
            join(folder, 'a%20b#x.db'),
            join(folder, 'link/rows.db'),
        ])
            await keeps({ DATABASE_URL: `sqlite:${path}` });
        assert.ok(existsSync(join(folder, 'a%20b#x.db')), 'as it stands');
        assert.ok(existsSync(join(folder, 'real/rows.db')));
    });

    test('the journal is a write-ahead log, and is complete', async () => {
        const a = await start();

        await a.post('/users', user());
        assert.ok(existsSync(join(a.folder, 'data/app.db-wal')));
        await a.stop();
    });
});

describe('stores: PostgreSQL', () => {
    after(stopAll);

    test('one host', async () => {
        const DATABASE_URL = await (await postgres()).database();
        const a = await keeps({ DATABASE_URL });

        assert.equal(a.events('ready')[0].store, 'postgres');
    });

    test('postgresql:// is the same', async () => {
        const url = await (await postgres()).database();

        await keeps({ DATABASE_URL: url.replace('postgres:', 'postgresql:') });
    });

    test('several hosts: the one that is there and may write', async () => {
        const url = new URL(await (await postgres()).database());
        const dead = '127.0.0.1:1';
        const at = `${url.username}:${url.password}@`;

        for (const [hosts, query] of [
            [`${dead},${url.host}`, ''],
            [`${url.host},${dead}`, '?target_session_attrs=read-write'],
            [`${dead},${url.host}`, '?target_session_attrs=primary'],
        ])
            await keeps({
                DATABASE_URL: `postgres://${at}${hosts}${url.pathname}${query}`,
            });
    });

    test('no host that fits: said, exit 1', async () => {
        const url = await (await postgres()).database();
        const got = await command([], {
            env: {
                DATABASE_URL: `${url}?target_session_attrs=standby`,
                START_TIMEOUT_MS: '300',
            },
        });

        assert.equal(got.code, 1, got.err);
        assert.match(
            got.err.trim().split('\n').at(-1),
            /^appliance: DATABASE_URL/,
        );
    });

    test('a password with signs, escaped', async () => {
        const server = await postgres();
        const password = "p@ss:w/o?r#d'%20 é";
        const role = `r${Date.now()}`;
        const quoted = password.replaceAll("'", "''");
        const url = new URL(await server.database());
        const name = url.pathname.slice(1);

        await server.sql(`CREATE ROLE ${role} LOGIN PASSWORD '${quoted}'`);
        await server.sql(`ALTER DATABASE ${name} OWNER TO ${role}`);
        const escaped = encodeURIComponent(password).replaceAll("'", '%27');

        await keeps({
            DATABASE_URL: `postgres://${role}:${escaped}@${url.host}/${name}`,
        });
    });

    test('a unix socket', async () => {
        const { TEST_POSTGRES_SOCKET_URL: given } = process.env;
        const url = new URL(await (await postgres()).database());
        const socket =
            given?.replace(/\/app$/, url.pathname) ??
            url.href.replace(url.hostname, '127.0.0.1');

        await keeps({ DATABASE_URL: socket });
    });

    test('a role that may not make tables: said, exit 1', async () => {
        const server = await postgres();
        const url = new URL(await server.database());
        const role = `p${Date.now()}`;

        await server.sql(`CREATE ROLE ${role} LOGIN PASSWORD 'only-to-look'`);
        const got = await command([], {
            env: {
                DATABASE_URL: `postgres://${role}:only-to-look@${url.host}${url.pathname}`,
            },
        });

        assert.equal(got.code, 1, got.err);
        assert.match(
            got.err.trim().split('\n').at(-1),
            /^appliance: .*permission denied/,
        );
        assert.ok(!got.err.includes('only-to-look'), got.err);
    });
});

for (const store of ['sqlite', 'postgres'])
    describe(`stores: many at once over ${store}`, () => {
        let a;

        before(async () => {
            const env = await backends({ store });

            a = await start({ env: { ...env, DATABASE_POOL: '2' } });
        });
        after(stopAll);

        const many = (count, ask) =>
            Promise.all(Array.from({ length: count }, (_, i) => ask(i)));

        test('of 200 creating the same, one wins', async () => {
            const same = user();
            const got = await many(200, () => a.post('/users', same));
            const made = got.filter(({ status }) => status === 201);

            assert.equal(made.length, 1);
            for (const one of got)
                if (one !== made[0]) {
                    assert.equal(one.status, 400, one.text);
                    assert.equal(one.json.data.email.code, 'not_unique');
                }
            const { data } = (await a.get('/users')).json;

            assert.equal(data.length, 1);
        });

        test('300 creating others: all are there', async () => {
            const got = await many(300, () => a.post('/users', user()));

            for (const { status, text } of got) assert.equal(status, 201, text);
            const ids = new Set(got.map(({ json }) => json.id));

            assert.equal(ids.size, 300);
            const { data } = (await a.get('/users')).json;

            assert.equal(data.length, 301);
        });

        test('changes without condition: the last stands', async () => {
            const { id } = (await a.post('/users', user())).json;
            const path = `/api/v1/users/${id}`;
            const got = await many(100, (i) =>
                a.patch(path, { name: `n${i}` }),
            );
            const versions = new Set(got.map(({ etag }) => etag));

            for (const { status, text } of got) assert.equal(status, 200, text);
            assert.equal(versions.size, 100, 'each its own version');
            const last = await a.get(path);

            assert.equal(last.etag, '"v101"');
            const winner = got.find(({ etag }) => etag === last.etag);

            assert.equal(last.json.name, winner.json.name);
        });

        test('one that is deleted meanwhile: found or not, no more', async () => {
            const { id } = (await a.post('/users', user())).json;
            const path = `/api/v1/users/${id}`;
            const got = await many(60, (i) =>
                i === 30
                    ? a.delete(path)
                    : i % 2
                      ? a.get(path)
                      : a.patch(path, { name: `n${i}` }),
            );

            for (const { status, text } of got)
                assert.ok([200, 204, 404].includes(status), text);
            assert.equal((await a.get(path)).status, 404);
        });

        test('reads wait for a connection, and are counted', async () => {
            const headers = { 'cache-control': 'no-cache' };
            const got = await many(400, (i) =>
                a.get(`/api/v1/users?page=${(i % 5) + 1}&perPage=100`, {
                    headers,
                }),
            );

            for (const { status, text } of got) assert.equal(status, 200, text);
            const { text } = await a.askOps('/metrics');
            const pool = 'appliance_store_pool_connections';

            assert.ok(valueOf(text, pool) <= 3, 'the pool is bounded');
            // The appliance's own threads take one now and then.
            await until('all are given back', async () => {
                const now = (await a.askOps('/metrics')).text;

                return valueOf(now, `${pool}_in_use`) === 0 ? true : null;
            });
            assert.ok(valueOf(text, 'appliance_store_pool_waits_total') > 0);
        });
    });
