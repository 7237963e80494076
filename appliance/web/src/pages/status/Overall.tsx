/* SPDX-License-Identifier: MIT */
import type { Status } from '../../api/types';
import { useI18n } from '../../app/i18n';
import { useNow } from '../../app/useNow';
import { Dot, type Tone } from '../../ui/Badge';
import { Card } from '../../ui/Card';
import { cx } from '../../ui/cx';
import css from './StatusPage.module.css';

interface Props {
  status: Status;
  /** The latest attempt failed: `status` is from before. */
  away: boolean;
  /** When `status` came, in milliseconds since 1970. */
  at: number | undefined;
}

export function Overall({ status, away, at }: Props) {
  const { t } = useI18n();
  const well = status.healthy && !away;
  const tone: Tone = away ? 'warn' : status.healthy ? 'good' : 'bad';
  const title = away
    ? 'status.away'
    : status.healthy
      ? 'status.healthy'
      : 'status.unhealthy';

  return (
    <Card className={cx(css.overall, css[tone])}>
      <Dot tone={tone} live={well} />
      <h2 aria-live="polite">{t(title)}</h2>
      {at !== undefined && <Updated at={at} away={away} />}
    </Card>
  );
}

function Updated({ at, away }: { at: number; away: boolean }) {
  const { t, format } = useI18n();
  const now = useNow(1000);
  const time = format.time(new Date(at));

  return (
    <p className={css.updated}>
      {away
        ? t('status.stale', { time })
        : t('status.updated', {
            when: format.relative(Math.min(0, (at - now) / 1000)),
          })}
    </p>
  );
}
