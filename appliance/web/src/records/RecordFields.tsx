/* SPDX-License-Identifier: MIT */
import { useI18n } from '../app/i18n';
import { Button } from '../ui/Button';
import { Select, Switch, TextInput } from '../ui/controls';
import { Field, type ControlProps } from '../ui/Field';
import type { FieldSpec, Value, Values } from './fields';
import css from './RecordFields.module.css';

interface Props {
  specs: readonly FieldSpec[];
  values: Values;
  /** By field name, in the reader's language. */
  errors: Readonly<Record<string, string>>;
  /** Somebody else's values, for the fields where they differ from ours. */
  theirs?: Values;
  onChange: (name: string, value: Value) => void;
}

/** The controls of a form, made from the description of its fields. */
export function RecordFields(props: Props) {
  const { specs, values, errors, theirs = {}, onChange } = props;
  const { t } = useI18n();

  return specs.map((spec) => {
    const value = values[spec.name] ?? '';
    const other = theirs[spec.name];

    return (
      <Field
        key={spec.name}
        label={t(spec.label)}
        required={spec.required}
        optional={
          spec.required || spec.kind === 'bool'
            ? undefined
            : t('field.optional')
        }
        error={errors[spec.name]}
        hint={spec.kind === 'password' ? t(spec.hint) : undefined}
        extra={
          other !== undefined &&
          other !== value && (
            <Theirs
              spec={spec}
              value={other}
              onTake={() => onChange(spec.name, other)}
            />
          )
        }
      >
        {(control) => (
          <Control
            spec={spec}
            control={control}
            value={value}
            onChange={(next) => onChange(spec.name, next)}
          />
        )}
      </Field>
    );
  });
}

interface ControlOf {
  spec: FieldSpec;
  control: ControlProps;
  value: Value;
  onChange: (value: Value) => void;
}

function Control({ spec, control, value, onChange }: ControlOf) {
  const { t } = useI18n();
  const text = typeof value === 'string' ? value : '';

  switch (spec.kind) {
    case 'bool':
      return (
        <Switch
          {...control}
          name={spec.name}
          checked={value === true}
          text={t(value === true ? spec.on : spec.off)}
          onChange={(event) => onChange(event.target.checked)}
        />
      );
    case 'select':
      return (
        <Select
          {...control}
          name={spec.name}
          value={text}
          onChange={(event) => onChange(event.target.value)}
        >
          <Options spec={spec} value={text} />
        </Select>
      );
    case 'password':
      return (
        <TextInput
          {...control}
          name={spec.name}
          type="password"
          value={text}
          autoComplete="new-password"
          onChange={(event) => onChange(event.target.value)}
        />
      );
    default:
      return (
        <TextInput
          {...control}
          name={spec.name}
          type={spec.kind}
          value={text}
          autoComplete="off"
          autoCapitalize={spec.kind === 'email' ? 'none' : 'words'}
          spellCheck={false}
          onChange={(event) => onChange(event.target.value)}
        />
      );
  }
}

/* A value that this page does not know must not be lost by opening it. */
function Options({ spec, value }: { spec: FieldSpec; value: string }) {
  const { t } = useI18n();
  if (spec.kind !== 'select') return null;
  const strange = value !== '' && !spec.options.includes(value);

  return (
    <>
      {(!spec.required || value === '') && (
        <option value="">{t('field.none')}</option>
      )}
      {spec.options.map((option, at) => {
        const label = spec.optionLabel[at];
        return (
          <option key={option} value={option}>
            {label ? t(label) : option}
          </option>
        );
      })}
      {strange && <option value={value}>{value}</option>}
    </>
  );
}

interface TheirsProps {
  spec: FieldSpec;
  value: Value;
  onTake: () => void;
}

function Theirs({ spec, value, onTake }: TheirsProps) {
  const { t } = useI18n();

  return (
    <div className={css.theirs}>
      <p>
        <span>{t('conflict.theirs')}</span> <b>{useShown(spec, value)}</b>
      </p>
      <Button small onClick={onTake}>
        {t('conflict.take')}
      </Button>
    </div>
  );
}

/** A value in words. */
function useShown(spec: FieldSpec, value: Value): string {
  const { t } = useI18n();

  if (spec.kind === 'bool') return t(value === true ? spec.on : spec.off);
  if (value === '') return t('field.none');
  if (spec.kind !== 'select') return String(value);
  const label = spec.optionLabel[spec.options.indexOf(String(value))];
  return label ? t(label) : String(value);
}
