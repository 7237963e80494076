/* SPDX-License-Identifier: MIT */
import type { ReactNode } from 'react';
import css from './PageHeader.module.css';

interface Props {
  title: string;
  /** One line below the title. */
  lead?: ReactNode;
  actions?: ReactNode;
}

export function PageHeader({ title, lead, actions }: Props) {
  return (
    <header className={css.header}>
      <div>
        <h1 tabIndex={-1}>{title}</h1>
        {lead && <p className={css.lead}>{lead}</p>}
      </div>
      {actions && <div className={css.actions}>{actions}</div>}
    </header>
  );
}
