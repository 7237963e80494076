/* SPDX-License-Identifier: MIT */
import css from './Skeleton.module.css';

interface Props {
  /** Any CSS length. */
  width?: string;
  height?: string;
  round?: boolean;
}

/** Where something will stand once it has come. Hidden from screen readers:
 * mark the region that waits with aria-busy. */
export function Skeleton({ width, height = '1em', round = false }: Props) {
  return (
    <span
      aria-hidden="true"
      className={css.skeleton}
      style={{ width, height, borderRadius: round ? '50%' : undefined }}
    />
  );
}
