/* SPDX-License-Identifier: MIT */
import { act, fireEvent, render, screen } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { BackplaneContext } from '../api/context';
import { backplane } from '../test/render';
import { testServer } from '../test/server';
import { usersTable } from '../test/users';
import { startLanguage } from './language';
import { navigate } from './router';
import { routes } from './routes';
import { Shell } from './Shell';

function open(path: string) {
  const plane = backplane(testServer(usersTable(3).handler).fetch);
  navigate(path);
  render(
    <BackplaneContext value={plane}>
      <Shell />
    </BackplaneContext>,
  );
}

const here = () =>
  screen
    .getAllByRole('link')
    .filter((link) => link.getAttribute('aria-current') === 'page')
    .map((link) => link.textContent);

test('the page, its title, and where it stands in the navigation', async () => {
  open('/c/users');
  await screen.findByText('Person 1');
  expect(document.title).toBe('Users · Appliance');
  expect(new Set(here())).toEqual(new Set(['Users']));
});

test('going to another page moves the focus to its heading', async () => {
  open('/nowhere');
  expect(screen.getByText('There is nothing here')).toBeTruthy();
  expect(here()).toEqual([]);

  fireEvent.click(screen.getAllByRole('link', { name: 'Users' })[0] as Element);
  const heading = screen.getByRole('heading', { level: 1 });
  expect(heading.textContent).toBe('Users');
  expect(document.activeElement).toBe(heading);
  await screen.findByText('Person 1');
});

test('the language changes at once, in the document too, and is kept', async () => {
  startLanguage();
  open('/c/users');
  await screen.findByText('Person 1');
  fireEvent.click(screen.getByLabelText('FR'));

  expect(screen.getByRole('heading', { level: 1 }).textContent).toBe(
    'Utilisateurs',
  );
  expect(document.documentElement.lang).toBe('fr');
  expect(document.title).toBe('Utilisateurs · Appliance');
  expect(localStorage.getItem('appliance.language')).toBe('fr');
});

test('the content can be skipped to', () => {
  open('/nowhere');
  fireEvent.click(screen.getByText('Skip to the content'));
  expect(document.activeElement).toBe(screen.getByRole('main'));
});

test('a page that breaks leaves the rest standing', () => {
  const silent = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const [home] = routes;
  const page = home?.page;
  if (home)
    home.page = () => {
      throw new Error('broken for a test');
    };

  open('/');
  expect(screen.getByText('This page stopped working')).toBeTruthy();
  act(() => navigate('/nowhere'));
  expect(screen.getByText('There is nothing here')).toBeTruthy();
  if (home && page) home.page = page;
  silent.mockRestore();
});
