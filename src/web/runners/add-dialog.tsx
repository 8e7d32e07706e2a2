/** Adds a runner: by commands to paste, or at once. */
import { useState } from 'react';
import type { RunnerAdded } from '../../app/use-cases.js';
import { base } from '../api/base.js';
import { apiPath } from '../api/client.js';
import { useCommand } from '../api/command.js';
import { useMay } from '../api/session.js';
import { CopyButton } from '../parts/copy-button.js';
import { Dialog } from '../parts/dialog.js';
import { ProblemNote } from '../parts/problem.js';
import { Added } from './added.js';
import { MachineForm, type Typed } from './machine-form.js';
import { addCommand, installCommand, labelsOf, USUAL_USER, type Machine } from './paste.js';

const blank: Typed = {
  name: '',
  host: '',
  admin: '',
  user: USUAL_USER,
  port: '22',
  slots: '1',
  labels: '',
  jump: '',
};

/** What is no number is shown as the usual one, and refused by the form. */
const wholeOf = (text: string, usual: number): number => (/^\d{1,5}$/.test(text) ? Number(text) : usual);

const machineOf = ({ port, slots, labels, jump, ...rest }: Typed): Machine => ({
  ...{ name: rest.name.trim(), host: rest.host.trim(), admin: rest.admin.trim(), user: rest.user.trim() },
  ...{ port: wholeOf(port, 22), slots: wholeOf(slots, 1), labels: labelsOf(labels), jump: jump.trim() },
});

const Paste = ({ title, text }: { readonly title: string; readonly text: string }) => (
  <div className="stack runners-paste">
    <div className="spread">
      <h3>{title}</h3>
      <CopyButton text={text} />
    </div>
    <pre tabIndex={0} aria-label={title}>
      {text}
    </pre>
  </div>
);

export const AddDialog = ({ onClose }: { readonly onClose: () => void }) => {
  const isAdmin = useMay('admin');
  const [typed, setTyped] = useState(blank);
  const { mutate, data, error, isPending } = useCommand<RunnerAdded>();
  if (data !== undefined) return <Added answer={data} onClose={onClose} />;
  const machine = machineOf(typed);
  return (
    <Dialog title="Add a runner" onClose={onClose} wide>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          const { name, host, user, port, slots, labels, jump } = machine;
          mutate({
            url: apiPath('runners'),
            done: `The runner ${name} was added.`,
            body: { name, host, user, port, slots, labels, ...(jump === '' ? {} : { jump }) },
          });
        }}
      >
        <MachineForm typed={typed} onChange={setTyped} />
        {machine.jump === '' ? (
          <Paste title="A fresh machine: sets it up and adds it" text={installCommand(machine)} />
        ) : (
          <p className="small muted">
            <code>baton install-runner</code> sets a fresh machine up over a direct connection; behind a jump
            host the account has to be there first.
          </p>
        )}
        <Paste title="A machine that has the account: adds it" text={addCommand(machine)} />
        <p className="small muted">
          Both run where the command line is, with <code>BATON_URL={`${location.origin}${base}`}</code> and
          the token of an administrator in <code>BATON_TOKEN</code>.
        </p>
        <ProblemNote error={error} />
        <div className="dialog-foot">
          <button type="button" className="button" onClick={onClose}>
            Back
          </button>
          {isAdmin ? (
            <button type="submit" className="button primary" disabled={isPending}>
              {isPending ? 'One moment…' : 'Add it now'}
            </button>
          ) : null}
        </div>
      </form>
    </Dialog>
  );
};
