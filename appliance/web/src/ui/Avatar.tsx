/* SPDX-License-Identifier: MIT */
import css from './Avatar.module.css';

const hues = [228, 262, 312, 352, 22, 44, 96, 158, 186, 206];

function initials(name: string): string {
  const words = name.split(/\s+/).filter(Boolean);
  const ends = words.length > 1 ? [words[0], words[words.length - 1]] : words;

  return ends
    .map((word) => Array.from(word ?? '')[0] ?? '')
    .join('')
    .toLocaleUpperCase();
}

/** Initials on a colour that stays the same for the same record. Decoration:
 * the name must stand beside it. */
export function Avatar({ id, name }: { id: number; name: string }) {
  const hue = hues[Math.abs(id) % hues.length];

  return (
    <span
      className={css.avatar}
      style={{ '--hue': hue } as React.CSSProperties}
      aria-hidden="true"
    >
      {initials(name)}
    </span>
  );
}
