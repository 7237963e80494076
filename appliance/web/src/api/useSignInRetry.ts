/* SPDX-License-Identifier: MIT */
import { useLayoutEffect } from 'react';
import { useAccess } from './context';
import type { ApiError } from './errors';

/** Tries again what was refused to nobody as soon as somebody has signed in,
 * wherever that was. */
export function useSignInRetry(
  error: ApiError | undefined,
  retry: () => void,
): void {
  const { account } = useAccess();
  const wanting = error?.trouble === 'unauthorized';

  /* Before the reader can see the refusal, and so before the answer to it. */
  useLayoutEffect(() => {
    if (!wanting) return;
    return account.subscribe(() => {
      if (account.get() !== null) retry();
    });
  }, [wanting, account, retry]);
}
