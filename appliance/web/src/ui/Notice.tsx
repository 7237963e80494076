/* SPDX-License-Identifier: MIT */
import type { ReactNode } from 'react';
import type { Tone } from './Badge';
import { cx } from './cx';
import { Icon, type IconName } from './Icon';
import css from './Notice.module.css';

interface Props {
  tone: Exclude<Tone, 'neutral'>;
  title: string;
  children?: ReactNode;
  actions?: ReactNode;
  /** Read aloud at once when it appears. */
  urgent?: boolean;
}

const icons: Record<Props['tone'], IconName> = {
  good: 'check',
  warn: 'alert',
  bad: 'alert',
  accent: 'info',
};

export function Notice({ tone, title, children, actions, urgent }: Props) {
  return (
    <div
      className={cx(css.notice, css[tone])}
      role={urgent ? 'alert' : undefined}
    >
      <Icon name={icons[tone]} />
      <div className={css.text}>
        <p className={css.title}>{title}</p>
        {children}
        {actions && <div className={css.actions}>{actions}</div>}
      </div>
    </div>
  );
}
