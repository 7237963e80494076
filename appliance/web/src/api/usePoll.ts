/* SPDX-License-Identifier: MIT */
import {
  useCallback,
  useEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';
import { isAbort, toApiError, type ApiError } from './errors';
import { useSignInRetry } from './useSignInRetry';

export interface Poll<T> {
  data: T | undefined;
  /** Why the latest attempt failed; gone when one succeeds. */
  error: ApiError | undefined;
  /** A request is under way. */
  busy: boolean;
  /** When `data` came, in milliseconds since 1970. */
  updatedMs: number | undefined;
  refresh: () => void;
}

interface State<T> {
  data: T | undefined;
  error: ApiError | undefined;
  busy: boolean;
  updatedMs: number | undefined;
}

function subscribeVisible(listener: () => void): () => void {
  document.addEventListener('visibilitychange', listener);
  return () => document.removeEventListener('visibilitychange', listener);
}

export function useVisible(): boolean {
  return useSyncExternalStore(
    subscribeVisible,
    () => document.visibilityState === 'visible',
  );
}

/** Runs `run` (wrap it in useCallback) now and `everyMs` after each answer,
 * while the page can be seen; at once when it is seen again, when the network
 * comes back, and at refresh(). `first` is true until one answer came, and
 * when the reader asked. */
export function usePoll<T>(
  run: (signal: AbortSignal, first: boolean) => Promise<T>,
  everyMs: number,
): Poll<T> {
  const visible = useVisible();
  const [state, setState] = useState<State<T>>({
    data: undefined,
    error: undefined,
    busy: true,
    updatedMs: undefined,
  });
  const goNow = useRef<() => void>(() => undefined);

  useEffect(() => {
    if (!visible) return;
    let control = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;

    async function go(asked: boolean) {
      clearTimeout(timer);
      control.abort();
      control = new AbortController();
      const { signal } = control;

      setState((before) => ({ ...before, busy: true }));
      try {
        const data = await run(signal, asked);
        if (signal.aborted) return;
        const updatedMs = Date.now();
        setState({ data, error: undefined, busy: false, updatedMs });
      } catch (failure) {
        if (signal.aborted || isAbort(failure)) return;
        const error = toApiError(failure);
        setState((before) => ({ ...before, error, busy: false }));
      }
      timer = setTimeout(() => void go(false), everyMs);
    }

    const online = () => void go(false);
    goNow.current = () => void go(true);
    window.addEventListener('online', online);
    timer = setTimeout(() => void go(true), 0);
    return () => {
      clearTimeout(timer);
      control.abort();
      window.removeEventListener('online', online);
      goNow.current = () => undefined;
    };
  }, [run, everyMs, visible]);

  const refresh = useCallback(() => goNow.current(), []);
  useSignInRetry(state.error, refresh);
  return { ...state, refresh };
}
