/* SPDX-License-Identifier: MIT */
import { useCallback, useEffect, useState } from 'react';
import { isAbort, toApiError, type ApiError } from './errors';
import { useSignInRetry } from './useSignInRetry';

export interface Query<T> {
  /** The latest answer; stays while the next one is under way. */
  data: T | undefined;
  /** Why the latest attempt failed. */
  error: ApiError | undefined;
  loading: boolean;
  reload: () => void;
}

interface Settled<T> {
  run: unknown;
  turn: number;
  data: T | undefined;
  error: ApiError | undefined;
}

/** Runs `run` when it changes (wrap it in useCallback) and at reload(). */
export function useQuery<T>(
  run: (signal: AbortSignal) => Promise<T>,
): Query<T> {
  const [turn, setTurn] = useState(0);
  const [settled, setSettled] = useState<Settled<T>>();
  const reload = useCallback(() => setTurn((n) => n + 1), []);

  useEffect(() => {
    const control = new AbortController();

    run(control.signal).then(
      (data) => {
        if (control.signal.aborted) return;
        setSettled({ run, turn, data, error: undefined });
      },
      (error: unknown) => {
        if (control.signal.aborted || isAbort(error)) return;
        setSettled((before) => ({
          run,
          turn,
          data: before?.data,
          error: toApiError(error),
        }));
      },
    );
    return () => control.abort();
  }, [run, turn]);

  useSignInRetry(settled?.error, reload);
  const loading = settled?.run !== run || settled.turn !== turn;
  return {
    data: settled?.data,
    error: loading ? undefined : settled.error,
    loading,
    reload,
  };
}
