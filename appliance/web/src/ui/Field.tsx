/* SPDX-License-Identifier: MIT */
import { useId, type ReactNode } from 'react';
import css from './Field.module.css';
import { Icon } from './Icon';

/** What the control inside a field must carry. */
export interface ControlProps {
  id: string;
  'aria-describedby': string | undefined;
  'aria-invalid': true | undefined;
  'aria-required': true | undefined;
}

interface Props {
  label: string;
  hint?: string | undefined;
  error?: string | undefined;
  /** Beside the label, for a field that may stay empty. */
  optional?: string | undefined;
  required?: boolean;
  /** Below the control, whatever its state. */
  extra?: ReactNode;
  children: (control: ControlProps) => ReactNode;
}

export function Field(props: Props) {
  const { label, hint, error, optional, required, extra, children } = props;
  const id = useId();
  const hintId = `${id}-hint`;
  const errorId = `${id}-error`;
  const described = [error && errorId, hint && hintId].filter(Boolean);

  return (
    <div className={css.field}>
      <label className={css.label} htmlFor={id}>
        {label}
        {optional && <span className={css.optional}>{optional}</span>}
      </label>
      {children({
        id,
        'aria-describedby': described.join(' ') || undefined,
        'aria-invalid': error ? true : undefined,
        'aria-required': required ? true : undefined,
      })}
      {error && (
        <p className={css.error} id={errorId}>
          <Icon name="alert" size={16} />
          {error}
        </p>
      )}
      {hint && (
        <p className={css.hint} id={hintId}>
          {hint}
        </p>
      )}
      {extra}
    </div>
  );
}
