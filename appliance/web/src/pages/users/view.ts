/* SPDX-License-Identifier: MIT */
import { sortOf } from '../../ui/sort';

/* What part of the list is in sight stands in the address, so that reloading,
 * going back and sharing all keep it. */

export interface View {
  page: number;
  perPage: number;
  sort: string;
}

export const pageSizes = [20, 50, 100] as const;
export const sortable = ['name', 'email', 'role', 'active', 'created'] as const;

const usual: View = { page: 1, perPage: 20, sort: 'name' };

function wholeIn(text: string | null, max: number, otherwise: number): number {
  if (text === null || !/^[1-9]\d{0,8}$/.test(text)) return otherwise;
  return Math.min(Number(text), max);
}

/** The view an address asks for; what makes no sense is as usual. */
export function viewFrom(query: URLSearchParams): View {
  const sort = query.get('sort') ?? usual.sort;
  const { key } = sortOf(sort);

  return {
    page: wholeIn(query.get('page'), 1e9, usual.page),
    perPage: wholeIn(query.get('perPage'), 500, usual.perPage),
    sort: sortable.some((name) => name === key) ? sort : usual.sort,
  };
}

export function viewPath(view: View): string {
  const query = new URLSearchParams();

  if (view.page !== usual.page) query.set('page', String(view.page));
  if (view.perPage !== usual.perPage)
    query.set('perPage', String(view.perPage));
  if (view.sort !== usual.sort) query.set('sort', view.sort);
  const text = query.toString();
  return text === '' ? '/c/users' : `/c/users?${text}`;
}
