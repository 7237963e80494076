/* SPDX-License-Identifier: MIT */
import type { Backend } from '../../api/types';
import { useI18n, type Translate } from '../../app/i18n';
import { Badge, Dot } from '../../ui/Badge';
import { Card } from '../../ui/Card';
import { Icon } from '../../ui/Icon';
import css from './BackendCard.module.css';
import { Sparkline } from './Sparkline';

interface Props {
  backend: Backend;
  /** Oldest first, in milliseconds. */
  latencies: readonly number[];
}

const products: Readonly<Record<string, string>> = {
  sqlite: 'SQLite',
  postgres: 'PostgreSQL',
  redis: 'Redis',
};

function nameOf(name: string, t: Translate): string {
  if (name === 'store' || name === 'cache') return t(`backend.${name}`);
  return name;
}

function kindOf(kind: string, t: Translate): string {
  return kind === 'memory' ? t('kind.memory') : (products[kind] ?? kind);
}

export function BackendCard({ backend, latencies }: Props) {
  const { t, format } = useI18n();
  const { name, kind, up, latencyMs, message } = backend;

  return (
    <Card className={css.card}>
      <header className={css.head}>
        <span className={css.icon}>
          <Icon name={name === 'cache' ? 'bolt' : 'database'} size={22} />
        </span>
        <div>
          <h3>{nameOf(name, t)}</h3>
          <p>{kindOf(kind, t)}</p>
        </div>
        <Badge tone={up ? 'good' : 'bad'}>
          <Dot tone={up ? 'good' : 'bad'} />
          {t(up ? 'status.up' : 'status.down')}
        </Badge>
      </header>
      {message && <p className={css.message}>{message}</p>}
      <div className={css.foot}>
        <dl>
          <dt>{t('status.latency')}</dt>
          <dd>{latencyMs === null ? '–' : format.milliseconds(latencyMs)}</dd>
        </dl>
        <Sparkline values={latencies} label={t('status.trend')} />
      </div>
    </Card>
  );
}
