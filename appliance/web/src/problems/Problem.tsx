/* SPDX-License-Identifier: MIT */
import { Fragment } from 'react';
import { useAccess } from '../api/context';
import type { ApiError } from '../api/errors';
import { useI18n } from '../app/i18n';
import { Blank } from '../ui/Blank';
import { Button } from '../ui/Button';
import { cx } from '../ui/cx';
import { Notice } from '../ui/Notice';
import { describe } from './describe';
import css from './Problem.module.css';

interface Props {
  error: ApiError;
  /** Does again what failed. */
  onRetry?: (() => void) | undefined;
}

/** In place of a region that could not be loaded. */
export function ProblemBlank({ error, onRetry }: Props) {
  const { icon, title, text } = describe(error, useI18n());

  return (
    <div role="alert">
      <Blank
        icon={icon}
        title={title}
        actions={<Actions error={error} onRetry={onRetry} />}
      >
        <p>{text}</p>
        <Details error={error} centred />
      </Blank>
    </div>
  );
}

interface NoticeProps extends Props {
  /** What it means for what is shown nearby. */
  note?: string | undefined;
}

/** Beside what it concerns, which stays. */
export function ProblemNotice({ error, onRetry, note }: NoticeProps) {
  const { title, text } = describe(error, useI18n());

  return (
    <Notice
      urgent
      tone="bad"
      title={title}
      actions={<Actions error={error} onRetry={onRetry} small />}
    >
      <p>
        {text} {note}
      </p>
      <Details error={error} />
    </Notice>
  );
}

function Actions({ error, onRetry, small }: Props & { small?: boolean }) {
  const { t } = useI18n();
  const access = useAccess();
  const nobody = error.trouble === 'unauthorized';

  async function signIn() {
    if (await access.ask()) onRetry?.();
  }

  /* To nobody the same answer would come again. */
  const again = nobody ? undefined : onRetry;

  if (!nobody && !again) return null;
  return (
    <>
      {nobody && (
        <Button small={small ?? false} icon="key" onClick={() => void signIn()}>
          {t('signIn.act')}
        </Button>
      )}
      {again && (
        <Button small={small ?? false} icon="refresh" onClick={again}>
          {t('act.retry')}
        </Button>
      )}
    </>
  );
}

/* What a reader sends to whoever looks after the instance. */
function Details({ error, centred }: { error: ApiError; centred?: boolean }) {
  const { t } = useI18n();
  if (error.status === 0) return null;

  return (
    <details className={cx(css.details, centred && css.centred)}>
      <summary>{t('trouble.details')}</summary>
      <dl>
        <dt>{t('trouble.code')}</dt>
        <dd>{error.status}</dd>
        {error.requestId && (
          <>
            <dt>{t('trouble.request')}</dt>
            <dd>{error.requestId}</dd>
          </>
        )}
        {Object.entries(error.fields).map(([name, { code, message }]) => (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>{message || code}</dd>
          </Fragment>
        ))}
      </dl>
      {error.said && <p>{error.said}</p>}
    </details>
  );
}
