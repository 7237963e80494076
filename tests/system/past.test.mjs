// SPDX-License-Identifier: MIT
// What was: the trash, what goes along, the trail of changes; and who may
// write at all. Over both databases, as strangers and administrators.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { newFolder, start, stopAll, until } from './appliance.mjs';
import { backends, combinations, postgres } from './servers.mjs';

const admin = { as: 'admin' };
const text = (name, more) => ({ name, type: 'text', ...more });
const relation = (name, collection, onDelete, more) => ({
    ...{ name, type: 'relation', collection, onDelete, ...more },
});

const app = {
    collections: [
        {
            name: 'people',
            trash: { days: 30 },
            audit: { days: 365 },
            fields: [
                text('name', { unique: true, required: true }),
                { name: 'pay', type: 'decimal', scale: 2 },
                text('pin', { hidden: true }),
            ],
        },
        {
            name: 'notes',
            trash: true,
            audit: true,
            fields: [text('text'), relation('who', 'people', 'cascade')],
        },
        {
            name: 'tasks',
            fields: [relation('who', 'people', 'restrict')],
        },
        {
            name: 'desks',
            audit: true,
            fields: [relation('who', 'people', 'null')],
        },
        {
            name: 'board',
            trash: true,
            audit: true,
            rules: {
                list: '',
                view: 'open = true',
                create: "title != 'no' && pinned != true",
                update: 'open = true',
            },
            fields: [
                text('title', { unique: true }),
                { name: 'open', type: 'bool', default: true },
                {
                    name: 'pinned',
                    type: 'bool',
                    default: false,
                    rules: { write: null },
                },
                text('memo', { rules: { read: null } }),
            ],
        },
    ],
};

function writeApp() {
    const file = join(newFolder(), 'app.json');

    writeFileSync(file, JSON.stringify(app));
    return file;
}

for (const combination of combinations.slice(0, 2))
    describe(`past: ${combination.name}`, () => {
        const env = {};
        let a;
        let n = 0;

        before(async () => {
            env.APP_FILE = writeApp();
            Object.assign(env, await backends(combination));
            a = await start({ as: 'nobody', env });
        });
        after(stopAll);

        const made = async (collection, record) => {
            const got = await a.post(`/api/v1/${collection}`, record, admin);

            assert.equal(got.status, 201, got.text);
            return got.json;
        };
        const person = () => made('people', { name: `p${++n}` });
        const expect = (got, status) => {
            assert.equal(got.status, status, got.text);
            return status === 204 ? undefined : got.json;
        };
        const get = async (path, status = 200) =>
            expect(await a.get(`/api/v1/${path}`, admin), status);
        const remove = async (path, status = 204) =>
            expect(await a.delete(`/api/v1/${path}`, admin), status);
        const restore = async (path, status = 200) =>
            expect(
                await a.post(`/api/v1/${path}/restore`, undefined, admin),
                status,
            );
        const history = async (path) =>
            (await get(`${path}/history?perPage=500`)).items;

        test('DELETE: to the trash, where the collection keeps one', async () => {
            const { id, name } = await person();

            await remove(`people/${id}`);
            await get(`people/${id}`, 404);
            await remove(`people/${id}`, 404);
            const list = await get(`people?filter=name='${name}'`);

            assert.equal(list.totalItems, 0);
            await restore(`people/${id}`);
            assert.equal((await get(`people/${id}`)).name, name);
            await restore(`people/${id}`, 404);
            await remove(`people/${id}?purge=1`);
            await restore(`people/${id}`, 404);
        });

        test('POST /{id}/restore: not when a value is taken meanwhile', async () => {
            const { id, name } = await person();

            await remove(`people/${id}`);
            const other = await made('people', { name });
            const got = await restore(`people/${id}`, 400);

            assert.equal(got.data.name.code, 'not_unique');
            await remove(`people/${other.id}?purge=1`);
            await restore(`people/${id}`);
        });

        test('restrict, cascade and null, and all of it back', async () => {
            const { id } = await person();
            const note = await made('notes', { text: 'n', who: id });
            const desk = await made('desks', { who: id });
            const task = await made('tasks', { who: id });
            const refused = await remove(`people/${id}`, 409);

            assert.deepEqual(Object.keys(refused.data), ['tasks.who']);
            assert.equal(refused.data['tasks.who'].code, 'in_use');
            assert.equal((await get(`desks/${desk.id}`)).who, id);
            await remove(`tasks/${task.id}`);
            await remove(`people/${id}`);
            await get(`notes/${note.id}`, 404);
            assert.equal((await get(`desks/${desk.id}`)).who, null);
            const late = { who: id };

            for (const collection of ['notes', 'tasks', 'desks']) {
                const got = expect(
                    await a.post(`/api/v1/${collection}`, late, admin),
                    422,
                );
                assert.equal(got.data.who.code, 'no_such_record');
            }
            await restore(`people/${id}`);
            assert.equal((await get(`notes/${note.id}`)).who, id);
            assert.deepEqual(
                (await history(`notes/${note.id}`)).map((e) => e.action),
                ['restore', 'delete', 'create'],
            );
            const [last] = await history(`desks/${desk.id}`);

            assert.deepEqual(last.before, { who: id });
            assert.deepEqual(last.after, { who: null });
        });

        test('GET /{id}/history: its audit trail', async () => {
            const { id } = await person();
            const path = `/api/v1/people/${id}`;
            const asked = {
                ...admin,
                headers: { 'x-request-id': 'what-i-did' },
            };

            await a.patch(path, { pay: 12.5, pin: '1234' }, asked);
            await a.patch(path, { pay: 12.5 }, admin);
            expect(await a.patch(path, { pay: 'x' }, admin), 422);
            await remove(`people/${id}`);
            await remove(`people/${id}?purge=1`);
            const got = await history(`people/${id}`);

            assert.deepEqual(
                got.map((e) => e.action),
                ['purge', 'delete', 'update', 'create'],
            );
            const [, , update, create] = got;

            assert.deepEqual(update.before, { pay: null, pin: '•••' });
            assert.deepEqual(update.after, { pay: 12.5, pin: '•••' });
            assert.equal(update.requestId, 'what-i-did');
            assert.equal(update.address, '127.0.0.1');
            assert.deepEqual(update.user, { id: null, name: 'key:1' });
            assert.ok(Math.abs(Date.parse(update.at) - Date.now()) < 60000);
            assert.equal(create.before, null);
            assert.equal(create.after.pay, null);
            assert.equal(JSON.stringify(got).includes('1234'), false);
            const page = await get(`people/${id}/history?page=2&perPage=3`);

            assert.equal(page.totalItems, 4);
            assert.equal(page.totalPages, 2);
            assert.deepEqual(
                page.items.map((e) => e.action),
                ['create'],
            );
            await get(`tasks/1/history`, 404);
            await get(`people/999999/history`, 404);
        });

        test('rules: not allowed to create or change: 403', async () => {
            const post = (record, status) =>
                a
                    .post('/api/v1/board', record)
                    .then((got) => expect(got, status));
            const first = await post({ title: `t${++n}` }, 201);

            await post({ title: 'no' }, 403);
            await post({ title: first.title }, 400);
            assert.equal(
                (await post({ title: 'x', pinned: false }, 403)).data.pinned
                    .code,
                'forbidden',
            );
            assert.ok((await post({ title: 'x', memo: 'm' }, 403)).data.memo);
            const path = `/api/v1/board/${first.id}`;

            expect(await a.patch(path, { title: `t${++n}` }), 200);
            expect(await a.delete(path), 403);
            expect(await a.patch(path, { open: false }), 200);
            expect(await a.patch(path, { title: 'y' }), 404);
            expect(await a.delete(path), 404);
            expect(await a.get(`${path}/history`), 404);
            expect(await a.post(`${path}/restore`), 404);
            await remove(`board/${first.id}`);
            await restore(`board/${first.id}`);
            expect(await a.patch(path, { open: true }, admin), 200);
            const seen = expect(await a.get(`${path}/history`), 200).items;

            assert.equal(seen.length, 6);
            for (const entry of seen) {
                assert.equal('address' in entry, false);
                assert.equal('memo' in (entry.after ?? {}), false);
            }
        });

        test('rules: a collection without any is for administrators', async () => {
            const { id } = await person();
            const path = `/api/v1/people/${id}`;

            for (const got of [
                await a.post('/api/v1/people', { name: 'x' }),
                await a.patch(path, { name: 'x' }),
                await a.put(path, { name: 'x' }),
                await a.delete(path),
                await a.post(`${path}/restore`),
                await a.get(`${path}/history`),
            ]) {
                assert.equal(got.status, 401);
                assert.equal(
                    got.headers['www-authenticate'],
                    'Bearer realm="appliance"',
                );
            }
        });

        // In a database that others than its owner may write to.
        const onPostgres = combination.store === 'postgres' ? test : () => {};

        onPostgres('retention: what is old goes by itself', async () => {
            const old = await person();
            const young = await person();
            const day = 24 * 3600 * 1000;
            const at = (days) => Date.now() - days * day;
            const server = await postgres();
            const url = new URL(server.adminUrl);

            url.pathname = new URL(env.DATABASE_URL).pathname;
            const sql = (words) => server.sql(words, url.href);

            await remove(`people/${old.id}`);
            await remove(`people/${young.id}`);
            await a.stop();
            await sql(
                `UPDATE people SET deleted = ${at(31)} WHERE id = ${old.id}`,
            );
            await sql(
                `UPDATE people SET deleted = ${at(29)} WHERE id = ${young.id}`,
            );
            await sql(
                `UPDATE _audit SET at = ${at(366)} WHERE record = ${young.id}` +
                    " AND collection = 'people' AND what = 'create'",
            );
            a = await start({ as: 'nobody', env });
            await until('the old one is gone', async () =>
                (await sql(`SELECT 1 FROM people WHERE id = ${old.id}`)) === ''
                    ? true
                    : null,
            );
            const [last] = await history(`people/${old.id}`);

            assert.equal(last.action, 'purge');
            assert.deepEqual(last.user, { id: null, name: 'retention' });
            assert.equal(last.address, null);
            await restore(`people/${young.id}`);
            assert.deepEqual(
                (await history(`people/${young.id}`)).map((e) => e.action),
                ['restore', 'delete'],
            );
        });
    });
