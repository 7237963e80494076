/* SPDX-License-Identifier: MIT */
import { useCallback } from 'react';
import { useApi } from '../../api/context';
import { usePoll } from '../../api/usePoll';
import type { Health, Status } from '../../api/types';
import { useI18n, type I18n } from '../../app/i18n';
import { Link } from '../../app/router';
import { describe } from '../../problems/describe';
import type { ApiError } from '../../api/errors';
import type { Tone } from '../../ui/Badge';
import { Card } from '../../ui/Card';
import { cx } from '../../ui/cx';
import { Icon, type IconName } from '../../ui/Icon';
import css from './HealthCard.module.css';

const everyMs = 10_000;

interface Summary {
  health: Health;
  /** null where the instance does not show it to us. */
  status: Status | null;
}

interface Words {
  tone: Tone;
  icon: IconName;
  title: string;
  text: string;
}

function wordsFor(
  health: Health | undefined,
  error: ApiError | undefined,
  i18n: I18n,
): Words {
  const { t } = i18n;

  if (error) {
    const { icon, title, text } = describe(error, i18n);
    return { tone: 'bad', icon, title, text };
  }
  if (health === undefined)
    return {
      tone: 'neutral',
      icon: 'pulse',
      title: t('home.checking'),
      text: '',
    };
  if (health.healthy)
    return {
      tone: 'good',
      icon: 'check',
      title: t('home.healthy'),
      text: t('home.healthyText'),
    };
  return {
    tone: 'bad',
    icon: 'alert',
    title: t('home.unhealthy'),
    text: health.error ?? t('status.unhealthy'),
  };
}

/** Whether all is well, in one glance. */
export function HealthCard() {
  const i18n = useI18n();
  const { t } = i18n;
  const api = useApi();
  const { data, error } = usePoll(
    useCallback(
      async (signal: AbortSignal): Promise<Summary> => {
        const quiet = { signal, ask: false };
        const [health, status] = await Promise.all([
          api.health(quiet),
          api.status(quiet).catch(() => null),
        ]);
        return { health, status };
      },
      [api],
    ),
    everyMs,
  );
  const words = wordsFor(data?.health, error, i18n);

  return (
    <Card className={cx(css.card, css[words.tone])}>
      <span className={css.icon}>
        <Icon name={words.icon} size={24} />
      </span>
      <div className={css.text} aria-live="polite">
        <h2>{words.title}</h2>
        {words.text && <p>{words.text}</p>}
      </div>
      {data?.status && !error && <Facts status={data.status} />}
      <Link to="/status" className={css.more}>
        {t('home.details')}
        <Icon name="right" size={16} />
      </Link>
    </Card>
  );
}

function Facts({ status }: { status: Status }) {
  const { t, format } = useI18n();

  return (
    <dl className={css.facts}>
      {status.uptimeSeconds !== null && (
        <div>
          <dt>{t('status.uptime')}</dt>
          <dd>{format.duration(status.uptimeSeconds)}</dd>
        </div>
      )}
      {status.version !== null && (
        <div>
          <dt>{t('status.version')}</dt>
          <dd>{status.version}</dd>
        </div>
      )}
    </dl>
  );
}
