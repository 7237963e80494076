/* SPDX-License-Identifier: MIT */
import type { ReactNode } from 'react';
import type { CacheNumbers, Status } from '../../api/types';
import { useI18n } from '../../app/i18n';
import { Card } from '../../ui/Card';
import { requestRate, type History } from './history';
import css from './Traffic.module.css';

interface Props {
  status: Status;
  history: History;
}

/** What the instance has done since it was started. */
export function Traffic({ status: { requests, cache }, history }: Props) {
  const { t, format } = useI18n();
  const rate = requestRate(history);

  return (
    <Card className={css.grid}>
      {requests && (
        <>
          <Figure
            label={t('status.requests')}
            value={format.number(requests.total)}
            note={
              rate === null
                ? t('status.requestsText')
                : t('status.perSecond', { rate: Math.round(rate * 10) / 10 })
            }
          />
          <Figure
            label={t('status.inFlight')}
            value={format.number(requests.inFlight)}
            note={t('status.inFlightText')}
          />
        </>
      )}
      {cache && <CacheFigures cache={cache} />}
    </Card>
  );
}

function CacheFigures({ cache }: { cache: CacheNumbers }) {
  const { t, format } = useI18n();
  const { entries, bytes, hits, misses } = cache;
  const total = hits + misses;
  const ratio = total > 0 ? hits / total : 0;

  return (
    <>
      <Figure
        label={t('status.hitRate')}
        value={total > 0 ? format.percent(ratio) : '–'}
        note={
          total > 0 ? t('status.hits', { hits, total }) : t('status.noLookups')
        }
      >
        <span className={css.meter} aria-hidden="true">
          <span style={{ width: `${(ratio * 100).toFixed(1)}%` }} />
        </span>
      </Figure>
      <Figure
        label={t('status.cached')}
        value={format.bytes(bytes)}
        note={t('status.entries', { n: entries })}
      />
    </>
  );
}

interface FigureProps {
  label: string;
  value: string;
  note: string;
  children?: ReactNode;
}

function Figure({ label, value, note, children }: FigureProps) {
  return (
    <dl className={css.figure}>
      <dt>{label}</dt>
      <dd className={css.value}>{value}</dd>
      <dd className={css.note}>{note}</dd>
      {children && <dd>{children}</dd>}
    </dl>
  );
}
