// SPDX-License-Identifier: MIT
// API.md, Records: conditional requests, and keys by which a request that is
// sent again is done once.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { admin, expect, open, reopen, stores, withHeaders } from './api.mjs';
import { sleep, start, stopAll, until } from './appliance.mjs';
import { postgres } from './servers.mjs';

const day = 24 * 3600 * 1000;

for (const store of stores)
    describe(`API.md, Records: conditional, over ${store.name}`, () => {
        let a;
        let n = 0;

        before(async () => {
            a = await open(store, {});
        });
        after(stopAll);

        const path = '/api/v1/numbers';
        const code = () => `code ${++n}`;
        const made = async (more) =>
            expect(await a.post(path, { code: code(), n: 0, ...more }), 201);
        const total = async () => (await a.get(path)).json.totalItems;
        const key = (value) => withHeaders({ 'idempotency-key': value });

        test('ETag: "v7" is the row\'s version, never a hash of the body', async () => {
            const { json, etag } = await made();
            const one = `${path}/${json.id}`;

            assert.equal(etag, '"v1"');
            for (let i = 2; i <= 7; i++)
                assert.equal((await a.patch(one, { n: i })).etag, `"v${i}"`);
            assert.equal((await a.get(one)).etag, '"v7"');
            assert.equal((await a.get(`${one}?fields=id`)).etag, '"v7"');
            const same = await a.patch(one, { n: 2 });

            assert.equal(same.etag, '"v8"', 'the body is as it was at v2');
        });

        test('If-None-Match → 304', async () => {
            const { json, etag } = await made();
            const one = `${path}/${json.id}`;
            const ask = (tag) =>
                a.get(one, withHeaders({ 'if-none-match': tag }));

            for (const tag of [etag, `W/${etag}`, '*', `"v9", ${etag}`]) {
                const got = expect(await ask(tag), 304);

                assert.equal(got.text, '');
                assert.equal(got.etag, etag);
            }
            expect(await ask('"v9"'), 200);
            await a.patch(one, { n: 1 });
            const news = expect(await ask(etag), 200);

            assert.equal(news.etag, '"v2"');
            assert.equal(news.json.n, 1);
        });

        test('If-Match on PATCH, PUT, DELETE → 412 when it changed', async () => {
            const { json, etag } = await made();
            const one = `${path}/${json.id}`;
            const old = withHeaders({ 'if-match': etag });
            const { etag: now } = await a.patch(one, { n: 1 }, old);

            expect(await a.patch(one, { n: 2 }, old), 412);
            expect(await a.put(one, { code: code() }, old), 412);
            expect(await a.delete(one, old), 412);
            assert.equal((await a.get(one)).json.n, 1);
            const good = withHeaders({ 'if-match': now });
            const put = await a.put(one, { code: code() }, good);

            expect(put, 200);
            expect(
                await a.delete(one, withHeaders({ 'if-match': put.etag })),
                204,
            );
            expect(
                await a.patch(one, { n: 1 }, withHeaders({ 'if-match': '*' })),
                404,
            );
            expect(
                await a.put(one, { n: 1 }, withHeaders({ 'if-match': '*' })),
                412,
            );
        });

        test('If-Match in a batch: 412, and nothing of it is done', async () => {
            const { json, etag } = await made();
            const count = await total();
            const requests = [
                { method: 'POST', url: path, body: { code: code() } },
                {
                    method: 'PATCH',
                    url: `${path}/${json.id}`,
                    body: { n: 1 },
                    headers: { 'If-Match': '"v9"' },
                },
            ];

            expect(await a.post('/api/v1/batch', { requests }), 412);
            assert.equal(await total(), count);
            requests[1].headers['If-Match'] = etag;
            expect(await a.post('/api/v1/batch', { requests }), 200);
        });

        test('If-Match races: one wins', async () => {
            const { json, etag } = await made();
            const one = `${path}/${json.id}`;
            const old = withHeaders({ 'if-match': etag });
            const all = await Promise.all(
                [...Array(60)].map((_, i) =>
                    [
                        () => a.patch(one, { n: i + 1 }, old),
                        () => a.put(one, { n: i + 1 }, old),
                        () => a.patch(one, { 'n+': i + 1 }, old),
                    ][i % 3](),
                ),
            );
            const won = all.filter(({ status }) => status === 200);

            assert.equal(won.length, 1);
            assert.ok(
                all.every(({ status }) => status === 200 || status === 412),
            );
            assert.equal(won[0].etag, '"v2"');
            assert.deepEqual((await a.get(one)).json, won[0].json);
        });

        test('If-Match races: DELETE and PATCH', async () => {
            for (let i = 0; i < 10; i++) {
                const { json, etag } = await made();
                const one = `${path}/${json.id}`;
                const old = withHeaders({ 'if-match': etag });
                const [gone, changed] = await Promise.all([
                    a.delete(one, old),
                    a.patch(one, { n: 1 }, old),
                ]);

                if (gone.status === 204) {
                    assert.ok([404, 412].includes(changed.status));
                    expect(await a.get(one), 404);
                } else {
                    expect(gone, 412);
                    expect(changed, 200);
                }
            }
        });

        test('Idempotency-Key on POST and PATCH: the first answer again', async () => {
            const body = { code: code(), n: 1 };
            const first = expect(await a.post(path, body, key('post')), 201);
            const count = await total();
            const again = expect(await a.post(path, body, key('post')), 201);

            assert.equal(again.text, first.text);
            assert.equal(again.etag, first.etag);
            assert.equal(again.headers.location, first.headers.location);
            assert.equal(await total(), count);
            const one = first.headers.location;
            const more = { 'n+': 1 };

            for (let i = 0; i < 3; i++) {
                const got = await a.patch(one, more, key('patch'));

                assert.equal(expect(got, 200).json.n, 2);
            }
            assert.equal((await a.get(one)).etag, '"v2"');
            await a.delete(one);
            assert.equal(
                expect(await a.post(path, body, key('post')), 201).text,
                first.text,
                'the first answer, whatever happened since',
            );
        });

        test('Idempotency-Key: batches and arrays too', async () => {
            const count = await total();
            const requests = [1, 2].map((i) => ({
                method: 'POST',
                url: path,
                body: { code: code(), n: i },
            }));
            const rows = [{ code: code() }, { code: code() }];

            const first = await a.post('/api/v1/batch', { requests }, key('b'));
            const again = await a.post('/api/v1/batch', { requests }, key('b'));

            assert.equal(expect(first, 200).text, expect(again, 200).text);
            assert.equal(await total(), count + 2);
            const many = await a.post(path, rows, key('rows'));

            assert.equal(
                expect(await a.post(path, rows, key('rows')), 201).text,
                expect(many, 201).text,
            );
            assert.equal(await total(), count + 4);
        });

        test('Idempotency-Key: with another body 422', async () => {
            const body = { code: code() };

            expect(await a.post(path, body, key('other')), 201);
            const count = await total();

            expect(await a.post(path, { code: code() }, key('other')), 422);
            expect(await a.post('/api/v1/tags', body, key('other')), 403);
            assert.equal(await total(), count);
        });

        test('Idempotency-Key: of one caller, not of another', async () => {
            const mine = { code: code() };
            const his = { code: code() };
            const both = key('shared');

            const first = expect(await a.post(path, mine, both), 201);
            const second = expect(
                await a.post(path, his, withHeaders(both.headers, admin)),
                201,
            );

            assert.notEqual(first.json.id, second.json.id);
        });

        test('Idempotency-Key: one still running 409; done once', async () => {
            const body = { code: code() };
            const count = await total();
            const all = await Promise.all(
                [...Array(50)].map(() => a.post(path, body, key('crowd'))),
            );
            const made = all.filter(({ status }) => status === 201);
            const busy = all.filter(({ status }) => status === 409);

            assert.equal(made.length + busy.length, 50);
            assert.equal(new Set(made.map(({ text }) => text)).size, 1);
            for (const { headers } of busy)
                assert.match(headers['retry-after'], /^\d+$/);
            assert.equal(await total(), count + 1);
        });

        test('Idempotency-Key: survives a restart', async () => {
            const body = { code: code() };
            const first = expect(await a.post(path, body, key('stays')), 201);
            const count = await total();

            for (const how of ['SIGTERM', 'SIGKILL']) {
                await a.stop(how);
                a = await reopen(a);
                const again = await a.post(path, body, key('stays'));

                assert.equal(expect(again, 201).text, first.text, how);
                expect(await a.post(path, { n: 1 }, key('stays')), 422);
                assert.equal(await total(), count);
            }
        });
    });

describe('API.md, Records: Idempotency-Key, two instances', () => {
    const path = '/api/v1/numbers';
    const key = (value) => withHeaders({ 'idempotency-key': value });
    let one;
    let two;
    let sql;

    before(async () => {
        const server = await postgres();

        one = await open(stores[1], {});
        two = await start({
            as: 'nobody',
            env: { ...one.env, DATA_DIR: undefined },
        });
        const url = new URL(server.adminUrl);

        url.pathname = new URL(one.env.DATABASE_URL).pathname;
        sql = (text) => server.sql(text, url.href);
    });
    after(stopAll);

    test('holds across replicas', async () => {
        for (let i = 0; i < 10; i++) {
            const body = { code: `both ${i}` };
            const all = await Promise.all(
                [one, two, one, two].map((a) =>
                    a.post(path, body, key(`both-${i}`)),
                ),
            );
            const made = all.filter(({ status }) => status === 201);

            assert.ok(
                all.every(({ status }) => status === 201 || status === 409),
            );
            assert.equal(new Set(made.map(({ text }) => text)).size, 1);
            for (const a of [one, two]) {
                const again = await a.post(path, body, key(`both-${i}`));

                assert.equal(expect(again, 201).text, made[0].text);
                expect(await a.post(path, {}, key(`both-${i}`)), 422);
            }
        }
        assert.equal((await two.get(path)).json.totalItems, 10);
    });

    test('one still running 409', async () => {
        const lock =
            'BEGIN; LOCK TABLE numbers IN EXCLUSIVE MODE; ' +
            'SELECT pg_sleep(1.5); COMMIT';
        const held = sql(lock);

        await until('the lock', async () => {
            const got = await sql(
                "SELECT count(*) FROM pg_locks WHERE mode = 'ExclusiveLock' " +
                    "AND relation = 'numbers'::regclass AND granted",
            );

            return got === '1';
        });
        const body = { code: 'slow' };
        const slow = one.post(path, body, key('slow'));

        await until('the key', async () => {
            const got = await sql(
                'SELECT count(*) FROM _idempotency WHERE state = 0',
            );

            return got === '1';
        });
        const meanwhile = expect(await two.post(path, body, key('slow')), 409);

        assert.match(meanwhile.headers['retry-after'], /^\d+$/);
        await held;
        const done = expect(await slow, 201);

        assert.equal((await two.post(path, body, key('slow'))).text, done.text);
    });

    test('for 24 h', async () => {
        const body = (n) => ({ code: `day ${n}`, n });
        const older = (ms) => sql(`UPDATE _idempotency SET at = at - ${ms}`);

        expect(await one.post(path, body(1), key('day')), 201);
        await older(day - 60000);
        expect(await two.post(path, body(2), key('day')), 422);
        await older(2 * 60000);
        await sleep(20);
        const fresh = expect(await two.post(path, body(2), key('day')), 201);

        assert.equal(fresh.json.n, 2);
        assert.equal(
            expect(await one.post(path, body(2), key('day')), 201).text,
            fresh.text,
        );
    });
});
