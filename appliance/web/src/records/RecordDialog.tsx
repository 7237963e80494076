/* SPDX-License-Identifier: MIT */
import { useEffect, useId, useRef, useState, type ReactNode } from 'react';
import { useI18n, type Translate } from '../app/i18n';
import { ProblemBlank, ProblemNotice } from '../problems/Problem';
import { Button } from '../ui/Button';
import { Confirm } from '../ui/Confirm';
import { Dialog } from '../ui/Dialog';
import { Notice } from '../ui/Notice';
import { Skeleton } from '../ui/Skeleton';
import type { FieldSpec } from './fields';
import css from './RecordDialog.module.css';
import { RecordFields } from './RecordFields';
import type { FieldProblem, RecordForm } from './useRecordForm';

interface Props {
  title: string;
  /** What the button that sends says. */
  action: string;
  specs: readonly FieldSpec[];
  form: RecordForm;
  onClose: () => void;
}

function say(problem: FieldProblem, t: Translate): string {
  if ('key' in problem) {
    return problem.key === 'field.tooLong' || problem.key === 'field.bytes'
      ? t(problem.key, { max: problem.max })
      : t(problem.key);
  }
  if (problem.message) return problem.message;
  return t(problem.code === 'not_unique' ? 'field.taken' : 'field.refused');
}

/* Closing the tab asks first, as closing the dialog does. */
function useLeaveWarning(dirty: boolean) {
  useEffect(() => {
    if (!dirty) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', warn);
    return () => window.removeEventListener('beforeunload', warn);
  }, [dirty]);
}

/** Adds or changes one record. */
export function RecordDialog({ title, action, specs, form, onClose }: Props) {
  const { t } = useI18n();
  const [leaving, setLeaving] = useState(false);
  useLeaveWarning(form.dirty);

  function leave() {
    if (form.saving) return;
    if (form.dirty) setLeaving(true);
    else onClose();
  }

  return (
    <>
      <Dialog
        title={title}
        onClose={leave}
        onSubmit={form.save}
        footer={
          <>
            <Button onClick={leave}>{t('act.cancel')}</Button>
            <Button
              type="submit"
              look="primary"
              busy={form.saving}
              disabled={form.values === undefined}
            >
              {action}
            </Button>
          </>
        }
      >
        <Body specs={specs} form={form} />
      </Dialog>
      {leaving && (
        <Confirm
          title={t('discard.title')}
          action={t('discard.yes')}
          cancel={t('discard.no')}
          onConfirm={onClose}
          onClose={() => setLeaving(false)}
        >
          <p>{t('discard.text')}</p>
        </Confirm>
      )}
    </>
  );
}

function Body({ specs, form }: Pick<Props, 'specs' | 'form'>) {
  if (form.values !== undefined) return <Filled specs={specs} form={form} />;
  if (form.loadError)
    return <ProblemBlank error={form.loadError} onRetry={form.reload} />;
  return <Waiting rows={specs.length} />;
}

function Filled({ specs, form }: Pick<Props, 'specs' | 'form'>): ReactNode {
  const { t } = useI18n();
  const box = useRef<HTMLDivElement>(null);
  const { refusals } = form;

  useEffect(() => {
    const wanted = refusals > 0 ? '[aria-invalid="true"]' : 'input, select';
    box.current?.querySelector<HTMLElement>(wanted)?.focus();
  }, [refusals]);

  return (
    <div ref={box} className={css.fields}>
      {form.failure && <ProblemNotice error={form.failure} />}
      {form.theirs && <Met form={form} />}
      <RecordFields
        specs={specs}
        values={form.values ?? {}}
        theirs={form.theirs ?? {}}
        errors={Object.fromEntries(
          Object.entries(form.problems).map(([name, problem]) => [
            name,
            say(problem, t),
          ]),
        )}
        onChange={form.set}
      />
    </div>
  );
}

/* Somebody else saved first: both sides are on the table. */
function Met({ form }: { form: RecordForm }) {
  const { t } = useI18n();
  const some = Object.keys(form.theirs ?? {}).length > 0;

  return (
    <Notice
      urgent
      tone="warn"
      title={t('conflict.title')}
      actions={
        <Button small onClick={form.takeTheirs}>
          {t('conflict.takeAll')}
        </Button>
      }
    >
      <p>{t(some ? 'conflict.some' : 'conflict.none')}</p>
    </Notice>
  );
}

function Waiting({ rows }: { rows: number }) {
  const id = useId();

  return (
    <div className={css.fields} aria-busy="true">
      {Array.from({ length: rows }, (_, at) => (
        <div key={`${id}${at}`} className={css.waiting}>
          <Skeleton width="90px" height="13px" />
          <Skeleton width="100%" height="40px" />
        </div>
      ))}
    </div>
  );
}
