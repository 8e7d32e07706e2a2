/** Looks at a runner now and says in words what came of it: with each finding and what follows from it. */
import { useEffect, useRef, useState } from 'react';
import type { RunnerTested } from '../../app/use-cases.js';
import { apiPath } from '../api/client.js';
import { useCommand } from '../api/command.js';
import { useNow } from '../api/clock.js';
import { useMay } from '../api/session.js';
import { Dialog } from '../parts/dialog.js';
import { ProblemNote } from '../parts/problem.js';
import { Status } from '../parts/status.js';
import { lengthOf } from '../parts/time.js';
import { Findings } from './findings.js';
import { KeyDialog } from './key-dialog.js';

const Waiting = ({ name }: { readonly name: string }) => {
  const now = useNow();
  const [since] = useState(now);
  return (
    <p role="status">
      Looking at {name} now… <span className="number">{lengthOf(now - since)}</span>
    </p>
  );
};

const Result = ({ answer, onClose }: { readonly answer: RunnerTested; readonly onClose: () => void }) => {
  const { code, sentence, fingerprint, hop = 'runner', runner } = answer;
  const isOperator = useMay('operator');
  const isAdmin = useMay('admin');
  const [isComparing, setComparing] = useState(false);
  const accepted = hop === 'jump' ? (runner.jumpHostKeys ?? []) : runner.hostKeys;
  const mayAccept = fingerprint !== undefined && (accepted.length === 0 ? isOperator : isAdmin);
  if (isComparing && fingerprint !== undefined)
    return <KeyDialog {...{ name: runner.name, hop, found: fingerprint, accepted }} onClose={onClose} />;
  return (
    <>
      <p className={`note tone-${code === 'ready' ? 'ok' : 'bad'}`}>{sentence}</p>
      <p className="row">
        Now it is <Status of={runner.state} />
        {runner.detail === undefined || runner.detail === sentence ? null : (
          <span className="muted">{runner.detail}</span>
        )}
      </p>
      {mayAccept ? (
        <p>
          <button type="button" className="button primary" onClick={() => setComparing(true)}>
            Compare the host key…
          </button>
        </p>
      ) : null}
      <Findings of={runner.evidence?.findings ?? []} />
    </>
  );
};

interface TestDialogProps {
  readonly name: string;
  /** `prove`: runs a small job in each free slot as well. */
  readonly how: 'test' | 'prove';
  readonly onClose: () => void;
}

export const TestDialog = ({ name, how, onClose }: TestDialogProps) => {
  const { mutate, data, error, isPending } = useCommand<RunnerTested>();
  const begun = useRef(false);
  useEffect(() => {
    if (begun.current) return;
    begun.current = true;
    mutate({ url: apiPath('runners', name, how), done: `${name} was tested.` });
  }, [mutate, name, how]);
  return (
    <Dialog title={how === 'test' ? `Test of ${name}` : `Proof of ${name}`} onClose={onClose} wide>
      {data === undefined ? null : <Result answer={data} onClose={onClose} />}
      <ProblemNote error={error} />
      {data === undefined && error === null ? <Waiting name={name} /> : null}
      <div className="dialog-foot">
        <button
          type="button"
          className="button"
          disabled={isPending}
          onClick={() => mutate({ url: apiPath('runners', name, how), done: `${name} was tested again.` })}
        >
          Again
        </button>
        <button type="button" className="button primary" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
};
