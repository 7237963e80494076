/* SPDX-License-Identifier: MIT */
import {
  act,
  fireEvent,
  screen,
  waitFor,
  within,
} from '@testing-library/react';
import { expect, test } from 'vitest';
import { language } from '../../app/language';
import { navigate } from '../../app/router';
import { boss, renderPage } from '../../test/render';
import { testServer, type Handler } from '../../test/server';
import { refusal, usersTable, type UsersTable } from '../../test/users';
import { UsersPage } from './UsersPage';

function open(handler: Handler) {
  const server = testServer(handler);
  const plane = renderPage(<UsersPage />, server.fetch);
  return { server, ...plane };
}

const press = (name: string | RegExp) =>
  fireEvent.click(screen.getByRole('button', { name }));
const type = (label: string, value: string) =>
  fireEvent.change(screen.getByLabelText(label), { target: { value } });
const dialog = () => screen.getByRole('dialog');
const names = () =>
  screen
    .getAllByRole('row')
    .slice(1)
    .map((row) => within(row).getAllByRole('button')[0]?.textContent);

test('the list comes, with its total', async () => {
  const { server } = open(usersTable(42).handler);

  await screen.findByText('Person 1');
  expect(server.seen.map(({ url }) => url)).toEqual([
    '/api/v1/users?page=1&perPage=20&sort=name',
  ]);
  expect(names()).toHaveLength(20);
  expect(screen.getByText('42 accounts')).toBeTruthy();
  expect(screen.getByText('1–20 of 42')).toBeTruthy();
});

test('paging and sorting stand in the address', async () => {
  const { server } = open(usersTable(42).handler);
  await screen.findByText('Person 1');

  press('Next page');
  await screen.findByText('Person 21');
  expect(window.location.search).toBe('?page=2');
  press(/^Email/);
  await waitFor(() => expect(server.seen).toHaveLength(3));
  press(/^Email/);
  await waitFor(() => expect(server.seen).toHaveLength(4));
  expect(server.seen.slice(2).map(({ url }) => url)).toEqual([
    '/api/v1/users?page=1&perPage=20&sort=email',
    '/api/v1/users?page=1&perPage=20&sort=-email',
  ]);
  expect(window.location.search).toBe('?sort=-email');
  const head = screen.getByRole('columnheader', { name: 'Email' });
  expect(head.getAttribute('aria-sort')).toBe('descending');
});

test('a page beyond the last leads to the last', async () => {
  navigate('/c/users?page=9');
  const steps = window.history.length;
  open(usersTable(42).handler);

  await screen.findByText('Person 41');
  expect(window.location.search).toBe('?page=3');
  expect(window.history.length).toBe(steps);
});

test('nobody yet', async () => {
  open(usersTable(0).handler);
  expect(await screen.findByText('No users yet')).toBeTruthy();
});

test('adding: checked here first, then by the server, then done', async () => {
  const table = usersTable(1);
  const { server } = open(table.handler);
  await screen.findByText('Person 1');
  press('Add user');

  fireEvent.submit(screen.getByLabelText('Name'));
  expect(within(dialog()).getAllByText(/must be filled in/)).toHaveLength(2);
  expect(document.activeElement).toBe(screen.getByLabelText('Name'));
  expect(server.seen).toHaveLength(1);

  type('Name', ' Ada ');
  type('Email', 'person1@example.org');
  fireEvent.submit(screen.getByLabelText('Name'));
  await screen.findByText('This address is in use.');
  const email = screen.getByLabelText('Email');
  expect(document.activeElement).toBe(email);
  expect(email.getAttribute('aria-invalid')).toBe('true');
  expect(screen.queryByRole('alert')).toBeNull();

  type('Email', 'ada@example.org');
  expect(screen.queryByText('This address is in use.')).toBeNull();
  fireEvent.submit(email);
  await screen.findByText('Ada was added.');
  expect(server.seen.at(-2)?.body).toEqual({
    name: 'Ada',
    email: 'ada@example.org',
    role: 'user',
    active: true,
  });
  expect(screen.queryByRole('dialog')).toBeNull();
  await waitFor(() => expect(names()).toEqual(['Person 1', 'Ada']));
});

test('changing sends the difference, under the version that was read', async () => {
  const table = usersTable(2);
  const { server } = open(table.handler);
  await screen.findByText('Person 2');
  press('Change Person 2');
  await screen.findByLabelText('Name');

  type('Name', 'Grace');
  fireEvent.submit(screen.getByLabelText('Name'));
  await screen.findByText('The changes to Grace were saved.');
  const sent = server.seen.find(({ method }) => method === 'PATCH');
  expect(sent?.url).toBe('/api/v1/users/2');
  expect(sent?.body).toEqual({ name: 'Grace' });
  expect(sent?.headers.get('If-Match')).toBe('"v1"');
});

test('saving what did not change sends nothing', async () => {
  const { server } = open(usersTable(1).handler);
  await screen.findByText('Person 1');
  press('Person 1');
  fireEvent.submit(await screen.findByLabelText('Name'));

  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  expect(server.seen.map(({ method }) => method)).toEqual(['GET', 'GET']);
});

test('412: shows what somebody else wrote, and lets the reader choose', async () => {
  const table = usersTable(1);
  const { server } = open(table.handler);
  await screen.findByText('Person 1');
  press('Person 1');
  await screen.findByLabelText('Name');
  type('Name', 'Mine');
  Object.assign(table.rows[0] ?? {}, {
    name: 'Theirs',
    role: 'admin',
    version: 5,
  });

  fireEvent.submit(screen.getByLabelText('Name'));
  await screen.findByText('Someone else changed this meanwhile');
  expect(screen.getByText('Theirs')).toBeTruthy();
  expect(screen.getByLabelText('Name')).toHaveProperty('value', 'Mine');
  expect(screen.getByLabelText('Role')).toHaveProperty('value', 'admin');
  expect(table.rows[0]?.name).toBe('Theirs');

  fireEvent.submit(screen.getByLabelText('Name'));
  await screen.findByText('The changes to Mine were saved.');
  const patches = server.seen.filter(({ method }) => method === 'PATCH');
  expect(patches.map(({ headers }) => headers.get('If-Match'))).toEqual([
    '"v1"',
    '"v5"',
  ]);
  expect(patches[1]?.body).toEqual({ name: 'Mine' });
});

test('412: the newer values can be taken', async () => {
  const table = usersTable(1);
  open(table.handler);
  await screen.findByText('Person 1');
  press('Person 1');
  await screen.findByLabelText('Name');
  type('Name', 'Mine');
  Object.assign(table.rows[0] ?? {}, { name: 'Theirs', version: 5 });
  fireEvent.submit(screen.getByLabelText('Name'));
  await screen.findByText('Theirs');

  press('Use this');
  expect(screen.getByLabelText('Name')).toHaveProperty('value', 'Theirs');
  expect(screen.queryByRole('button', { name: 'Use this' })).toBeNull();
});

test('a user that was deleted while being changed', async () => {
  const table = usersTable(1);
  open(table.handler);
  await screen.findByText('Person 1');
  press('Person 1');
  await screen.findByLabelText('Name');
  type('Name', 'Mine');
  table.rows = [];

  fireEvent.submit(screen.getByLabelText('Name'));
  expect(await screen.findByText('It is not there')).toBeTruthy();
});

test('closing with unsaved changes asks first', async () => {
  open(usersTable(1).handler);
  await screen.findByText('Person 1');
  press('Add user');
  type('Name', 'half');
  fireEvent(dialog(), new Event('cancel', { cancelable: true }));

  expect(screen.getByText('Discard your changes?')).toBeTruthy();
  press('Keep editing');
  expect(screen.getByLabelText('Name')).toHaveProperty('value', 'half');
  press('Cancel');
  press('Discard');
  expect(screen.queryByRole('dialog')).toBeNull();
});

test('deleting asks, deletes, says so', async () => {
  const table = usersTable(2);
  open(table.handler);
  await screen.findByText('Person 1');
  screen.getByRole('button', { name: 'Delete Person 1' }).focus();
  press('Delete Person 1');
  expect(table.rows).toHaveLength(2);
  const asking = screen.getByRole('alertdialog');
  expect(asking.textContent).toContain('person1@example.org');

  press('Delete user');
  await screen.findByText('Person 1 was deleted.');
  await waitFor(() => expect(names()).toEqual(['Person 2']));
  const heading = screen.getByRole('heading', { level: 1 });
  expect(document.activeElement).toBe(heading);
});

test('deleting what is gone already is no failure', async () => {
  const table = usersTable(2);
  open(table.handler);
  await screen.findByText('Person 1');
  press('Delete Person 1');
  table.rows.shift();

  press('Delete user');
  expect(
    await screen.findByText('Person 1 had already been deleted.'),
  ).toBeTruthy();
});

test('403 says who may write', async () => {
  const table = usersTable(1);
  open((seen) =>
    seen.method === 'GET' ? table.handler(seen) : refusal(403, 'no'),
  );
  await screen.findByText('Person 1');
  press('Delete Person 1');
  press('Delete user');

  const alert = await screen.findByRole('alert');
  expect(alert.textContent).toContain('An administrator can.');
  expect(alert.textContent).toContain('req-1');
  expect(table.rows).toHaveLength(1);
});

/* Nobody is signed in until somebody posts the right password. */
function guarded(table: UsersTable): Handler {
  let open = false;

  return (seen) => {
    if (seen.url === '/login') {
      open = (seen.body as { password: string }).password === 's3cret';
      return open ? { body: boss } : refusal(401, 'no');
    }
    return open ? table.handler(seen) : refusal(401, 'no');
  };
}

test('401 asks to sign in again and goes on', async () => {
  const { server } = open(guarded(usersTable(1)));
  const password = await screen.findByLabelText('Password');

  expect(screen.getByLabelText('Email')).toHaveProperty('value', boss.email);
  expect(password.getAttribute('autocomplete')).toBe('current-password');
  fireEvent.change(password, { target: { value: 'wrong' } });
  fireEvent.submit(password);
  await screen.findByText(/do not go together/);
  expect(screen.getByLabelText('Password')).toHaveProperty('value', '');
  fireEvent.change(password, { target: { value: 's3cret' } });
  fireEvent.submit(password);
  await screen.findByText('Person 1');
  expect(screen.queryByRole('dialog')).toBeNull();
  expect(server.seen.filter(({ url }) => url === '/login')).toHaveLength(2);
});

test('who signs in later brings the list back', async () => {
  const table = usersTable(1);
  let signedIn = false;
  const { access } = open((seen) =>
    signedIn ? table.handler(seen) : refusal(401, 'no'),
  );
  await screen.findByLabelText('Password');
  act(() => access.answer(null));
  await screen.findByText('You are not signed in');

  signedIn = true;
  act(() => {
    void access.ask();
    access.answer({ ...boss });
  });
  expect(await screen.findByText('Person 1')).toBeTruthy();
});

test('who is no administrator only looks', async () => {
  const server = testServer(usersTable(1).handler);

  renderPage(<UsersPage />, server.fetch, { ...boss, role: 'user' });
  await screen.findByText('Person 1');
  for (const name of ['Add user', 'Change Person 1', 'Delete Person 1'])
    expect(screen.queryByRole('button', { name })).toBeNull();
});

test('a password goes along only when one was typed', async () => {
  const table = usersTable(1);
  const { server } = open(table.handler);
  await screen.findByText('Person 1');
  press('Change Person 1');
  await screen.findByLabelText('Name');
  type('Name', 'Ada');
  press('Save');
  await waitFor(() =>
    expect(server.seen.some(({ method }) => method === 'PATCH')).toBe(true),
  );
  const patch = server.seen.find(({ method }) => method === 'PATCH');
  expect(patch?.body).toEqual({ name: 'Ada' });
});

test('a failure can be tried again; rows already there stay', async () => {
  const table = usersTable(1);
  const { server } = open(() => refusal(500, 'internal'));
  await screen.findByText('The appliance is in trouble');
  expect(screen.getByRole('alert').textContent).toContain('req-1');

  server.handler = table.handler;
  press('Try again');
  await screen.findByText('Person 1');
  server.handler = () => refusal(503, 'busy');
  press('Refresh');
  await screen.findByText('The appliance is in trouble');
  expect(screen.getByText('Person 1')).toBeTruthy();
});

test('an instance without users', async () => {
  open(() => refusal(404, 'Nothing here.'));
  expect(await screen.findByText('It is not there')).toBeTruthy();
});

test('in French, and asked for in French', async () => {
  language.set('fr');
  const { server } = open(usersTable(0).handler);

  await screen.findByText('Aucun utilisateur pour l’instant');
  expect(server.seen[0]?.headers.get('Accept-Language')).toBe('fr');
});
