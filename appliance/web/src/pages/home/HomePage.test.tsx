/* SPDX-License-Identifier: MIT */
import { act, screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import { boss, renderPage } from '../../test/render';
import { testServer, type Canned, type Handler } from '../../test/server';
import { refusal } from '../../test/users';
import { HomePage } from './HomePage';

const counts: Record<string, Canned> = {
  users: { body: { totalItems: 1234 } },
  personnel: { body: { totalItems: 1 } },
  absences: refusal(404, 'no such collection'),
  evaluations: refusal(500, 'internal'),
};

const server: Handler = ({ url }) => {
  if (url === '/health') return { body: { status: 'healthy' } };
  const name = /^\/api\/v1\/(\w+)/.exec(url)?.[1] ?? '';
  return counts[name] ?? { body: { totalItems: 0 } };
};

test('counts what is there, and says what it could not count', async () => {
  renderPage(<HomePage />, testServer(server).fetch);

  const users = await screen.findByRole('link', { name: /Users.*1,234/ });
  expect(users.getAttribute('href')).toBe('/c/users');
  expect(screen.getByText('Everything is running')).toBeTruthy();
  expect(screen.getByText('Could not be counted')).toBeTruthy();
  expect(screen.queryByText('Absences')).toBeNull();
  expect(screen.getAllByRole('listitem')).toHaveLength(7);
});

test('says that something is wrong, and what', async () => {
  renderPage(
    <HomePage />,
    testServer((seen) =>
      seen.url === '/health'
        ? { status: 503, body: { status: 'unhealthy', error: 'store: gone' } }
        : server(seen),
    ).fetch,
  );

  expect(await screen.findByText('Something needs attention')).toBeTruthy();
  expect(screen.getByText('store: gone')).toBeTruthy();
});

test('one dialog asks to sign in, however many counts need it', async () => {
  let signedIn = false;
  const { access } = renderPage(
    <HomePage />,
    testServer((seen) =>
      seen.url === '/health' || signedIn ? server(seen) : refusal(401, 'no'),
    ).fetch,
  );

  expect(await screen.findAllByRole('dialog')).toHaveLength(1);
  act(() => access.answer(null));
  expect(await screen.findAllByText('Sign in first')).toHaveLength(8);
  signedIn = true;
  act(() => {
    void access.ask();
    access.answer({ ...boss });
  });
  expect(await screen.findByText('1,234')).toBeTruthy();
});

test('nobody answers', async () => {
  const away = () => Promise.reject(new TypeError('Failed to fetch'));
  renderPage(<HomePage />, testServer(away).fetch);

  const found = await screen.findAllByText('The appliance cannot be reached');
  expect(found.length).toBeGreaterThan(0);
});
