/* SPDX-License-Identifier: MIT */
/* What arrives over the wire is checked once, here, and typed from then on. */

export class ShapeError extends Error {
  override name = 'ShapeError';
}

export type Json = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function asObject(value: unknown, what: string): Json {
  if (isObject(value)) return value;
  throw new ShapeError(`${what} is not an object`);
}

export function asText(from: Json, key: string): string {
  const value = from[key];
  if (typeof value === 'string') return value;
  throw new ShapeError(`${key} is not text`);
}

export function asNumber(from: Json, key: string): number {
  const value = from[key];
  if (typeof value === 'number') return value;
  throw new ShapeError(`${key} is not a number`);
}

export function asList<T>(
  from: Json,
  key: string,
  each: (value: unknown) => T,
): T[] {
  const value = from[key];
  if (Array.isArray(value)) return value.map(each);
  throw new ShapeError(`${key} is not a list`);
}

/** Text, or null when it is absent or something else. */
export function maybeText(from: Json, key: string): string | null {
  const value = from[key];
  return typeof value === 'string' ? value : null;
}

/** A number, or null when it is absent or something else. */
export function maybeNumber(from: Json, key: string): number | null {
  const value = from[key];
  return typeof value === 'number' ? value : null;
}
