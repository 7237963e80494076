/* SPDX-License-Identifier: MIT */
import type { ReactNode } from 'react';
import { useI18n } from '../app/i18n';
import { Button } from './Button';
import { Dialog } from './Dialog';

interface Props {
  title: string;
  /** What will happen, and whether it can be undone. */
  children: ReactNode;
  /** The deed itself, as a verb. */
  action: string;
  cancel?: string;
  busy?: boolean;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks before something that cannot be undone. The way out has the focus. */
export function Confirm(props: Props) {
  const { title, children, action, cancel, busy, onConfirm, onClose } = props;
  const { t } = useI18n();

  return (
    <Dialog
      narrow
      role="alertdialog"
      title={title}
      onClose={onClose}
      footer={
        <>
          <Button data-autofocus onClick={onClose}>
            {cancel ?? t('act.cancel')}
          </Button>
          <Button look="danger" busy={busy ?? false} onClick={onConfirm}>
            {action}
          </Button>
        </>
      }
    >
      {children}
    </Dialog>
  );
}
