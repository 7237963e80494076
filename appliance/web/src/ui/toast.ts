/* SPDX-License-Identifier: MIT */
import { createStore } from '../app/store';

export interface Toast {
  id: number;
  text: string;
}

export const toasts = createStore<readonly Toast[]>([]);

let lastId = 0;

/** Says that something was done. What failed is said where it failed. */
export function toast(text: string): void {
  lastId++;
  toasts.set([...toasts.get().slice(-2), { id: lastId, text }]);
}

export function dismissToast(id: number): void {
  toasts.set(toasts.get().filter((item) => item.id !== id));
}
