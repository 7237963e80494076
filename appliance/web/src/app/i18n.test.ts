/* SPDX-License-Identifier: MIT */
import { expect, test } from 'vitest';
import { createI18n } from './i18n';
import { chooseLanguage, languages, localeFor } from './language';
import { messages } from './messages';

const sources = import.meta.glob<string>(
  ['../**/*.{ts,tsx}', '!../**/*.test.*', '!./messages.ts'],
  { query: '?raw', import: 'default', eager: true },
);
const keys = Object.keys(messages) as (keyof typeof messages)[];
const holes = (text: string) => [
  ...new Set(text.match(/\{\w+\}/g)?.sort() ?? []),
];

test.each(keys)('%s says the same in every language', (key) => {
  const { en, fr } = messages[key];

  expect(en.trim()).not.toBe('');
  expect(fr.trim()).not.toBe('');
  expect(holes(fr)).toEqual(holes(en));
  expect(fr.includes('|')).toBe(en.includes('|'));
});

test.each(keys)('%s keeps French punctuation on its line', (key) => {
  expect(messages[key].fr).not.toMatch(/ [:;!?]|[^\s\u00a0\u202f][;!?]|'/);
});

test('every message is said somewhere', () => {
  const code = Object.values(sources).join('\n');
  const made = [...code.matchAll(/`([a-z]+\.)\$\{/g)].map(([, start]) => start);
  const unsaid = keys.filter(
    (key) =>
      !code.includes(`'${key}'`) &&
      !made.some((start) => start !== undefined && key.startsWith(start)),
  );

  expect(unsaid).toEqual([]);
});

test('holes are filled, numbers as the language writes them', () => {
  const en = createI18n('en', ['en-GB']);
  const fr = createI18n('fr', ['fr-FR']);
  const range = { first: 1, last: 20, total: 1234 };

  expect(en.t('pager.range', range)).toBe('1–20 of 1,234');
  expect(fr.t('pager.range', range)).toBe('1–20 sur 1\u202f234');
  expect(en.t('users.added', { name: 'a{b}$&' })).toBe('a{b}$& was added.');
});

test.each([
  ['en', 0, '0 accounts'],
  ['en', 1, '1 account'],
  ['en', 2, '2 accounts'],
  ['fr', 0, '0 compte'],
  ['fr', 1, '1 compte'],
  ['fr', 2, '2 comptes'],
  ['fr', 1_000_000, '1\u202f000\u202f000 comptes'],
] as const)('%s counts %d as "%s"', (language, n, want) => {
  expect(createI18n(language, []).t('users.count', { n })).toBe(want);
});

test.each([
  [null, ['fr-FR', 'en'], 'fr'],
  [null, ['en-US', 'fr'], 'en'],
  [null, ['de-DE', 'fr-CA', 'en'], 'fr'],
  [null, ['de', 'es'], 'en'],
  [null, [], 'en'],
  ['fr', ['en-US'], 'fr'],
  ['en', ['fr-FR'], 'en'],
  ['klingon', ['fr'], 'fr'],
  [null, ['FR'], 'fr'],
  [null, ['frr', 'enm'], 'en'],
] as const)('kept %s and preferring %o chooses %s', (kept, preferred, want) => {
  expect(chooseLanguage(kept, preferred)).toBe(want);
});

test('dates follow the reader’s own flavour of the language', () => {
  expect(localeFor('fr', ['en-GB', 'fr-CA'])).toBe('fr-CA');
  expect(localeFor('en', ['fr-FR'])).toBe('en');
});

test('there are two languages', () => {
  expect([...languages].sort()).toEqual(['en', 'fr']);
});
