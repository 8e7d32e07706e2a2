/** Asks until when a pause lasts. */
import { Fragment, useId } from 'react';
import { MomentInput } from '../parts/moment-input.js';
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
        <Fragment key={choice}>
          <label className="row">
            <input
              type="radio"
              name={id}
              checked={value.choice === choice}
              onChange={() => onChange({ ...value, choice })}
            />
            {words[choice]}
          </label>
          {choice === 'moment' && value.choice === 'moment' ? (
            <MomentInput
              label="Moment"
              text={value.moment}
              onChange={(moment) => onChange({ ...value, moment })}
              isNeeded
            />
          ) : null}
        </Fragment>
      ))}
    </fieldset>
  );
};
