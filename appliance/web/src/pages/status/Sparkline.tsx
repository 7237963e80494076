/* SPDX-License-Identifier: MIT */
import css from './Sparkline.module.css';

const width = 140;
const height = 36;
const edge = 3;

export interface Point {
  x: number;
  y: number;
}

/** Where each value stands: newest at the right, zero at the bottom. */
export function pointsOf(values: readonly number[], room: number): Point[] {
  const top = Math.max(...values, Number.MIN_VALUE);
  const step = (width - 2 * edge) / Math.max(1, room - 1);

  return values.map((value, at) => ({
    x: width - edge - (values.length - 1 - at) * step,
    y: height - edge - (value / top) * (height - 2 * edge),
  }));
}

interface Props {
  values: readonly number[];
  label: string;
}

/** The trend of a number. Needs two values to draw a line. */
export function Sparkline({ values, label }: Props) {
  if (values.length < 2) return null;
  const points = pointsOf(values, Math.max(values.length, 12));
  const line = points.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`);
  const [first] = points;
  const last = points[points.length - 1];

  return (
    <svg
      className={css.spark}
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      role="img"
      aria-label={label}
    >
      {first && last && (
        <polygon
          className={css.area}
          points={`${first.x},${height} ${line.join(' ')} ${last.x},${height}`}
        />
      )}
      <polyline className={css.line} points={line.join(' ')} />
      {last && <circle className={css.end} cx={last.x} cy={last.y} r="2.5" />}
    </svg>
  );
}
