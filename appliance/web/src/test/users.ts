/* SPDX-License-Identifier: MIT */
import type { Canned, Handler, Seen } from './server';

export interface Row {
  id: number;
  name: string;
  email: string;
  role: string | null;
  active: boolean | null;
  version: number;
}

/** The users collection, as the appliance serves it, over rows in memory. */
export interface UsersTable {
  rows: Row[];
  handler: Handler;
}

const when = '2026-11-20T09:00:00.000Z';

function shown({ id, name, email, role, active }: Row) {
  const row = { id, name, email, role, active };
  return { ...row, collectionName: 'users', created: when, updated: when };
}

function tagged(row: Row, status = 200): Canned {
  return { status, body: shown(row), headers: { ETag: `"v${row.version}"` } };
}

export function refusal(
  status: number,
  message: string,
  data: object = {},
): Canned {
  return {
    status,
    body: { status, message, data },
    headers: { 'X-Request-Id': 'req-1' },
  };
}

function list(table: UsersTable, url: URL): Canned {
  const page = Number(url.searchParams.get('page'));
  const perPage = Number(url.searchParams.get('perPage'));
  const items = table.rows.slice((page - 1) * perPage, page * perPage);

  return {
    body: {
      page,
      perPage,
      totalItems: table.rows.length,
      totalPages: Math.ceil(table.rows.length / perPage),
      items: items.map(shown),
    },
  };
}

function taken(table: UsersTable, id: number, body: Partial<Row>): boolean {
  return table.rows.some((row) => row.email === body.email && row.id !== id);
}

const notUnique = () =>
  refusal(400, 'The request is not valid.', {
    email: { code: 'not_unique', message: 'This address is in use.' },
  });

function change(table: UsersTable, row: Row, seen: Seen): Canned {
  const tag = seen.headers.get('If-Match');
  const body = seen.body as Partial<Row>;

  if (tag !== null && tag !== `"v${row.version}"`)
    return refusal(412, 'It changed.');
  if (taken(table, row.id, body)) return notUnique();
  Object.assign(row, body, { version: row.version + 1 });
  return tagged(row);
}

function create(table: UsersTable, seen: Seen): Canned {
  const body = seen.body as Omit<Row, 'id' | 'version'>;
  if (taken(table, 0, body)) return notUnique();

  const row = { ...body, id: table.rows.length + 100, version: 1 };
  table.rows.push(row);
  return tagged(row, 201);
}

export function usersTable(count: number): UsersTable {
  const table: UsersTable = {
    rows: Array.from({ length: count }, (_, at) => ({
      id: at + 1,
      name: `Person ${at + 1}`,
      email: `person${at + 1}@example.org`,
      role: 'user',
      active: true,
      version: 1,
    })),
    handler(seen) {
      const url = new URL(seen.url, 'http://test');
      const id = Number(/^\/api\/v1\/users\/(\d+)$/.exec(url.pathname)?.[1]);
      const row = table.rows.find((candidate) => candidate.id === id);

      if (url.pathname === '/api/v1/users')
        return seen.method === 'POST' ? create(table, seen) : list(table, url);
      if (!row) return refusal(404, 'Nothing here.');
      if (seen.method === 'PATCH') return change(table, row, seen);
      if (seen.method !== 'DELETE') return tagged(row);
      table.rows.splice(table.rows.indexOf(row), 1);
      return { status: 204 };
    },
  };
  return table;
}
