/* SPDX-License-Identifier: MIT */
import { useEffect, useState } from 'react';
import { useI18n } from '../app/i18n';
import { useStore } from '../app/store';
import { IconButton } from './Button';
import { Icon } from './Icon';
import css from './Toasts.module.css';
import { dismissToast, toasts, type Toast } from './toast';

const shownMs = 6000;

function Item({ item }: { item: Toast }) {
  const { t } = useI18n();
  const [held, setHeld] = useState(false);

  useEffect(() => {
    if (held) return;
    const timer = setTimeout(() => dismissToast(item.id), shownMs);
    return () => clearTimeout(timer);
  }, [item.id, held]);

  return (
    <li
      className={css.toast}
      onMouseEnter={() => setHeld(true)}
      onMouseLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <Icon name="check" />
      <span>{item.text}</span>
      <IconButton
        icon="close"
        label={t('act.close')}
        onClick={() => dismissToast(item.id)}
      />
    </li>
  );
}

export function Toasts() {
  const { t } = useI18n();
  const items = useStore(toasts);

  return (
    <section className={css.region} aria-label={t('toasts')}>
      <ul className={css.list} aria-live="polite">
        {items.map((item) => (
          <Item key={item.id} item={item} />
        ))}
      </ul>
    </section>
  );
}
