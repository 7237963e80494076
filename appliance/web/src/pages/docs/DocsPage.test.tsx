/* SPDX-License-Identifier: MIT */
import { fireEvent, screen, within } from '@testing-library/react';
import { expect, test } from 'vitest';
import { renderPage } from '../../test/render';
import { testServer, type Handler } from '../../test/server';
import DocsPage from './DocsPage';
import { decodeDescription } from './openapi';
import { boundTexts, exampleText, objectsIn, typeText } from './schema';
import { addressOf } from './Try';

const schema = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const json = (of: unknown) => ({ 'application/json': { schema: of } });

const doc = {
  openapi: '3.1.0',
  info: {
    title: 'x',
    version: '1.2.3',
    description: 'First `one`.\n\nSecond.',
  },
  tags: [
    { name: 'people', description: 'Who.' },
    { name: 'empty', description: '' },
  ],
  paths: {
    '/api/v1/people/{id}': {
      get: {
        tags: ['people'],
        operationId: 'get_people',
        summary: 'One of people',
        security: [{ bearer: [] }],
        parameters: [
          { $ref: '#/components/parameters/id' },
          { name: 'fields', in: 'query', schema: { type: 'string' } },
          { name: 'If-Match', in: 'header', schema: { type: 'string' } },
        ],
        responses: {
          '200': { description: 'It.', content: json(schema('person')) },
          '404': { $ref: '#/components/responses/NotFound' },
        },
      },
      put: {
        tags: ['people'],
        operationId: 'put_people',
        summary: 'Replaces it',
        security: [{}, { bearer: [] }],
        requestBody: { content: json(schema('person')) },
        responses: { '204': { description: 'Done.' } },
      },
    },
  },
  components: {
    parameters: {
      id: {
        name: 'id',
        in: 'path',
        required: true,
        schema: { type: 'integer', minimum: 1 },
        example: 7,
      },
    },
    responses: { NotFound: { description: 'Nobody.' } },
    schemas: {
      person: {
        type: 'object',
        examples: [{ name: 'Ann' }],
        required: ['name'],
        properties: {
          name: { type: 'string', maxLength: 9, description: 'In full.' },
          role: { enum: ['a', 'b', null], default: 'a' },
          born: { type: ['string', 'null'], format: 'date', readOnly: true },
          tags: { type: 'array', items: { type: 'string' } },
          boss: { anyOf: [schema('person'), { type: 'null' }] },
        },
      },
    },
  },
};

const handler: Handler = ({ url }) =>
  url === '/api/openapi.json' ? { body: doc } : { body: { asked: url } };

test('a description becomes groups of operations', () => {
  const { version, text, groups } = decodeDescription(doc);

  expect(version).toBe('1.2.3');
  expect(text).toEqual(['First `one`.', 'Second.']);
  expect(groups.map(({ name }) => name)).toEqual(['people']);
  const [get, put] = groups[0]?.operations ?? [];

  expect(get?.locked).toBe(true);
  expect(put?.locked).toBe(false);
  expect(get?.parameters.map(({ place }) => place)).toEqual([
    'path',
    'query',
    'header',
  ]);
  expect(get?.answers[1]).toEqual({
    status: '404',
    description: 'Nobody.',
    schema: null,
  });
});

test('types in words', () => {
  const { resolve } = decodeDescription(doc);
  const { name, role, born, tags, boss } =
    doc.components.schemas.person.properties;

  expect(typeText(name, resolve)).toBe('string');
  expect(typeText(role, resolve)).toBe('"a" or "b" or null');
  expect(typeText(born, resolve)).toBe('string (date) or null');
  expect(typeText(tags, resolve)).toBe('array of string');
  expect(typeText(boss, resolve)).toBe('person or null');
  expect(boundTexts(name, resolve)).toEqual(['length ≤ 9']);
  expect(boundTexts(role, resolve)).toEqual(['default "a"']);
  expect(boundTexts({ minimum: -(2 ** 63) }, resolve)).toEqual([]);
  expect(objectsIn(boss, resolve).map((one) => one.name)).toEqual(['person']);
});

test('the example of a body', () => {
  const { resolve } = decodeDescription(doc);
  const ann = '{\n  "name": "Ann"\n}';

  expect(exampleText(schema('person'), resolve)).toBe(ann);
  expect(exampleText({ anyOf: [schema('person')] }, resolve)).toBe(ann);
  expect(exampleText({ type: 'string' }, resolve)).toBe(null);
});

test('the page shows code as code, and examples', async () => {
  renderPage(<DocsPage />, testServer(handler).fetch);
  const summary = await screen.findByText('Replaces it');
  const operation = summary.closest('details');

  expect(screen.getByText('one').tagName).toBe('CODE');
  if (!operation) throw new Error('no details');
  operation.open = true;
  fireEvent(operation, new Event('toggle'));
  const example = await within(operation).findByLabelText('Example');

  expect(example.textContent).toBe('{\n  "name": "Ann"\n}');
});

test('an address has what was filled in', () => {
  const [get] = decodeDescription(doc).groups[0]?.operations ?? [];

  if (!get) throw new Error('no operation');
  expect(addressOf(get, { id: '7/8', fields: '' })).toEqual({
    path: 'api/v1/people/7%2F8',
    query: {},
  });
  expect(addressOf(get, { id: '7', fields: 'a,b' }).query).toEqual({
    fields: 'a,b',
  });
});

test('the page shows operations, and sends a GET', async () => {
  const server = testServer(handler);

  renderPage(<DocsPage />, server.fetch);
  const summary = await screen.findByText('One of people');
  const operation = summary.closest('details');

  if (!operation) throw new Error('no details');
  operation.open = true;
  fireEvent(operation, new Event('toggle'));
  const inside = within(operation);

  expect(await inside.findByText('Nobody.')).toBeTruthy();
  const id = inside.getByLabelText<HTMLInputElement>('id');

  expect(id.value).toBe('7');
  fireEvent.change(id, { target: { value: '9' } });
  fireEvent.click(inside.getByRole('button', { name: 'Send' }));
  expect((await inside.findByLabelText('Answer')).textContent).toContain(
    '/api/v1/people/9',
  );
});

test('what cannot be loaded says why', async () => {
  const server = testServer(() => ({
    status: 500,
    body: { status: 500, message: 'x', data: {} },
  }));

  renderPage(<DocsPage />, server.fetch);
  expect(await screen.findByRole('alert')).toBeTruthy();
});
