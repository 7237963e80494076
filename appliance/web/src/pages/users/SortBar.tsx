/* SPDX-License-Identifier: MIT */
import { useI18n } from '../../app/i18n';
import { Select } from '../../ui/controls';
import css from './UsersPage.module.css';
import { sortable } from './view';

interface Props {
  sort: string;
  onSort: (sort: string) => void;
}

/** On a phone the table has no headings to press: this sorts instead. */
export function SortBar({ sort, onSort }: Props) {
  const { t } = useI18n();

  return (
    <label className={css.sortBar}>
      <span>{t('table.sortBy')}</span>
      <Select
        small
        value={sort}
        onChange={(event) => onSort(event.target.value)}
      >
        {sortable.flatMap((name) => {
          const field = t(`users.${name}`);
          return [
            <option key={name} value={name}>
              {t('table.ascending', { field })}
            </option>,
            <option key={`-${name}`} value={`-${name}`}>
              {t('table.descending', { field })}
            </option>,
          ];
        })}
      </Select>
    </label>
  );
}
