/* SPDX-License-Identifier: MIT */
import { beforeEach, expect, test } from 'vitest';
import { helpForms } from './helpForms';

beforeEach(() => {
  document.body.innerHTML = `
    <form>
      <input id="p" type="password" data-show="Show" data-hide="Hide">
      <button>Sign in</button>
    </form>`;
  helpForms(document);
});

function find(what: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(what);
  if (found) return found;
  throw new Error(`no ${what}`);
}

const field = () => find('input') as HTMLInputElement;
const peek = () => find('.peek');

function submit(): boolean {
  const event = new Event('submit', { cancelable: true });
  document.querySelector('form')?.dispatchEvent(event);
  return !event.defaultPrevented;
}

test('a password can be looked at', () => {
  expect(peek().textContent).toBe('Show');
  peek().click();
  expect(field().type).toBe('text');
  expect(peek().textContent).toBe('Hide');
  expect(peek().getAttribute('aria-pressed')).toBe('true');
  peek().click();
  expect(field().type).toBe('password');
});

test('it is hidden again when it is sent', () => {
  peek().click();
  submit();
  expect(field().type).toBe('password');
});

test('a form is sent once, and again after coming back', () => {
  expect(submit()).toBe(true);
  expect(submit()).toBe(false);
  window.dispatchEvent(new Event('pageshow'));
  expect(submit()).toBe(true);
});
