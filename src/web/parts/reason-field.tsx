/** Asks why a command is given. */
import { Field } from './field.js';

interface ReasonFieldProps {
  readonly label?: string;
  readonly isNeeded?: boolean;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

export const ReasonField = ({
  label = 'Reason (recorded with your name)',
  isNeeded = false,
  value,
  onChange,
}: ReasonFieldProps) => (
  <Field label={label}>
    {(id) => (
      <input
        id={id}
        className="input"
        required={isNeeded}
        maxLength={500}
        value={value}
        onChange={({ target }) => onChange(target.value)}
      />
    )}
  </Field>
);
