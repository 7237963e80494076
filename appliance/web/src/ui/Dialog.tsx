/* SPDX-License-Identifier: MIT */
import { useEffect, useId, useRef, type ReactNode } from 'react';
import { useI18n } from '../app/i18n';
import { IconButton } from './Button';
import { cx } from './cx';
import css from './Dialog.module.css';

/* What has the focus first: what asks for it by `data-autofocus`, else the
 * first field, else (the browser's choice) the first button. */
const firstStops = ['[data-autofocus]', 'input, select, textarea'];

function enter(dialog: HTMLDialogElement): void {
  dialog.showModal();
  for (const stop of firstStops) {
    const found = dialog.querySelector<HTMLElement>(stop);
    if (!found) continue;
    found.focus();
    return;
  }
}

interface Props {
  title: string;
  /** Esc, the cross, a press outside. The owner decides what follows. */
  onClose: () => void;
  children: ReactNode;
  /** Below the content, always in sight. */
  footer?: ReactNode;
  /** With it, the content and footer are one form. */
  onSubmit?: (() => void) | undefined;
  role?: 'dialog' | 'alertdialog';
  narrow?: boolean;
}

/* A dialog that closes gives the focus back; what opened it may be gone by
 * then (a deleted row), and then the page's heading takes it. */
function giveBack(to: Element | null): void {
  const heading = document.querySelector('main h1');
  const usable = to?.isConnected && to !== document.body ? to : heading;

  if (usable instanceof HTMLElement) usable.focus({ preventScroll: true });
}

export function Dialog(props: Props) {
  const { title, onClose, children, footer, onSubmit, role, narrow } = props;
  const { t } = useI18n();
  const box = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const bodyId = useId();

  useEffect(() => {
    const dialog = box.current;
    const opener = document.activeElement;

    if (dialog) enter(dialog);
    return () => {
      dialog?.close();
      giveBack(opener);
    };
  }, []);

  const inside = (
    <>
      <header className={css.header}>
        <h2 id={titleId}>{title}</h2>
        <IconButton icon="close" label={t('act.close')} onClick={onClose} />
      </header>
      <div id={bodyId} className={css.body}>
        {children}
      </div>
      {footer && <footer className={css.footer}>{footer}</footer>}
    </>
  );

  return (
    <dialog
      ref={box}
      role={role}
      className={cx(css.dialog, narrow && css.narrow)}
      aria-labelledby={titleId}
      aria-describedby={role === 'alertdialog' ? bodyId : undefined}
      onCancel={(event) => {
        if (event.target !== event.currentTarget) return;
        event.preventDefault();
        onClose();
      }}
      onClose={(event) => {
        /* Chrome lets a second Esc through whatever onCancel says. Whether it
         * closes is the owner's decision all the same. */
        const dialog = event.currentTarget;
        if (event.target !== dialog || dialog.open || !dialog.isConnected)
          return;
        dialog.showModal();
        onClose();
      }}
      onMouseDown={(event) => {
        if (event.target === event.currentTarget) onClose();
      }}
    >
      {onSubmit ? (
        <form
          noValidate
          className={css.panel}
          onSubmit={(event) => {
            event.preventDefault();
            onSubmit();
          }}
        >
          {inside}
        </form>
      ) : (
        <div className={css.panel}>{inside}</div>
      )}
    </dialog>
  );
}
