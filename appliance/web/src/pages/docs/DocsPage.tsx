/* SPDX-License-Identifier: MIT */
import { useCallback } from 'react';
import { useApi } from '../../api/context';
import { useQuery } from '../../api/useQuery';
import { toHref } from '../../app/base';
import { useI18n } from '../../app/i18n';
import { ProblemBlank } from '../../problems/Problem';
import { Card } from '../../ui/Card';
import { PageHeader } from '../../ui/PageHeader';
import { Skeleton } from '../../ui/Skeleton';
import css from './DocsPage.module.css';
import { decodeDescription, type Description } from './openapi';
import { OperationView } from './OperationView';
import { Said } from './Said';

/** What the API serves, and what whoever looks may do with it. */
export default function DocsPage() {
  const { t } = useI18n();
  const api = useApi();
  const { data, error, reload } = useQuery(
    useCallback(
      async (signal: AbortSignal) =>
        decodeDescription(await api.read('api/openapi.json', {}, { signal })),
      [api],
    ),
  );

  return (
    <>
      <PageHeader
        title={t('docs.title')}
        lead={t('docs.lead')}
        actions={
          <a className={css.raw} href={toHref('/api/openapi.json')}>
            openapi.json
          </a>
        }
      />
      {data ? (
        <Groups description={data} />
      ) : error ? (
        <Card>
          <ProblemBlank error={error} onRetry={reload} />
        </Card>
      ) : (
        <Waiting />
      )}
    </>
  );
}

function Groups({ description }: { description: Description }) {
  return (
    <>
      <Card padded>
        {description.text.map((paragraph) => (
          <p key={paragraph} className={css.text} lang="en">
            <Said text={paragraph} />
          </p>
        ))}
      </Card>
      {description.groups.map((group) => (
        <section key={group.name}>
          <h2 className={css.heading}>{group.name}</h2>
          {group.description && (
            <p className={css.lead} lang="en">
              <Said text={group.description} />
            </p>
          )}
          <Card className={css.group}>
            {group.operations.map((one) => (
              <OperationView
                key={one.id}
                operation={one}
                resolve={description.resolve}
              />
            ))}
          </Card>
        </section>
      ))}
    </>
  );
}

function Waiting() {
  return (
    <div aria-busy="true">
      {[0, 1, 2].map((at) => (
        <div key={at} className={css.heading}>
          <Card padded>
            <Skeleton width="60%" height="20px" />
          </Card>
        </div>
      ))}
    </div>
  );
}
