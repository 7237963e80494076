/* SPDX-License-Identifier: MIT */
import { useI18n } from '../app/i18n';
import { IconButton } from './Button';
import { Select } from './controls';
import css from './Pager.module.css';

interface Props {
  page: number;
  perPage: number;
  totalItems: number;
  totalPages: number;
  sizes: readonly number[];
  onPage: (page: number) => void;
  onPerPage: (perPage: number) => void;
}

export function Pager(props: Props) {
  const { page, perPage, totalItems, totalPages, onPage, onPerPage } = props;
  const { t, format } = useI18n();
  const first = (page - 1) * perPage + 1;
  const sizes = [...new Set([...props.sizes, perPage])].sort((a, b) => a - b);

  return (
    <nav className={css.pager} aria-label={t('pager')}>
      <label className={css.size}>
        <span>{t('pager.perPage')}</span>
        <Select
          small
          value={perPage}
          onChange={(event) => onPerPage(Number(event.target.value))}
        >
          {sizes.map((size) => (
            <option key={size} value={size}>
              {format.number(size)}
            </option>
          ))}
        </Select>
      </label>
      <p className={css.range} aria-live="polite">
        {t('pager.range', {
          first,
          last: Math.min(totalItems, page * perPage),
          total: totalItems,
        })}
      </p>
      <div className={css.steps}>
        <IconButton
          icon="left"
          label={t('pager.previous')}
          aria-disabled={page <= 1}
          onClick={() => page > 1 && onPage(page - 1)}
        />
        <span className={css.page}>
          {t('pager.page', { page, total: Math.max(1, totalPages) })}
        </span>
        <IconButton
          icon="right"
          label={t('pager.next')}
          aria-disabled={page >= totalPages}
          onClick={() => page < totalPages && onPage(page + 1)}
        />
      </div>
    </nav>
  );
}
