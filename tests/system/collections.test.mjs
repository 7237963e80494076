// SPDX-License-Identifier: MIT
// Every collection of app.json, over every combination of backends: create,
// read, list, change, delete; and every bound of every field.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { start, stopAll } from './appliance.mjs';
import { newPerson } from './people.mjs';
import {
    builtIn,
    byName,
    initial,
    inOrder,
    record,
    refusedBy,
    shown,
    stored,
} from './samples.mjs';
import { backends, combinations } from './servers.mjs';

const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

for (const combination of combinations)
    describe(`collections over ${combination.name}`, () => {
        let a;
        let n = 0;
        const ids = {}; // a record of each, to relate to

        before(async () => {
            a = await start({ env: await backends(combination) });
            for (const collection of inOrder(builtIn)) {
                const path = `/api/v1/${collection.name}`;
                const made = await a.post(path, record(collection, ++n, ids));

                assert.equal(made.status, 201, made.text);
                ids[collection.name] = made.json.id;
            }
        });
        after(stopAll);

        const path = (c, id) =>
            `/api/v1/${c.name}${id === undefined ? '' : `/${id}`}`;

        for (const c of builtIn) {
            test(`${c.name}: create, read, list, change, delete`, async () => {
                const wanted = record(c, ++n, ids);
                const made = await a.post(path(c), wanted);

                assert.equal(made.status, 201, made.text);
                const got = made.json;

                assert.equal(made.headers.location, path(c, got.id));
                assert.equal(made.etag, '"v1"');
                assert.deepEqual(Object.keys(got), [
                    'id',
                    'collectionName',
                    ...shown(c).map((f) => f.name),
                    'created',
                    'updated',
                ]);
                assert.equal(got.collectionName, c.name);
                assert.match(got.created, time);
                assert.equal(got.updated, got.created);
                assert.ok(Math.abs(new Date(got.created) - Date.now()) < 60000);
                for (const f of shown(c))
                    assert.deepEqual(
                        got[f.name],
                        f.name in wanted ? wanted[f.name] : initial(f),
                        f.name,
                    );

                const read = await a.get(path(c, got.id));

                assert.deepEqual(read.json, got);
                assert.equal(read.etag, '"v1"');
                const list = await a.get(`${path(c)}?perPage=500`);

                assert.deepEqual(
                    list.json.items.find(({ id }) => id === got.id),
                    got,
                );
                await change(c, got);
                const gone = await a.delete(path(c, got.id));

                assert.equal(gone.status, 204, gone.text);
                assert.equal(gone.text, '');
                assert.equal((await a.get(path(c, got.id))).status, 404);
                assert.equal((await a.delete(path(c, got.id))).status, 404);
                const after = await a.get(`${path(c)}?perPage=500`);

                assert.ok(!after.json.items.some(({ id }) => id === got.id));
            });

            test(`${c.name}: what its fields refuse`, async () => {
                for (const f of c.fields)
                    for (const [value, code] of refusedBy(f)) {
                        const body = {
                            ...record(c, ++n, ids),
                            [f.name]: value,
                        };
                        const got = await a.post(path(c), body);
                        const what = `${f.name}: ${JSON.stringify(value)}`;

                        assert.equal(got.status, 422, `${what} ${got.text}`);
                        assert.deepEqual(Object.keys(got.json.data), [f.name]);
                        assert.equal(got.json.data[f.name].code, code, what);
                        assert.ok(got.json.data[f.name].message.length > 3);
                    }
            });

            test(`${c.name}: required, default, optional`, async () => {
                const must = c.fields.filter(
                    (f) => f.required && f.default === undefined,
                );
                const got = await a.post(path(c), {});

                if (must.length > 0) {
                    assert.equal(got.status, 422);
                    assert.deepEqual(
                        Object.keys(got.json.data).sort(),
                        must.map((f) => f.name).sort(),
                        'all at once',
                    );
                    for (const { code } of Object.values(got.json.data))
                        assert.equal(code, 'required');
                }
                const all = record(c, ++n, ids);
                const body = {};

                for (const f of must) body[f.name] = all[f.name];
                const made = await a.post(path(c), body);

                assert.equal(made.status, 201, made.text);
                for (const f of shown(c))
                    if (!must.includes(f))
                        assert.deepEqual(made.json[f.name], initial(f));
            });

            for (const f of c.fields.filter(({ unique }) => unique))
                test(`${c.name}: ${f.name} is unique`, async () => {
                    const one = await a.post(path(c), record(c, ++n, ids));
                    const two = await a.post(path(c), record(c, ++n, ids));
                    const same = { ...record(c, ++n, ids) };

                    same[f.name] = one.json[f.name];
                    const again = await a.post(path(c), same);
                    const moved = await a.patch(path(c, two.json.id), {
                        [f.name]: one.json[f.name],
                    });

                    for (const got of [again, moved]) {
                        assert.equal(got.status, 400, got.text);
                        assert.equal(got.json.status, 400);
                        assert.deepEqual(Object.keys(got.json.data), [f.name]);
                        assert.equal(got.json.data[f.name].code, 'not_unique');
                    }
                    const kept = await a.patch(path(c, one.json.id), {
                        [f.name]: one.json[f.name],
                    });

                    assert.equal(kept.status, 200, 'its own value is no other');
                });
        }

        // Each field alone, to another value, and to null where it may be.
        async function change(c, row) {
            const other = record(c, ++n, ids);
            let now = row;

            for (const f of stored(c)) {
                const changed = await a.patch(path(c, row.id), {
                    [f.name]: other[f.name],
                });

                assert.equal(changed.status, 200, changed.text);
                now = { ...now, updated: changed.json.updated };
                if (shown(c).includes(f)) now[f.name] = other[f.name];
                assert.deepEqual(changed.json, now);
                if (f.required) continue;
                const none = await a.patch(path(c, row.id), { [f.name]: null });

                assert.equal(none.status, 200, none.text);
                now = { ...now, updated: none.json.updated };
                if (shown(c).includes(f)) now[f.name] = null;
                assert.deepEqual(none.json, now);
            }
            const read = await a.get(path(c, row.id));

            assert.deepEqual(read.json, now);
            assert.ok(now.updated >= row.updated);
        }

        test('who is related to cannot be deleted, or lets go', async () => {
            const made = {};

            for (const name of ['users', 'personnel', 'files', 'documents']) {
                const c = byName(name);
                const got = await a.post(path(c), record(c, ++n, made));

                made[name] = got.json.id;
            }
            const absences = byName('absences');
            const absence = await a.post(
                path(absences),
                record(absences, ++n, made),
            );
            const person = path(byName('personnel'), made.personnel);
            const refused = await a.delete(person);

            assert.equal(refused.status, 409, refused.text);
            assert.equal(refused.json.data['absences.person'].code, 'in_use');
            assert.match(
                refused.json.data['absences.person'].message,
                /absences/,
            );
            assert.equal((await a.get(person)).status, 200, 'still there');
            await a.delete(path(absences, absence.json.id));
            assert.equal((await a.delete(person)).status, 204);

            const document = path(byName('documents'), made.documents);
            const before = await a.get(document);

            assert.equal(before.json.owner, made.users);
            const user = path(byName('users'), made.users);

            assert.equal((await a.delete(user)).status, 204);
            const after = await a.get(document);

            assert.equal(after.json.owner, null);
            assert.notEqual(after.etag, before.etag, 'another version');
            const file = await a.delete(path(byName('files'), made.files));

            assert.equal(file.status, 409, 'restrict');
            assert.deepEqual(Object.keys(file.json.data), ['documents.file']);
        });

        test('who creates it is its owner, where that is said', async () => {
            const person = await newPerson(a);
            const files = byName('files');
            const { owner, ...file } = record(files, ++n);
            const made = await a.post(path(files), file, person.as);

            assert.equal(owner, null);
            assert.equal(made.status, 201, made.text);
            assert.equal(made.json.owner, person.id);
            const none = { ...record(files, ++n), owner: null };
            const refused = await a.post(path(files), none, person.as);

            assert.equal(refused.status, 403, 'nobody’s, if he says so');
        });

        test('all wrong fields are told at once', async () => {
            const taken = (await a.get('/api/v1/personnel?perPage=1')).json;
            const got = await a.post('/api/v1/personnel', {
                number: taken.items[0].number,
                first_name: '',
                last_name: 'x'.repeat(101),
                email: 'none',
                hired_on: 'today',
                salary: -1,
                status: 'gone',
                photo: 999999,
                nickname: 'x',
            });
            const codes = {};

            for (const [name, { code }] of Object.entries(got.json.data))
                codes[name] = code;
            assert.equal(got.status, 422);
            assert.deepEqual(codes, {
                number: 'not_unique',
                first_name: 'too_short',
                last_name: 'too_long',
                email: 'bad_email',
                hired_on: 'bad_date',
                salary: 'too_small',
                status: 'not_an_option',
                photo: 'no_such_record',
                nickname: 'unknown',
            });
        });
    });
