/* SPDX-License-Identifier: MIT */
import { useLayoutEffect } from 'react';
import { useAccess } from './context';
import type { ApiError } from './errors';

/** Tries again what was refused for want of a token as soon as there is one,
 * wherever it was entered. */
export function useTokenRetry(
  error: ApiError | undefined,
  retry: () => void,
): void {
  const { token } = useAccess();
  const wanting = error?.trouble === 'unauthorized';

  /* Before the reader can see the refusal, and so before the answer to it. */
  useLayoutEffect(() => {
    if (!wanting) return;
    return token.subscribe(() => {
      if (token.get() !== null) retry();
    });
  }, [wanting, token, retry]);
}
