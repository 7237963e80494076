// SPDX-License-Identifier: MIT
// Who may do what: every route of the table in app/routes.c, asked by everybody
// there is. A route that has no row here fails.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { command, root, start, stopAll } from './appliance.mjs';
import { backends, combinations, ownRedis } from './servers.mjs';

const password = 'a password for the matrix';

const callers = [
    'nobody',
    'owner', // of the document, with the role user
    'other', // the same role, another account
    'manager',
    'admin',
    'key', // of the owner, with the scope that the route needs
    'narrow', // of the owner, with the scope of another collection
    'dead', // a session of the owner's that has ended
];

// The table, as it stands in the source.
function routesOfSource() {
    const text = readFileSync(join(root, 'appliance/app/routes.c'), 'utf8');
    const names = {};

    for (const [, name, value] of text.matchAll(
        /^#define (\w+)\s+"([^"]*)"$/gm,
    ))
        names[name] = value;
    const pattern = /\{ METHOD_(\w+),\s*([^,]+),\s*\w+,\s*(ACCESS_\w+),/g;

    return [...text.matchAll(pattern)].map(([, method, words, access]) => ({
        name: `${method} ${words
            .trim()
            .split(/\s+/)
            .map((word) =>
                word.startsWith('"') ? word.slice(1, -1) : names[word],
            )
            .join('')}`,
        access,
    }));
}

// --- what each route is asked for ------------------------------------------

const json = (method, path, body) => ({ method, path, json: body });
let unique = 0;
const next = () => `m${++unique}`;
const newUser = () => ({ name: 'New', email: `${next()}@example.org` });

// w: the world that setUp made.
const documentsOf = (base) => ({
    [`GET ${base}`]: {
        ask: () => json('GET', base.replace('{collection}', 'documents')),
        want: [401, 200, 200, 200, 200, 200, 403, 401],
    },
    [`POST ${base}`]: {
        ask: (w) =>
            json('POST', base.replace('{collection}', 'documents'), {
                title: next(),
                owner: w.owner.id,
            }),
        want: [401, 201, 403, 201, 201, 201, 403, 401],
    },
    [`GET ${base}/{id}`]: {
        ask: (w) => json('GET', w.one(base)),
        want: [401, 200, 404, 200, 200, 200, 403, 401],
    },
    [`PATCH ${base}/{id}`]: {
        ask: (w) => json('PATCH', w.one(base), { title: next() }),
        want: [401, 200, 404, 200, 200, 200, 403, 401],
    },
    [`PUT ${base}/{id}`]: {
        ask: (w) =>
            json('PUT', w.one(base), { title: next(), owner: w.owner.id }),
        want: [401, 200, 404, 200, 200, 200, 403, 401],
    },
    [`DELETE ${base}/{id}`]: {
        before: (w) => w.newDocument(),
        ask: (w, made) => json('DELETE', `${w.all(base)}/${made}`),
        want: [401, 204, 404, 204, 204, 204, 403, 401],
    },
});

const stranger = () => ({
    email: `${next()}@example.org`,
    password: 'wrong one',
});
const same = (status) => callers.map(() => status);
const page = [302, 200, 200, 200, 200, 200, 200, 302];
const session = (status) => [
    ...[401, status, status, status, status],
    ...[403, 403, 401],
];
const account = (status) => [401, ...Array(6).fill(status), 401];

const rows = {
    'GET /': {
        ask: () => ({
            method: 'GET',
            path: '/',
            headers: { accept: 'text/html' },
        }),
        want: page,
    },
    'GET /static/{path*}': {
        ask: () => json('GET', '/static/none.js'),
        want: same(404),
    },
    'GET /health': { ask: () => json('GET', '/health'), want: same(200) },
    'GET /api/docs': { ask: () => json('GET', '/api/docs'), want: same(200) },
    'GET /api/openapi.json': {
        ask: () => json('GET', '/api/openapi.json'),
        want: [...same(200).slice(1), 401],
    },
    'GET /api/v1/schema': {
        ask: () => json('GET', '/api/v1/schema'),
        want: [...same(200).slice(1), 401],
    },
    'GET /api/v1/status': {
        ask: () => json('GET', '/api/v1/status'),
        want: account(200),
    },
    'POST /api/v1/batch': {
        ask: (w) =>
            json('POST', '/api/v1/batch', {
                requests: [
                    {
                        method: 'POST',
                        url: '/api/v1/documents',
                        body: { title: next(), owner: w.owner.id },
                    },
                ],
            }),
        want: [401, 200, 403, 200, 200, 200, 403, 401],
    },
    ...documentsOf('/api/v1/{collection}'),
    ...documentsOf('/api/collections/{collection}/records'),
    'POST /api/v1/{collection}/{id}/restore': {
        before: async (w) => {
            const id = await w.newDocument();

            await w.a.delete(`/api/v1/documents/${id}`);
            return id;
        },
        ask: (w, made) => json('POST', `/api/v1/documents/${made}/restore`),
        want: [401, 200, 404, 200, 200, 200, 403, 401],
    },
    'GET /api/v1/{collection}/{id}/history': {
        ask: (w) => json('GET', `/api/v1/documents/${w.document}/history`),
        want: [401, 200, 404, 200, 200, 200, 403, 401],
    },
    'GET /users': {
        ask: () => json('GET', '/users'),
        scope: 'users',
        want: [401, 200, 200, 200, 200, 200, 403, 401],
    },
    'POST /users': {
        ask: () => json('POST', '/users', newUser()),
        scope: 'users',
        want: [403, 403, 403, 403, 201, 403, 403, 401],
    },
    'GET /users/{id}': {
        ask: (w) => json('GET', `/users/${w.owner.id}`),
        scope: 'users',
        want: [401, 200, 200, 200, 200, 200, 403, 401],
    },
    'PUT /users/{id}': {
        ask: (w) => json('PUT', `/users/${w.owner.id}`, { name: next() }),
        scope: 'users',
        want: [401, 200, 403, 403, 200, 200, 403, 401],
    },
    'DELETE /users/{id}': {
        before: (w) => w.newUser(),
        ask: (w, made) => json('DELETE', `/users/${made}`),
        scope: 'users',
        want: [404, 403, 403, 403, 200, 403, 403, 401],
    },
    'GET /login': { ask: () => json('GET', '/login'), want: same(200) },
    'POST /login': {
        ask: () => json('POST', '/login', stranger()),
        fresh: true,
        want: same(401),
    },
    'POST /logout': {
        ask: () => ({ method: 'POST', path: '/logout' }),
        throwaway: true,
        want: [204, 204, 204, 204, 204, 204, 204, 204],
    },
    'GET /setup': { ask: () => json('GET', '/setup?ticket=x'), want: same(404) },
    'POST /setup': {
        ask: () =>
            json('POST', '/setup', {
                ...{ ticket: 'x', name: 'X', email: 'x@example.org' },
                password,
            }),
        want: same(404),
    },
    'GET /api/v1/auth/me': {
        ask: () => json('GET', '/api/v1/auth/me'),
        want: account(200),
    },
    'GET /api/v1/auth/sessions': {
        ask: () => json('GET', '/api/v1/auth/sessions'),
        want: session(200),
    },
    'DELETE /api/v1/auth/sessions': {
        ask: () => json('DELETE', '/api/v1/auth/sessions'),
        throwaway: true,
        after: (w) => w.signAllIn(),
        want: session(200),
    },
    'DELETE /api/v1/auth/sessions/{id}': {
        ask: () => json('DELETE', '/api/v1/auth/sessions/999999'),
        want: session(404),
    },
    'POST /api/v1/auth/password': {
        ask: () =>
            json('POST', '/api/v1/auth/password', {
                old: 'not it',
                new: 'another password, a good one',
            }),
        fresh: true,
        want: session(422),
    },
    'GET /api/v1/auth/history': {
        ask: () => json('GET', '/api/v1/auth/history'),
        want: session(200),
    },
    'GET /api/v1/auth/keys': {
        ask: () => json('GET', '/api/v1/auth/keys'),
        want: session(200),
    },
    'POST /api/v1/auth/keys': {
        ask: () => json('POST', '/api/v1/auth/keys', { name: next(), scopes: ['*'] }),
        want: session(201),
    },
    'DELETE /api/v1/auth/keys/{id}': {
        ask: () => json('DELETE', '/api/v1/auth/keys/999999'),
        want: session(404),
    },
    'POST /api/collections/users/auth-with-password': {
        ask: () =>
            json('POST', '/api/collections/users/auth-with-password', {
                identity: `${next()}@example.org`,
                password: 'wrong one',
            }),
        fresh: true,
        want: same(400),
    },
    'POST /api/collections/users/auth-refresh': {
        ask: () => json('POST', '/api/collections/users/auth-refresh'),
        want: session(200),
    },
    'GET /api/collections/users/auth-methods': {
        ask: () => json('GET', '/api/collections/users/auth-methods'),
        want: same(200),
    },
    'GET /livez': { ask: () => json('GET', '/livez'), want: same(404) },
    'GET /readyz': { ask: () => json('GET', '/readyz'), want: same(404) },
    'GET /metrics': { ask: () => json('GET', '/metrics'), want: same(404) },
};
rows['POST /api/batch'] = {
    ...rows['POST /api/v1/batch'],
    ask: (w) => ({ ...rows['POST /api/v1/batch'].ask(w), path: '/api/batch' }),
};

// --- the world ---------------------------------------------------------------

async function setUp({ store, redis }) {
    const w = { redis: redis && (await ownRedis()) };
    const env = await backends({ store });

    if (redis) env.REDIS_URL = w.redis.url;
    const a = (w.a = await start({ env }));
    const people = { owner: 'user', other: 'user', manager: 'manager' };

    for (const [name, role] of Object.entries({ ...people, admin: 'admin' }))
        w[name] = { name, email: `${name}@example.org`, role };
    for (const who of [w.owner, w.other, w.manager, w.admin]) {
        const made = await a.post('/api/v1/users', { ...who, password });

        assert.equal(made.status, 201, made.text);
        who.id = made.json.id;
    }
    w.newDocument = async () => {
        const made = await a.post('/api/v1/documents', {
            title: next(),
            owner: w.owner.id,
        });

        assert.equal(made.status, 201, made.text);
        return made.json.id;
    };
    w.newUser = async () => (await a.post('/users', newUser())).json.id;
    w.all = (base) => base.replace('{collection}', 'documents');
    w.one = (base) => `${w.all(base)}/${w.document}`;
    w.document = await w.newDocument();
    w.signIn = async (who) => {
        const got = await a.post(
            '/login',
            { email: who.email, password },
            { as: 'nobody' },
        );

        assert.equal(got.status, 200, got.text);
        return { cookie: got.headers['set-cookie'][0].split(';')[0] };
    };
    await makeKeys(w);
    w.signAllIn = async () => {
        for (const name of Object.keys({ ...people, admin: 'admin' }))
            w[name].proof = await w.signIn(w[name]);
    };
    await w.signAllIn();
    w.dead = { proof: await w.signIn(w.owner) };
    const out = { as: 'nobody', headers: w.dead.proof };

    assert.equal((await a.ask('POST', '/logout', out)).status, 204);
    return w;
}

async function makeKeys(w) {
    const key = async (scope) => {
        const made = await command(
            ['key', 'add', scope, '--scope', scope, '--user', w.owner.email],
            { env: w.a.env, folder: w.a.folder },
        );

        assert.equal(made.code, 0, made.err);
        return { authorization: `Bearer ${made.out.trim()}` };
    };

    w.keys = { documents: await key('documents:*'), users: await key('users:*') };
    w.narrow = { proof: await key('activities:*') };
}

async function proofOf(w, caller, row) {
    if (caller === 'nobody') return {};
    if (caller === 'key') return w.keys[row.scope ?? 'documents'];
    if (row.throwaway && w[caller].email) return w.signIn(w[caller]);
    return w[caller].proof;
}

// Redis goes and comes back in the middle: nobody is signed out, nobody is let
// in.
const phases = [
    { name: '' },
    { name: ', Redis killed', act: (w) => w.redis.crash() },
    { name: ', Redis back', act: (w) => w.redis.start() },
];

async function askAll(w, name) {
    const row = rows[name];

    assert.ok(row, 'a row is missing here');
    const got = [];

    for (const caller of callers) {
        const made = await row.before?.(w);
        const { method, path, ...rest } = row.ask(w, made);
        const headers = {
            ...(await proofOf(w, caller, row)),
            ...rest.headers,
        };
        const answer = await w.a.ask(method, path, {
            ...rest,
            as: 'nobody',
            headers,
            localAddress: row.fresh ? freshAddress() : undefined,
        });

        got.push(answer.status);
    }
    await row.after?.(w);
    assert.deepEqual(
        Object.fromEntries(callers.map((c, i) => [c, got[i]])),
        Object.fromEntries(callers.map((c, i) => [c, row.want[i]])),
    );
}

for (const store of combinations)
    describe(`matrix: ${store.name}`, () => {
        let w;

        before(async () => (w = await setUp(store)));
        after(stopAll);

        for (const phase of store.redis ? phases : [phases[0]]) {
            if (phase.act) test(phase.name.slice(2), () => phase.act(w));
            for (const { name } of routesOfSource())
                test(`${name}${phase.name}`, () => askAll(w, name));
        }

        test('there is no row without a route', () => {
            const known = new Set(routesOfSource().map(({ name }) => name));

            for (const name of Object.keys(rows))
                assert.ok(known.has(name), name);
        });
    });

// Failures to sign in are counted by address, and all of 127.0.0.0/8 is ours.
let hosts = 1;
function freshAddress() {
    hosts++;
    return `127.1.${hosts >> 8}.${hosts & 255}`;
}
