// SPDX-License-Identifier: MIT
// Values for a collection's fields, made from what app.json says of them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './appliance.mjs';

export const builtIn = JSON.parse(
    readFileSync(join(root, 'appliance/app.json'), 'utf8'),
).collections;

export const byName = (name) => builtIn.find((c) => c.name === name);

// In an order in which what is related to exists first.
export function inOrder(collections) {
    const left = [...collections];
    const done = [];
    const needs = (c) =>
        c.fields
            .filter((f) => f.required && f.collection)
            .map((f) => f.collection);

    while (left.length > 0) {
        const at = left.findIndex((c) =>
            needs(c).every(
                (name) => name === c.name || done.some((d) => d.name === name),
            ),
        );

        done.push(...left.splice(Math.max(at, 0), 1));
    }
    return done;
}

// For the patterns of the built-in application: the n-th value that fits.
const fitting = {
    '[A-Z0-9][A-Z0-9-]*': (n) => `E-${n}`,
    '[a-z][a-z0-9_.-]*': (n) => `key.${n}`,
    '[0-9a-f]+': (n) => n.toString(16).padStart(64, '0'),
    '[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*': (n) =>
        `application/x-${n}`,
};

// The n-th value of a field. ids: of records to relate to, by collection.
export function sample(field, n, ids = {}) {
    switch (field.type) {
        case 'text':
            if (field.pattern) return fitting[field.pattern](n);
            return `${field.name} ${n}`.slice(0, field.max);
        case 'email':
            return `person.${n}@example.org`;
        case 'url':
            return `https://example.org/${n}`;
        case 'int':
            return 100 + n;
        case 'number':
            return n + 0.5;
        case 'decimal':
            return ((n % 15) + 1) * 1.25;
        case 'bool':
            return n % 2 === 0;
        case 'date':
            return `2026-11-${String((n % 28) + 1).padStart(2, '0')}`;
        case 'datetime':
            return `2026-11-20T09:00:00.${String(n % 1000).padStart(3, '0')}Z`;
        case 'select': {
            const one = field.values[n % field.values.length];

            return field.max > 1 ? [one] : one;
        }
        case 'json':
            return { n, text: 'é', list: [1, 2.5, null, true, 'x'] };
        case 'relation':
            return ids[field.collection] ?? null;
        case 'file':
            return ids.files ?? null;
        case 'password':
            return `not the name of a dog ${n}`;
        default:
            throw new Error(`no sample for ${field.type}`);
    }
}

// What can be written, and read again: not so passwords.
export const stored = (collection) =>
    collection.fields.filter(
        ({ type }) => type !== 'computed' && type !== 'password',
    );

// What its answers show.
export const shown = (collection) =>
    collection.fields.filter(({ type }) => type !== 'password');

export function record(collection, n, ids = {}) {
    const one = {};

    for (const field of stored(collection))
        one[field.name] = sample(field, n, ids);
    return one;
}

// What a new record of a key of no account has where nothing is said.
export function initial(field) {
    if (field.default === '@user.id') return null;
    if (field.type === 'computed') return field.value.match(/^count/) ? 0 : null;
    if (field.default === '@user.id') return null; // of a key of no account
    return field.default ?? null;
}

// Values of a field that must be refused: [value, code].
export function refusedBy(field) {
    const list = field.type === 'select' && field.max > 1;
    const bad = [];
    const add = (code, ...values) =>
        values.forEach((value) => bad.push([value, code]));
    const notText = [7, true, [], {}, ['x']];

    if (field.required) add('required', null);
    switch (field.type) {
        case 'text':
            add('wrong_type', ...notText);
            add('bad_value', 'a\u0000b'.padEnd(field.min ?? 0, 'x'));
            if (field.max) add('too_long', 'é'.repeat(field.max + 1));
            if (field.min) add('too_short', 'a'.repeat(field.min - 1));
            if (field.pattern)
                add('bad_pattern', '!'.repeat(Math.max(field.min ?? 1, 1)));
            break;
        case 'email':
            add('wrong_type', ...notText);
            add('bad_email', 'x', 'x@', '@x.org', 'a b@x.org', 'a@b@x.org');
            add('too_long', `${'x'.repeat(60)}@${'y.'.repeat(99)}org`);
            break;
        case 'int':
            add('wrong_type', '7', 1.5, true, [], {}, 1e300);
            if (field.min !== undefined) add('too_small', field.min - 1);
            break;
        case 'decimal':
            add('wrong_type', 'x', '', true, [], {}, '1,5', ' 1', '0x1');
            add('too_precise', 0.001, '1.999');
            if (field.min !== undefined) add('too_small', field.min - 0.01);
            if (field.max !== undefined) add('too_large', field.max + 0.01);
            add('too_large', 1e30);
            break;
        case 'bool':
            add('wrong_type', 0, 1, 'true', '', [], {});
            break;
        case 'date':
            add('bad_date', '2026-02-29', '20261120', '2026-11-20T00:00:00Z');
            add('bad_date', 7, '', '2026-1-1', '2026-13-01', '2026-11-31');
            if (field.min) add('too_small', '0001-01-01', '1899-12-31');
            if (field.max) add('too_large', '9999-12-31', '2200-01-01');
            break;
        case 'select':
            add('not_an_option', ...(list ? [['none']] : ['none', '']));
            add('wrong_type', ...(list ? ['x', {}, [1]] : [1, true, ['x']]));
            if (list) add('duplicate', [field.values[0], field.values[0]]);
            if (list) add('too_many', field.values.slice(0, field.max + 1));
            break;
        case 'relation':
        case 'file':
            add('wrong_type', '1', 1.5, true, [1], { id: 1 });
            add('no_such_record', 999999, -1, 0);
            break;
        case 'computed':
            add('read_only', 0, null, 'x');
            break;
        case 'password':
            add('wrong_type', ...notText);
            add('password_too_short', '', 'xkq 7!w', 'é€');
            add('password_too_long', 'xk 7!w'.repeat(12) + 'y');
            add('password_too_common', 'password', '12345678', 'Passw0rd1');
            add('password_bad_characters', 'a horse\u0000that is correct');
            break;
        default:
            break;
    }
    return bad;
}
