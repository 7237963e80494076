/* SPDX-License-Identifier: MIT */
import type { ReactNode } from 'react';
import type { Status } from '../../api/types';
import { useI18n } from '../../app/i18n';
import { IconButton } from '../../ui/Button';
import { Card } from '../../ui/Card';
import { toast } from '../../ui/toast';
import css from './InstanceCard.module.css';

/** What this instance is: the lines that a report of a fault needs. */
export function InstanceCard({ status }: { status: Status }) {
  const { t, format } = useI18n();
  const { version, commit, started, uptimeSeconds, instance } = status;

  return (
    <Card>
      <dl className={css.list}>
        {version !== null && <Row label={t('status.version')}>{version}</Row>}
        {commit !== null && (
          <Row label={t('status.commit')} copy={commit}>
            <code>{commit}</code>
          </Row>
        )}
        {started !== null && (
          <Row label={t('status.started')}>
            <time dateTime={started}>{format.dateTime(new Date(started))}</time>
          </Row>
        )}
        {uptimeSeconds !== null && (
          <Row label={t('status.uptime')}>{format.duration(uptimeSeconds)}</Row>
        )}
        {instance !== null && (
          <Row label={t('status.name')} copy={instance}>
            <code>{instance}</code>
          </Row>
        )}
      </dl>
    </Card>
  );
}

interface RowProps {
  label: string;
  /** Offered for copying. */
  copy?: string;
  children: ReactNode;
}

function Row({ label, copy, children }: RowProps) {
  const { t } = useI18n();

  async function take(text: string) {
    try {
      await navigator.clipboard.writeText(text);
      toast(t('status.copied'));
    } catch {
      /* The browser refused: the text is there to be selected by hand. */
    }
  }

  return (
    <div className={css.row}>
      <dt>{label}</dt>
      <dd>
        {children}
        {copy !== undefined && (
          <IconButton
            icon="copy"
            label={`${t('act.copy')} (${label})`}
            onClick={() => void take(copy)}
          />
        )}
      </dd>
    </div>
  );
}
