/* SPDX-License-Identifier: MIT */
import { useState } from 'react';
import { useAccount, useApi } from '../api/context';
import { toApiError } from '../api/errors';
import { Avatar } from '../ui/Avatar';
import { IconButton } from '../ui/Button';
import { Segmented, type Choice } from '../ui/controls';
import { cx } from '../ui/cx';
import type { IconName } from '../ui/Icon';
import { isRole, roleLabel } from '../pages/users/fields';
import { toast } from '../ui/toast';
import { useI18n } from './i18n';
import { language, type Language } from './language';
import css from './Preferences.module.css';
import { useStore } from './store';
import { theme, themes, type Theme } from './theme';

const languageChoices: Record<'side' | 'sheet', readonly Choice<Language>[]> = {
  side: [
    { value: 'en', label: 'EN', lang: 'en' },
    { value: 'fr', label: 'FR', lang: 'fr' },
  ],
  sheet: [
    { value: 'en', label: 'English', lang: 'en' },
    { value: 'fr', label: 'Français', lang: 'fr' },
  ],
};

const themeIcon: Record<Theme, IconName> = {
  light: 'sun',
  system: 'screen',
  dark: 'moon',
};

/** Language, appearance and account: small at the foot of the sidebar,
 * or as a list in a sheet. */
export function Preferences({ place }: { place: 'side' | 'sheet' }) {
  const { t } = useI18n();

  return (
    <div className={cx(css.prefs, css[place])}>
      <AccountRow />
      <div className={css.row}>
        <span className={css.label} aria-hidden="true">
          {t('prefs.language')}
        </span>
        <Segmented
          legend={t('prefs.language')}
          name={`language-${place}`}
          choices={languageChoices[place]}
          value={useStore(language)}
          onChange={language.set}
        />
      </div>
      <div className={css.row}>
        <span className={css.label} aria-hidden="true">
          {t('prefs.theme')}
        </span>
        <Segmented
          legend={t('prefs.theme')}
          name={`theme-${place}`}
          choices={themes.map((value) => ({
            value,
            label: t(`theme.${value}`),
            icon: themeIcon[value],
          }))}
          value={useStore(theme)}
          onChange={theme.set}
        />
      </div>
    </div>
  );
}

/* The sign-in page is the server's: everything read so far is left behind. */
function AccountRow() {
  const { t } = useI18n();
  const api = useApi();
  const account = useAccount();
  const [busy, setBusy] = useState(false);

  async function signOut() {
    setBusy(true);
    try {
      await api.signOut();
      window.location.assign(new URL('login', document.baseURI));
    } catch (failed) {
      setBusy(false);
      toast(t(`trouble.${toApiError(failed).trouble}`));
    }
  }

  if (account === null) return null;
  return (
    <div className={css.account}>
      <Avatar id={account.id} name={account.name} />
      <span className={css.who}>
        <b>{account.name}</b>
        <span>
          {isRole(account.role) ? t(roleLabel[account.role]) : account.role}
        </span>
      </span>
      <IconButton
        icon="signOut"
        label={t('signOut')}
        disabled={busy}
        onClick={() => void signOut()}
      />
    </div>
  );
}
