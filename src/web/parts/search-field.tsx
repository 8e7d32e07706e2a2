/** A box to look for something: what is written is wanted when the writer pauses, and at once on Enter. */
import { useEffect, useEffectEvent, useState } from 'react';
import { Field } from './field.js';

const PAUSE_MS = 250;

interface SearchFieldProps {
  readonly label: string;
  readonly hint?: string;
  /** What is looked for now. */
  readonly value: string;
  readonly onSearch: (text: string) => void;
}

export const SearchField = ({ label, hint, value, onSearch }: SearchFieldProps) => {
  const [text, setText] = useState(value);
  const [before, setBefore] = useState(value);
  if (before !== value) {
    // it was changed elsewhere, e.g. taken out; or it is what was written here
    setBefore(value);
    if (text.trim() !== value) setText(value);
  }
  const wanted = text.trim();
  // another function for the same begins no new pause
  const search = useEffectEvent(onSearch);
  useEffect(() => {
    if (wanted === value) return undefined;
    const timer = setTimeout(() => search(wanted), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [wanted, value]);
  return (
    <Field label={label} {...(hint === undefined ? {} : { hint })}>
      {(id) => (
        <input
          id={id}
          type="search"
          className="input"
          maxLength={100}
          spellCheck={false}
          value={text}
          onChange={({ target }) => setText(target.value)}
          onKeyDown={({ key }) => {
            if (key === 'Enter') onSearch(wanted);
          }}
        />
      )}
    </Field>
  );
};
