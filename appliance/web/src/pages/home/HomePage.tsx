/* SPDX-License-Identifier: MIT */
import { useCallback } from 'react';
import { useApi } from '../../api/context';
import { ApiError } from '../../api/errors';
import { usePoll } from '../../api/usePoll';
import { useSignInRetry } from '../../api/useSignInRetry';
import { useI18n } from '../../app/i18n';
import { Link } from '../../app/router';
import { ProblemBlank, ProblemNotice } from '../../problems/Problem';
import { Card } from '../../ui/Card';
import { Icon } from '../../ui/Icon';
import { PageHeader } from '../../ui/PageHeader';
import { Skeleton } from '../../ui/Skeleton';
import { collections, type Collection } from './collections';
import { countAll, type Count, type Counts } from './counts';
import { HealthCard } from './HealthCard';
import css from './HomePage.module.css';
import { useNow } from '../../app/useNow';

const everyMs = 30_000;

export function HomePage() {
  const { t, format } = useI18n();
  const api = useApi();
  const today = new Date(useNow(60_000));
  const counts = usePoll(
    useCallback(
      (signal: AbortSignal, asked: boolean) =>
        countAll(api, { signal, ask: asked }),
      [api],
    ),
    everyMs,
  );
  const { data, error, refresh } = counts;
  const denied = Object.values(data ?? {})
    .filter((count) => count instanceof ApiError)
    .find(({ trouble }) => trouble === 'unauthorized');

  useSignInRetry(denied, refresh);

  return (
    <>
      <PageHeader title={t('home.title')} lead={format.longDate(today)} />
      <HealthCard />
      <section className={css.section} aria-busy={data === undefined}>
        <header className={css.head}>
          <h2>{t('home.collections')}</h2>
          <p>{t('home.collectionsText')}</p>
        </header>
        {denied && (
          <div className={css.notice}>
            <ProblemNotice error={denied} onRetry={refresh} />
          </div>
        )}
        {error && !data ? (
          <Card>
            <ProblemBlank error={error} onRetry={refresh} />
          </Card>
        ) : (
          <Grid counts={data} />
        )}
      </section>
    </>
  );
}

/* A collection that the instance does not have is not shown. */
function isServed(count: Count | undefined): boolean {
  return !(count instanceof ApiError && count.trouble === 'notFound');
}

function Grid({ counts }: { counts: Counts | undefined }) {
  const { t } = useI18n();
  const shown = collections.filter(({ name }) => isServed(counts?.[name]));

  if (shown.length === 0) return <p>{t('home.empty')}</p>;
  return (
    <ul className={css.grid}>
      {shown.map((collection) => (
        <li key={collection.name}>
          <CountCard
            collection={collection}
            count={counts?.[collection.name]}
          />
        </li>
      ))}
    </ul>
  );
}

interface CountCardProps {
  collection: Collection;
  count: Count | undefined;
}

function CountCard({ collection, count }: CountCardProps) {
  const { t } = useI18n();
  const inside = (
    <>
      <span className={css.icon}>
        <Icon name={collection.icon} />
      </span>
      <span className={css.label}>{t(collection.label)}</span>
      <Figure count={count} />
      {collection.path && (
        <span className={css.go}>
          <Icon name="right" size={18} />
        </span>
      )}
    </>
  );

  return collection.path ? (
    <Link to={collection.path} className={css.tile}>
      {inside}
    </Link>
  ) : (
    <div className={css.tile}>{inside}</div>
  );
}

function Figure({ count }: { count: Count | undefined }) {
  const { t, format } = useI18n();

  if (count === undefined)
    return (
      <span className={css.figure}>
        <Skeleton width="56px" height="26px" />
      </span>
    );
  if (typeof count === 'number')
    return (
      <span className={css.figure}>
        <b>{format.number(count)}</b> {t('home.records', { n: count })}
      </span>
    );
  return (
    <span className={css.figure}>
      {t(count.trouble === 'unauthorized' ? 'home.locked' : 'home.unknown')}
    </span>
  );
}
