/* SPDX-License-Identifier: MIT */
import type { ReactNode } from 'react';
import { useI18n } from '../app/i18n';
import { cx } from './cx';
import { Icon } from './Icon';
import css from './Table.module.css';
import { nextSort, sortOf } from './sort';

export interface Column<T> {
  /** The field the server sorts by, or a name of our own. */
  key: string;
  label: string;
  sortable?: boolean;
  /** On a phone: the card's first line, without its label. */
  lead?: boolean;
  /** Takes what room the others leave, and cuts what does not fit. */
  wide?: boolean;
  /** The first to go where room is short. */
  minor?: boolean;
  cell: (row: T) => ReactNode;
}

interface Props<T> {
  caption: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  rowKey: (row: T) => number;
  sort: string;
  onSort: (sort: string) => void;
  /** What can be done with a row; stands at its end. */
  actions: (row: T) => ReactNode;
  /** Newer rows are under way. */
  busy?: boolean;
}

/* Where the container is narrow the rows become cards, by CSS alone; that
 * takes the table's meaning away from screen readers unless the roles are
 * written out. The owner says what the container is. */
export function Table<T>(props: Props<T>) {
  const { caption, columns, rows, rowKey, actions, busy } = props;

  return (
    <table
      role="table"
      className={cx(css.table, busy && css.busy)}
      aria-busy={busy}
    >
      <caption className="visually-hidden">{caption}</caption>
      <Head {...props} />
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr role="row" key={rowKey(row)}>
            {columns.map((column) => (
              <td
                role="cell"
                key={column.key}
                className={cx(
                  column.lead && css.lead,
                  column.wide && css.wide,
                  column.minor && css.minor,
                )}
              >
                {!column.lead && (
                  <span className={css.cardLabel} aria-hidden="true">
                    {column.label}
                  </span>
                )}
                {column.cell(row)}
              </td>
            ))}
            <td role="cell" className={css.actions}>
              {actions(row)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Head<T>({ columns, sort, onSort }: Props<T>) {
  const { t } = useI18n();
  const sorted = sortOf(sort);

  return (
    <thead role="rowgroup">
      <tr role="row">
        {columns.map((column) => {
          const here = sorted.key === column.key;
          const order = sorted.down ? 'descending' : 'ascending';

          return (
            <th
              role="columnheader"
              key={column.key}
              scope="col"
              className={cx(column.minor && css.minor)}
              aria-sort={here ? order : undefined}
            >
              {column.sortable ? (
                <button
                  type="button"
                  className={cx(css.sort, here && css.sorted)}
                  onClick={() => onSort(nextSort(sort, column.key))}
                >
                  {column.label}
                  <Icon
                    name={here ? (sorted.down ? 'down' : 'up') : 'updown'}
                    size={14}
                  />
                </button>
              ) : (
                column.label
              )}
            </th>
          );
        })}
        <th role="columnheader" scope="col">
          <span className="visually-hidden">{t('table.actions')}</span>
        </th>
      </tr>
    </thead>
  );
}
