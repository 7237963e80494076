/* SPDX-License-Identifier: MIT */
import { cleanup, configure } from '@testing-library/react';
import { afterEach, vi } from 'vitest';
import { language } from '../app/language';
import { toasts } from '../ui/toast';

/* A failure says what it is, without the whole page. */
configure({
  getElementError: (message) => new Error(message ?? 'missing'),
  asyncUtilTimeout: 5000,
});

/* As in index.html. */
document.head.append(
  Object.assign(document.createElement('base'), { href: '/' }),
);

/* What jsdom lacks of the browser. */
HTMLDialogElement.prototype.showModal = function () {
  this.open = true;
};
HTMLDialogElement.prototype.close = function () {
  this.open = false;
};
window.scrollTo = () => undefined;
window.matchMedia = (query) =>
  Object.assign(new EventTarget(), {
    matches: false,
    media: query,
    onchange: null,
    addListener: () => undefined,
    removeListener: () => undefined,
  });

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  toasts.set([]);
  language.set('en');
  localStorage.clear();
  sessionStorage.clear();
  window.history.replaceState(null, '', '/');
});
