/* SPDX-License-Identifier: MIT */
import { useCallback, useState } from 'react';
import { useApi } from '../../api/context';
import type { Status } from '../../api/types';
import { usePoll } from '../../api/usePoll';
import { useI18n } from '../../app/i18n';
import { ProblemBlank, ProblemNotice } from '../../problems/Problem';
import { Button } from '../../ui/Button';
import { Card } from '../../ui/Card';
import { PageHeader } from '../../ui/PageHeader';
import { BackendCard } from './BackendCard';
import { grow, type History } from './history';
import { InstanceCard } from './InstanceCard';
import { Overall } from './Overall';
import css from './StatusPage.module.css';
import { StatusWaiting } from './StatusWaiting';
import { Traffic } from './Traffic';

const everyMs = 5_000;

export function StatusPage() {
  const { t, format } = useI18n();
  const api = useApi();
  const [history, setHistory] = useState<History>([]);
  const { data, error, busy, updatedMs, refresh } = usePoll(
    useCallback(
      async (signal: AbortSignal, asked: boolean) => {
        const status = await api.status({ signal, ask: asked });
        setHistory((before) => grow(before, status, Date.now()));
        return status;
      },
      [api],
    ),
    everyMs,
  );

  const updated = new Date(updatedMs ?? 0);

  return (
    <>
      <PageHeader
        title={t('status.title')}
        lead={t('status.every', { time: format.duration(everyMs / 1000) })}
        actions={
          <Button icon="refresh" busy={busy} onClick={refresh}>
            {t('act.refresh')}
          </Button>
        }
      />
      {data ? (
        <>
          {error ? (
            <ProblemNotice
              error={error}
              onRetry={refresh}
              note={t('status.stale', { time: format.time(updated) })}
            />
          ) : (
            <Overall healthy={data.healthy} at={updatedMs ?? 0} />
          )}
          <Report status={data} history={history} />
        </>
      ) : error ? (
        <Card>
          <ProblemBlank error={error} onRetry={refresh} />
        </Card>
      ) : (
        <StatusWaiting />
      )}
    </>
  );
}

interface ReportProps {
  status: Status;
  history: History;
}

function Report({ status, history }: ReportProps) {
  const { t } = useI18n();

  return (
    <>
      <h2 className={css.heading}>{t('status.backends')}</h2>
      <div className={css.pair}>
        {status.backends.map((backend) => (
          <BackendCard
            key={backend.name}
            backend={backend}
            latencies={history.flatMap(
              ({ latencyMs }) => latencyMs[backend.name] ?? [],
            )}
          />
        ))}
      </div>
      {(status.requests ?? status.cache) && (
        <>
          <h2 className={css.heading}>{t('status.traffic')}</h2>
          <Traffic status={status} history={history} />
        </>
      )}
      <h2 className={css.heading}>{t('status.instance')}</h2>
      <InstanceCard status={status} />
    </>
  );
}
