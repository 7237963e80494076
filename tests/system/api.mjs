// SPDX-License-Identifier: MIT
// The application and the rows by which the files api_*.test.mjs hold API.md's
// Records section against the executable, line by line, over both databases.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { newFolder, start } from './appliance.mjs';
import { backends, combinations } from './servers.mjs';

export const stores = combinations.filter((c) => !c.redis);

export const admin = { as: 'admin' };
export const withHeaders = (headers, options = {}) => ({
    ...options,
    headers: { ...options.headers, ...headers },
});

const field = (name, type, more) => ({ name, type, ...more });
const relation = (name, collection, more) =>
    field(name, 'relation', {
        collection,
        onDelete: 'null',
        index: more?.max ? undefined : true,
        ...more,
    });

export const app = {
    collections: [
        {
            name: 'people',
            description: 'Who works here.',
            rules: {
                list: '',
                view: '',
                create: "@request.body.department != 'board'",
                update: "status = 'active'",
                delete: "department = 'guests'",
            },
            trash: { days: 30 },
            audit: true,
            fields: [
                field('name', 'text', {
                    required: true,
                    min: 1,
                    max: 80,
                    search: true,
                }),
                field('email', 'email', { unique: true }),
                field('status', 'select', {
                    values: ['active', 'away'],
                    default: 'active',
                }),
                field('department', 'text', {
                    max: 40,
                    index: true,
                    search: true,
                }),
                field('salary', 'decimal', {
                    scale: 2,
                    min: 0,
                    max: 9999.99,
                    rules: {
                        read: "@user.role = 'manager'",
                        write: "@user.role = 'manager'",
                    },
                }),
                field('badge', 'int', { rules: { write: null } }),
                field('pin', 'text', { hidden: true }),
                field('born', 'date'),
                relation('manager', 'people'),
                relation('tags', 'tags', { max: 5 }),
                field('evaluations', 'computed', {
                    value: 'count(evaluations_via_person)',
                }),
                field('mark', 'computed', {
                    value: 'avg(evaluations_via_person.mark)',
                }),
            ],
        },
        {
            name: 'evaluations',
            rules: {
                list: "name !~ 'draft%'",
                view: "name !~ 'draft%'",
                create: '',
                update: "name !~ 'draft%'",
                delete: null,
            },
            fields: [
                field('name', 'text'),
                field('department', 'text', { index: true }),
                field('mark', 'decimal', { scale: 2, min: 0, max: 20 }),
                field('at', 'datetime'),
                relation('person', 'people'),
                relation('tags', 'tags', { max: 5 }),
            ],
        },
        {
            name: 'tags',
            rules: { list: '', view: "name != 'secret'", create: null },
            fields: [field('name', 'text')],
        },
        {
            name: 'drawer',
            rules: { list: null, view: null, create: null, update: null },
            fields: [field('text', 'text')],
        },
        { name: 'vault', fields: [field('text', 'text')] },
        {
            name: 'numbers',
            rules: { list: '', view: '', create: '', update: '', delete: '' },
            fields: [
                field('code', 'text', { unique: true }),
                field('n', 'int'),
                field('half', 'number'),
                field('yes', 'bool'),
            ],
        },
    ],
};

const tags = [{ name: 'red' }, { name: 'blue' }, { name: 'secret' }];
const people = [
    {
        name: 'Ann Dupont',
        email: 'ann@x.org',
        department: 'HR',
        salary: 2000,
        born: '1990-01-31',
        tags: [2, 1],
    },
    {
        name: 'Bob Dupond',
        email: 'bob@y.org',
        department: 'HR',
        salary: 900,
        manager: 1,
        tags: [1],
    },
    {
        name: 'Élodie Martin',
        email: 'elodie@X.org',
        status: 'away',
        department: 'IT',
        salary: 1500,
        manager: 2,
        tags: [3],
    },
    { name: 'O\'Neill "Shaq"', department: 'Dupont' },
];
const evaluations = [
    { name: 'first', department: 'HR', mark: 12, person: 1, tags: [1, 2] },
    { name: 'second', department: 'HR', mark: 17, person: 2, tags: [3] },
    { name: 'third', department: 'IT', mark: 9.5, person: 3 },
    { name: 'draft', department: 'IT', mark: 1, person: 3 },
    { name: 'none', department: null, at: '2026-11-20T09:00:00Z' },
];

export const rows = { tags, people, evaluations };

// An appliance over this store, with rows (by collection) in it.
export async function open(store, given = rows, more = {}) {
    const file = join(newFolder(), 'app.json');
    const env = {
        ...(await backends(store)),
        APP_FILE: file,
        ...more,
    };

    writeFileSync(file, JSON.stringify(app));
    const a = await start({ as: 'nobody', env });

    for (const [collection, records] of Object.entries(given)) {
        const path = `/api/v1/${collection}`;
        const made = await a.post(path, records, admin);

        assert.equal(made.status, 201, made.text);
    }
    return a;
}

// The same again: what it keeps is there, its port is another.
export const reopen = (a) =>
    start({ as: 'nobody', env: a.env, folder: a.folder });

// The answer, when it has this status.
export function expect(got, status) {
    assert.equal(got.status, status, got.text);
    return got;
}

export const names = (got) => got.json.items.map(({ name }) => name);

// A query: of parameters as they are read, not as they travel.
export const query = (parameters) =>
    Object.entries(parameters)
        .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
        .join('&');
