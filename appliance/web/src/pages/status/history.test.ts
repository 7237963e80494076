/* SPDX-License-Identifier: MIT */
import { expect, test } from 'vitest';
import type { Status } from '../../api/types';
import { grow, requestRate, type History, type Sample } from './history';
import { pointsOf } from './Sparkline';

const sample = (change: Partial<Sample>): Sample => ({
  atMs: 0,
  instance: 'a',
  requests: 100,
  latencyMs: {},
  ...change,
});

test.each<[string, History, number | null]>([
  ['nothing yet', [], null],
  ['one answer', [sample({})], null],
  ['two', [sample({}), sample({ atMs: 2000, requests: 150 })], 25],
  ['no time between', [sample({}), sample({ requests: 150 })], null],
  ['a restart', [sample({}), sample({ atMs: 1000, requests: 3 })], null],
  [
    'another replica',
    [sample({}), sample({ atMs: 1000, requests: 200, instance: 'b' })],
    null,
  ],
  ['unknown', [sample({}), sample({ atMs: 1000, requests: null })], null],
])('the rate with %s', (_name, history, want) => {
  expect(requestRate(history)).toBe(want);
});

test('the history is bounded, and leaves out who is down', () => {
  const backend = { kind: 'x', message: null };
  const status: Status = {
    healthy: true,
    version: null,
    commit: null,
    started: null,
    uptimeSeconds: null,
    instance: 'a',
    cache: null,
    requests: null,
    backends: [
      { ...backend, name: 'store', up: true, latencyMs: 2 },
      { ...backend, name: 'cache', up: false, latencyMs: null },
    ],
  };
  let history: History = [];

  for (let at = 0; at < 100; at++) history = grow(history, status, at);
  expect(history).toHaveLength(40);
  expect(history.at(-1)).toEqual({
    atMs: 99,
    instance: 'a',
    requests: null,
    latencyMs: { store: 2 },
  });
});

test('a line stays within its box, newest at the right', () => {
  const points = pointsOf([0, 5, 10], 12);

  expect(points.map(({ y }) => y)).toEqual([33, 18, 3]);
  expect(points[2]?.x).toBe(137);
  expect(points.every(({ x }) => x >= 3 && x <= 137)).toBe(true);
  expect(pointsOf([0, 0], 12).map(({ y }) => y)).toEqual([33, 33]);
});
