/* SPDX-License-Identifier: MIT */
import { act, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Link, navigate, usePlace } from './router';
import { missing, routeOf, routes } from './routes';

function Where() {
  const { path, query } = usePlace();
  return (
    <>
      <output>{`${String(path)} ${query.toString()}`}</output>
      <Link to="/c/users?page=2">users</Link>
    </>
  );
}

const shown = () => screen.getByRole('status').textContent;

const base = document.querySelector('base');

beforeEach(() => {
  base?.setAttribute('href', '/mppeep/');
  window.history.replaceState(null, '', '/mppeep/status?x=1');
});

afterEach(() => {
  base?.setAttribute('href', '/');
});

test('an address is read without the base path', () => {
  render(<Where />);
  expect(shown()).toBe('/status x=1');
});

test('navigate writes the base path', () => {
  render(<Where />);
  act(() => navigate('/c/users'));
  expect(window.location.pathname).toBe('/mppeep/c/users');
  expect(shown()).toBe('/c/users ');
});

test('replace leaves no step to go back to', () => {
  render(<Where />);
  const before = window.history.length;
  act(() => navigate('/', { replace: true }));
  expect(window.history.length).toBe(before);
  expect(shown()).toBe('/ ');
});

test('a link is a real link, and a plain click stays on the page', () => {
  render(<Where />);
  const link = screen.getByRole('link');

  expect(link.getAttribute('href')).toBe('/mppeep/c/users?page=2');
  expect(fireEvent.click(link)).toBe(false);
  expect(shown()).toBe('/c/users page=2');
});

test.each([{ ctrlKey: true }, { metaKey: true }, { shiftKey: true }])(
  'a click with %o is left to the browser',
  (how) => {
    render(<Where />);
    const link = screen.getByRole('link');
    /* jsdom would try to load the page: stop it after React has looked. */
    let prevented = true;
    window.addEventListener(
      'click',
      (event) => {
        prevented = event.defaultPrevented;
        event.preventDefault();
      },
      { once: true },
    );

    fireEvent.click(link, how);
    expect(prevented).toBe(false);
    expect(shown()).toBe('/status x=1');
  },
);

test('the browser’s own back is noticed', () => {
  render(<Where />);
  act(() => {
    window.history.replaceState(null, '', '/mppeep/accueil');
    window.dispatchEvent(new PopStateEvent('popstate'));
  });
  expect(shown()).toBe('/accueil ');
});

test.each([
  ['/', 'nav.home'],
  ['/accueil', 'nav.home'],
  ['/c/users', 'nav.users'],
  ['/status', 'nav.status'],
  ['/c/ghosts', missing.title],
  ['/users', missing.title],
  [null, missing.title],
])('%s leads to %s', (path, title) => {
  expect(routeOf(path).title).toBe(title);
});

test('no page stands on an address of the REST API', () => {
  const taken = /^\/(users|api|health|static|login|logout)(\/|$)/;
  const paths = routes.flatMap((route) => [...route.paths]);

  expect(
    paths.filter((path) => taken.test(path) && path !== '/api/docs'),
  ).toEqual([]);
});
