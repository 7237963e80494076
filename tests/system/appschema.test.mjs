// SPDX-License-Identifier: MIT
// app.schema.json, by a validator that is not ours, against what the program
// reads; and the page about the keys, against both.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

import Ajv from 'ajv/dist/2020.js';

import { command, newFolder, root, stopAll } from './appliance.mjs';
import { builtIn } from './samples.mjs';

const read = (name) => readFileSync(join(root, 'appliance', name), 'utf8');
const schema = JSON.parse(read('app.schema.json'));
const options = { allErrors: true, allowUnionTypes: true, strictTypes: false };
const validate = new Ajv(options).compile(schema);

const field = (rest) => ({
    collections: [
        { name: 'a', fields: [{ name: 'f', ...rest }] },
        { name: 'files', fields: [{ name: 'g', type: 'text' }] },
    ],
});
const collection = (rest) => ({
    collections: [
        {
            name: 'a',
            fields: [
                { name: 'f', type: 'text', max: 50 },
                { name: 'g', type: 'int' },
                { name: 'to', type: 'relation', collection: 'a' },
            ],
            ...rest,
        },
    ],
});
const computed = (rest) =>
    collection({
        fields: [
            { name: 'to', type: 'relation', collection: 'a' },
            { name: 'c', type: 'computed', ...rest },
        ],
    });
const named = (name) => ({
    collections: [{ name, fields: [{ name: 'f', type: 'int' }] }],
});

const good = [
    { collections: builtIn },
    { $schema: 'x', ...collection({}) },
    named('a_1_b'),
    named('x'.repeat(28)),
    named('pgadmin'),
    collection({ description: '', indexes: [['f', 'g'], ['g']] }),
    collection({ rules: {} }),
    collection({ rules: { list: '', view: null, create: "f = 'x'" } }),
    collection({ rules: { update: 'g > 1', delete: '@user.id != ""' } }),
    collection({ trash: true, audit: false }),
    collection({ trash: { days: 1 }, audit: { days: 36500 } }),
    collection({ cache: {} }),
    collection({ cache: { ttl: 0 } }),
    field({ type: 'text', min: 0, max: 1000000 }),
    field({ type: 'text', pattern: '[a-z]+', default: 'abc' }),
    field({ type: 'text', search: true, rules: { read: '', write: null } }),
    field({ type: 'email', unique: true, required: true, max: 120 }),
    field({ type: 'url', default: 'https://example.org' }),
    field({ type: 'int', min: -5, max: 5, default: 0, index: true }),
    field({ type: 'number', min: -0.5, max: 1e300, default: 1 }),
    field({ type: 'decimal', scale: 9, min: -1, max: 2.5, default: '1.25' }),
    field({ type: 'decimal', default: 3 }),
    field({ type: 'bool', default: false, hidden: true }),
    field({ type: 'date', min: '1900-01-01', default: '@today' }),
    field({ type: 'date', default: '2026-11-20' }),
    field({ type: 'datetime', max: '2199-12-31T00:00:00Z', default: '@now' }),
    field({ type: 'select', values: ['a', 'é'], default: 'é', search: true }),
    field({ type: 'select', values: ['a', 'b'], max: 2, default: ['b'] }),
    field({ type: 'select', values: ['a', 'b'], min: 1 }),
    field({ type: 'relation', collection: 'files', onDelete: 'cascade' }),
    field({ type: 'relation', collection: 'a', max: 5, min: 2 }),
    field({ type: 'relation', collection: 'a', max: 1, unique: true }),
    field({ type: 'relation', collection: 'a', max: 9, onDelete: 'null' }),
    field({ type: 'json', max: 2, default: 1, required: true }),
    field({ type: 'file', onDelete: 'null' }),
    computed({ value: 'count(a_via_to)' }),
    computed({ value: 'max( a_via_to.id )', filter: 'id > 3', hidden: true }),
    computed({ value: 'count(a_via_to)', rules: { read: null } }),
];

const bad = [
    [],
    {},
    { collections: [] },
    { collections: {} },
    { $schema: 1, ...collection({}) },
    { ...collection({}), version: 1 },
    named('Users'),
    named('a__b'),
    named('a_'),
    named('9a'),
    named(''),
    named('x'.repeat(29)),
    named('batch'),
    named('collections'),
    named('pg_class'),
    named('sqlite_x'),
    { collections: [{ name: 'a' }] },
    { collections: [{ name: 'a', fields: [] }] },
    collection({ feilds: [] }),
    collection({ description: 'x'.repeat(1001) }),
    collection({ indexes: [[]] }),
    collection({ indexes: [['f', 'f']] }),
    collection({ indexes: ['f'] }),
    collection({ rules: '' }),
    collection({ rules: { read: '' } }),
    collection({ rules: { list: true } }),
    collection({ rules: { list: ' ' } }),
    collection({ trash: 30 }),
    collection({ trash: {} }),
    collection({ audit: { days: 0 } }),
    collection({ audit: { days: 36501 } }),
    collection({ cache: { ttl: -1 } }),
    collection({ cache: { ttl: 86401 } }),
    collection({ cache: 60 }),
    { collections: [{ name: 'a', fields: [{ name: 'f' }] }] },
    { collections: [{ name: 'a', fields: [{ type: 'int' }] }] },
    ...['id', 'expand', 'deleted', 'rowid', 'collectionName'].map((name) =>
        field({ name, type: 'int' }),
    ),
    field({ type: 'string' }),
    field({ type: 'text', scale: 2 }),
    field({ type: 'text', reqired: true }),
    field({ type: 'text', required: 1 }),
    field({ type: 'text', min: -1 }),
    field({ type: 'text', max: 0 }),
    field({ type: 'text', max: 1000001 }),
    field({ type: 'text', max: 5.5 }),
    field({ type: 'text', default: 5 }),
    field({ type: 'text', pattern: '' }),
    field({ type: 'text', search: true, hidden: true }),
    field({ type: 'text', rules: { list: '' } }),
    field({ type: 'int', search: true }),
    field({ type: 'int', pattern: 'x' }),
    field({ type: 'int', min: 1.5 }),
    field({ type: 'int', default: '6' }),
    field({ type: 'int', value: 'count(x)' }),
    field({ type: 'number', max: '1' }),
    field({ type: 'decimal', scale: 10 }),
    field({ type: 'bool', min: 0 }),
    field({ type: 'bool', default: 'true' }),
    field({ type: 'date', min: '2026-13-01' }),
    field({ type: 'date', default: '@now' }),
    field({ type: 'datetime', min: '2026-11-20' }),
    field({ type: 'datetime', default: '@today' }),
    field({ type: 'select' }),
    field({ type: 'select', values: [] }),
    field({ type: 'select', values: [''] }),
    field({ type: 'select', values: ['a', 'a'] }),
    field({ type: 'select', values: ['a', 4] }),
    field({ type: 'select', values: ['a', 'b'], min: 2 }),
    field({ type: 'select', values: ['a', 'b'], max: 2, unique: true }),
    field({ type: 'select', values: ['a', 'b'], max: 2, search: true }),
    field({ type: 'select', values: ['a', 'b'], max: 2, default: 'a' }),
    field({ type: 'select', values: ['a', 'b'], default: ['a'] }),
    field({ type: 'relation' }),
    field({ type: 'relation', collection: 'a', default: 1 }),
    field({ type: 'relation', collection: 'a', default: '@user.id' }),
    field({ type: 'relation', collection: 'users', max: 2, default: '@user.id' }),
    field({ type: 'relation', collection: 'a', onDelete: 'x' }),
    field({ type: 'relation', collection: 'a', min: 1 }),
    field({ type: 'relation', collection: 'a', max: 1001 }),
    field({ type: 'relation', collection: 'a', max: 5, unique: true }),
    field({ type: 'relation', collection: 'a', max: 5, index: true }),
    field({ type: 'relation', collection: 'a', max: 5, onDelete: 'cascade' }),
    field({
        type: 'relation',
        collection: 'a',
        onDelete: 'null',
        required: true,
    }),
    field({ type: 'json', unique: true }),
    field({ type: 'json', max: 1 }),
    field({ type: 'json', default: null }),
    field({ type: 'file', collection: 'files' }),
    field({ type: 'computed', value: 'count(a_via_to)' }),
    computed({}),
    computed({ value: '' }),
    computed({ value: 'median(a_via_to)' }),
    computed({ value: 'count(a_via_to)', filter: '' }),
    computed({ value: 'count(a_via_to)', required: true }),
    computed({ value: 'count(a_via_to)', rules: { write: '' } }),
];

// What needs more than one place of the file to be seen, or arithmetic.
const onlyTheProgram = [
    { collections: [...named('a').collections, ...named('a').collections] },
    field({ type: 'text', min: 9, max: 5 }),
    field({ type: 'text', pattern: '(' }),
    field({ type: 'text', max: 2, default: 'abc' }),
    field({ type: 'relation', collection: 'none' }),
    field({ type: 'date', min: '2026-02-30' }),
    field({ type: 'text', unique: true, max: 5000 }),
    collection({ indexes: [['none']] }),
    collection({ rules: { list: 'none = 1' } }),
    computed({ value: 'count(none_via_to)' }),
];

const folder = newFolder();
let n = 0;

async function answer(json) {
    const file = join(folder, `app.${++n}.json`);

    writeFileSync(file, JSON.stringify(json));
    return command(['openapi'], { env: { APP_FILE: file }, folder });
}

const shown = (json) => JSON.stringify(json).slice(0, 200);

// The keys that the program names when one is unknown.
async function keysAt(json) {
    const { err } = await answer(json);

    return err.match(/Allowed: (.*)/)[1].split(', ');
}

const unknown = { unheard_of: 1 };
const places = [
    ['the file', { ...unknown }, schema],
    ['a collection', collection(unknown), schema.$defs.collection],
    ['a field', field({ type: 'int', ...unknown }), schema.$defs.field],
    [
        'rules of a collection',
        collection({ rules: unknown }),
        schema.$defs.collection.properties.rules,
    ],
    [
        'rules of a field',
        field({ type: 'int', rules: unknown }),
        schema.$defs.field.properties.rules,
    ],
    [
        'cache',
        collection({ cache: unknown }),
        schema.$defs.collection.properties.cache,
    ],
    ['trash', collection({ trash: unknown }), schema.$defs.keeping.anyOf[1]],
];

describe('app.json for editors', () => {
    after(stopAll);

    test('the built-in file is what it says', () => {
        const app = JSON.parse(read('app.json'));

        assert.ok(validate(app), JSON.stringify(validate.errors));
        assert.equal(app.$schema, 'app.schema.json');
    });

    test('what is good is read, and passes', async () => {
        for (const app of good) {
            const { code, err } = await answer(app);

            assert.equal(code, 0, `${err} ${shown(app)}`);
            assert.ok(
                validate(app),
                `${shown(app)} ${JSON.stringify(validate.errors)}`,
            );
        }
    });

    test('what is bad is refused, and does not pass', async () => {
        for (const app of bad) {
            const { code, err } = await answer(app);

            assert.equal(code, 2, `${err} ${shown(app)}`);
            assert.ok(!validate(app), shown(app));
        }
    });

    test('what a schema cannot say is refused all the same', async () => {
        for (const app of onlyTheProgram) {
            const { code, err } = await answer(app);

            assert.equal(code, 2, `${err} ${shown(app)}`);
            assert.ok(validate(app), shown(app));
        }
    });

    test('no key is missing, in the schema or on the page', async () => {
        const page = read('APP_FILE.md');

        for (const [where, app, part] of places) {
            const keys = await keysAt(app);

            assert.deepEqual(
                Object.keys(part.properties).sort(),
                [...keys].sort(),
                where,
            );
            for (const key of keys)
                assert.ok(
                    page.includes(`\`${key}\``),
                    `${where}: ${key} is not on the page`,
                );
        }
    });

    test('types take the keys that the program says they take', async () => {
        for (const type of schema.$defs.field.properties.type.enum) {
            const key = type === 'bool' ? 'scale' : 'values';
            const other = type === 'select' ? 'scale' : key;
            const { err } = await answer(field({ type, [other]: 1 }));
            const takes = err.match(/which takes: (.*)/)[1].split(', ');
            const rule = schema.$defs.field.allOf.find(
                ({ if: cond, then }) =>
                    then.propertyNames &&
                    new Ajv(options).compile({
                        ...cond,
                        $defs: schema.$defs,
                    })({ type }),
            );

            assert.deepEqual(
                [...rule.then.propertyNames.enum].sort(),
                takes.sort(),
                type,
            );
        }
    });

    test('examples of the page are read', async () => {
        const blocks = read('APP_FILE.md').matchAll(
            /```json\n(\{\s*"collections"[^]*?)```/g,
        );
        let seen = 0;

        for (const [, text] of blocks) {
            const app = JSON.parse(text);
            const { code, err } = await answer(app);

            assert.equal(code, 0, `${err} ${text}`);
            assert.ok(validate(app), text);
            seen++;
        }
        assert.ok(seen > 0);
    });
});
