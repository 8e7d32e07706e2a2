/** Asks for an instant in the zone of who looks, for an address. */
import { useEffect, useEffectEvent, useState } from 'react';
import { MomentInput } from './moment-input.js';
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
  const millis = millisOfLocal(text);
  if (before !== value) {
    setBefore(value);
    // it was changed elsewhere; what was written here stays as it is, there may come more
    if (millis !== millisOf(value)) setText(textOf(value));
  }
  const isEmpty = text.trim() === '';
  const isOther = isEmpty ? value !== undefined : millis !== undefined && millis !== millisOf(value);
  // another function for the same begins no new pause
  const change = useEffectEvent(onChange);
  useEffect(() => {
    if (!isOther) return undefined;
    const timer = setTimeout(() => change(millis === undefined ? undefined : instantOf(millis)), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [isOther, millis]);
  return <MomentInput label={label} text={text} onChange={setText} />;
};
