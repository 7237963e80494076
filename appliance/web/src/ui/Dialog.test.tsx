/* SPDX-License-Identifier: MIT */
import { fireEvent, render, screen } from '@testing-library/react';
import { useState } from 'react';
import { expect, test, vi } from 'vitest';
import { Confirm } from './Confirm';
import { Dialog } from './Dialog';

function Opener({ onSubmit }: { onSubmit?: () => void }) {
  const [open, setOpen] = useState(false);
  const [row, setRow] = useState(true);

  return (
    <main>
      <h1 tabIndex={-1}>Page</h1>
      {row && (
        <button type="button" onClick={() => setOpen(true)}>
          open
        </button>
      )}
      {open && (
        <Dialog
          title="Title"
          onClose={() => setOpen(false)}
          onSubmit={onSubmit}
        >
          <input aria-label="first" />
          <button type="button" onClick={() => setRow(false)}>
            remove the opener
          </button>
        </Dialog>
      )}
    </main>
  );
}

function openIt(onSubmit?: () => void) {
  render(onSubmit ? <Opener onSubmit={onSubmit} /> : <Opener />);
  const opener = screen.getByText('open');
  opener.focus();
  fireEvent.click(opener);
  return opener;
}

test('has a name, and the focus goes to its first field', () => {
  openIt();
  expect(screen.getByRole('dialog', { name: 'Title' })).toBeTruthy();
  expect(document.activeElement).toBe(screen.getByLabelText('first'));
});

test('Esc closes it, and the focus goes back', () => {
  const opener = openIt();
  const cancel = new Event('cancel', { cancelable: true });

  fireEvent(screen.getByRole('dialog'), cancel);
  expect(cancel.defaultPrevented).toBe(true);
  expect(screen.queryByRole('dialog')).toBeNull();
  expect(document.activeElement).toBe(opener);
});

test('with its opener gone, the focus goes to the heading', () => {
  openIt();
  fireEvent.click(screen.getByText('remove the opener'));
  fireEvent.click(screen.getByRole('button', { name: 'Close' }));
  expect(document.activeElement).toBe(screen.getByRole('heading'));
});

test('a press outside closes it, one inside does not', () => {
  openIt();
  fireEvent.mouseDown(screen.getByLabelText('first'));
  expect(screen.queryByRole('dialog')).not.toBeNull();
  fireEvent.mouseDown(screen.getByRole('dialog'));
  expect(screen.queryByRole('dialog')).toBeNull();
});

test('Enter submits', () => {
  const submit = vi.fn();
  openIt(submit);
  fireEvent.submit(screen.getByLabelText('first'));
  expect(submit).toHaveBeenCalledOnce();
});

test('a browser that closes it by itself does not decide', () => {
  const close = vi.fn();
  render(
    <Dialog title="Stays" onClose={close}>
      text
    </Dialog>,
  );
  const dialog = screen.getByRole<HTMLDialogElement>('dialog');

  dialog.close();
  fireEvent(dialog, new Event('close'));
  expect(dialog.open).toBe(true);
  expect(close).toHaveBeenCalledOnce();
});

test('a question has the focus on the way out, and a busy deed is done once', () => {
  const deed = vi.fn();
  const question = (busy: boolean) => (
    <Confirm
      title="Sure?"
      action="Do it"
      busy={busy}
      onConfirm={deed}
      onClose={() => undefined}
    >
      text
    </Confirm>
  );
  const { rerender } = render(question(false));

  expect(document.activeElement?.textContent).toBe('Cancel');
  fireEvent.click(screen.getByText('Do it'));
  rerender(question(true));
  fireEvent.click(screen.getByText('Do it'));
  expect(deed).toHaveBeenCalledOnce();
});
