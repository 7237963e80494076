/* SPDX-License-Identifier: MIT */
import type { PlainKey } from '../app/i18n';

/** One field of a record, as far as a form must know it. */
export type FieldSpec = {
  name: string;
  label: PlainKey;
  required: boolean;
  /** What a new record starts with. */
  initial?: Value;
} & (
  | { kind: 'text' | 'email'; max: number }
  /** Never read, only written: empty means as it is, or none. */
  | { kind: 'password'; maxBytes: number; hint: PlainKey }
  | {
      kind: 'select';
      options: readonly string[];
      optionLabel: readonly PlainKey[];
    }
  | { kind: 'bool'; on: PlainKey; off: PlainKey }
);

export type Value = string | boolean;
export type Values = Readonly<Record<string, Value>>;

/** A message to show beside a field, to be translated. */
export interface Complaint {
  key: 'field.required' | 'field.email' | 'field.tooLong' | 'field.bytes';
  max: number;
}

export function emptyValues(specs: readonly FieldSpec[]): Values {
  const values: Record<string, Value> = {};

  for (const { name, kind, initial } of specs)
    values[name] = initial ?? (kind === 'bool' ? false : '');
  return values;
}

/** What the form shows of a record; null becomes empty or off. */
export function valuesOf(specs: readonly FieldSpec[], record: object): Values {
  const from = record as Readonly<Record<string, unknown>>;
  const values: Record<string, Value> = {};

  for (const { name, kind } of specs) {
    const value = from[name];

    if (kind === 'bool') values[name] = value === true;
    else values[name] = typeof value === 'string' ? value : '';
  }
  return values;
}

/** As they are sent: no blanks around text, no passwords that were not given. */
export function tidy(specs: readonly FieldSpec[], values: Values): Values {
  const tidied: Record<string, Value> = {};

  for (const { name, kind } of specs) {
    const value = values[name] ?? '';

    if (kind === 'password') {
      if (value !== '') tidied[name] = value;
    } else {
      tidied[name] = typeof value === 'string' ? value.trim() : value;
    }
  }
  return tidied;
}

function complaintAbout(spec: FieldSpec, value: Value): Complaint | undefined {
  if (spec.kind === 'bool' || typeof value !== 'string') return undefined;
  const max = 'max' in spec ? spec.max : Infinity;

  if (value === '')
    return spec.required ? { key: 'field.required', max } : undefined;
  if (spec.kind === 'password') {
    const bytes = new TextEncoder().encode(value).length;
    const most = spec.maxBytes;
    return bytes > most ? { key: 'field.bytes', max: most } : undefined;
  }
  /* Characters, as the server counts them, not UTF-16 units. */
  if (Array.from(value).length > max) return { key: 'field.tooLong', max };
  if (spec.kind === 'email' && !/^[^\s@]+@[^\s@]+$/.test(value))
    return { key: 'field.email', max };
  return undefined;
}

/** What can be seen to be wrong without asking the server, by field. */
export function check(
  specs: readonly FieldSpec[],
  values: Values,
): Readonly<Record<string, Complaint>> {
  const found: Record<string, Complaint> = {};

  for (const spec of specs) {
    const complaint = complaintAbout(spec, values[spec.name] ?? '');
    if (complaint) found[spec.name] = complaint;
  }
  return found;
}

/** The values that differ from `before`. A field that was emptied and may be
 * empty becomes null. */
export function changes(
  before: Values,
  after: Values,
): Readonly<Record<string, Value | null>> {
  return Object.fromEntries(
    Object.entries(after)
      .filter(([name, value]) => value !== before[name])
      .map(([name, value]) => [name, value === '' ? null : value]),
  );
}

export interface Rebased {
  values: Values;
  /** Changed by both sides, to different values: the reader decides. */
  conflicts: readonly string[];
}

/** Somebody else wrote while this form was open. What only one side changed
 * is taken from that side; what both did stays ours, and is named. */
export function rebase(base: Values, mine: Values, theirs: Values): Rebased {
  const values: Record<string, Value> = {};
  const conflicts: string[] = [];

  for (const [name, value] of Object.entries(mine)) {
    const other = theirs[name] ?? value;
    const untouched = value === base[name];

    values[name] = untouched ? other : value;
    if (!untouched && other !== base[name] && other !== value)
      conflicts.push(name);
  }
  return { values, conflicts };
}
