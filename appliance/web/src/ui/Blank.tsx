/* SPDX-License-Identifier: MIT */
import type { ReactNode } from 'react';
import css from './Blank.module.css';
import { Icon, type IconName } from './Icon';

interface Props {
  icon: IconName;
  title: string;
  /** Whether `title` is the heading of the whole page. */
  page?: boolean;
  children?: ReactNode;
  actions?: ReactNode;
}

/** A whole region with nothing to show: empty, failed or not found. */
export function Blank({ icon, title, page, children, actions }: Props) {
  return (
    <div className={css.blank}>
      <span className={css.icon}>
        <Icon name={icon} size={26} />
      </span>
      {page ? <h1 tabIndex={-1}>{title}</h1> : <h2>{title}</h2>}
      <div className={css.text}>{children}</div>
      {actions && <div className={css.actions}>{actions}</div>}
    </div>
  );
}
