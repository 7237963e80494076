/* SPDX-License-Identifier: MIT */
import type { HTMLAttributes } from 'react';
import css from './Card.module.css';
import { cx } from './cx';

interface Props extends HTMLAttributes<HTMLElement> {
  padded?: boolean;
}

export function Card({ padded = false, className, ...rest }: Props) {
  return (
    <section
      {...rest}
      className={cx(css.card, padded && css.padded, className)}
    />
  );
}
