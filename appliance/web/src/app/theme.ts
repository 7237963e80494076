/* SPDX-License-Identifier: MIT */
import { storageBox } from './storage';
import { createStore } from './store';

export const themes = ['light', 'system', 'dark'] as const;
export type Theme = (typeof themes)[number];

const box = storageBox(() => window.localStorage, 'appliance.theme');
const prefersDark = () => window.matchMedia('(prefers-color-scheme: dark)');

function stored(): Theme {
  const value = box.read();
  return themes.find((theme) => theme === value) ?? 'system';
}

export const theme = createStore<Theme>(stored());

/* The style sheet knows one switch, data-theme: what "system" means is
 * decided here, so that colours stand in one place only. */
function paint(): void {
  const chosen = theme.get();
  const dark = chosen === 'system' ? prefersDark().matches : chosen === 'dark';
  const root = document.documentElement;

  root.dataset.theme = dark ? 'dark' : 'light';
  const bar = getComputedStyle(root).getPropertyValue('--bg').trim();
  const meta = document.querySelector('meta[name="theme-color"]');
  if (bar) meta?.setAttribute('content', bar);
}

/** Paints now and from now on, whenever the choice or the system changes. */
export function startTheme(): void {
  theme.subscribe(() => {
    box.write(theme.get() === 'system' ? null : theme.get());
    paint();
  });
  prefersDark().addEventListener('change', paint);
  paint();
}
