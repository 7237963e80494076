/* SPDX-License-Identifier: MIT */
import css from './Spinner.module.css';

/** Decoration: say in words, or by aria-busy, what is under way. */
export function Spinner() {
  return <span className={css.spinner} aria-hidden="true" />;
}
