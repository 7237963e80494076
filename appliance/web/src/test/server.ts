/* SPDX-License-Identifier: MIT */
/* A server in memory: what the wire says, without the wire. */

export interface Seen {
  method: string;
  /** Path and query. */
  url: string;
  headers: Headers;
  body: unknown;
}

export interface Canned {
  status?: number;
  body?: unknown;
  headers?: Record<string, string>;
}

export type Handler = (seen: Seen) => Canned | Promise<Canned>;

export interface TestServer {
  fetch: typeof fetch;
  /** Every request so far, oldest first. */
  seen: Seen[];
  handler: Handler;
}

function bodyText(body: unknown): string | null {
  if (body === undefined) return null;
  return typeof body === 'string' ? body : JSON.stringify(body);
}

export function testServer(handler: Handler): TestServer {
  const server: TestServer = {
    seen: [],
    handler,
    async fetch(input, init) {
      /* eslint-disable-next-line @typescript-eslint/no-base-to-string --
       * the client gives a string */
      const url = new URL(String(input));
      const seen: Seen = {
        method: init?.method ?? 'GET',
        url: url.pathname + url.search,
        headers: new Headers(init?.headers),
        body:
          typeof init?.body === 'string' ? JSON.parse(init.body) : undefined,
      };

      server.seen.push(seen);
      init?.signal?.throwIfAborted();
      const { status = 200, body, headers } = await server.handler(seen);
      init?.signal?.throwIfAborted();
      return new Response(
        bodyText(body),
        headers ? { status, headers } : { status },
      );
    },
  };
  return server;
}

/** Never answers, but gives up when it is told to, as fetch does. */
export const silentFetch: typeof fetch = (_input, init) =>
  new Promise((_resolve, reject) => {
    init?.signal?.addEventListener('abort', () => {
      reject(new DOMException('stopped', 'AbortError'));
    });
  });
