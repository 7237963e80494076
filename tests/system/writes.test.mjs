// SPDX-License-Identifier: MIT
// What API.md says of changing records, beyond the plain create and change:
// PUT, modifiers, upserts, bulks, batches, keys; and what they withstand.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { newFolder, sleep, start, stopAll } from './appliance.mjs';
import { backends, combinations } from './servers.mjs';

const schema = {
    collections: [
        {
            name: 'people',
            fields: [
                { name: 'number', type: 'text', required: true, unique: true },
                { name: 'days', type: 'int', min: -5, max: 1000 },
                { name: 'pay', type: 'decimal', scale: 2 },
                {
                    name: 'tags',
                    type: 'select',
                    values: ['a', 'b', 'c'],
                    max: 3,
                },
                { name: 'city', type: 'text', default: 'Lyon' },
            ],
        },
        {
            name: 'teams',
            fields: [
                { name: 'name', type: 'text' },
                {
                    name: 'lead',
                    type: 'relation',
                    collection: 'people',
                },
                {
                    name: 'members',
                    type: 'relation',
                    collection: 'people',
                    max: 5,
                },
            ],
        },
    ],
};

let n = 0;
const fresh = () => `n${++n}`;

async function open(env, options) {
    const file = join(newFolder(), 'app.json');

    writeFileSync(file, JSON.stringify(schema));
    return start({ env: { APP_FILE: file, ...env }, ...options });
}

const total = async (a, name) =>
    (await a.get(`/api/v1/${name}?perPage=1`)).json.totalItems;

const key = (value, more = {}) => ({
    headers: { 'idempotency-key': value, ...more },
});

// Text of a body that JSON.stringify would not write.
const raw = (a, method, path, body) =>
    a.ask(method, path, {
        body,
        headers: { 'content-type': 'application/json' },
    });

for (const combination of combinations.slice(0, 2))
    describe(`writes over ${combination.name}`, () => {
        let a;
        let env;

        before(async () => {
            env = await backends(combination);
            a = await open({ ...env, REQUEST_TIMEOUT_MS: '3000' });
        });
        after(stopAll);

        test('PUT replaces; creates when missing', async () => {
            const path = '/api/v1/people/5000';
            const number = fresh();
            const made = await a.put(path, { number, days: 3 });

            assert.equal(made.status, 201);
            assert.equal(made.headers.location, path);
            assert.equal(made.json.id, 5000);
            assert.equal(made.json.city, 'Lyon');
            const put = await a.put(path, { number, tags: ['b'] });

            assert.equal(put.status, 200);
            assert.equal(put.json.days, null, 'what is not given is not kept');
            assert.deepEqual(put.json.tags, ['b']);
            assert.equal(put.json.created, made.json.created);
            const same = await a.put(path, put.json);

            assert.equal(same.status, 200, 'as it was read');
            assert.equal(same.etag, put.etag);
            assert.deepEqual(same.json, put.json);
            const none = await a.put(path, {});

            assert.equal(none.status, 422);
            assert.equal(none.json.data.number.code, 'required');
            const late = await a.put(
                path,
                { number },
                { headers: { 'if-match': made.etag } },
            );

            assert.equal(late.status, 412);
            const there = await a.put(
                path,
                { number },
                { headers: { 'if-none-match': '*' } },
            );

            assert.equal(there.status, 412);
            const next = await a.post('/api/v1/people', { number: fresh() });

            assert.ok(next.json.id > 5000, 'ids go on behind it');
        });

        test('PATCH: field+ and field-', async () => {
            const { json: one } = await a.post('/api/v1/people', {
                number: fresh(),
            });
            const path = `/api/v1/people/${one.id}`;
            const steps = [
                [{ 'days+': 5 }, 'days', 5],
                [{ 'days-': 7 }, 'days', -2],
                [{ 'pay+': 0.1 }, 'pay', 0.1],
                [{ 'pay+': '0.20' }, 'pay', 0.3],
                [{ 'tags+': 'b' }, 'tags', ['b']],
                [{ 'tags+': ['a', 'b'] }, 'tags', ['b', 'a']],
                [{ '+tags': 'c' }, 'tags', ['c', 'b', 'a']],
                [{ 'tags-': ['b'] }, 'tags', ['c', 'a']],
            ];

            for (const [body, field, want] of steps) {
                const got = await a.patch(path, body);

                assert.equal(got.status, 200, got.text);
                assert.deepEqual(got.json[field], want, JSON.stringify(body));
            }
            for (const [body, name, code] of [
                [{ 'days-': 4 }, 'days-', 'too_small'],
                [{ days: 1, 'days+': 1 }, 'days+', 'bad_modifier'],
                [{ 'city+': 'x' }, 'city+', 'bad_modifier'],
                [{ 'tags+': 'z' }, 'tags+', 'not_an_option'],
                [{ 'dais+': 1 }, 'dais+', 'unknown'],
            ]) {
                const got = await a.patch(path, body);

                assert.equal(got.status, 422, JSON.stringify(body));
                assert.equal(got.json.data[name].code, code);
            }
            const all = await Promise.all(
                [...Array(100)].map(() => a.patch(path, { 'days+': 1 })),
            );

            assert.ok(all.every(({ status }) => status === 200));
            assert.equal((await a.get(path)).json.days, 98, 'none is lost');
        });

        test('PATCH: field+ and field- of a relation to many', async () => {
            const people = await a.post(
                '/api/v1/people',
                [1, 2, 3].map(() => ({ number: fresh() })),
            );
            const [x, y, z] = people.json.map(({ id }) => id);
            const team = await a.post('/api/v1/teams', { members: [y, x] });
            const path = `/api/v1/teams/${team.json.id}`;

            assert.deepEqual(team.json.members, [y, x]);
            const more = await a.patch(path, { 'members+': [x, z] });

            assert.deepEqual(more.json.members, [y, x, z]);
            assert.notEqual(more.etag, team.etag);
            const less = await a.patch(path, { 'members-': y });

            assert.deepEqual(less.json.members, [x, z]);
            assert.deepEqual((await a.get(path)).json.members, [x, z]);
            const none = await a.patch(path, { 'members+': 987654 });

            assert.equal(none.status, 422);
            assert.equal(none.json.data.members.code, 'no_such_record');
        });

        test('POST ?on=: creates, or changes by a unique field', async () => {
            const number = fresh();
            const path = '/api/v1/people?on=number';
            const made = await a.post(path, { number, days: 1 });

            assert.equal(made.status, 201);
            const changed = await a.post(path, { number, 'days+': 1 });

            assert.equal(changed.status, 200);
            assert.equal(changed.json.id, made.json.id);
            assert.equal(changed.json.days, 2);
            const wrong = await a.post('/api/v1/people?on=days', { days: 1 });

            assert.equal(wrong.status, 400);
            assert.match(wrong.json.data.on.message, /number/);
            const other = fresh();
            const all = await Promise.all(
                [...Array(40)].map(() =>
                    a.post(path, { number: other, 'days+': 1 }),
                ),
            );
            const codes = all.map(({ status }) => status).sort();

            assert.deepEqual(codes, [...Array(39).fill(200), 201]);
            const last = Math.max(...all.map(({ json }) => json.days));

            assert.equal(last, 40);
        });

        test('POST of an array: all or nothing', async () => {
            const count = await total(a, 'people');
            const rows = [...Array(1000)].map((_, i) => ({
                number: fresh(),
                days: i,
            }));
            const made = await a.post('/api/v1/people', rows);

            assert.equal(made.status, 201);
            assert.deepEqual(
                made.json.map(({ number, days }) => ({ number, days })),
                rows,
            );
            assert.equal(await total(a, 'people'), count + 1000);
            const taken = await a.post('/api/v1/people', [
                { number: fresh() },
                { number: rows[7].number },
            ]);

            assert.equal(taken.status, 400);
            assert.deepEqual(Object.keys(taken.json.data), ['1.number']);
            assert.equal(taken.json.data['1.number'].code, 'not_unique');
            const bad = await a.post('/api/v1/people', [
                { number: 1 },
                {},
                { number: fresh() },
            ]);

            assert.equal(bad.status, 422);
            assert.deepEqual(Object.keys(bad.json.data), [
                '0.number',
                '1.number',
            ]);
            const many = await a.post('/api/v1/people', [
                ...rows,
                { number: 'x' },
            ]);

            assert.equal(many.status, 400);
            assert.equal(await total(a, 'people'), count + 1000);
        });

        const batch = (requests, options) =>
            a.post('/api/v1/batch', { requests }, options);

        test('POST /api/v1/batch: over several collections', async () => {
            const got = await batch([
                {
                    method: 'POST',
                    url: '/api/v1/people',
                    body: { number: fresh() },
                },
                {
                    method: 'POST',
                    url: '/api/collections/people/records',
                    body: { number: fresh() },
                },
                {
                    method: 'POST',
                    url: '/api/v1/teams',
                    body: { lead: '@0.id', members: ['@1.id', '@0.id'] },
                },
                {
                    method: 'PATCH',
                    url: '/api/v1/teams/@2.id',
                    body: { 'members-': '@0.id', name: 'new' },
                },
                { method: 'DELETE', url: '/api/v1/people/@1.id/' },
            ]);

            assert.equal(got.status, 400, 'a slash too many');
            const good = await batch([
                {
                    method: 'POST',
                    url: '/api/v1/people',
                    body: { number: fresh() },
                },
                {
                    method: 'POST',
                    url: '/api/collections/people/records',
                    body: { number: fresh() },
                },
                {
                    method: 'POST',
                    url: '/api/v1/teams',
                    body: { lead: '@0.id', members: ['@1.id', '@0.id'] },
                },
                {
                    method: 'PATCH',
                    url: '/api/v1/teams/@2.id',
                    body: { 'members-': '@0.id', name: 'new' },
                },
            ]);

            assert.equal(good.status, 200, good.text);
            const [one, two, team, changed] = good.json.map((r) => r.body);

            assert.deepEqual(
                good.json.map((r) => r.status),
                [201, 201, 201, 200],
            );
            assert.equal(team.lead, one.id);
            assert.deepEqual(team.members, [two.id, one.id]);
            assert.deepEqual(changed.members, [two.id]);
            const read = await a.get(`/api/v1/teams/${team.id}`);

            assert.deepEqual(read.json, changed);
        });

        test('a batch that fails in its last request leaves nothing', async () => {
            const people = await total(a, 'people');
            const teams = await total(a, 'teams');
            const number = fresh();
            const requests = [...Array(199)].map((_, i) => ({
                method: 'POST',
                url: i % 2 ? '/api/v1/teams' : '/api/v1/people',
                body: i % 2 ? { name: `t${i}` } : { number: `${number}.${i}` },
            }));
            const last = {
                method: 'POST',
                url: '/api/v1/people',
                body: { number: `${number}.0` },
            };
            const got = await batch([...requests, last]);

            assert.equal(got.status, 400);
            assert.match(got.json.message, /request 199 of the batch/);
            assert.deepEqual(Object.keys(got.json.data), ['199.number']);
            assert.equal(await total(a, 'people'), people);
            assert.equal(await total(a, 'teams'), teams);
            const good = await batch(requests);

            assert.equal(good.status, 200);
            assert.equal(await total(a, 'people'), people + 100);
            assert.equal((await batch([...requests, last, last])).status, 400);
        });

        test('Idempotency-Key: the first answer again', async () => {
            const body = { number: fresh() };
            const first = await a.post('/api/v1/people', body, key('a'));
            const again = await a.post('/api/v1/people', body, key('a'));

            assert.equal(first.status, 201);
            assert.equal(again.status, 201);
            assert.equal(again.text, first.text);
            assert.equal(again.etag, first.etag);
            assert.equal(again.headers.location, first.headers.location);
            assert.equal(first.headers['idempotency-replayed'], undefined);
            assert.equal(again.headers['idempotency-replayed'], 'true');
            const other = await a.post(
                '/api/v1/people',
                { number: fresh() },
                key('a'),
            );

            assert.equal(other.status, 422);
            for (const bad of ['', 'a b', 'x'.repeat(256)]) {
                const got = await a.post('/api/v1/people', body, key(bad));

                assert.equal(got.status, 400, bad);
            }
            const path = `/api/v1/people/${first.json.id}`;

            for (let i = 0; i < 3; i++)
                assert.equal(
                    (await a.patch(path, { 'days+': 1 }, key('b'))).json.days,
                    1,
                );
        });

        test('Idempotency-Key: many at once, done once', async () => {
            const body = { number: fresh() };
            const all = await Promise.all(
                [...Array(60)].map(() =>
                    a.post('/api/v1/people', body, key('crowd')),
                ),
            );
            const made = all.filter(({ status }) => status === 201);
            const late = all.filter(({ status }) => status === 409);

            assert.equal(made.length + late.length, 60);
            assert.ok(made.length > 0);
            assert.equal(new Set(made.map(({ text }) => text)).size, 1);
            for (const { headers } of late) assert.ok(headers['retry-after']);
            const once = made.filter(
                ({ headers }) => !headers['idempotency-replayed'],
            );

            assert.equal(once.length, 1);
        });

        test('Idempotency-Key: after a crash, both or neither', async () => {
            const rows = [...Array(80)].map(() => ({ number: fresh() }));
            const count = await total(a, 'people');
            const send = (to, row) =>
                to.post('/api/v1/people', row, key(`crash-${row.number}`));
            const sent = rows.map((row) => send(a, row).catch(() => null));

            await Promise.race(sent.slice(20, 30));
            await a.kill();
            await Promise.all(sent);
            const { folder, key: same } = a;

            a = await open(env, { folder, key: false });
            Object.assign(a, { key: same, as: 'admin' });
            for (const row of rows) {
                let got = await send(a, row);

                for (let i = 0; got.status === 409 && i < 150; i++) {
                    await sleep(200);
                    got = await send(a, row);
                }
                assert.equal(got.status, 201, got.text);
                assert.equal(got.json.number, row.number);
            }
            assert.equal(await total(a, 'people'), count + 80);
        });

        test('answers as fields and expand say', async () => {
            const lead = await a.post('/api/v1/people?fields=id,number', {
                number: fresh(),
            });

            assert.equal(lead.status, 201);
            assert.deepEqual(Object.keys(lead.json), ['id', 'number']);
            assert.ok(lead.etag);
            const team = await a.post(
                '/api/v1/teams?expand=lead,members&fields=name,expand',
                { name: 't', lead: lead.json.id, members: [lead.json.id] },
            );

            assert.equal(team.status, 201, team.text);
            assert.equal(team.json.expand.lead.number, lead.json.number);
            assert.equal(team.json.expand.members[0].id, lead.json.id);
            const count = await total(a, 'teams');
            const bad = await a.post('/api/v1/teams?expand=leed', {});

            assert.equal(bad.status, 400);
            assert.match(bad.json.data.expand.message, /lead/);
            assert.equal(await total(a, 'teams'), count);
            const many = await a.post('/api/v1/teams?expand=lead', [
                { lead: lead.json.id },
                {},
            ]);

            assert.equal(many.json[0].expand.lead.id, lead.json.id);
            const got = await batch([
                {
                    method: 'POST',
                    url: '/api/v1/teams?expand=lead&fields=expand.lead.number',
                    body: { lead: lead.json.id },
                },
            ]);

            assert.deepEqual(got.json[0].body, {
                expand: { lead: { number: lead.json.number } },
            });
            const wrong = await batch([
                { method: 'POST', url: '/api/v1/teams?fields=nam', body: {} },
            ]);

            assert.equal(wrong.status, 400);
            assert.ok(wrong.json.data['0.fields'], wrong.text);
        });

        test('1,000 creates of one unique value: one wins', async () => {
            const agent = new https.Agent({
                keepAlive: true,
                maxSockets: 1000,
                rejectUnauthorized: false,
            });
            const body = { number: fresh() };
            const all = await Promise.all(
                [...Array(1000)].map(() =>
                    a.post('/api/v1/people', body, { agent }),
                ),
            );
            const lost = all.filter(({ status }) => status === 400);

            agent.destroy();
            assert.equal(all.length - lost.length, 1);
            for (const { json } of lost)
                assert.deepEqual(json.data, {
                    number: {
                        code: 'not_unique',
                        message: 'this value is already taken',
                    },
                });
        });

        // body, status, what the answer says
        const bodies = [
            ['', 400, /no body/],
            ['7', 400, /must be a JSON object/],
            ['"x"', 400, /must be a JSON object/],
            ['null', 400, /must be a JSON object/],
            ['{', 400, /not JSON: line 1, column 2/],
            ['{"number":"a"}}', 400, /not JSON/],
            ['{"number":"a","number":"b"}', 400, /duplicate key/],
            ['{"number":"\\ud800"}', 400, /not JSON/],
            ['{"number":"\\udc00\\ud800"}', 400, /not JSON/],
            [Buffer.from('{"number":"\xff"}', 'latin1'), 400, /not JSON/],
            [Buffer.from('{"number":"\xed\xa0\x80"}', 'latin1'), 400, /JSON/],
            ['{"number":"a","days":1e999}', 422, /days/],
            ['{"number":"a","days":9223372036854775808}', 422, /too_large/],
            ['{"number":"a","days":-9223372036854775809}', 422, /too_small/],
            ['{"number":"a","days":1.0}', 422, /wrong_type/],
            ['{"number":"a","pay":1e999}', 422, /too_large/],
            ['{"number":"a","pay":92233720368547758.08}', 422, /too_large/],
            ['{"number":"a","pay":0.001}', 422, /too_precise/],
            ['['.repeat(10000) + ']'.repeat(10000), 400, /deep/],
            [`{"a":${'{"a":'.repeat(9999)}1${'}'.repeat(10000)}`, 400, /deep/],
        ];

        test('bodies that are none: each a clear refusal', async () => {
            const count = await total(a, 'people');

            for (const [method, path] of [
                ['POST', '/api/v1/people'],
                ['POST', '/api/v1/people?on=number'],
                ['PATCH', '/api/v1/people/5000'],
                ['PUT', '/api/v1/people/5000'],
            ])
                for (const [body, status, says] of bodies) {
                    const got = await raw(a, method, path, body);
                    const what = `${method} ${path} ${body.slice(0, 60)}`;

                    assert.equal(got.status, status, `${what}: ${got.text}`);
                    assert.match(got.text, says, what);
                }
            for (const [body, status] of bodies) {
                const inner = Buffer.concat([
                    Buffer.from('{"requests":[{"method":"POST","url":'),
                    Buffer.from('"/api/v1/people","body":'),
                    Buffer.from(body),
                    Buffer.from('}]}'),
                ]);
                const got = await raw(a, 'POST', '/api/v1/batch', inner);

                assert.equal(got.status, status, String(body).slice(0, 60));
            }
            assert.equal(await total(a, 'people'), count);
        });
    });

describe('writes: a body of 50 MB', () => {
    after(stopAll);

    const start50 = (length) =>
        'POST /api/v1/people HTTP/1.1\r\nHost: x\r\nContent-Type: ' +
        `application/json\r\nContent-Length: ${length}\r\n\r\n`;

    test('is refused by its length', async () => {
        const a = await open({});
        const wire = await a.dial();

        await wire.send(start50(50e6));
        const got = await wire.answer();

        assert.equal(got.status, 413);
        assert.match(String(got.body ?? got.text), /larger than \d+ bytes/);
        assert.equal((await a.get('/health')).status, 200);
    });

    test('is read where BODY_MAX_BYTES allows it', async () => {
        const a = await open({ BODY_MAX_BYTES: String(64 << 20) });
        const bodies = [
            [`{"number":"${'x'.repeat(50e6)}"}`, 422, /too_long/],
            [`[${'{"number":"a"},'.repeat(3e6)}{}]`, 413, /too many values/],
            [`[${'{},'.repeat(2e5)}{}]`, 400, /1 to 1000/],
            [`{"number":"a","days":1${'0'.repeat(50e6)}}`, 422, /too_large/],
            ['['.repeat(50e6), 413, /too many values/],
        ];

        for (const [body, status, says] of bodies) {
            const got = await raw(a, 'POST', '/api/v1/people', body);

            assert.equal(got.status, status, got.text.slice(0, 200));
            assert.match(got.text, says);
            assert.ok(got.bytes.length < 1000, 'it is not sent back');
        }
        assert.equal(await total(a, 'people'), 0);
    });
});

describe('writes: batches under BASE_PATH', () => {
    after(stopAll);

    test('urls with it and without', async () => {
        const a = await open({ BASE_PATH: '/team' });
        const requests = ['/team/api/v1/people', '/api/v1/people'].map(
            (url) => ({ method: 'POST', url, body: { number: fresh() } }),
        );
        const got = await a.post('/api/v1/batch', { requests });

        assert.equal(got.status, 200, got.text);
        assert.deepEqual(
            got.json.map((r) => r.status),
            [201, 201],
        );
        const pb = await a.post('/api/batch', {
            requests: [
                {
                    method: 'POST',
                    url: '/team/api/collections/people/records',
                    body: { number: fresh() },
                },
            ],
        });

        assert.equal(pb.status, 200, pb.text);
    });
});

describe('writes: replicas', () => {
    after(stopAll);

    test('an Idempotency-Key holds for all of them', async () => {
        const env = await backends({ store: 'postgres' });
        const one = await open(env);
        const two = await open(env, { key: false });

        Object.assign(two, { key: one.key, as: 'admin' });
        const body = { number: fresh() };
        const first = await one.post('/api/v1/people', body, key('k'));
        const again = await two.post('/api/v1/people', body, key('k'));

        assert.equal(first.status, 201);
        assert.equal(again.text, first.text);
        assert.equal(again.headers['idempotency-replayed'], 'true');
        const all = await Promise.all(
            [...Array(40)].map((_, i) =>
                (i % 2 ? one : two).post('/api/v1/people?on=number', {
                    number: 'shared',
                    'days+': 1,
                }),
            ),
        );

        assert.deepEqual(all.map(({ status }) => status).sort(), [
            ...Array(39).fill(200),
            201,
        ]);
        const { json } = await one.get('/api/v1/people?sort=-id&perPage=1');

        assert.equal(json.items[0].days, 40);
    });
});

describe('writes: strangers', () => {
    after(stopAll);

    test('are refused before their body is read', async () => {
        const a = await open({}, { as: 'nobody' });

        for (const [method, path] of [
            ['POST', '/api/v1/people'],
            ['PUT', '/api/v1/people/1'],
            ['PATCH', '/api/v1/people/1'],
            ['DELETE', '/api/v1/people/1'],
            ['POST', '/api/v1/batch'],
            ['POST', '/api/batch'],
            ['POST', '/api/v1/nowhere'],
        ]) {
            const got = await raw(a, method, path, '{not json');

            assert.equal(got.status, 401, `${method} ${path}`);
            assert.equal(
                got.headers['www-authenticate'],
                'Bearer realm="appliance"',
            );
            assert.ok(!got.text.includes('people'));
        }
    });
});
