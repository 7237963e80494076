/* SPDX-License-Identifier: MIT */
import { expect, test } from 'vitest';
import lock from '../../package-lock.json?raw';

interface Entry {
  optionalDependencies?: Record<string, string>;
}

/* npm install in a folder that has its packages forgets the other platforms,
 * and npm ci then refuses the lock there. */
test('the lock file knows every platform (if not: npm run lock)', () => {
  const { packages } = JSON.parse(lock) as { packages: Record<string, Entry> };
  const names = Object.keys(packages).map((path) =>
    path.replace(/^.*node_modules\//, ''),
  );
  const wanted = Object.values(packages).flatMap(({ optionalDependencies }) =>
    Object.keys(optionalDependencies ?? {}),
  );

  expect(wanted.length).toBeGreaterThan(20);
  expect(wanted.filter((name) => !names.includes(name))).toEqual([]);
});

test('the lock file holds no address (if it does: npm run lock)', () => {
  expect(lock.match(/.*:\/\/.*/g)).toBeNull();
});
