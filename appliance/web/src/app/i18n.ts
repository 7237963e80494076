/* SPDX-License-Identifier: MIT */
import { createFormat, type Format } from './format';
import { language, localeFor, type Language } from './language';
import { messages, type Key } from './messages';
import { useStore } from './store';

/* "{name}" in a message is a hole; a message with holes cannot be asked for
 * without filling them. */
type HolesIn<S> = S extends `${string}{${infer Name}}${infer Rest}`
  ? Name | HolesIn<Rest>
  : never;
type PluralIn<S> = S extends `${string}|${string}` ? 'n' : never;
type Text<K extends Key> = (typeof messages)[K][Language];
type Holes<K extends Key> = HolesIn<Text<K>> | PluralIn<Text<K>>;
type Values<K extends Key> = [Holes<K>] extends [never]
  ? []
  : [values: Record<Holes<K>, string | number>];

/** A message without holes: what a label in a table can be. */
export type PlainKey = {
  [K in Key]: [Holes<K>] extends [never] ? K : never;
}[Key];

export type Translate = <K extends Key>(key: K, ...values: Values<K>) => string;

export interface I18n {
  language: Language;
  locale: string;
  t: Translate;
  format: Format;
}

/* "one user|{n} users": the language's own plural rule picks the form. */
function pick(text: string, rules: Intl.PluralRules, n: unknown): string {
  const [one = '', other] = text.split('|');

  if (other === undefined || typeof n !== 'number') return one;
  return rules.select(n) === 'one' ? one : other;
}

export function createI18n(
  language: Language,
  preferred: readonly string[],
): I18n {
  const locale = localeFor(language, preferred);
  const format = createFormat(locale);
  const rules = new Intl.PluralRules(language);

  function fill(key: Key, values: Record<string, string | number>): string {
    const text = pick(messages[key][language], rules, values.n);

    return text.replace(/\{(\w+)\}/g, (hole, name: string) => {
      const value = values[name];
      if (value === undefined) return hole;
      return typeof value === 'number' ? format.number(value) : value;
    });
  }

  return {
    language,
    locale,
    format,
    t: (key, ...[values]) => fill(key, values ?? {}),
  };
}

const made = new Map<Language, I18n>();

function i18nFor(language: Language): I18n {
  const found = made.get(language);
  if (found) return found;

  const fresh = createI18n(language, navigator.languages);
  made.set(language, fresh);
  return fresh;
}

export function useI18n(): I18n {
  return i18nFor(useStore(language));
}
