/* SPDX-License-Identifier: MIT */
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createAccess } from './api/access';
import { createApi } from './api/api';
import { createClient } from './api/client';
import { BackplaneContext } from './api/context';
import './app/tokens.css';
import './app/base.css';
import { language, startLanguage } from './app/language';
import { Shell } from './app/Shell';
import { startTheme } from './app/theme';

startTheme();
startLanguage();

const access = createAccess();
const api = createApi(createClient({ access, language: language.get }));
const root = document.getElementById('root');

/* Nobody may be signed in where a page is public. */
api.me({ ask: false }).then(access.account.set, () => undefined);

if (root) {
  createRoot(root).render(
    <StrictMode>
      <BackplaneContext value={{ api, access }}>
        <Shell />
      </BackplaneContext>
    </StrictMode>,
  );
}
