/* SPDX-License-Identifier: MIT */
import type {
  InputHTMLAttributes,
  ReactNode,
  SelectHTMLAttributes,
} from 'react';
import css from './controls.module.css';
import { cx } from './cx';
import { Icon, type IconName } from './Icon';

export function TextInput({
  className,
  ...rest
}: InputHTMLAttributes<HTMLInputElement>) {
  return <input {...rest} className={cx(css.input, className)} />;
}

interface SelectProps extends SelectHTMLAttributes<HTMLSelectElement> {
  small?: boolean;
}

export function Select({ className, small = false, ...rest }: SelectProps) {
  return (
    <span className={cx(css.selectBox, small && css.selectSmall, className)}>
      <select {...rest} className={cx(css.input, css.select)} />
      <Icon name="down" size={16} />
    </span>
  );
}

interface SwitchProps extends Omit<
  InputHTMLAttributes<HTMLInputElement>,
  'type'
> {
  /** What the present position means, beside it. */
  text: ReactNode;
}

export function Switch({ text, ...rest }: SwitchProps) {
  return (
    <span className={css.switchRow}>
      <input {...rest} type="checkbox" role="switch" className={css.switch} />
      <span className={css.switchText} aria-hidden="true">
        {text}
      </span>
    </span>
  );
}

export interface Choice<T extends string> {
  value: T;
  label: string;
  icon?: IconName;
  /** Language of the label, when it is not the page's. */
  lang?: string;
}

interface SegmentedProps<T extends string> {
  legend: string;
  name: string;
  choices: readonly Choice<T>[];
  value: T;
  onChange: (value: T) => void;
}

/** One of a few, all in sight. Arrow keys move, as with any radio group. */
export function Segmented<T extends string>(props: SegmentedProps<T>) {
  const { legend, name, choices, value, onChange } = props;

  return (
    <fieldset className={css.segmented}>
      <legend className="visually-hidden">{legend}</legend>
      {choices.map((choice) => (
        <label key={choice.value} title={choice.label} lang={choice.lang}>
          <input
            type="radio"
            className="visually-hidden"
            name={name}
            value={choice.value}
            checked={choice.value === value}
            onChange={() => onChange(choice.value)}
          />
          {choice.icon && <Icon name={choice.icon} size={17} />}
          <span className={cx(choice.icon && 'visually-hidden')}>
            {choice.label}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
