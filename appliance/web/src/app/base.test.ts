/* SPDX-License-Identifier: MIT */
import { expect, test } from 'vitest';
import { basePath, fromPathname, toHref } from './base';

test.each([
  ['https://host/', '/'],
  ['https://host/mppeep/', '/mppeep/'],
  ['https://host/a/b/', '/a/b/'],
  ['https://host/mppeep/index.html', '/mppeep/'],
])('the base of %s is %s', (baseURI, want) => {
  expect(basePath(baseURI)).toBe(want);
});

test.each([
  ['/', '/', '/'],
  ['/c/users?page=2', '/', '/c/users?page=2'],
  ['/', '/mppeep/', '/mppeep/'],
  ['/c/users', '/mppeep/', '/mppeep/c/users'],
])('%s under %s is asked for as %s', (path, base, want) => {
  expect(toHref(path, base)).toBe(want);
});

test.each([
  ['/', '/', '/'],
  ['/c/users', '/', '/c/users'],
  ['/c/users/', '/', '/c/users'],
  ['//', '/', '/'],
  ['/mppeep', '/mppeep/', '/'],
  ['/mppeep/', '/mppeep/', '/'],
  ['/mppeep/status', '/mppeep/', '/status'],
  ['/mppeeping/status', '/mppeep/', null],
  ['/status', '/mppeep/', null],
])('%s under %s is our %s', (pathname, base, want) => {
  expect(fromPathname(pathname, base)).toBe(want);
});
