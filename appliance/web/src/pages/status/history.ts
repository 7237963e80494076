/* SPDX-License-Identifier: MIT */
import type { Status } from '../../api/types';

/** What is kept of one answer. */
export interface Sample {
  atMs: number;
  instance: string | null;
  requests: number | null;
  latencyMs: Readonly<Record<string, number>>;
}

export type History = readonly Sample[];

const kept = 40;

/** The history with one more answer, without those too old to show. */
export function grow(before: History, status: Status, atMs: number): History {
  const latencyMs = Object.fromEntries(
    status.backends.flatMap(({ name, up, latencyMs }) =>
      up && latencyMs !== null ? [[name, latencyMs] as const] : [],
    ),
  );
  const sample: Sample = {
    atMs,
    instance: status.instance,
    requests: status.requests?.total ?? null,
    latencyMs,
  };

  return [...before.slice(1 - kept), sample];
}

/** Requests a second between the last two answers. null when they do not
 * compare: another replica answered, or it was started again. */
export function requestRate(history: History): number | null {
  const [before, last] = history.slice(-2);

  if (!before || !last) return null;
  if (before.instance !== last.instance) return null;
  if (before.requests === null || last.requests === null) return null;
  const seconds = (last.atMs - before.atMs) / 1000;
  const count = last.requests - before.requests;
  return seconds <= 0 || count < 0 ? null : count / seconds;
}
