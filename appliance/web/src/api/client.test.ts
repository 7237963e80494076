/* SPDX-License-Identifier: MIT */
import { expect, test, vi } from 'vitest';
import { silentFetch, testServer, type Handler } from '../test/server';
import { createAccess, type Access } from './access';
import { createClient, type Call, type ClientDeps } from './client';
import { asText, asObject } from './decode';
import { ApiError, type Trouble } from './errors';

const ada = { id: 7, name: 'Ada', email: 'ada@example.org', role: 'user' };

function setUp(handler: Handler, more: Partial<ClientDeps> = {}) {
  const server = testServer(handler);
  const access = createAccess();
  const client = createClient({
    access,
    language: () => 'fr',
    fetch: server.fetch,
    base: () => 'https://host/mppeep/',
    ...more,
  });
  const call = (what: Partial<Call> = {}) =>
    client.call({ path: 'api/v1/users', ...what }, (value) => value);
  return { server, access, client, call };
}

async function troubleOf(promise: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await promise.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  if (error instanceof ApiError) return error;
  throw new Error(`not an ApiError: ${String(error)}`);
}

/* Answers 401 until the door is open. */
function guarded() {
  const door = { open: false };
  const handler: Handler = () =>
    door.open
      ? { body: { fine: true } }
      : { status: 401, body: { status: 401, message: 'no' } };

  return { door, handler };
}

/* Answers each question in turn, as a reader at the dialog would: signs in, or
 * closes it. */
function answering(access: Access, door: { open: boolean }, turns: boolean[]) {
  const asked = { n: 0 };

  access.asking.subscribe(() => {
    if (!access.asking.get()) return;
    const signsIn = turns[asked.n++];
    if (signsIn === undefined) throw new Error('asked once too often');
    setTimeout(() => {
      door.open = signsIn;
      access.answer(signsIn ? { ...ada } : null);
    }, 0);
  });
  return asked;
}

test('every address stands under the base path', async () => {
  const { server, call } = setUp(() => ({ body: [] }));

  await call({ query: { page: 2, sort: '-name,id' } });
  expect(server.seen[0]?.url).toBe(
    '/mppeep/api/v1/users?page=2&sort=-name%2Cid',
  );
});

test('the headers say what is wanted', async () => {
  const { server, call } = setUp(() => ({ body: {} }));

  await call({ method: 'PATCH', body: { a: 1 }, ifMatch: '"v7"' });
  const headers = server.seen[0]?.headers;
  expect(headers?.get('Accept')).toBe('application/json');
  expect(headers?.get('Accept-Language')).toBe('fr');
  expect(headers?.get('Content-Type')).toBe('application/json');
  expect(headers?.get('If-Match')).toBe('"v7"');
  expect(headers?.get('Authorization')).toBeNull();
  expect(server.seen[0]?.body).toEqual({ a: 1 });
});

test.each<[number, Trouble]>([
  [400, 'invalid'],
  [401, 'unauthorized'],
  [403, 'forbidden'],
  [404, 'notFound'],
  [409, 'invalid'],
  [412, 'changed'],
  [413, 'invalid'],
  [418, 'unexpected'],
  [422, 'invalid'],
  [429, 'tooMany'],
  [500, 'server'],
  [503, 'server'],
])('%d is "%s"', async (status, trouble) => {
  const { call } = setUp(() => ({ status, body: { status, message: 'why' } }));
  const error = await troubleOf(call({ ask: false }));

  expect(error.trouble).toBe(trouble);
  expect(error.status).toBe(status);
  expect(error.said).toBe('why');
});

test('an error carries its fields, its number and its wait', async () => {
  const { call } = setUp(() => ({
    status: 400,
    headers: { 'X-Request-Id': 'abc', 'Retry-After': '7' },
    body: {
      status: 400,
      message: 'no',
      data: {
        email: { code: 'not_unique', message: 'taken' },
        name: { code: 'required' },
        odd: 'text',
      },
    },
  }));
  const error = await troubleOf(call());

  expect(error.requestId).toBe('abc');
  expect(error.retryAfterSeconds).toBe(7);
  expect(error.fields).toEqual({
    email: { code: 'not_unique', message: 'taken' },
    name: { code: 'required', message: '' },
  });
});

test('a proxy’s page instead of JSON is trouble, not a crash', async () => {
  const { call } = setUp(() => ({ status: 502, body: '<h1>Bad Gateway' }));
  const error = await troubleOf(call());

  expect(error.trouble).toBe('server');
  expect(error.said).toBe('');
});

test('a success of the wrong shape is not believed', async () => {
  const { client } = setUp(() => ({
    body: '<html>sign in to the hotel</html>',
    headers: { 'X-Request-Id': 'odd' },
  }));
  const error = await troubleOf(
    client.call({ path: 'x' }, (v) => asText(asObject(v, 'x'), 'name')),
  );

  expect(error.trouble).toBe('unexpected');
  expect(error.requestId).toBe('odd');
});

test('204 has no body, and needs none', async () => {
  const { call } = setUp(() => ({ status: 204 }));
  expect((await call({ method: 'DELETE' })).value).toBeUndefined();
});

test('a code that is good only here still is an error elsewhere', async () => {
  const sick = { status: 503, body: { status: 'unhealthy', error: 'store' } };
  const plain = { status: 503, body: { status: 503, message: 'busy' } };

  const { call } = setUp(() => sick);
  expect((await call({ alsoGood: [503] })).value).toEqual(sick.body);
  expect((await troubleOf(call())).trouble).toBe('server');
  const other = setUp(() => plain);
  const error = await troubleOf(other.call({ alsoGood: [503] }));
  expect(error.said).toBe('busy');
});

test('no answer: the network, or only the appliance?', async () => {
  const broken = () => Promise.reject(new TypeError('Failed to fetch'));
  const { call } = setUp(() => ({}), { fetch: broken });
  const online = vi.spyOn(navigator, 'onLine', 'get');

  online.mockReturnValue(true);
  expect((await troubleOf(call())).trouble).toBe('unreachable');
  online.mockReturnValue(false);
  expect((await troubleOf(call())).trouble).toBe('offline');
});

test('waiting ends', async () => {
  vi.useFakeTimers();
  const { call } = setUp(() => ({}), { fetch: silentFetch, timeoutMs: 1000 });
  const failed = troubleOf(call());

  await vi.advanceTimersByTimeAsync(999);
  let settled = false;
  void failed.then(() => (settled = true));
  await vi.advanceTimersByTimeAsync(0);
  expect(settled).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect((await failed).trouble).toBe('timeout');
  expect(vi.getTimerCount()).toBe(0);
});

test('an answer leaves no timer behind', async () => {
  vi.useFakeTimers();
  const { call } = setUp(() => ({ body: {} }));

  await call();
  expect(vi.getTimerCount()).toBe(0);
});

test('a request that nobody waits for any more is dropped', async () => {
  const { call } = setUp(() => ({}), { fetch: silentFetch });
  const control = new AbortController();
  const promise = call({ signal: control.signal });

  control.abort();
  await expect(promise).rejects.toHaveProperty('name', 'AbortError');
  await expect(call({ signal: control.signal })).rejects.toHaveProperty(
    'name',
    'AbortError',
  );
});

test('401: asks to sign in, then tries again', async () => {
  const { door, handler } = guarded();
  const { server, access, call } = setUp(handler);
  const asked = answering(access, door, [true]);

  expect((await call()).value).toEqual({ fine: true });
  expect(asked.n).toBe(1);
  expect(server.seen).toHaveLength(2);
  expect(access.account.get()).toEqual(ada);
  await call();
  expect(server.seen).toHaveLength(3);
});

test('many refused at once ask once', async () => {
  const { door, handler } = guarded();
  const { access, call } = setUp(handler);
  const asked = answering(access, door, [true]);

  await Promise.all([call(), call(), call(), call()]);
  expect(asked.n).toBe(1);
});

test('who was refused while somebody signed in is not asked', async () => {
  const { door, handler } = guarded();
  const { access, call } = setUp(async (seen) => {
    const answer = await handler(seen);
    if (!door.open) {
      door.open = true;
      access.answer({ ...ada });
    }
    return answer;
  });
  const asked = answering(access, door, []);

  expect((await call()).value).toEqual({ fine: true });
  expect(asked.n).toBe(0);
});

test('a write that is refused is sent again whole', async () => {
  const { door, handler } = guarded();
  const { server, access, call } = setUp(handler);
  answering(access, door, [true]);

  await call({ method: 'POST', body: { name: 'Ada' } });
  expect(server.seen.map(({ method, body }) => [method, body])).toEqual([
    ['POST', { name: 'Ada' }],
    ['POST', { name: 'Ada' }],
  ]);
});

test('who closed the dialog is not asked again for reading', async () => {
  const { door, handler } = guarded();
  const { access, call } = setUp(handler);
  const asked = answering(access, door, [false, true]);

  await troubleOf(call());
  await troubleOf(call());
  expect(asked.n).toBe(1);
  await call({ method: 'POST', body: {} });
  expect(asked.n).toBe(2);
  expect((await call()).value).toEqual({ fine: true });
});

test('what runs in the background never asks', async () => {
  const { door, handler } = guarded();
  const { access, call } = setUp(handler);
  const asked = answering(access, door, []);

  expect((await troubleOf(call({ ask: false }))).trouble).toBe('unauthorized');
  expect(asked.n).toBe(0);
});

test('a server that lets nobody in is left alone in the end', async () => {
  const { server, access, call } = setUp(guarded().handler);
  access.asking.subscribe(() => {
    if (access.asking.get()) setTimeout(() => access.answer({ ...ada }), 0);
  });

  await troubleOf(call());
  expect(server.seen.length).toBeLessThan(30);
});
