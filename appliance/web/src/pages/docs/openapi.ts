/* SPDX-License-Identifier: MIT */
/* The API's description of itself, cut into what a page shows. */
import {
  asList,
  asObject,
  asText,
  isObject,
  maybeText,
  type Json,
} from '../../api/decode';

/** A JSON Schema, or a reference to one. */
export type Schema = Json;

export interface Parameter {
  name: string;
  place: 'query' | 'path' | 'header';
  required: boolean;
  description: string | null;
  schema: Schema;
  example: string;
}

export interface Answer {
  status: string;
  description: string;
  /** Of a JSON body; null: none, or of another kind. */
  schema: Schema | null;
}

export interface Operation {
  id: string;
  method: string;
  path: string;
  summary: string;
  description: string | null;
  /** Needs somebody who is signed in. */
  locked: boolean;
  parameters: readonly Parameter[];
  body: Schema | null;
  answers: readonly Answer[];
}

export interface Group {
  name: string;
  description: string;
  operations: readonly Operation[];
}

export interface Description {
  version: string;
  text: readonly string[];
  groups: readonly Group[];
  /** Follows a $ref: what it is called, and what it is. */
  resolve: (schema: Schema) => { name: string | null; schema: Schema };
}

type Follow = (value: unknown) => { name: string | null; schema: Json };

/* "#/components/schemas/users": only within the document itself. */
function follower(doc: Json): Follow {
  return function follow(value): ReturnType<Follow> {
    const from = asObject(value, 'a part');
    const ref = maybeText(from, '$ref');
    if (ref === null) return { name: null, schema: from };

    const keys = ref.slice(2).split('/');
    const found = keys
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce<unknown>((at, key) => asObject(at, ref)[key], doc);
    return { name: keys.at(-1) ?? null, schema: follow(found).schema };
  };
}

function exampleOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number'
    ? String(value)
    : '';
}

function parameterOf(value: unknown, follow: Follow): Parameter {
  const from = follow(value).schema;
  const place = asText(from, 'in');

  return {
    name: asText(from, 'name'),
    place: place === 'path' || place === 'header' ? place : 'query',
    required: from.required === true,
    description: maybeText(from, 'description'),
    schema: asObject(from.schema, 'schema'),
    example: exampleOf(from.example),
  };
}

function jsonOf(value: unknown): Schema | null {
  const content = isObject(value) ? value.content : null;
  const json = isObject(content) ? content['application/json'] : null;

  return isObject(json) && isObject(json.schema) ? json.schema : null;
}

function answersOf(value: unknown, follow: Follow): Answer[] {
  return Object.entries(asObject(value, 'responses')).map(([status, one]) => {
    const from = follow(one).schema;

    return {
      status,
      description: asText(from, 'description'),
      schema: jsonOf(from),
    };
  });
}

function isLocked(security: unknown): boolean {
  return (
    Array.isArray(security) &&
    security.length > 0 &&
    security.every((one) => isObject(one) && Object.keys(one).length > 0)
  );
}

function operationOf(
  method: string,
  path: string,
  value: unknown,
  follow: Follow,
): Operation {
  const from = asObject(value, path);

  return {
    id: asText(from, 'operationId'),
    method: method.toUpperCase(),
    path,
    summary: asText(from, 'summary'),
    description: maybeText(from, 'description'),
    locked: isLocked(from.security),
    parameters: from.parameters
      ? asList(from, 'parameters', (one) => parameterOf(one, follow))
      : [],
    body: jsonOf(from.requestBody),
    answers: answersOf(from.responses, follow),
  };
}

export function decodeDescription(value: unknown): Description {
  const doc = asObject(value, 'the description');
  const info = asObject(doc.info, 'info');
  const follow = follower(doc);
  const groups = new Map<string, Group & { operations: Operation[] }>();

  for (const tag of asList(doc, 'tags', (one) => asObject(one, 'a tag'))) {
    const name = asText(tag, 'name');
    const description = maybeText(tag, 'description') ?? '';
    groups.set(name, { name, description, operations: [] });
  }
  for (const [path, item] of Object.entries(asObject(doc.paths, 'paths')))
    for (const [method, one] of Object.entries(asObject(item, path))) {
      const [tag] = asList(asObject(one, path), 'tags', String);
      groups
        .get(tag ?? '')
        ?.operations.push(operationOf(method, path, one, follow));
    }
  return {
    version: asText(info, 'version'),
    text: asText(info, 'description').split('\n\n'),
    groups: [...groups.values()].filter((g) => g.operations.length > 0),
    resolve: follow,
  };
}
