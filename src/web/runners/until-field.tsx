/** Asks until when a pause lasts. */
import { useId } from 'react';
import { pauseChoices, type Until } from './until.js';

const words: Readonly<Record<Until['choice'], string>> = {
  ...{
    '30m': 'for 30 minutes',
    '2h': 'for 2 hours',
    moment: 'until a moment',
    open: 'until somebody resumes it',
  },
};

interface UntilFieldProps {
  readonly value: Until;
  readonly onChange: (value: Until) => void;
}

export const UntilField = ({ value, onChange }: UntilFieldProps) => {
  const id = useId();
  return (
    <fieldset className="runners-choices">
      <legend className="small muted">How long</legend>
      {pauseChoices.map((choice) => (
        <label key={choice} className="row">
          <input
            type="radio"
            name={id}
            checked={value.choice === choice}
            onChange={() => onChange({ ...value, choice })}
          />
          {words[choice]}
        </label>
      ))}
      {value.choice === 'moment' ? (
        <input
          type="datetime-local"
          className="input"
          aria-label="Moment, in your time zone"
          required
          value={value.moment}
          onChange={({ target }) => onChange({ ...value, moment: target.value })}
        />
      ) : null}
    </fieldset>
  );
};
