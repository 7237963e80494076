/* SPDX-License-Identifier: MIT */
import { useState } from 'react';
import { useAccess, useApi } from '../api/context';
import { toApiError, type ApiError } from '../api/errors';
import { describe } from '../problems/describe';
import { Button } from '../ui/Button';
import { TextInput } from '../ui/controls';
import { Dialog } from '../ui/Dialog';
import { Field } from '../ui/Field';
import { Notice } from '../ui/Notice';
import { useI18n } from './i18n';
import { useStore } from './store';

/** Opens when a session has ended: what stands behind it is not lost. */
export function SignInDialog() {
  return useStore(useAccess().asking) && <Ask />;
}

function Ask() {
  const { t } = useI18n();
  const api = useApi();
  const access = useAccess();
  const [email, setEmail] = useState(access.account.get()?.email ?? '');
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<ApiError | null>(null);

  async function signIn() {
    if (busy) return;
    setBusy(true);
    setFailure(null);
    try {
      access.answer(await api.signIn(email.trim(), password));
    } catch (failed) {
      setFailure(toApiError(failed));
      setPassword('');
      setBusy(false);
    }
  }

  return (
    <Dialog
      narrow
      title={t('signIn.title')}
      onClose={() => access.answer(null)}
      onSubmit={() => void signIn()}
      footer={
        <>
          <Button onClick={() => access.answer(null)}>{t('act.cancel')}</Button>
          <Button type="submit" look="primary" busy={busy}>
            {t('signIn.act')}
          </Button>
        </>
      }
    >
      <p>{t('signIn.ended')}</p>
      {failure && <Refusal error={failure} />}
      <Field required label={t('users.email')}>
        {(control) => (
          <TextInput
            {...control}
            data-autofocus={email === '' || undefined}
            type="email"
            name="username"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            value={email}
            onChange={(event) => setEmail(event.target.value)}
          />
        )}
      </Field>
      <Field required label={t('signIn.password')}>
        {(control) => (
          <TextInput
            {...control}
            data-autofocus={email !== '' || undefined}
            type="password"
            name="password"
            autoComplete="current-password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        )}
      </Field>
    </Dialog>
  );
}

/* The server does not say which of the two was wrong. */
function Refusal({ error }: { error: ApiError }) {
  const i18n = useI18n();
  const wrong = error.trouble === 'unauthorized';
  const { title, text } = describe(error, i18n);

  return wrong ? (
    <Notice urgent tone="bad" title={i18n.t('signIn.wrong')} />
  ) : (
    <Notice urgent tone="bad" title={title}>
      <p>{text}</p>
    </Notice>
  );
}
