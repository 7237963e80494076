/* SPDX-License-Identifier: MIT */
import { isObject } from '../../api/decode';
import { useI18n } from '../../app/i18n';
import { Badge } from '../../ui/Badge';
import css from './DocsPage.module.css';
import type { Description, Schema } from './openapi';
import { Said } from './Said';
import { boundTexts, objectsIn, typeText } from './schema';

interface Props {
  schema: Schema;
  resolve: Description['resolve'];
  /** How many objects it lies in. */
  depth?: number;
}

const maxDepth = 4;

/** What a body is made of, field by field. */
export function SchemaView({ schema, resolve, depth = 0 }: Props) {
  const objects = objectsIn(schema, resolve);

  return (
    <div className={css.schema}>
      {depth === 0 && (
        <p className={css.type}>
          <code>{typeText(schema, resolve) || 'any JSON'}</code>
        </p>
      )}
      {objects.map((one, at) => (
        <div key={one.name ?? at}>
          {objects.length > 1 && one.name !== null && (
            <p className={css.type}>
              <code>{one.name}</code>
            </p>
          )}
          <Fields schema={one.schema} resolve={resolve} depth={depth} />
        </div>
      ))}
    </div>
  );
}

function Fields({ schema, resolve, depth = 0 }: Props) {
  const { properties, required } = schema;
  const must = Array.isArray(required) ? required : [];

  if (!isObject(properties)) return null;
  return (
    <dl className={css.fields}>
      {Object.entries(properties).map(([name, one]) =>
        isObject(one) ? (
          <Field
            key={name}
            name={name}
            required={must.includes(name)}
            schema={one}
            resolve={resolve}
            depth={depth}
          />
        ) : null,
      )}
    </dl>
  );
}

interface FieldProps extends Props {
  name: string;
  required: boolean;
}

function Field({ name, required, schema, resolve, depth = 0 }: FieldProps) {
  const { t } = useI18n();
  const whole = { ...resolve(schema).schema, ...schema };
  const { description, readOnly, writeOnly } = whole;
  const texts = boundTexts(schema, resolve);
  const inner = depth < maxDepth ? objectsIn(schema, resolve) : [];

  return (
    <div className={css.field}>
      <dt>
        <code>{name}</code>
        {required && <Badge tone="neutral">{t('docs.required')}</Badge>}
        {readOnly === true && (
          <Badge tone="neutral">{t('docs.readOnly')}</Badge>
        )}
        {writeOnly === true && (
          <Badge tone="neutral">{t('docs.writeOnly')}</Badge>
        )}
      </dt>
      <dd>
        <span className={css.type}>{typeText(schema, resolve)}</span>
        {texts.length > 0 && (
          <span className={css.bounds}>{texts.join(' · ')}</span>
        )}
        {typeof description === 'string' && (
          <p lang="en">
            <Said text={description} />
          </p>
        )}
        {inner.length > 0 && (
          <details>
            <summary>{t('docs.inside')}</summary>
            <SchemaView schema={schema} resolve={resolve} depth={depth + 1} />
          </details>
        )}
      </dd>
    </div>
  );
}
