/* SPDX-License-Identifier: MIT */
import { Card } from '../../ui/Card';
import { Skeleton } from '../../ui/Skeleton';
import css from './StatusPage.module.css';

/** The shape of the report, before the report. */
export function StatusWaiting() {
  return (
    <div aria-busy="true">
      <Card className={css.overall}>
        <Skeleton width="220px" height="20px" />
      </Card>
      <div className={css.heading}>
        <Skeleton width="110px" height="18px" />
      </div>
      <div className={css.pair}>
        {[0, 1].map((at) => (
          <Card key={at} padded>
            <Skeleton width="60%" height="20px" />
            <div className={css.gap}>
              <Skeleton width="34%" height="26px" />
            </div>
          </Card>
        ))}
      </div>
    </div>
  );
}
