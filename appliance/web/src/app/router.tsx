/* SPDX-License-Identifier: MIT */
import {
  useMemo,
  useSyncExternalStore,
  type AnchorHTMLAttributes,
  type MouseEvent,
} from 'react';
import { fromPathname, toHref } from './base';

export interface Place {
  /** Without the base path; null when the address lies outside it. */
  path: string | null;
  query: URLSearchParams;
}

const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener('popstate', listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener('popstate', listener);
  };
}

export function navigate(to: string, how?: { replace?: boolean }): void {
  const href = toHref(to);

  if (how?.replace) window.history.replaceState(null, '', href);
  else window.history.pushState(null, '', href);
  for (const listener of [...listeners]) listener();
}

export function usePlace(): Place {
  const href = useSyncExternalStore(subscribe, () => window.location.href);

  return useMemo(() => {
    const url = new URL(href);
    return { path: fromPathname(url.pathname), query: url.searchParams };
  }, [href]);
}

function isPlainClick(event: MouseEvent): boolean {
  return (
    event.button === 0 &&
    !event.metaKey &&
    !event.ctrlKey &&
    !event.shiftKey &&
    !event.altKey
  );
}

type LinkProps = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'href'> & {
  to: string;
};

/** A real link: opens in a new tab, can be copied, works with the keyboard. */
export function Link({ to, onClick, ...rest }: LinkProps) {
  return (
    <a
      {...rest}
      href={toHref(to)}
      onClick={(event) => {
        onClick?.(event);
        if (event.defaultPrevented || !isPlainClick(event)) return;
        event.preventDefault();
        navigate(to);
      }}
    />
  );
}
