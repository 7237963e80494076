/* SPDX-License-Identifier: MIT */
import { useSyncExternalStore } from 'react';

/** One value that the whole page shares, and who wants to know. */
export interface Store<T> {
  get: () => T;
  set: (value: T) => void;
  /** Calls `listener` after every change; returns what ends that. */
  subscribe: (listener: () => void) => () => void;
}

export function createStore<T>(initial: T): Store<T> {
  const listeners = new Set<() => void>();
  let current = initial;

  return {
    get: () => current,
    set(value) {
      if (Object.is(value, current)) return;
      current = value;
      for (const listener of [...listeners]) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.subscribe, store.get);
}
