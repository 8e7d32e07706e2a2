/** Hands in a branch: by the command to paste, or by a form, which tells at each field what is wrong with it. */
import { useState } from 'react';
import type { ChangeView } from '../../app/change-view.js';
import { ApiProblem, apiPath, problemOf } from '../api/client.js';
import { useCommand } from '../api/command.js';
import { CopyButton } from '../parts/copy-button.js';
import { Dialog } from '../parts/dialog.js';
import { Field } from '../parts/field.js';
import { ProblemNote } from '../parts/problem.js';
import { bodyOf, byField, type SubmitField } from './submit-fields.js';

const COMMAND = 'baton change submit --target master --wait';

const empty: Readonly<Record<SubmitField, string>> = {
  ...{ repository: '', branch: '', target: 'master' },
  ...{ project: '', organisation: '', enterprise: '' },
};

interface TextProps {
  readonly label: string;
  readonly hint?: string;
  readonly wrong: string | undefined;
  readonly isNeeded?: boolean;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

const Text = ({ label, hint, wrong, isNeeded = false, value, onChange }: TextProps) => (
  <Field label={label} {...(hint === undefined ? {} : { hint })}>
    {(id) => (
      <>
        <input
          id={id}
          className="input mono"
          spellCheck={false}
          autoCapitalize="off"
          required={isNeeded}
          value={value}
          {...(wrong === undefined ? {} : { 'aria-invalid': true, 'aria-describedby': `${id}-wrong` })}
          onChange={({ target }) => onChange(target.value)}
        />
        {wrong === undefined ? null : (
          <p id={`${id}-wrong`} className="small changes-wrong">
            {wrong}
          </p>
        )}
      </>
    )}
  </Field>
);

interface SubmitDialogProps {
  readonly onClose: () => void;
  readonly onSubmitted: (change: ChangeView) => void;
}

export const SubmitDialog = ({ onClose, onSubmitted }: SubmitDialogProps) => {
  const [values, setValues] = useState(empty);
  const { mutate, isPending, error } = useCommand<ChangeView, Readonly<Record<string, string>>>(onSubmitted);
  const problem = error === null ? undefined : problemOf(error);
  const { fields, rest } = byField(problem?.problems ?? []);
  const told =
    problem === undefined
      ? null
      : new ApiProblem({
          ...problem,
          problems: rest,
          ...(rest.length === 0 && Object.keys(fields).length > 0
            ? { hint: 'What is wrong, and how to mend it, stands at the field.' }
            : {}),
        });
  const text = (name: SubmitField) => ({
    value: values[name],
    wrong: fields[name],
    onChange: (value: string) => setValues({ ...values, [name]: value }),
  });
  return (
    <Dialog title="Submit a change" onClose={onClose}>
      <div className="stack">
        <p>In the folder of the repository, on its branch:</p>
        <p className="row">
          <code>{COMMAND}</code>
          <CopyButton text={COMMAND} />
        </p>
      </div>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          mutate({ url: apiPath('changes'), body: bodyOf(values), done: 'Submitted: Verify is queued.' });
        }}
      >
        <p>Or here:</p>
        <Text
          label="Repository"
          hint="An address that the server can fetch from, or a folder below one of its source roots."
          isNeeded
          {...text('repository')}
        />
        <Text label="Branch to hand in" isNeeded {...text('branch')} />
        <Text label="Target, which is also the pipeline" isNeeded {...text('target')} />
        <details>
          <summary>Project, organisation, enterprise</summary>
          <div className="stack">
            <Text label="Project" hint="Empty: named after the repository." {...text('project')} />
            <Text label="Organisation" hint="Empty: default." {...text('organisation')} />
            <Text label="Enterprise" hint="Empty: default." {...text('enterprise')} />
          </div>
        </details>
        <ProblemNote error={told} />
        <div className="dialog-foot">
          <button type="button" className="button" onClick={onClose}>
            Back
          </button>
          <button type="submit" className="button primary" disabled={isPending}>
            {isPending ? 'One moment…' : 'Submit'}
          </button>
        </div>
      </form>
    </Dialog>
  );
};
