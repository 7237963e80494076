/* SPDX-License-Identifier: MIT */
import { useApi } from '../../api/context';
import type { User } from '../../api/types';
import { useI18n } from '../../app/i18n';
import { RecordDialog } from '../../records/RecordDialog';
import { useRecordForm } from '../../records/useRecordForm';
import { toast } from '../../ui/toast';
import { userFields } from './fields';

interface Props {
  /** null to add one. */
  id: number | null;
  onClose: () => void;
  onSaved: () => void;
}

export function UserEditor({ id, onClose, onSaved }: Props) {
  const { t } = useI18n();
  const adding = id === null;
  const form = useRecordForm({
    records: useApi().users,
    id,
    specs: userFields,
    onUnchanged: onClose,
    onSaved({ name }: User) {
      toast(t(adding ? 'users.added' : 'users.saved', { name }));
      onSaved();
    },
  });

  return (
    <RecordDialog
      title={t(adding ? 'users.add' : 'users.edit')}
      action={t(adding ? 'users.addShort' : 'act.save')}
      specs={userFields}
      form={form}
      onClose={onClose}
    />
  );
}
