/* SPDX-License-Identifier: MIT */
import type { ReactNode } from 'react';
import css from './Badge.module.css';
import { cx } from './cx';

export type Tone = 'neutral' | 'accent' | 'good' | 'warn' | 'bad';

export function Badge({ tone, children }: { tone: Tone; children: ReactNode }) {
  return <span className={cx(css.badge, css[tone])}>{children}</span>;
}

/** A coloured dot beside the words that say the same. */
export function Dot({ tone, live = false }: { tone: Tone; live?: boolean }) {
  return (
    <span
      aria-hidden="true"
      className={cx(css.dot, css[tone], live && css.live)}
    />
  );
}
