/** Where a moment is written: as text, since the browsers' own controls have the order of day and month of some country. */
import { Field } from './field.js';
import { instantOf, millisOfLocal, WRITTEN, zoneName } from './moments.js';

interface MomentInputProps {
  readonly label: string;
  /** As it is written. */
  readonly text: string;
  readonly onChange: (text: string) => void;
  readonly isNeeded?: boolean;
  /** What is wrong with it although it is a moment. */
  readonly wrong?: string | undefined;
}

const hintOf = (text: string): string => {
  const millis = millisOfLocal(text);
  if (millis !== undefined) return `In UTC: ${instantOf(millis)}`;
  return `${text.trim() === '' ? 'Written' : 'Not a moment yet; written'} as ${WRITTEN}, in ${zoneName()}`;
};

export const MomentInput = ({ label, text, onChange, isNeeded = false, wrong }: MomentInputProps) => {
  const isWrong = wrong !== undefined || (text.trim() !== '' && millisOfLocal(text) === undefined);
  return (
    <Field label={label} hint={wrong ?? hintOf(text)}>
      {(id) => (
        <input
          id={id}
          className="input number"
          aria-describedby={`${id}-hint`}
          aria-invalid={isWrong}
          autoComplete="off"
          spellCheck={false}
          maxLength={40}
          required={isNeeded}
          value={text}
          onChange={({ target }) => onChange(target.value)}
        />
      )}
    </Field>
  );
};
