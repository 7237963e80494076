/* SPDX-License-Identifier: MIT */
import { useState } from 'react';
import { useI18n } from '../../app/i18n';
import { Badge, type Tone } from '../../ui/Badge';
import { Icon } from '../../ui/Icon';
import css from './DocsPage.module.css';
import type { Answer, Description, Operation, Parameter } from './openapi';
import { Said } from './Said';
import { boundTexts, exampleText, typeText } from './schema';
import { SchemaView } from './SchemaView';
import { Try } from './Try';

const tones: Readonly<Record<string, Tone>> = {
  GET: 'accent',
  POST: 'good',
  PUT: 'warn',
  PATCH: 'warn',
  DELETE: 'bad',
};

interface Props {
  operation: Operation;
  resolve: Description['resolve'];
}

/** One line; what is in it is made when it is opened. */
export function OperationView({ operation, resolve }: Props) {
  const { t } = useI18n();
  const [open, setOpen] = useState(false);
  const { method, path, summary, locked } = operation;

  return (
    <details
      className={css.operation}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>
        <span className={css.method}>
          <Badge tone={tones[method] ?? 'neutral'}>{method}</Badge>
        </span>
        <code>{path}</code>
        <span className={css.summary} lang="en">
          {summary}
        </span>
        {locked && (
          <span title={t('docs.locked')}>
            <Icon name="lock" size={16} />
            <span className="visually-hidden">{t('docs.locked')}</span>
          </span>
        )}
      </summary>
      {open && <Inside operation={operation} resolve={resolve} />}
    </details>
  );
}

function Inside({ operation, resolve }: Props) {
  const { t } = useI18n();
  const { description, parameters, body, answers, method } = operation;
  const example = body && exampleText(body, resolve);

  return (
    <div className={css.inside}>
      {description !== null && (
        <p lang="en">
          <Said text={description} />
        </p>
      )}
      {parameters.length > 0 && (
        <section>
          <h4>{t('docs.parameters')}</h4>
          <dl className={css.fields}>
            {parameters.map((one) => (
              <ParameterView
                key={`${one.place} ${one.name}`}
                parameter={one}
                resolve={resolve}
              />
            ))}
          </dl>
        </section>
      )}
      {body && (
        <section>
          <h4>{t('docs.body')}</h4>
          <SchemaView schema={body} resolve={resolve} />
          {example !== null && (
            <div className={css.answer}>
              <pre tabIndex={0} aria-label={t('docs.example')}>
                {example}
              </pre>
            </div>
          )}
        </section>
      )}
      <section>
        <h4>{t('docs.answers')}</h4>
        {answers.map((one) => (
          <AnswerView key={one.status} answer={one} resolve={resolve} />
        ))}
      </section>
      {method === 'GET' && (
        <section>
          <h4>{t('docs.try')}</h4>
          <Try operation={operation} />
        </section>
      )}
    </div>
  );
}

interface ParameterProps {
  parameter: Parameter;
  resolve: Description['resolve'];
}

function ParameterView({ parameter, resolve }: ParameterProps) {
  const { t } = useI18n();
  const { name, place, required, description, schema } = parameter;
  const texts = boundTexts(schema, resolve);

  return (
    <div className={css.field}>
      <dt>
        <code>{name}</code>
        {place === 'header' && <Badge tone="neutral">{t('docs.header')}</Badge>}
        {required && <Badge tone="neutral">{t('docs.required')}</Badge>}
      </dt>
      <dd>
        <span className={css.type}>{typeText(schema, resolve)}</span>
        {texts.length > 0 && (
          <span className={css.bounds}>{texts.join(' · ')}</span>
        )}
        {description !== null && (
          <p lang="en">
            <Said text={description} />
          </p>
        )}
      </dd>
    </div>
  );
}

interface AnswerProps {
  answer: Answer;
  resolve: Description['resolve'];
}

function AnswerView({ answer, resolve }: AnswerProps) {
  const { status, description, schema } = answer;
  const good = status < '300';

  return (
    <details className={css.one}>
      <summary>
        <Badge tone={good ? 'good' : 'neutral'}>{status}</Badge>
        <span lang="en">
          <Said text={description} />
        </span>
      </summary>
      {schema && <SchemaView schema={schema} resolve={resolve} />}
    </details>
  );
}
