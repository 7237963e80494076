/* SPDX-License-Identifier: MIT */
import { act, screen } from '@testing-library/react';
import { beforeEach, expect, test, vi } from 'vitest';
import { renderPage } from '../../test/render';
import { testServer } from '../../test/server';
import { refusal } from '../../test/users';
import { StatusPage } from './StatusPage';

const report = {
  status: 'healthy',
  version: '0.1.0',
  commit: 'abc1234',
  started: '2026-11-20T09:00:00.000Z',
  uptimeSeconds: 3720,
  instance: 'host-42',
  backends: [
    { name: 'store', kind: 'postgres', status: 'up', latencyMs: 0.42 },
    { name: 'cache', kind: 'memory', status: 'up', latencyMs: 0.1 },
  ],
  cache: { entries: 12, bytes: 34567, hits: 90, misses: 10 },
  requests: { total: 1000, inFlight: 1 },
};

const settle = (ms: number) =>
  act(async () => {
    await vi.advanceTimersByTimeAsync(ms);
  });

function look(state: 'visible' | 'hidden') {
  vi.spyOn(document, 'visibilityState', 'get').mockReturnValue(state);
  act(() => void document.dispatchEvent(new Event('visibilitychange')));
}

async function open(body: object = report) {
  const server = testServer(() => ({ body }));
  renderPage(<StatusPage />, server.fetch);
  await settle(10);
  return server;
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('visible');
});

test('shows what the instance says', async () => {
  await open();
  const text = document.body.textContent;

  for (const part of [
    'Everything is running',
    'PostgreSQL',
    'In-process memory',
    '0.42 ms',
    '90%',
    '90 of 100 lookups',
    '35 kB',
    '12 entries',
    'abc1234',
    'host-42',
    '1 hour 2 minutes',
  ])
    expect(text).toContain(part);
});

test('asks again every few seconds, and tells the rate', async () => {
  const server = await open();
  server.handler = () => ({
    body: { ...report, requests: { total: 1050, inFlight: 2 } },
  });

  await settle(5000);
  expect(server.seen).toHaveLength(2);
  expect(document.body.textContent).toContain('per second');
  await settle(5000);
  expect(server.seen).toHaveLength(3);
});

test('rests while out of sight, and asks at once when seen again', async () => {
  const server = await open();

  look('hidden');
  await settle(60_000);
  expect(server.seen).toHaveLength(1);
  look('visible');
  await settle(10);
  expect(server.seen).toHaveLength(2);
});

test('survives the server being away, and its return', async () => {
  const server = await open();
  server.handler = () => Promise.reject(new TypeError('Failed to fetch'));

  await settle(5000);
  expect(screen.getByRole('alert').textContent).toContain('cannot be reached');
  expect(document.body.textContent).toContain('abc1234');
  server.handler = () => ({ body: report });
  await settle(5000);
  expect(screen.queryByRole('alert')).toBeNull();
});

test('the network’s return is not waited for', async () => {
  const server = await open();
  server.handler = () => Promise.reject(new TypeError('Failed to fetch'));
  await settle(5000);
  server.handler = () => ({ body: report });

  act(() => void window.dispatchEvent(new Event('online')));
  await settle(10);
  expect(screen.queryByRole('alert')).toBeNull();
});

test('a backend that is down is named, with its message', async () => {
  await open({
    ...report,
    status: 'unhealthy',
    backends: [
      {
        name: 'store',
        kind: 'sqlite',
        status: 'down',
        latencyMs: null,
        message: 'disk I/O error',
      },
    ],
  });

  expect(screen.getByText('Something is not running')).toBeTruthy();
  expect(screen.getByText('Not answering')).toBeTruthy();
  expect(screen.getByText('disk I/O error')).toBeTruthy();
});

test('an instance that has never answered', async () => {
  const server = testServer(() => refusal(500, 'internal'));
  renderPage(<StatusPage />, server.fetch);
  await settle(10);

  expect(screen.getByRole('alert').textContent).toContain('in trouble');
});
