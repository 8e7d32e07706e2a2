/** Asks for an instant in the zone of who looks, and shows which one that is in UTC. */
import { useEffect, useEffectEvent, useState } from 'react';
import { Field } from './field.js';
import { instantOf, localOf, millisOf, millisOfLocal } from './moments.js';

const PAUSE_MS = 600;

interface MomentFieldProps {
  readonly label: string;
  /** RFC 3339; undefined: none. */
  readonly value: string | undefined;
  /** When the writer pauses. */
  readonly onChange: (value: string | undefined) => void;
}

const textOf = (value: string | undefined): string => {
  const millis = millisOf(value);
  return millis === undefined ? '' : localOf(millis);
};

export const MomentField = ({ label, value, onChange }: MomentFieldProps) => {
  const [text, setText] = useState(() => textOf(value));
  const [before, setBefore] = useState(value);
  if (before !== value) {
    // it was changed elsewhere, or it is what was chosen here
    setBefore(value);
    setText(textOf(value));
  }
  const millis = millisOfLocal(text);
  const isOther = text !== textOf(value) && (text === '' || millis !== undefined);
  // another function for the same begins no new pause
  const change = useEffectEvent(onChange);
  useEffect(() => {
    if (!isOther) return undefined;
    const timer = setTimeout(() => change(millis === undefined ? undefined : instantOf(millis)), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [isOther, millis]);
  return (
    <Field label={label} {...(millis === undefined ? {} : { hint: instantOf(millis) })}>
      {(id) => (
        <input
          id={id}
          type="datetime-local"
          step={1}
          className="input"
          value={text}
          onChange={({ target }) => setText(target.value)}
        />
      )}
    </Field>
  );
};
