/* SPDX-License-Identifier: MIT */
import { useCallback, useState } from 'react';
import type { Records } from '../api/api';
import { toApiError, type ApiError, type FieldError } from '../api/errors';
import type { Versioned } from '../api/types';
import { useQuery } from '../api/useQuery';
import {
  changes,
  check,
  emptyValues,
  rebase,
  tidy,
  valuesOf,
  type Complaint,
  type FieldSpec,
  type Value,
  type Values,
} from './fields';

/** Why a field was refused: by us, to be translated, or by the server. */
export type FieldProblem = Complaint | FieldError;

interface Draft {
  /** The record as it was last read. */
  base: Values;
  etag: string | null;
  values: Values;
  /** Somebody else's values where both sides changed one; null until then. */
  theirs: Values | null;
}

export interface RecordForm {
  /** undefined while the record is being read. */
  values: Values | undefined;
  theirs: Values | null;
  problems: Readonly<Record<string, FieldProblem>>;
  /** What concerns no single field. */
  failure: ApiError | null;
  loadError: ApiError | undefined;
  saving: boolean;
  dirty: boolean;
  /** Grows at each refusal, for moving the focus. */
  refusals: number;
  reload: () => void;
  set: (name: string, value: Value) => void;
  takeTheirs: () => void;
  save: () => void;
}

interface Options<T extends object, D> {
  records: Records<T, D>;
  /** null for a new record. */
  id: number | null;
  specs: readonly FieldSpec[];
  onSaved: (record: T) => void;
  /** Nothing was different: nothing was sent. */
  onUnchanged: () => void;
}

interface Outcome {
  problems: Readonly<Record<string, FieldProblem>>;
  failure: ApiError | null;
  refusals: number;
}

const untried: Outcome = { problems: {}, failure: null, refusals: 0 };

function blankDraft(specs: readonly FieldSpec[]): Draft {
  const base = emptyValues(specs);
  return { base, etag: null, values: base, theirs: null };
}

function pickFields(from: Values, names: readonly string[]): Values {
  return Object.fromEntries(
    Object.entries(from).filter(([name]) => names.includes(name)),
  );
}

/* The refusals that have a field here to stand beside, and what is left. */
function sortOut(
  error: ApiError,
  specs: readonly FieldSpec[],
): Omit<Outcome, 'refusals'> {
  const names = specs.map((spec) => spec.name);
  const ours = Object.entries(error.fields).filter(([name]) =>
    names.includes(name),
  );
  const all = ours.length === Object.keys(error.fields).length;

  return {
    problems: Object.fromEntries(ours),
    failure: ours.length > 0 && all ? null : error,
  };
}

/* A field that is being changed is not wrong until it is looked at again. */
function without(before: Outcome, name: string): Outcome {
  const problems = Object.fromEntries(
    Object.entries(before.problems).filter(([key]) => key !== name),
  );
  return { ...before, problems };
}

/** Editing one record: reads it, checks it, sends what changed, and when
 * somebody else was faster, brings both sides together. */
export function useRecordForm<T extends object, D>(
  options: Options<T, D>,
): RecordForm {
  const { records, id, specs, onSaved, onUnchanged } = options;
  const [draft, setDraft] = useState<Draft | undefined>(() =>
    id === null ? blankDraft(specs) : undefined,
  );
  const [outcome, setOutcome] = useState(untried);
  const [saving, setSaving] = useState(false);

  const read = useCallback(
    async (signal: AbortSignal) => {
      if (id === null) return;
      const { record, etag } = await records.get(id, { signal });
      const base = valuesOf(specs, record);
      setDraft({ base, etag, values: base, theirs: null });
    },
    [records, id, specs],
  );
  const opened = useQuery(read);

  function refuse(found: Omit<Outcome, 'refusals'>) {
    setOutcome((before) => ({ ...found, refusals: before.refusals + 1 }));
  }

  function send(values: Values, from: Draft): Promise<Versioned<T>> {
    /* The specs name the fields of D, and check() has seen the values. */
    if (id === null) return records.create(values as D);
    const diff = changes(from.base, values) as Partial<D>;
    return records.change(id, diff, from.etag);
  }

  async function meet(values: Values, from: Draft) {
    if (id === null) return;
    const { record, etag } = await records.get(id);
    const base = valuesOf(specs, record);
    const both = rebase(from.base, values, base);
    const theirs = pickFields(base, both.conflicts);

    setDraft({ base, etag, values: both.values, theirs });
    setOutcome(untried);
  }

  async function trySend(values: Values, from: Draft) {
    try {
      onSaved((await send(values, from)).record);
    } catch (failed) {
      const error = toApiError(failed);

      if (error.trouble !== 'changed') refuse(sortOut(error, specs));
      else await meet(values, from);
    }
  }

  async function save() {
    if (draft === undefined || saving) return;
    const values = tidy(specs, draft.values);
    const problems = check(specs, values);

    if (Object.keys(problems).length > 0) {
      refuse({ problems, failure: null });
      return;
    }
    if (id !== null && Object.keys(changes(draft.base, values)).length === 0) {
      onUnchanged();
      return;
    }
    setSaving(true);
    try {
      await trySend(values, draft);
    } catch (failed) {
      refuse({ problems: {}, failure: toApiError(failed) });
    } finally {
      setSaving(false);
    }
  }

  return {
    values: draft?.values,
    theirs: draft?.theirs ?? null,
    problems: outcome.problems,
    failure: outcome.failure,
    refusals: outcome.refusals,
    loadError: opened.error,
    reload: opened.reload,
    saving,
    dirty:
      draft !== undefined &&
      Object.keys(changes(draft.base, draft.values)).length > 0,
    set(name, value) {
      setDraft((d) => d && { ...d, values: { ...d.values, [name]: value } });
      setOutcome((before) => without(before, name));
    },
    takeTheirs: () => setDraft((d) => d && { ...d, values: d.base }),
    save: () => void save(),
  };
}
