/* SPDX-License-Identifier: MIT */
import type { Api } from '../../api/api';
import type { CallOptions } from '../../api/client';
import { ApiError, toApiError } from '../../api/errors';
import { collections } from './collections';

/** How many, or why that is not known. */
export type Count = number | ApiError;
export type Counts = Readonly<Record<string, Count>>;

const noServer = ['offline', 'unreachable', 'timeout'];

/** Counts every collection. Fails as a whole only when nobody answers: one
 * collection that may not be read leaves the others their numbers. */
export async function countAll(
  api: Api,
  options: CallOptions,
): Promise<Counts> {
  const found = await Promise.all(
    collections.map(async ({ name }): Promise<[string, Count]> => {
      try {
        return [name, await api.count(name, options)];
      } catch (failed) {
        options.signal?.throwIfAborted();
        return [name, toApiError(failed)];
      }
    }),
  );
  const errors = found
    .map(([, count]) => count)
    .filter((count) => count instanceof ApiError);
  const away = errors.find(({ trouble }) => noServer.includes(trouble));

  if (away && errors.length === found.length) throw away;
  return Object.fromEntries(found);
}
