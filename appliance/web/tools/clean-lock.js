/* SPDX-License-Identifier: MIT */
/* npm writes sponsors' addresses into the lock file. The project keeps no
 * address in git, and npm does not need these: take them out. */
import { readFileSync, writeFileSync } from 'node:fs';

const file = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(file, 'utf8'));

for (const entry of Object.values(lock.packages)) {
  for (const [key, value] of Object.entries(entry)) {
    if (JSON.stringify(value).includes('://')) delete entry[key];
  }
}
writeFileSync(file, JSON.stringify(lock, null, 2) + '\n');
