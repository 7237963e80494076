/* SPDX-License-Identifier: MIT */
import { storageBox } from './storage';
import { createStore } from './store';

export const languages = ['en', 'fr'] as const;
export type Language = (typeof languages)[number];

const box = storageBox(() => window.localStorage, 'appliance.language');

function languageOf(tag: string): Language | undefined {
  const primary = tag.toLowerCase().split('-')[0];
  return languages.find((language) => language === primary);
}

/** What was chosen here before, else the reader's first language that we
 * speak, else English. */
export function chooseLanguage(
  kept: string | null,
  preferred: readonly string[],
): Language {
  const wanted = kept === null ? preferred : [kept, ...preferred];

  for (const tag of wanted) {
    const found = languageOf(tag);
    if (found) return found;
  }
  return 'en';
}

/** The reader's own flavour of a language (fr-CA, en-GB) decides how dates
 * and numbers are written. */
export function localeFor(
  language: Language,
  preferred: readonly string[],
): string {
  return preferred.find((tag) => languageOf(tag) === language) ?? language;
}

export const language = createStore<Language>(
  chooseLanguage(box.read(), navigator.languages),
);

/** Marks the document, now and at every change; a change is remembered. */
export function startLanguage(): void {
  const mark = () => {
    document.documentElement.lang = language.get();
  };

  language.subscribe(() => {
    box.write(language.get());
    mark();
  });
  mark();
}
