/* SPDX-License-Identifier: MIT */
import { render } from '@testing-library/react';
import type { ReactNode } from 'react';
import { createApi } from '../api/api';
import { createClient } from '../api/client';
import { BackplaneContext, type Backplane } from '../api/context';
import { createAccess } from '../api/token';
import { language } from '../app/language';
import { storageBox } from '../app/storage';
import { TokenDialog } from '../app/TokenDialog';
import { Toasts } from '../ui/Toasts';

export function backplane(fetch: typeof window.fetch): Backplane {
  const access = createAccess(
    storageBox(() => window.sessionStorage, 'appliance.token'),
  );
  const client = createClient({ access, fetch, language: language.get });

  return { access, api: createApi(client) };
}

/** Draws one page with everything around it that it can talk to. */
export function renderPage(page: ReactNode, fetch: typeof window.fetch) {
  const plane = backplane(fetch);

  render(
    <BackplaneContext value={plane}>
      <main>{page}</main>
      <Toasts />
      <TokenDialog />
    </BackplaneContext>,
  );
  return plane;
}
