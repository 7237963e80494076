/* SPDX-License-Identifier: MIT */
import {
  asList,
  asNumber,
  asObject,
  asText,
  isObject,
  maybeNumber,
  maybeText,
} from './decode';

export interface RecordBase {
  id: number;
  created: string;
  updated: string;
}

/** A field that is not required may be null. */
export interface User extends RecordBase {
  name: string;
  email: string;
  role: string | null;
  active: boolean | null;
}

/** Who signed in. */
export interface Account {
  id: number;
  name: string;
  email: string;
  role: string;
}

export interface Page<T> {
  page: number;
  perPage: number;
  totalItems: number;
  totalPages: number;
  items: T[];
}

/** A record, and the version of it that If-Match takes. */
export interface Versioned<T> {
  record: T;
  etag: string | null;
}

export interface Health {
  healthy: boolean;
  error: string | null;
}

export interface Backend {
  name: string;
  kind: string;
  up: boolean;
  latencyMs: number | null;
  message: string | null;
}

export interface CacheNumbers {
  entries: number;
  bytes: number;
  hits: number;
  misses: number;
}

export interface RequestNumbers {
  total: number;
  inFlight: number;
}

/** What only some versions or set-ups report is null elsewhere. */
export interface Status {
  healthy: boolean;
  version: string | null;
  commit: string | null;
  started: string | null;
  uptimeSeconds: number | null;
  instance: string | null;
  backends: Backend[];
  cache: CacheNumbers | null;
  requests: RequestNumbers | null;
}

export type Decode<T> = (value: unknown) => T;

export function decodeUser(value: unknown): User {
  const from = asObject(value, 'the user');

  return {
    id: asNumber(from, 'id'),
    created: asText(from, 'created'),
    updated: asText(from, 'updated'),
    name: asText(from, 'name'),
    email: asText(from, 'email'),
    role: maybeText(from, 'role'),
    active: typeof from.active === 'boolean' ? from.active : null,
  };
}

export function decodeAccount(value: unknown): Account {
  const from = asObject(value, 'the account');
  const email = asText(from, 'email');

  return {
    id: asNumber(from, 'id'),
    name: maybeText(from, 'name') ?? email,
    email,
    role: maybeText(from, 'role') ?? '',
  };
}

export function decodePage<T>(each: Decode<T>): Decode<Page<T>> {
  return (value) => {
    const from = asObject(value, 'the list');

    return {
      page: asNumber(from, 'page'),
      perPage: asNumber(from, 'perPage'),
      totalItems: asNumber(from, 'totalItems'),
      totalPages: asNumber(from, 'totalPages'),
      items: asList(from, 'items', each),
    };
  };
}

export function decodeHealth(value: unknown): Health {
  const from = asObject(value, 'the health');

  return {
    healthy: asText(from, 'status') === 'healthy',
    error: maybeText(from, 'error'),
  };
}

function decodeBackend(value: unknown): Backend {
  const from = asObject(value, 'the backend');

  return {
    name: asText(from, 'name'),
    kind: asText(from, 'kind'),
    up: asText(from, 'status') === 'up',
    latencyMs: maybeNumber(from, 'latencyMs'),
    message: maybeText(from, 'message'),
  };
}

function decodeCache(value: unknown): CacheNumbers | null {
  if (!isObject(value)) return null;
  return {
    entries: asNumber(value, 'entries'),
    bytes: asNumber(value, 'bytes'),
    hits: asNumber(value, 'hits'),
    misses: asNumber(value, 'misses'),
  };
}

function decodeRequests(value: unknown): RequestNumbers | null {
  if (!isObject(value)) return null;
  return {
    total: asNumber(value, 'total'),
    inFlight: asNumber(value, 'inFlight'),
  };
}

export function decodeStatus(value: unknown): Status {
  const from = asObject(value, 'the status');

  return {
    healthy: asText(from, 'status') === 'healthy',
    version: maybeText(from, 'version'),
    commit: maybeText(from, 'commit'),
    started: maybeText(from, 'started'),
    uptimeSeconds: maybeNumber(from, 'uptimeSeconds'),
    instance: maybeText(from, 'instance'),
    backends: asList(from, 'backends', decodeBackend),
    cache: decodeCache(from.cache),
    requests: decodeRequests(from.requests),
  };
}
