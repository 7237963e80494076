/* SPDX-License-Identifier: MIT */

/** Numbers, times and sizes the way `locale` writes them. */
export interface Format {
  number(value: number): string;
  percent(ratio: number): string;
  milliseconds(value: number): string;
  bytes(value: number): string;
  /** "3 days 4 hours": the two largest units. */
  duration(seconds: number): string;
  date(when: Date): string;
  longDate(when: Date): string;
  dateTime(when: Date): string;
  time(when: Date): string;
  /** "5 seconds ago" for a negative number of seconds. */
  relative(seconds: number): string;
}

const byteUnits = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
const durationUnits = [
  ['day', 86400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const;

function unitFormat(
  locale: string,
  unit: string,
  digits: number,
  unitDisplay: 'short' | 'long' = 'short',
) {
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit,
    unitDisplay,
    maximumFractionDigits: digits,
  });
}

function bytesText(locale: string, value: number): string {
  let size = value;
  let at = 0;

  while (size >= 1000 && at < byteUnits.length - 1) {
    size /= 1000;
    at++;
  }
  const unit = byteUnits[at] ?? 'byte';
  return unitFormat(locale, unit, size < 10 && at > 0 ? 1 : 0).format(size);
}

function durationText(locale: string, seconds: number): string {
  const total = Math.max(0, Math.floor(seconds));
  const first = durationUnits.findIndex(([, size]) => total >= size);
  const from = first < 0 ? durationUnits.length - 1 : first;
  let left = total;
  const parts: string[] = [];

  for (const [unit, size] of durationUnits.slice(from, from + 2)) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0 || parts.length === 0)
      parts.push(unitFormat(locale, unit, 0, 'long').format(count));
  }
  return parts.join(' ');
}

function relativeText(locale: string, seconds: number): string {
  const format = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const size = Math.abs(seconds);

  for (const [unit, length] of durationUnits) {
    if (size >= length)
      return format.format(Math.trunc(seconds / length), unit);
  }
  return format.format(0, 'second');
}

export function createFormat(locale: string): Format {
  const number = new Intl.NumberFormat(locale);
  const percent = new Intl.NumberFormat(locale, {
    style: 'percent',
    maximumFractionDigits: 1,
  });
  const date = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' });
  const longDate = new Intl.DateTimeFormat(locale, { dateStyle: 'full' });
  const dateTime = new Intl.DateTimeFormat(locale, {
    dateStyle: 'medium',
    timeStyle: 'short',
  });
  const time = new Intl.DateTimeFormat(locale, { timeStyle: 'medium' });

  return {
    number: (value) => number.format(value),
    percent: (ratio) => percent.format(ratio),
    milliseconds: (value) =>
      unitFormat(locale, 'millisecond', value < 10 ? 2 : 0).format(value),
    bytes: (value) => bytesText(locale, value),
    duration: (seconds) => durationText(locale, seconds),
    date: (when) => date.format(when),
    longDate: (when) => longDate.format(when),
    dateTime: (when) => dateTime.format(when),
    time: (when) => time.format(when),
    relative: (seconds) => relativeText(locale, seconds),
  };
}
