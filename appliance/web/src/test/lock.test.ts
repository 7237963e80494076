/* SPDX-License-Identifier: MIT */
import { expect, test } from 'vitest';
import lock from '../../package-lock.json?raw';

test('the lock file holds no address (if it does: npm run lock)', () => {
  expect(lock.match(/.*:\/\/.*/g)).toBeNull();
});
