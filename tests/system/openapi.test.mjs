// SPDX-License-Identifier: MIT
// /api/openapi.json: valid, by a validator that is not ours; and true, since
// every answer of a walk over the API is what it says it would be.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { Validator } from '@seriousme/openapi-schema-validator';
import Ajv from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

import {
    command,
    newFolder,
    start,
    stopAll,
    until,
} from './appliance.mjs';
import { newPerson } from './people.mjs';
import { builtIn, inOrder, record, stored } from './samples.mjs';
import { backends, combinations } from './servers.mjs';

async function mustBeValid(doc) {
    const { valid, errors } = await new Validator().validate(
        structuredClone(doc),
    );

    assert.ok(valid, JSON.stringify(errors, null, 1));
    assert.match(doc.openapi, /^3\.1\./);
}

const escaped = (key) => key.replaceAll('~', '~0').replaceAll('/', '~1');
const pointer = (...keys) => `#/${keys.map(escaped).join('/')}`;

// A document that answers can be held against.
class Description {
    constructor(doc) {
        this.doc = doc;
        this.ajv = formats(new Ajv({ strict: false, allErrors: true }));
        this.ajv.addSchema(doc, 'api');
        this.used = new Set();
    }

    at(ref) {
        return ref
            .slice(2)
            .split('/')
            .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
            .reduce((value, key) => value[key], this.doc);
    }

    // An object, or where its $ref leads, with the pointer to it.
    follow(ref) {
        const found = this.at(ref);

        return found.$ref ? this.follow(found.$ref) : [found, ref];
    }

    check(ref, value, what) {
        const valid = this.ajv.getSchema(`api${ref}`);
        const said = () =>
            `${what}: ${JSON.stringify(valid.errors)} in ${JSON.stringify(value)}`;

        assert.ok(valid(value), said().slice(0, 2000));
    }

    // Is it an answer that this operation says it gives?
    holds(method, path, answer) {
        const verb = method.toLowerCase();
        const what = `${method} ${path}: ${answer.status}`;
        const operation = this.doc.paths[path]?.[verb];

        assert.ok(operation, `${what}: not described`);
        const status = String(answer.status);

        assert.ok(operation.responses[status], `${what}: no such response`);
        this.used.add(`${verb} ${path} ${status}`);
        const [response, ref] = this.follow(
            pointer('paths', path, verb, 'responses', status),
        );

        for (const [name, header] of Object.entries(response.headers ?? {})) {
            const [value] = [answer.headers[name.toLowerCase()]].flat();
            const [{ schema }] = header.$ref
                ? this.follow(header.$ref)
                : [header];

            if (value !== undefined && schema.type === 'string')
                assert.ok(this.ajv.validate(schema, value), `${what} ${name}`);
        }
        if (!response.content) {
            assert.equal(answer.text, '', what);
            return answer;
        }
        const type = answer.headers['content-type'].split(';')[0];

        assert.ok(response.content[type], `${what}: ${type}`);
        const schema = `${ref}/content/${escaped(type)}/schema`;

        if (type.endsWith('json')) this.check(schema, answer.json, what);
        return answer;
    }
}

// Every schema of a document, with the pointer to it.
function* schemas(value, keys = []) {
    if (value === null || typeof value !== 'object') return;
    if (value.examples || value.type) yield [pointer(...keys), value];
    for (const [key, part] of Object.entries(value))
        if (!['examples', 'example', 'default', 'enum'].includes(key))
            yield* schemas(part, [...keys, key]);
}

const bearer = { as: 'admin' };

async function describe_(a, options) {
    const answer = await a.get('/api/openapi.json', options);

    assert.equal(answer.status, 200, answer.text);
    await mustBeValid(answer.json);
    const text = JSON.stringify(answer.json);

    for (const name of Object.keys(answer.json.components.schemas))
        assert.match(text, new RegExp(`"#/components/schemas/${name}["/]`));
    return new Description(answer.json);
}

for (const combination of combinations.slice(0, 2))
    describe(`openapi over ${combination.name}`, () => {
        let a;
        let api;
        let person;
        let me; // a session, for what keys may not
        let n = 100;
        const ids = {};

        const ask = async (method, template, options = {}, id, query = '') => {
            const path = template.replace('{id}', id) + query;
            const answer = await a.ask(method, path, options);

            return api.holds(method, template, answer);
        };
        const of = (c, rest = '') => `/api/v1/${c.name}${rest}`;

        before(async () => {
            a = await start({ env: await backends(combination) });
            person = await newPerson(a, bearer, { role: 'admin' });
            me = person.as;
            api = await describe_(a, me);
            for (const c of inOrder(builtIn)) {
                const json = record(c, ++n, ids);
                const made = await ask('POST', of(c), { json });

                assert.equal(made.status, 201, made.text);
                ids[c.name] = made.json.id;
            }
        });
        after(stopAll);

        test('its examples fit its types', () => {
            let seen = 0;

            for (const [ref, schema] of schemas(api.doc.components.schemas, [
                'components',
                'schemas',
            ]))
                for (const example of schema.examples ?? []) {
                    api.check(ref, example, ref);
                    seen++;
                }
            assert.ok(seen > 50, `${seen} examples`);
        });

        test('operations have ids of their own, and a tag that is there', () => {
            const seen = new Set();
            const tags = new Set(api.doc.tags.map(({ name }) => name));

            for (const item of Object.values(api.doc.paths))
                for (const operation of Object.values(item)) {
                    assert.ok(!seen.has(operation.operationId));
                    seen.add(operation.operationId);
                    for (const tag of operation.tags) assert.ok(tags.has(tag));
                }
        });

        for (const c of builtIn)
            test(`${c.name}: its types are those of app.json`, () => {
                const { properties } = api.doc.components.schemas[c.name];
                const change = api.doc.components.schemas[`${c.name}Change`];

                for (const f of c.fields) {
                    const type = properties[f.name];

                    if (f.type === 'password') {
                        assert.equal(type, undefined);
                        assert.ok(change.properties[f.name].writeOnly);
                        continue;
                    }
                    assert.ok(type, f.name);
                    if (f.type === 'select' && !(f.max > 1))
                        assert.deepEqual(
                            type.enum.filter((value) => value !== null),
                            f.values,
                        );
                    if (f.type === 'text') {
                        assert.equal(type.maxLength, f.max);
                        assert.equal(type.minLength, f.min);
                    }
                    if (f.type === 'decimal')
                        assert.equal(
                            change.properties[f.name].multipleOf,
                            10 ** -f.scale,
                        );
                    assert.equal(
                        type.readOnly,
                        f.type === 'computed' ? true : undefined,
                    );
                    assert.equal(
                        f.name in change.properties,
                        f.type !== 'computed',
                    );
                }
            });

        for (const c of builtIn)
            test(`${c.name}: answers are what it says`, async () => {
                const json = record(c, ++n, ids);
                const made = await ask('POST', of(c), { json });
                const { id } = made.json;
                const one = of(c, '/{id}');
                const [required] = stored(c).filter(
                    (f) => f.required && f.default === undefined,
                );

                assert.equal(made.status, 201, made.text);
                await ask('GET', of(c));
                await ask('GET', of(c), {}, 0, '?perPage=1&skipTotal=1');
                await ask('GET', of(c), {}, 0, '?page=0&nothing=1');
                const read = await ask('GET', one, {}, id);
                const headers = { 'if-none-match': read.etag };

                // Where something is computed, what it counts may just have
                // changed by another replica's clock; where fields have
                // rules, so may the role of the key's account.
                const known = c.fields.some((f) => f.value || f.rules)
                    ? [200, 304]
                    : [304];

                assert.ok(
                    known.includes(
                        (await ask('GET', one, { headers }, id)).status,
                    ),
                );
                await ask('GET', one, {}, 999999);
                const again = record(c, ++n, ids);
                const changed = await ask('PATCH', one, { json: again }, id);

                assert.equal(changed.status, 200, changed.text);
                await ask('PATCH', one, { json: { id: 3 } }, id);
                const old = '2001-01-01T00:00:00.000Z';
                const json2 = { created: old, updated: old };
                const kept = await ask('PATCH', one, { json: json2 }, id);

                assert.equal(kept.status, 200, kept.text);
                assert.equal(kept.json.created, read.json.created);
                await ask('PATCH', one, { json: {} }, 999999);
                await ask('PATCH', one, { body: '{' }, id);
                const stale = { 'if-match': read.etag };

                assert.equal(
                    (await ask('PATCH', one, { json, headers: stale }, id))
                        .status,
                    412,
                );
                const put = await ask(
                    'PUT',
                    one,
                    { json: record(c, ++n, ids) },
                    id,
                );

                assert.equal(put.status, 200, put.text);
                const invalid = await ask('POST', of(c), {
                    json: required ? { [required.name]: null } : { x: 1 },
                });

                assert.equal(invalid.status, 422, invalid.text);
                const problem = await ask('POST', of(c), {
                    json: { x: 1 },
                    headers: { accept: 'application/problem+json' },
                });

                assert.equal(problem.json.type, 'about:blank');
                await ask('POST', of(c), {
                    body: 'x',
                    headers: { 'content-type': 'text/plain' },
                });
                const history = api.doc.paths[of(c, '/{id}/history')];

                assert.equal(history !== undefined, c.audit !== undefined);
                if (history) await ask('GET', of(c, '/{id}/history'), {}, id);
                const gone = await ask('DELETE', one, {}, id);

                assert.equal(gone.status, 204, gone.text);
                await ask('DELETE', one, {}, id);
                const restore = of(c, '/{id}/restore');

                assert.equal(
                    restore in api.doc.paths,
                    c.trash !== undefined,
                );
                if (!c.trash) return;
                const back = await ask('POST', restore, {}, id);

                assert.equal(back.status, 200, back.text);
                await ask('POST', restore, {}, id);
                await ask('DELETE', one, {}, id, '?purge=1');
            });

        for (const c of builtIn)
            test(`${c.name}: lists are what it says`, async () => {
                const list = (query) => ask('GET', of(c), {}, 0, query);
                const relations = c.fields.filter(
                    ({ type }) => type === 'relation' || type === 'file',
                );
                const [first] = c.fields;
                const number = c.fields.find(({ type }) => type === 'decimal');
                const good = [
                    '?page=2&perPage=1',
                    '?skipTotal=true',
                    `?sort=-created,${first.name}`,
                    `?filter=${encodeURIComponent("created > '2026-01-01'")}`,
                    '?aggregate=count',
                    `?aggregate=count&groupBy=${first.name}&sort=-count`,
                ];

                if (c.fields.some(({ search }) => search))
                    good.push('?search=a');
                if (c.trash) good.push('?trash=1');
                if (number) good.push(`?aggregate=avg(${number.name})`);
                if (relations.length > 0)
                    good.push(
                        `?expand=${relations.map(({ name }) => name).join()}`,
                    );
                for (const query of good) {
                    const got = await list(query);

                    assert.equal(got.status, 200, `${query} ${got.text}`);
                }
                let next = '';

                for (let i = 0; i < 3 && next !== null; i++) {
                    const got = await list(
                        `?perPage=1&cursor=${encodeURIComponent(next)}`,
                    );

                    assert.equal(got.status, 200, got.text);
                    next = got.json.next;
                }
                for (const query of [
                    '?filter=none=1',
                    '?sort=none',
                    '?cursor=x',
                    '?aggregate=mode(x)',
                    '?fields=none',
                    '?expand=none',
                ])
                    assert.equal((await list(query)).status, 400, query);
            });

        for (const c of builtIn)
            test(`${c.name}: its example can be created`, async () => {
                const schema = `${c.name}Create`;
                const [json] = api.doc.components.schemas[schema].examples;
                const body = structuredClone(json);

                // The records and values that it names may not be there, or
                // be taken.
                for (const f of c.fields) {
                    if (f.type === 'relation' || f.type === 'file')
                        body[f.name] = ids[f.collection ?? 'files'];
                }
                const made = await ask('POST', of(c), { json: body });

                assert.equal(made.status, 201, made.text);
            });

        test('batches, health, status, the schema, this document', async () => {
            const [c] = builtIn;
            const batch = {
                requests: [
                    { method: 'POST', url: of(c), body: record(c, ++n, ids) },
                    { method: 'DELETE', url: `${of(c)}/@0.id` },
                ],
            };
            const done = await ask('POST', '/api/v1/batch', { json: batch });

            assert.equal(done.status, 200, done.text);
            batch.requests[1].url = `${of(c)}/999999`;
            await ask('POST', '/api/v1/batch', { json: batch });
            await ask('POST', '/api/v1/batch', { json: {} });
            await ask('GET', '/health');
            await ask('GET', '/api/v1/status');
            await ask('GET', '/api/openapi.json');
            await ask('GET', '/api/docs');
            const schema = await ask('GET', '/api/v1/schema');

            assert.deepEqual(
                schema.json.collections.map(({ name }) => name),
                builtIn.map(({ name }) => name),
            );
        });

        test('simple users', async () => {
            const json = { name: 'Ada', email: 'ada@simple.example' };
            const made = await ask('POST', '/users', { json });

            assert.equal(made.status, 201, made.text);
            const { id } = made.json;

            await ask('POST', '/users', { json });
            await ask('POST', '/users', { json: {} });
            await ask('GET', '/users');
            await ask('GET', '/users', {}, 0, '?perPage=1&page=2');
            await ask('GET', '/users/{id}', {}, id);
            await ask('GET', '/users/{id}', {}, 999999);
            await ask('PUT', '/users/{id}', { json: { name: 'Bob' } }, id);
            await ask('DELETE', '/users/{id}', {}, id);
            await ask('DELETE', '/users/{id}', {}, id);
        });

        test('signing in', async () => {
            const auth = '/api/v1/auth';
            const nobody = { as: 'nobody' };
            const { email, password } = person;
            const json = { email, password };
            const body = new URLSearchParams(json).toString();
            const form = { 'content-type': 'application/x-www-form-urlencoded' };

            await ask('GET', '/login', nobody);
            await ask('POST', '/login', { ...nobody, json });
            await ask('POST', '/login', { ...nobody, body, headers: form });
            await ask('POST', '/login', {
                ...nobody,
                json: { email: 'no@example.org', password: 'no' },
            });
            await ask('POST', '/login', { ...nobody, json: {} });
            await ask('GET', `${auth}/me`, me);
            await ask('GET', `${auth}/me`);
            await ask('GET', `${auth}/me`, nobody);
            const { json: list } = await ask('GET', `${auth}/sessions`, me);
            const other = list.items.find(({ current }) => !current);

            await ask('DELETE', `${auth}/sessions/{id}`, me, other.id);
            await ask('DELETE', `${auth}/sessions/{id}`, me, other.id);
            await ask('DELETE', `${auth}/sessions`, me);
            await ask('GET', `${auth}/sessions`);
            await ask('GET', `${auth}/history`, me);
            await ask('GET', `${auth}/history`, me, 0, '?page=0');
        });

        test('keys, and passwords', async () => {
            const auth = '/api/v1/auth';
            const scopes = ['personnel:read'];
            const wish = { name: 'a', scopes };
            const made = await ask('POST', `${auth}/keys`, {
                ...me,
                json: wish,
            });

            assert.equal(made.status, 201, made.text);
            const key = { as: made.json.key };

            await ask('POST', `${auth}/keys`, { ...me, json: { name: 'a' } });
            await ask('GET', `${auth}/keys`, me);
            await ask('GET', '/api/v1/personnel', key);
            for (const [method, path] of [
                ['GET', '/api/v1/absences'],
                ['GET', '/api/v1/absences/{id}'],
                ['DELETE', '/api/v1/personnel/{id}'],
                ['GET', '/api/v1/personnel/{id}/history'],
                ['GET', '/users'],
                ['GET', '/users/{id}'],
            ]) {
                const got = await ask(method, path, key, 1);
                const scoped = path.includes('history') ? [200, 404] : [403];

                assert.ok(scoped.includes(got.status), `${path} ${got.text}`);
            }
            await ask('DELETE', `${auth}/keys/{id}`, me, made.json.id);
            await ask('DELETE', `${auth}/keys/{id}`, me, made.json.id);
            await ask('GET', '/api/v1/personnel', key);
            const old = person.password;
            const changes = [
                { old: 'not this', new: 'another one, still' },
                { old, new: 'short' },
                { oldPassword: old, password: 'another one, still' },
            ];

            for (const json of changes)
                await ask('POST', `${auth}/password`, { ...me, json });
        });

        test("PocketBase's clients", async () => {
            const users = '/api/collections/users';
            const { email: identity, password } = await newPerson(a, bearer);
            const json = { identity, password };
            const nobody = { as: 'nobody' };

            await ask('GET', `${users}/auth-methods`, nobody);
            await ask('POST', `${users}/auth-with-password`, {
                ...nobody,
                json: { identity, password: 'no' },
            });
            const got = await ask('POST', `${users}/auth-with-password`, {
                ...nobody,
                json,
            });

            assert.equal(got.status, 200, got.text);
            const them = { as: got.json.token };

            await ask('POST', `${users}/auth-refresh`, them);
            await ask('POST', `${users}/auth-refresh`);
            await ask('POST', '/logout', them);
        });

        // /setup is for who has its link.
        test('no way of succeeding was left out', () => {
            const paths = Object.entries(api.doc.paths);

            for (const [path, item] of paths.filter(([p]) => p !== '/setup'))
                for (const [verb, { responses }] of Object.entries(item)) {
                    const some = Object.keys(responses)
                        .filter((status) => status < '300')
                        .some((s) => api.used.has(`${verb} ${path} ${s}`));

                    assert.ok(some, `${verb} ${path}`);
                }
        });
    });

describe('openapi: the first administrator', () => {
    after(stopAll);

    test('answers of /setup are what it says', async () => {
        const a = await start({ key: false });
        const api = await describe_(a);
        const [, ticket] = await until('the link', () =>
            /\/setup\?ticket=([\w-]{43})/.exec(a.out),
        );
        const ann = { name: 'Ann', email: 'ann@example.org', ticket };
        const json = { ...ann, password: 'a first correct horse' };

        for (const [method, query, options, status] of [
            ['GET', '', {}, 404],
            ['GET', '?ticket=none', {}, 404],
            ['GET', `?ticket=${ticket}`, {}, 200],
            ['POST', '', { body: '{' }, 415],
            ['POST', '', { json: { ...json, ticket: 'none' } }, 404],
            ['POST', '', { json: { ...json, password: 'x' } }, 422],
            ['POST', '', { json }, 200],
            ['POST', '', { json }, 404],
        ]) {
            const got = await a.ask(method, `/setup${query}`, options);

            api.holds(method, '/setup', got);
            assert.equal(got.status, status, got.text);
        }
    });
});

// What rules open, and to whom.
const notes = {
    collections: [
        {
            name: 'notes',
            description: 'For all to read.',
            fields: [
                { name: 'title', type: 'text', search: true, required: true },
                { name: 'secret', type: 'text', rules: { read: null } },
                { name: 'fixed', type: 'int', rules: { write: null } },
                { name: 'tags', type: 'select', values: ['a', 'b'], max: 2 },
                { name: 'see', type: 'relation', collection: 'notes', max: 5 },
            ],
            rules: {
                list: '',
                view: '',
                create: "@request.body.title != 'no'",
                update: 'secret = 3',
            },
        },
        { name: 'inner', fields: [{ name: 'cost', type: 'int' }] },
        {
            name: 'shown',
            fields: [
                { name: 'text', type: 'text' },
                { name: 'pin', type: 'text', hidden: true },
            ],
            rules: { list: '' },
        },
        {
            name: 'dropped',
            fields: [{ name: 'code', type: 'text', hidden: true }],
            rules: { create: '' },
        },
    ],
};

notes.collections[0].rules.update = "secret = 'x'";

describe('openapi: what the caller may do', () => {
    let a;

    before(async () => {
        const folder = newFolder();
        const file = join(folder, 'app.json');

        writeFileSync(file, JSON.stringify(notes));
        a = await start({
            folder,
            as: 'nobody',
            env: { APP_FILE: file, BASE_PATH: '/base' },
        });
    });
    after(stopAll);

    test('a stranger gets what rules open', async () => {
        const { doc } = await describe_(a);
        const paths = Object.keys(doc.paths);
        const { notes: type, notesCreate } = doc.components.schemas;

        assert.deepEqual(doc.servers, [{ url: '/base' }]);
        assert.ok(paths.includes('/api/v1/notes'));
        assert.ok(!paths.some((path) => path.includes('inner')));
        assert.ok(!paths.some((path) => /^\/(api\/v1\/)?users/.test(path)));
        assert.ok(!paths.includes('/api/v1/auth/me'));
        assert.ok(!paths.includes('/api/v1/status'));
        const collection = doc.paths['/api/v1/notes'];

        assert.deepEqual(Object.keys(collection), ['get', 'post']);
        assert.deepEqual(collection.get.security, [
            {},
            { session: [] },
            { bearer: [] },
        ]);
        assert.deepEqual(Object.keys(doc.paths['/api/v1/notes/{id}']), [
            'get',
            'patch',
            'put',
        ]);
        assert.equal(type.properties.secret, undefined);
        assert.equal(notesCreate.properties.secret, undefined);
        assert.equal(type.properties.fixed.readOnly, true);
        assert.equal(notesCreate.properties.fixed, undefined);
        assert.ok(!JSON.stringify(doc).includes('secret'));
    });

    test('bodies are described to those who may send them', async () => {
        const names = async (options) =>
            Object.keys((await describe_(a, options)).doc.components.schemas);
        const theirs = (await names()).filter((name) => /^[a-z]/.test(name));
        const { doc } = await describe_(a);

        assert.deepEqual(theirs, [
            'notes',
            'notesCreate',
            'notesChange',
            'notesPage',
            'shown',
            'shownPage',
            'dropped',
            'droppedCreate',
        ]);
        assert.ok(!JSON.stringify(doc).includes('"pin"'));
        const { droppedCreate } = doc.components.schemas;

        assert.equal(droppedCreate.properties.code.writeOnly, true);
        assert.ok((await names(bearer)).includes('shownChange'));
    });

    test('an administrator gets everything', async () => {
        const { doc } = await describe_(a, bearer);
        const paths = Object.keys(doc.paths);
        const { notes: type, notesChange } = doc.components.schemas;

        assert.ok(paths.includes('/api/v1/inner'));
        assert.deepEqual(doc.paths['/api/v1/inner'].get.security, [
            { session: [] },
            { bearer: [] },
        ]);
        assert.deepEqual(Object.keys(doc.paths['/api/v1/notes/{id}']), [
            'get',
            'patch',
            'put',
            'delete',
        ]);
        assert.ok(type.properties.secret);
        for (const key of ['tags+', '+tags', 'tags-', 'see+', 'fixed+'])
            assert.ok(notesChange.properties[key], key);
        assert.equal(notesChange.properties['title+'], undefined);
    });

    test('/api/v1/schema tells each what he may', async () => {
        const stranger = (await a.get('/api/v1/schema')).json.collections;
        const admin = (await a.get('/api/v1/schema', bearer)).json.collections;
        const [open] = stranger;

        assert.deepEqual(
            stranger.map(({ name }) => name),
            ['notes', 'shown'],
        );
        assert.deepEqual(
            admin.map(({ name }) => name),
            ['notes', 'inner', 'shown', 'dropped', 'users'],
        );
        assert.deepEqual(open.may, {
            list: 'yes',
            view: 'yes',
            create: 'by_record',
            update: 'by_record',
            delete: 'no',
        });
        assert.deepEqual(open.rules, {
            list: '',
            view: '',
            create: "@request.body.title != 'no'",
            delete: null,
        });
        assert.equal(admin[0].rules.update, "secret = 'x'");
        assert.equal(admin[1].rules, null);
        assert.deepEqual(
            open.fields.map(({ name }) => name),
            ['title', 'fixed', 'tags', 'see'],
        );
        assert.equal(open.fields[1].readOnly, true);
    });

    test('the command prints what an administrator gets', async () => {
        const { env } = a;
        const { code, out, err } = await command(['openapi'], {
            env: { ...env, DATABASE_URL: 'postgres://nowhere.invalid/x' },
        });
        const person = await newPerson(a, bearer, { role: 'admin' });
        const served = await a.get('/api/openapi.json', person.as);

        assert.equal(code, 0, err);
        assert.deepEqual(JSON.parse(out), served.json);
    });

    test('a token that is wrong gets nothing', async () => {
        for (const path of ['/api/openapi.json', '/api/v1/schema']) {
            const got = await a.get(path, {
                headers: { authorization: 'Bearer no' },
            });

            assert.equal(got.status, 401);
        }
    });
});
