/* SPDX-License-Identifier: MIT */
import { expect, test, vi } from 'vitest';

/* The store is made when the module is loaded: load it anew for each case. */
async function start(kept: string | null, systemDark: boolean) {
  vi.resetModules();
  if (kept !== null) localStorage.setItem('appliance.theme', kept);
  const media = Object.assign(new EventTarget(), { matches: systemDark });
  vi.spyOn(window, 'matchMedia').mockReturnValue(media as MediaQueryList);
  const module = await import('./theme');
  module.startTheme();
  return { media, theme: module.theme };
}

const painted = () => document.documentElement.dataset.theme;

test.each([
  [null, false, 'light'],
  [null, true, 'dark'],
  ['light', true, 'light'],
  ['dark', false, 'dark'],
  ['purple', true, 'dark'],
])('kept %s, system dark %s: %s', async (kept, systemDark, want) => {
  await start(kept, systemDark);
  expect(painted()).toBe(want);
});

test('a choice is painted at once and kept; "system" keeps nothing', async () => {
  const { theme } = await start(null, false);

  theme.set('dark');
  expect(painted()).toBe('dark');
  expect(localStorage.getItem('appliance.theme')).toBe('dark');
  theme.set('system');
  expect(painted()).toBe('light');
  expect(localStorage.getItem('appliance.theme')).toBeNull();
});

test('the system may change its mind', async () => {
  const { media } = await start(null, false);

  media.matches = true;
  media.dispatchEvent(new Event('change'));
  expect(painted()).toBe('dark');
});
