/* SPDX-License-Identifier: MIT */
import type { CallOptions, Client } from './client';
import { asNumber, asObject } from './decode';
import {
  decodeAccount,
  decodeHealth,
  decodePage,
  decodeStatus,
  decodeUser,
  type Account,
  type Decode,
  type Health,
  type Page,
  type Status,
  type User,
  type Versioned,
} from './types';

export interface ListQuery {
  page: number;
  perPage: number;
  /** "-created,name": the server's own notation. */
  sort?: string;
}

/** One collection of records. `Draft` is what may be written. */
export interface Records<T, Draft> {
  list(query: ListQuery, options?: CallOptions): Promise<Page<T>>;
  get(id: number, options?: CallOptions): Promise<Versioned<T>>;
  create(draft: Draft, options?: CallOptions): Promise<Versioned<T>>;
  /** Changes the fields given, if the record still is at `etag`. */
  change(
    id: number,
    draft: Partial<Draft>,
    etag: string | null,
    options?: CallOptions,
  ): Promise<Versioned<T>>;
  remove(id: number, options?: CallOptions): Promise<void>;
}

export type UserDraft = Pick<User, 'name' | 'email' | 'role' | 'active'> & {
  password: string;
};

export interface Api {
  users: Records<User, UserDraft>;
  /** How many records a collection holds. */
  count(collection: string, options?: CallOptions): Promise<number>;
  /** Who is signed in. */
  me(options?: CallOptions): Promise<Account>;
  signIn(email: string, password: string): Promise<Account>;
  signOut(): Promise<void>;
  health(options?: CallOptions): Promise<Health>;
  status(options?: CallOptions): Promise<Status>;
  /** Whatever a GET of this address answers. */
  read(
    path: string,
    query: Record<string, string>,
    options?: CallOptions,
  ): Promise<unknown>;
}

/* A proxy that compresses on the way marks the tag as weak, and If-Match
 * compares strongly: without this, every save behind such a proxy is a 412.
 * Ours name a row version, not bytes, so the mark says nothing. */
function strong(etag: string | null): string | null {
  return etag === null ? null : etag.replace(/^W\//, '');
}

function records<T, Draft>(
  client: Client,
  collection: string,
  decode: Decode<T>,
): Records<T, Draft> {
  const all = `api/v1/${collection}`;
  const one = (id: number) => `${all}/${id}`;

  async function versioned(answer: Promise<{ value: T; headers: Headers }>) {
    const { value, headers } = await answer;
    return { record: value, etag: strong(headers.get('ETag')) };
  }

  return {
    async list({ page, perPage, sort }, options) {
      const query = { page, perPage, ...(sort ? { sort } : {}) };
      const call = { ...options, path: all, query };
      return (await client.call(call, decodePage(decode))).value;
    },
    get: (id, options) =>
      versioned(client.call({ ...options, path: one(id) }, decode)),
    create: (body, options) =>
      versioned(
        client.call({ ...options, method: 'POST', path: all, body }, decode),
      ),
    change: (id, body, etag, options) =>
      versioned(
        client.call(
          {
            ...options,
            method: 'PATCH',
            path: one(id),
            body,
            ifMatch: etag,
          },
          decode,
        ),
      ),
    async remove(id, options) {
      const call = { ...options, method: 'DELETE', path: one(id) } as const;
      await client.call(call, () => undefined);
    },
  };
}

export function createApi(client: Client): Api {
  return {
    users: records(client, 'users', decodeUser),
    async count(collection, options) {
      const answer = await client.call(
        {
          ...options,
          path: `api/v1/${collection}`,
          query: { page: 1, perPage: 1 },
        },
        (value) => asNumber(asObject(value, 'the list'), 'totalItems'),
      );
      return answer.value;
    },
    async me(options) {
      const call = { ...options, path: 'api/v1/auth/me' };
      return (await client.call(call, decodeAccount)).value;
    },
    async signIn(email, password) {
      const call = {
        method: 'POST',
        path: 'login',
        body: { email, password },
        ask: false,
      } as const;
      return (await client.call(call, decodeAccount)).value;
    },
    async signOut() {
      const call = { method: 'POST', path: 'logout', ask: false } as const;
      await client.call(call, () => undefined);
    },
    async health(options) {
      const call = { ...options, path: 'health', alsoGood: [503] };
      return (await client.call(call, decodeHealth)).value;
    },
    async status(options) {
      const call = { ...options, path: 'api/v1/status', alsoGood: [503] };
      return (await client.call(call, decodeStatus)).value;
    },
    async read(path, query, options) {
      const call = { ...options, path, query };
      return (await client.call(call, (value) => value)).value;
    },
  };
}
