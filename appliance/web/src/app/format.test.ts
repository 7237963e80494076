/* SPDX-License-Identifier: MIT */
import { expect, test } from 'vitest';
import { createFormat } from './format';

const en = createFormat('en-GB');
const fr = createFormat('fr-FR');
/* Which space stands before a unit differs between versions of the data. */
const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, ' ');

test.each([
  [0, '0 seconds'],
  [-5, '0 seconds'],
  [1, '1 second'],
  [59.9, '59 seconds'],
  [60, '1 minute'],
  [3661, '1 hour 1 minute'],
  [86400, '1 day'],
  [90061, '1 day 1 hour'],
  [86400 * 400, '400 days'],
])('%d seconds last "%s"', (seconds, want) => {
  expect(plain(en.duration(seconds))).toBe(want);
});

test.each([
  [0, '0 byte'],
  [999, '999 byte'],
  [1000, '1 kB'],
  [34567, '35 kB'],
  [3_456_789, '3.5 MB'],
  [5e15, '5,000 TB'],
])('%d bytes are "%s"', (bytes, want) => {
  expect(plain(en.bytes(bytes))).toBe(want);
});

test.each([
  [0, 'now'],
  [-0.4, 'now'],
  [-5, '5 seconds ago'],
  [-65, '1 minute ago'],
  [-7200, '2 hours ago'],
])('%d seconds from now is "%s"', (seconds, want) => {
  expect(en.relative(seconds)).toBe(want);
});

test('French has its own units and signs', () => {
  expect(plain(fr.duration(90061))).toBe('1 jour 1 heure');
  expect(plain(fr.bytes(3_456_789))).toBe('3,5 Mo');
  expect(plain(fr.percent(0.956))).toBe('95,6 %');
  expect(plain(fr.milliseconds(0.42))).toBe('0,42 ms');
});
