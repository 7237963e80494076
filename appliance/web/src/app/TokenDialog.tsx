/* SPDX-License-Identifier: MIT */
import { useState } from 'react';
import { useAccess } from '../api/context';
import type { AskReason } from '../api/token';
import { Button } from '../ui/Button';
import { TextInput } from '../ui/controls';
import { Dialog } from '../ui/Dialog';
import { Field } from '../ui/Field';
import { toast } from '../ui/toast';
import { useI18n } from './i18n';
import { useStore } from './store';

type Wrong = 'token.rejected' | 'token.strange' | 'field.required';

/** Opens whenever somebody asks for the access token. */
export function TokenDialog() {
  const question = useStore(useAccess().question);

  return question && <Ask reason={question.reason} />;
}

function Ask({ reason }: { reason: AskReason }) {
  const { t } = useI18n();
  const access = useAccess();
  const present = useStore(access.token) !== null;
  const [text, setText] = useState('');
  const [wrong, setWrong] = useState<Wrong | null>(
    reason === 'rejected' ? 'token.rejected' : null,
  );

  function use() {
    const token = text.trim();

    /* What a header cannot carry, no instance can have as its token. */
    if (token === '') setWrong('field.required');
    else if (!/^[\x21-\x7e]+$/.test(token)) setWrong('token.strange');
    else access.answer(token);
  }

  function remove() {
    access.token.set(null);
    access.answer(null);
    toast(t('token.removed'));
  }

  return (
    <Dialog
      narrow
      title={t('token.title')}
      onClose={() => access.answer(null)}
      onSubmit={use}
      footer={
        <>
          {present && (
            <Button look="quiet" onClick={remove}>
              {t('token.remove')}
            </Button>
          )}
          <Button onClick={() => access.answer(null)}>{t('act.cancel')}</Button>
          <Button type="submit" look="primary">
            {t('token.use')}
          </Button>
        </>
      }
    >
      <p>
        {t(
          present
            ? 'token.present'
            : reason === 'wanted'
              ? 'token.wanted'
              : 'token.missing',
        )}
      </p>
      <Field
        required
        label={t('token.label')}
        hint={t('token.hint')}
        error={wrong === null ? undefined : t(wrong)}
      >
        {(control) => (
          <TextInput
            {...control}
            data-autofocus
            type="password"
            name="token"
            autoComplete="off"
            spellCheck={false}
            value={text}
            onChange={(event) => {
              setText(event.target.value);
              setWrong(null);
            }}
          />
        )}
      </Field>
    </Dialog>
  );
}
