/* SPDX-License-Identifier: MIT */
import { useI18n } from '../../app/i18n';
import { Link } from '../../app/router';
import { Blank } from '../../ui/Blank';
import css from './MissingPage.module.css';

export function MissingPage() {
  const { t } = useI18n();

  return (
    <Blank
      page
      icon="compass"
      title={t('missing.title')}
      actions={
        <Link to="/" className={css.back}>
          {t('missing.back')}
        </Link>
      }
    >
      <p>{t('missing.text')}</p>
    </Blank>
  );
}
