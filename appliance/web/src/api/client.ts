/* SPDX-License-Identifier: MIT */
import { ShapeError } from './decode';
import { ApiError, errorFrom, isAbort } from './errors';
import type { Access } from './access';
import type { Decode } from './types';

export interface ClientDeps {
  access: Access;
  language: () => string;
  fetch?: typeof fetch;
  /** Where the appliance is mounted; every address is relative to it. */
  base?: () => string;
  timeoutMs?: number;
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** Whether a 401 may ask the reader to sign in again. Default: yes. */
  ask?: boolean;
}

export interface Call extends CallOptions {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Relative to the base: "api/v1/users". */
  path: string;
  query?: Record<string, string | number>;
  body?: unknown;
  ifMatch?: string | null;
  /** Codes outside 2xx whose body is an answer, not an error. */
  alsoGood?: readonly number[];
}

export interface Answer<T> {
  value: T;
  headers: Headers;
}

export interface Client {
  call<T>(call: Call, decode: Decode<T>): Promise<Answer<T>>;
}

interface Reply {
  status: number;
  ok: boolean;
  headers: Headers;
  body: unknown;
}

const maxAsks = 20;

function addressOf(call: Call, base: string): string {
  const url = new URL(call.path, base);

  for (const [name, value] of Object.entries(call.query ?? {}))
    url.searchParams.set(name, String(value));
  return url.href;
}

function headersOf(call: Call, language: string) {
  const headers = new Headers({
    Accept: 'application/json',
    'Accept-Language': language,
  });

  if (call.body !== undefined) headers.set('Content-Type', 'application/json');
  if (call.ifMatch) headers.set('If-Match', call.ifMatch);
  return headers;
}

async function bodyOf(response: Response): Promise<unknown> {
  const text = await response.text();

  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function failureOf(error: unknown, timedOut: boolean): unknown {
  if (timedOut) return new ApiError({ trouble: 'timeout' }, { cause: error });
  if (isAbort(error)) return error;
  const trouble = navigator.onLine ? 'unreachable' : 'offline';
  return new ApiError({ trouble }, { cause: error });
}

export function createClient(deps: ClientDeps): Client {
  const { access, language, timeoutMs = 15_000 } = deps;
  const base = deps.base ?? (() => document.baseURI);
  const ask = deps.fetch ?? ((...args) => window.fetch(...args));

  async function send(call: Call): Promise<Reply> {
    const control = new AbortController();
    const stop = () => control.abort();
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      stop();
    }, timeoutMs);

    call.signal?.addEventListener('abort', stop);
    try {
      call.signal?.throwIfAborted();
      const response = await ask(addressOf(call, base()), {
        method: call.method ?? 'GET',
        headers: headersOf(call, language()),
        body: call.body === undefined ? null : JSON.stringify(call.body),
        signal: control.signal,
        cache: 'no-cache',
      });
      const body = await bodyOf(response);
      const { status, ok, headers } = response;
      return { status, ok, headers, body };
    } catch (error) {
      throw failureOf(error, timedOut);
    } finally {
      clearTimeout(timer);
      call.signal?.removeEventListener('abort', stop);
    }
  }

  async function mayTryAgain(call: Call, turn: number): Promise<boolean> {
    const reading = (call.method ?? 'GET') === 'GET';

    if (access.turn() !== turn) return true;
    if (call.ask === false || (reading && access.declined())) return false;
    return access.ask();
  }

  async function sendAllowed(call: Call): Promise<Reply> {
    for (let asks = 0; ; asks++) {
      const turn = access.turn();
      const reply = await send(call);

      if (reply.status !== 401 || asks === maxAsks) return reply;
      if (!(await mayTryAgain(call, turn))) return reply;
    }
  }

  return {
    async call(call, decode) {
      const { status, ok, headers, body } = await sendAllowed(call);

      if (!ok && !(call.alsoGood?.includes(status) && looksRight(body)))
        throw errorFrom(status, headers, body);
      try {
        return { value: decode(body), headers };
      } catch (error) {
        if (!(error instanceof ShapeError)) throw error;
        throw new ApiError(
          {
            trouble: 'unexpected',
            status,
            requestId: headers.get('X-Request-Id'),
          },
          { cause: error },
        );
      }
    },
  };
}

/* An error body has a number where these answers have a word. */
function looksRight(body: unknown): boolean {
  return (
    typeof body === 'object' &&
    body !== null &&
    'status' in body &&
    typeof body.status === 'string'
  );
}
