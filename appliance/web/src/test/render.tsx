/* SPDX-License-Identifier: MIT */
import { render } from '@testing-library/react';
import type { ReactNode } from 'react';
import { createAccess } from '../api/access';
import { createApi } from '../api/api';
import { createClient } from '../api/client';
import { BackplaneContext, type Backplane } from '../api/context';
import type { Account } from '../api/types';
import { language } from '../app/language';
import { SignInDialog } from '../app/SignInDialog';
import { Toasts } from '../ui/Toasts';

/** Who is signed in unless a test says otherwise. */
export const boss: Account = {
  id: 1,
  name: 'The boss',
  email: 'boss@example.org',
  role: 'admin',
};

export function backplane(
  fetch: typeof window.fetch,
  account: Account | null = boss,
): Backplane {
  const access = createAccess();
  const client = createClient({ access, fetch, language: language.get });

  access.account.set(account);
  return { access, api: createApi(client) };
}

/** Draws one page with everything around it that it can talk to. */
export function renderPage(
  page: ReactNode,
  fetch: typeof window.fetch,
  account?: Account,
) {
  const plane = backplane(fetch, account);

  render(
    <BackplaneContext value={plane}>
      <main>{page}</main>
      <Toasts />
      <SignInDialog />
    </BackplaneContext>,
  );
  return plane;
}
