/* SPDX-License-Identifier: MIT */
import { expect, test } from 'vitest';
import { viewFrom, viewPath } from './view';

test.each([
  ['', { page: 1, perPage: 20, sort: 'name' }],
  ['page=3&perPage=50&sort=-email', { page: 3, perPage: 50, sort: '-email' }],
  ['page=0', { page: 1, perPage: 20, sort: 'name' }],
  ['page=-1&perPage=x', { page: 1, perPage: 20, sort: 'name' }],
  ['page=1e3', { page: 1, perPage: 20, sort: 'name' }],
  ['perPage=100000', { page: 1, perPage: 500, sort: 'name' }],
  ['sort=password', { page: 1, perPage: 20, sort: 'name' }],
  ['sort=--name', { page: 1, perPage: 20, sort: 'name' }],
])('"%s" shows %o', (query, want) => {
  expect(viewFrom(new URLSearchParams(query))).toEqual(want);
});

test.each([
  [{ page: 1, perPage: 20, sort: 'name' }, '/c/users'],
  [{ page: 2, perPage: 20, sort: '-role' }, '/c/users?page=2&sort=-role'],
  [{ page: 1, perPage: 50, sort: 'name' }, '/c/users?perPage=50'],
])('%o stands at %s', (view, want) => {
  expect(viewPath(view)).toBe(want);
  expect(viewFrom(new URL(want, 'http://x').searchParams)).toEqual(view);
});
