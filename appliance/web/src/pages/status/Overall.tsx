/* SPDX-License-Identifier: MIT */
import { useI18n } from '../../app/i18n';
import { useNow } from '../../app/useNow';
import { Dot } from '../../ui/Badge';
import { Card } from '../../ui/Card';
import { cx } from '../../ui/cx';
import css from './StatusPage.module.css';

interface Props {
  healthy: boolean;
  /** When that was said, in milliseconds since 1970. */
  at: number;
}

export function Overall({ healthy, at }: Props) {
  const { t } = useI18n();
  const tone = healthy ? 'good' : 'bad';

  return (
    <Card className={cx(css.overall, css[tone])}>
      <Dot tone={tone} live={healthy} />
      <h2 aria-live="polite">
        {t(healthy ? 'status.healthy' : 'status.unhealthy')}
      </h2>
      <Updated at={at} />
    </Card>
  );
}

function Updated({ at }: { at: number }) {
  const { t, format } = useI18n();
  const seconds = Math.min(0, (at - useNow(1000)) / 1000);

  return (
    <p className={css.updated}>
      {t('status.updated', { when: format.relative(seconds) })}
    </p>
  );
}
