/* SPDX-License-Identifier: MIT */
import { useState } from 'react';
import { useApi } from '../../api/context';
import { toApiError, type ApiError } from '../../api/errors';
import type { User } from '../../api/types';
import { useI18n } from '../../app/i18n';
import { ProblemNotice } from '../../problems/Problem';
import { Confirm } from '../../ui/Confirm';
import { toast } from '../../ui/toast';

interface Props {
  user: User;
  onClose: () => void;
  onDeleted: () => void;
}

export function DeleteUser({ user, onClose, onDeleted }: Props) {
  const { t } = useI18n();
  const api = useApi();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<ApiError | null>(null);
  const { name, email } = user;

  async function remove() {
    setBusy(true);
    setFailure(null);
    try {
      await api.users.remove(user.id);
      toast(t('users.deleted', { name }));
      onDeleted();
    } catch (failed) {
      const error = toApiError(failed);

      setBusy(false);
      if (error.trouble !== 'notFound') {
        setFailure(error);
        return;
      }
      toast(t('users.alreadyDeleted', { name }));
      onDeleted();
    }
  }

  return (
    <Confirm
      title={t('users.deleteTitle', { name })}
      action={t('users.deleteYes')}
      busy={busy}
      onConfirm={() => void remove()}
      onClose={() => {
        if (!busy) onClose();
      }}
    >
      <p>{t('users.deleteText', { email })}</p>
      {failure && <ProblemNotice error={failure} />}
    </Confirm>
  );
}
