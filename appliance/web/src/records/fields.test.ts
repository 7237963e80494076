/* SPDX-License-Identifier: MIT */
import { expect, test } from 'vitest';
import { userFields } from '../pages/users/fields';
import {
  changes,
  check,
  emptyValues,
  rebase,
  tidy,
  valuesOf,
  type Values,
} from './fields';

const good: Values = {
  name: 'Ada',
  email: 'ada@example.org',
  role: 'user',
  active: true,
};

test.each<[string, Values, Record<string, string>]>([
  ['all well', {}, {}],
  ['no name', { name: '' }, { name: 'field.required' }],
  ['a name of 100', { name: 'é'.repeat(100) }, {}],
  ['a name of 101', { name: 'é'.repeat(101) }, { name: 'field.tooLong' }],
  ['100 characters of two units', { name: '😀'.repeat(100) }, {}],
  ['no address', { email: '' }, { email: 'field.required' }],
  ['no @', { email: 'ada' }, { email: 'field.email' }],
  ['nothing after it', { email: 'ada@' }, { email: 'field.email' }],
  ['a blank within', { email: 'a da@x' }, { email: 'field.email' }],
  ['the shortest', { email: 'a@b' }, {}],
  [
    'too long an address',
    { email: `${'a'.repeat(120)}@x` },
    { email: 'field.tooLong' },
  ],
  ['off is a value', { active: false }, {}],
  [
    'all at once',
    { name: '', email: 'x', role: '' },
    {
      name: 'field.required',
      email: 'field.email',
      role: 'field.required',
    },
  ],
])('%s', (_name, change, want) => {
  const found = check(userFields, { ...good, ...change });
  const keys = Object.entries(found).map(([name, { key }]) => [name, key]);

  expect(Object.fromEntries(keys)).toEqual(want);
});

test('a new user starts active, as a user', () => {
  expect(emptyValues(userFields)).toEqual({
    name: '',
    email: '',
    role: 'user',
    password: '',
    active: true,
  });
});

test('null in a record is empty in its form', () => {
  const record = { id: 1, name: 'A', email: 'a@b', role: null, active: null };
  expect(valuesOf(userFields, record)).toEqual({
    name: 'A',
    email: 'a@b',
    role: '',
    password: '',
    active: false,
  });
});

test('blanks around text go, those within stay', () => {
  const values = { name: '  Ada  King ', email: '', role: '', active: true };

  expect(tidy(userFields, { ...values, password: '' })).toEqual({
    ...values,
    name: 'Ada  King',
  });
});

test('a password is sent as it is, or not at all', () => {
  const password = ' with blanks ';

  expect(tidy(userFields, { password }).password).toBe(password);
  expect(check(userFields, { ...good, password: 'é'.repeat(37) })).toEqual({
    password: { key: 'field.bytes', max: 72 },
  });
  expect(check(userFields, { ...good, password: 'é'.repeat(36) })).toEqual({});
});

test('only what differs is sent, and empty is null', () => {
  expect(changes(good, { ...good, name: 'Eve', role: '' })).toEqual({
    name: 'Eve',
    role: null,
  });
  expect(changes(good, good)).toEqual({});
});

const base: Values = { a: '1', b: false };

test.each<[string, Values, Values, Values, string[]]>([
  ['nobody', base, base, base, []],
  ['only we', { a: '2', b: false }, base, { a: '2', b: false }, []],
  ['only they', base, { a: '3', b: true }, { a: '3', b: true }, []],
  [
    'each another',
    { a: '2', b: false },
    { a: '1', b: true },
    { a: '2', b: true },
    [],
  ],
  [
    'both the same',
    { a: '2', b: false },
    { a: '2', b: false },
    { a: '2', b: false },
    [],
  ],
  [
    'both, differently',
    { a: '2', b: false },
    { a: '3', b: false },
    { a: '2', b: false },
    ['a'],
  ],
])('%s changed something', (_name, mine, theirs, values, conflicts) => {
  expect(rebase(base, mine, theirs)).toEqual({ values, conflicts });
});
