/* SPDX-License-Identifier: MIT */
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createApi } from './api/api';
import { createClient } from './api/client';
import { BackplaneContext } from './api/context';
import { createAccess } from './api/token';
import './app/tokens.css';
import './app/base.css';
import { language, startLanguage } from './app/language';
import { Shell } from './app/Shell';
import { storageBox } from './app/storage';
import { startTheme } from './app/theme';

startTheme();
startLanguage();

const access = createAccess(
  storageBox(() => window.sessionStorage, 'appliance.token'),
);
const api = createApi(createClient({ access, language: language.get }));
const root = document.getElementById('root');

if (root) {
  createRoot(root).render(
    <StrictMode>
      <BackplaneContext value={{ api, access }}>
        <Shell />
      </BackplaneContext>
    </StrictMode>,
  );
}
