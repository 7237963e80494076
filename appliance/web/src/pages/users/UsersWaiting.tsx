/* SPDX-License-Identifier: MIT */
import { Skeleton } from '../../ui/Skeleton';
import css from './UsersPage.module.css';

const widths = ['46%', '62%', '38%', '54%', '44%', '58%'];

/** The shape of the list, before the list. */
export function UsersWaiting() {
  return (
    <div className={css.waiting}>
      {widths.map((width) => (
        <div key={width} className={css.waitingRow}>
          <Skeleton width="34px" height="34px" round />
          <div>
            <Skeleton width={width} height="14px" />
          </div>
          <Skeleton width="72px" height="20px" />
        </div>
      ))}
    </div>
  );
}
