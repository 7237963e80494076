/* SPDX-License-Identifier: MIT */
/* A JSON Schema in a few words. */
import { isObject } from '../../api/decode';
import type { Description, Schema } from './openapi';

type Resolve = Description['resolve'];

function typesOf(schema: Schema): string[] {
  const { type } = schema;

  if (typeof type === 'string') return [type];
  return Array.isArray(type) ? type.map(String) : [];
}

function listOf(schema: Schema, resolve: Resolve): string {
  const { items } = schema;
  const inner = isObject(items) ? typeText(items, resolve) : '';

  return inner === '' ? 'array' : `array of ${inner}`;
}

/** "string (date) or null", "array of users". */
export function typeText(given: Schema, resolve: Resolve): string {
  const { name, schema } = resolve(given);
  const { anyOf, format } = schema;

  if (Array.isArray(anyOf))
    return anyOf
      .filter(isObject)
      .map((one) => typeText(one, resolve))
      .join(' or ');
  if (name !== null && schema.type === 'object') return name;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum))
    return schema.enum.map((one) => JSON.stringify(one)).join(' or ');
  return typesOf(schema)
    .map((type) => {
      if (type === 'array') return listOf(schema, resolve);
      const precise = type !== 'null' && typeof format === 'string';
      return precise ? `${type} (${format})` : type;
    })
    .join(' or ');
}

const bounds = [
  ['minimum', '≥ '],
  ['maximum', '≤ '],
  ['minLength', 'length ≥ '],
  ['maxLength', 'length ≤ '],
  ['minItems', 'items ≥ '],
  ['maxItems', 'items ≤ '],
  ['multipleOf', 'multiple of '],
  ['pattern', ''],
] as const;

/* The ends of 64 bits are no bound that anybody set. */
function isEndOfType(value: unknown): boolean {
  return typeof value === 'number' && Math.abs(value) >= 2 ** 63;
}

/** "≥ 0", "length ≤ 100", "default "user"". */
export function boundTexts(given: Schema, resolve: Resolve): string[] {
  const { schema } = resolve(given);
  const texts = bounds.flatMap(([key, words]) => {
    const value = schema[key];
    const shown = typeof value === 'number' || typeof value === 'string';

    return shown && !isEndOfType(value) ? [`${words}${value}`] : [];
  });

  if (schema.default !== undefined)
    texts.push(`default ${JSON.stringify(schema.default)}`);
  return texts;
}

/** The object that a schema is about: itself, or what its list is of. */
export function objectsIn(
  given: Schema,
  resolve: Resolve,
): { name: string | null; schema: Schema }[] {
  const found = resolve(given);
  const { anyOf, items, properties } = found.schema;

  if (isObject(properties)) return [found];
  if (isObject(items)) return objectsIn(items, resolve);
  if (!Array.isArray(anyOf)) return [];
  const all = anyOf.filter(isObject).flatMap((one) => objectsIn(one, resolve));
  return all.filter(
    ({ schema }, at) => all.findIndex((one) => one.schema === schema) === at,
  );
}

/** The first example of what may stand there, as one would send it. */
export function exampleText(given: Schema, resolve: Resolve): string | null {
  const { schema } = resolve(given);
  const { anyOf, examples } = schema;

  if (Array.isArray(examples) && examples.length > 0)
    return JSON.stringify(examples[0], null, 2);
  const [first] = Array.isArray(anyOf) ? anyOf.filter(isObject) : [];

  return first ? exampleText(first, resolve) : null;
}
