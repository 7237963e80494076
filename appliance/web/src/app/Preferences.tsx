/* SPDX-License-Identifier: MIT */
import { useAccess } from '../api/context';
import { Badge } from '../ui/Badge';
import { Segmented, type Choice } from '../ui/controls';
import { cx } from '../ui/cx';
import { Icon, type IconName } from '../ui/Icon';
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

/** Language, appearance and access token: small at the foot of the sidebar,
 * or as a list in a sheet. */
export function Preferences({ place }: { place: 'side' | 'sheet' }) {
  const { t } = useI18n();

  return (
    <div className={cx(css.prefs, css[place])}>
      <TokenButton />
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

function TokenButton() {
  const { t } = useI18n();
  const access = useAccess();
  const set = useStore(access.token) !== null;

  return (
    <button
      type="button"
      className={css.token}
      onClick={() => void access.ask('wanted')}
    >
      <Icon name="key" size={18} />
      <span>{t('prefs.token')}</span>
      {set && <Badge tone="good">{t('prefs.tokenSet')}</Badge>}
    </button>
  );
}
