/* SPDX-License-Identifier: MIT */
import { isObject, maybeText } from './decode';

/** What went wrong, as far as the reader can do something about it. */
export type Trouble =
  | 'offline' /* the browser has no network */
  | 'unreachable' /* there is one, but nobody answers */
  | 'timeout'
  | 'unauthorized'
  | 'forbidden'
  | 'notFound'
  | 'changed' /* somebody else wrote first */
  | 'invalid' /* the request: see `fields` */
  | 'tooMany'
  | 'server'
  | 'unexpected'; /* an answer we cannot read */

export interface FieldError {
  code: string;
  message: string;
}

export interface ApiErrorInit {
  trouble: Trouble;
  status?: number;
  message?: string | null;
  fields?: Record<string, FieldError>;
  requestId?: string | null;
  retryAfterSeconds?: number | null;
}

export class ApiError extends Error {
  override name = 'ApiError';
  readonly trouble: Trouble;
  /** 0 when no answer came. */
  readonly status: number;
  /** The server's own words, in the reader's language; may be empty. */
  readonly said: string;
  readonly fields: Readonly<Record<string, FieldError>>;
  readonly requestId: string | null;
  readonly retryAfterSeconds: number | null;

  constructor(init: ApiErrorInit, options?: ErrorOptions) {
    super(init.message ?? init.trouble, options);
    this.trouble = init.trouble;
    this.status = init.status ?? 0;
    this.said = init.message ?? '';
    this.fields = init.fields ?? {};
    this.requestId = init.requestId ?? null;
    this.retryAfterSeconds = init.retryAfterSeconds ?? null;
  }
}

const troubles: Readonly<Record<number, Trouble>> = {
  400: 'invalid',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'notFound',
  409: 'invalid',
  412: 'changed',
  413: 'invalid',
  422: 'invalid',
  429: 'tooMany',
};

function troubleOf(status: number): Trouble {
  return troubles[status] ?? (status >= 500 ? 'server' : 'unexpected');
}

function fieldsOf(data: unknown): Record<string, FieldError> {
  const fields: Record<string, FieldError> = {};
  if (!isObject(data)) return fields;

  for (const [name, value] of Object.entries(data)) {
    if (!isObject(value)) continue;
    fields[name] = {
      code: maybeText(value, 'code') ?? '',
      message: maybeText(value, 'message') ?? '',
    };
  }
  return fields;
}

/** The error behind an answer that is not a success. `body` is its JSON, or
 * undefined when it had none (a proxy's page, say). */
export function errorFrom(
  status: number,
  headers: Headers,
  body: unknown,
): ApiError {
  const json = isObject(body) ? body : {};
  const wait = Number(headers.get('Retry-After') ?? NaN);

  return new ApiError({
    trouble: troubleOf(status),
    status,
    message: maybeText(json, 'message'),
    fields: fieldsOf(json.data),
    requestId: headers.get('X-Request-Id'),
    retryAfterSeconds: Number.isFinite(wait) ? wait : null,
  });
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

/** Any failure as an ApiError, so that one place can show them all. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError({ trouble: 'unexpected' }, { cause: error });
}
