/* SPDX-License-Identifier: MIT */
import { useId, useState } from 'react';
import { useApi } from '../../api/context';
import { toApiError, type ApiError } from '../../api/errors';
import { useI18n } from '../../app/i18n';
import { ProblemNotice } from '../../problems/Problem';
import { Button } from '../../ui/Button';
import { TextInput } from '../../ui/controls';
import css from './DocsPage.module.css';
import type { Operation, Parameter } from './openapi';

type Values = Readonly<Record<string, string>>;

/** The address with its parameters: what is empty is left out. */
export function addressOf(operation: Operation, values: Values) {
  const path = operation.path
    .replace(/^\//, '')
    .replace(/\{(\w+)\}/g, (_, name: string) =>
      encodeURIComponent(values[name] ?? ''),
    );
  const query: Record<string, string> = {};

  for (const { name, place } of operation.parameters) {
    const value = values[name];
    if (place === 'query' && value) query[name] = value;
  }
  return { path, query };
}

function startOf(parameters: readonly Parameter[]): Values {
  return Object.fromEntries(
    parameters.map(({ name, required, example }) => [
      name,
      required ? example : '',
    ]),
  );
}

/** Sends a GET, and shows what comes. */
export function Try({ operation }: { operation: Operation }) {
  const { t } = useI18n();
  const api = useApi();
  const shown = operation.parameters.filter(({ place }) => place !== 'header');
  const [values, setValues] = useState(() => startOf(shown));
  const [busy, setBusy] = useState(false);
  const [answer, setAnswer] = useState<string>();
  const [error, setError] = useState<ApiError>();

  async function send() {
    setBusy(true);
    try {
      const { path, query } = addressOf(operation, values);
      setAnswer(JSON.stringify(await api.read(path, query), null, 2));
      setError(undefined);
    } catch (thrown) {
      setAnswer(undefined);
      setError(toApiError(thrown));
    } finally {
      setBusy(false);
    }
  }

  return (
    <form
      className={css.try}
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      {shown.map((one) => (
        <Input
          key={one.name}
          parameter={one}
          value={values[one.name] ?? ''}
          onChange={(value) => setValues({ ...values, [one.name]: value })}
        />
      ))}
      <Button type="submit" look="primary" small busy={busy}>
        {t('docs.send')}
      </Button>
      <div className={css.answer} aria-live="polite">
        {error && <ProblemNotice error={error} />}
        {answer !== undefined && (
          <pre tabIndex={0} aria-label={t('docs.answer')}>
            {answer}
          </pre>
        )}
      </div>
    </form>
  );
}

interface InputProps {
  parameter: Parameter;
  value: string;
  onChange: (value: string) => void;
}

function Input({ parameter, value, onChange }: InputProps) {
  const id = useId();

  return (
    <div className={css.input}>
      <label htmlFor={id}>
        <code>{parameter.name}</code>
      </label>
      <TextInput
        id={id}
        value={value}
        required={parameter.required}
        placeholder={parameter.example}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  );
}
