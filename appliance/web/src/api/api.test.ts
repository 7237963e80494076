/* SPDX-License-Identifier: MIT */
import { expect, test } from 'vitest';
import { testServer, type Handler } from '../test/server';
import { usersTable } from '../test/users';
import { createAccess } from './access';
import { createApi } from './api';
import { createClient } from './client';

function setUp(handler: Handler) {
  const server = testServer(handler);
  const access = createAccess();
  const client = createClient({
    access,
    language: () => 'en',
    fetch: server.fetch,
    base: () => 'https://host/',
  });
  return { server, api: createApi(client) };
}

test('a list asks for its page and order', async () => {
  const { server, api } = setUp(usersTable(42).handler);
  const page = await api.users.list({ page: 3, perPage: 20, sort: '-name' });

  expect(server.seen[0]?.url).toBe(
    '/api/v1/users?page=3&perPage=20&sort=-name',
  );
  expect(page.totalItems).toBe(42);
  expect(page.totalPages).toBe(3);
  expect(page.items.map(({ id }) => id)).toEqual([41, 42]);
});

test('one record comes with its version', async () => {
  const { api } = setUp(usersTable(1).handler);
  const { record, etag } = await api.users.get(1);

  expect(record.name).toBe('Person 1');
  expect(etag).toBe('"v1"');
});

test('a version that a proxy weakened is still good for If-Match', async () => {
  const table = usersTable(1);
  const { server, api } = setUp(async (seen) => {
    const answer = await table.handler(seen);
    const tag = answer.headers?.ETag;
    return tag ? { ...answer, headers: { ETag: `W/${tag}` } } : answer;
  });
  const { etag } = await api.users.get(1);

  await api.users.change(1, { name: 'Ada' }, etag);
  expect(server.seen[1]?.headers.get('If-Match')).toBe('"v1"');
  expect(table.rows[0]?.name).toBe('Ada');
});

test('a change sends only what changed; a version may be unknown', async () => {
  const { server, api } = setUp(usersTable(1).handler);

  await api.users.change(1, { active: false }, null);
  expect(server.seen[0]?.body).toEqual({ active: false });
  expect(server.seen[0]?.headers.has('If-Match')).toBe(false);
});

test('deleting answers nothing', async () => {
  const table = usersTable(2);
  const { api } = setUp(table.handler);

  await expect(api.users.remove(1)).resolves.toBeUndefined();
  expect(table.rows.map(({ id }) => id)).toEqual([2]);
});

test('counting fetches one record at most', async () => {
  const { server, api } = setUp(() => ({ body: { totalItems: 7 } }));

  expect(await api.count('files')).toBe(7);
  expect(server.seen[0]?.url).toBe('/api/v1/files?page=1&perPage=1');
});

test.each([
  [200, { status: 'healthy' }, { healthy: true, error: null }],
  [
    503,
    { status: 'unhealthy', error: 'store' },
    { healthy: false, error: 'store' },
  ],
])('/health with %d', async (status, body, want) => {
  const { server, api } = setUp(() => ({ status, body }));

  expect(await api.health()).toEqual(want);
  expect(server.seen[0]?.url).toBe('/health');
});

test('a status may say little', async () => {
  const { api } = setUp(() => ({ body: { status: 'healthy', backends: [] } }));

  expect(await api.status()).toEqual({
    healthy: true,
    version: null,
    commit: null,
    started: null,
    uptimeSeconds: null,
    instance: null,
    backends: [],
    cache: null,
    requests: null,
  });
});

test('a record of the wrong shape is refused', async () => {
  const { api } = setUp(() => ({ body: { id: '1', name: 'Ada' } }));
  await expect(api.users.get(1)).rejects.toHaveProperty(
    'trouble',
    'unexpected',
  );
});
