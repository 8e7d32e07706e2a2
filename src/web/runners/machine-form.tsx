/** What has to be known of a machine to add it. */
import type { HTMLInputTypeAttribute } from 'react';
import { Field } from '../parts/field.js';

/** As it stands in the controls. */
export type Typed = Readonly<
  Record<'name' | 'host' | 'admin' | 'user' | 'port' | 'slots' | 'labels' | 'jump', string>
>;

interface Control {
  readonly name: keyof Typed;
  readonly label: string;
  readonly hint?: string;
  readonly type?: HTMLInputTypeAttribute;
  readonly required?: boolean;
  readonly max?: number;
  /** See docs/api.md, "What a runner may be". */
  readonly pattern?: string;
}

const controls: readonly Control[] = [
  { name: 'name', label: 'Name', required: true, pattern: '[A-Za-z0-9][A-Za-z0-9._\\-]{0,62}' },
  { name: 'host', label: 'Host name or address', required: true },
  { name: 'user', label: 'Account that jobs run as', required: true },
  {
    name: 'admin',
    label: 'Who logs in to install',
    hint: 'For a fresh machine only: root, or who may use sudo',
  },
  { name: 'port', label: 'SSH port', type: 'number', required: true, max: 65_535 },
  { name: 'slots', label: 'Slots (jobs at once)', type: 'number', required: true, max: 64 },
  { name: 'labels', label: 'Labels', hint: 'With commas between' },
  {
    name: 'jump',
    label: 'Jump host',
    hint: 'user@host or user@host:port; empty: reached directly',
    pattern: '[^@\\s]+@[^@\\s]+',
  },
];

interface MachineFormProps {
  readonly typed: Typed;
  readonly onChange: (typed: Typed) => void;
}

export const MachineForm = ({ typed, onChange }: MachineFormProps) => (
  <div className="runners-form">
    {controls.map(({ name, label, hint, type = 'text', required = false, max, pattern }) => (
      <Field key={name} label={label} {...(hint === undefined ? {} : { hint })}>
        {(id) => (
          <input
            {...{ id, type, required }}
            {...(max === undefined ? {} : { min: 1, max })}
            {...(pattern === undefined ? {} : { pattern })}
            className="input"
            autoComplete="off"
            spellCheck={false}
            maxLength={253}
            value={typed[name]}
            onChange={({ target }) => onChange({ ...typed, [name]: target.value })}
          />
        )}
      </Field>
    ))}
  </div>
);
