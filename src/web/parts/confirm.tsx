/** Asks before something is done that cannot be taken back, says what it is, and tells in place when it was refused. */
import { useState, type ReactNode } from 'react';
import { useCommand, type Command } from '../api/command.js';
import { Dialog } from './dialog.js';
import { ProblemNote } from './problem.js';
import { ReasonField } from './reason-field.js';

interface ConfirmProps<A> {
  readonly title: string;
  /** The word of the button that does it. */
  readonly verb: string;
  readonly danger?: boolean;
  /** Asks for a reason, which goes into the body as `reason`; `must`: there has to be one. */
  readonly asksReason?: boolean | 'must';
  readonly command: Omit<Command<Readonly<Record<string, unknown>>>, 'body'> & {
    readonly body?: Readonly<Record<string, unknown>>;
  };
  readonly onClose: () => void;
  readonly onDone?: (answer: A) => void;
  readonly children: ReactNode;
}

/** What it does is a `POST`; it closes when that is done. */
export const Confirm = <A,>({
  title,
  verb,
  danger = false,
  asksReason = false,
  command,
  onClose,
  onDone,
  children,
}: ConfirmProps<A>) => {
  const [reason, setReason] = useState('');
  const { mutate, isPending, error } = useCommand<A, Readonly<Record<string, unknown>>>((answer) => {
    onDone?.(answer);
    onClose();
  });
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          mutate({
            ...command,
            body: { ...command.body, ...(reason.trim() === '' ? {} : { reason: reason.trim() }) },
          });
        }}
      >
        {children}
        {asksReason === false ? null : (
          <ReasonField value={reason} onChange={setReason} isNeeded={asksReason === 'must'} />
        )}
        <ProblemNote error={error} />
        <div className="dialog-foot">
          <button type="button" className="button" onClick={onClose}>
            Back
          </button>
          <button type="submit" className={danger ? 'button danger' : 'button primary'} disabled={isPending}>
            {isPending ? 'One moment…' : verb}
          </button>
        </div>
      </form>
    </Dialog>
  );
};
