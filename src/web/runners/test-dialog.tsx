/** Looks at a runner now and says in words what came of it: with each finding and what follows from it. */
import { useEffect, useRef, useState } from 'react';
import type { RunnerTested } from '../../app/use-cases.js';
import { apiPath } from '../api/client.js';
import { useCommand } from '../api/command.js';
import { useNow } from '../api/clock.js';
import { useMay } from '../api/session.js';
import { Dialog } from '../parts/dialog.js';
import { ProblemNote } from '../parts/problem.js';
import { Sentence } from '../parts/sentence.js';
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

const acceptedOf = ({ hop, runner }: RunnerTested): readonly string[] =>
  hop === 'jump' ? (runner.jumpHostKeys ?? []) : runner.hostKeys;

interface ResultProps {
  readonly answer: RunnerTested;
  readonly compare: () => void;
}

const Result = ({ answer, compare }: ResultProps) => {
  const { code, sentence, fingerprint, hop, runner } = answer;
  const isOperator = useMay('operator');
  const isAdmin = useMay('admin');
  const isFirst = acceptedOf(answer).length === 0;
  const mayAccept = fingerprint !== undefined && (isFirst ? isOperator : isAdmin);
  return (
    <>
      <p className={`note tone-${code === 'ready' ? 'ok' : 'bad'}`}>
        <Sentence of={sentence} />
      </p>
      <p className="row">
        Now it is <Status of={runner.state} />
        {runner.detail === undefined || runner.detail === sentence ? null : (
          <span className="muted">
            <Sentence of={runner.detail} />
          </span>
        )}
      </p>
      {mayAccept ? (
        <p>
          <button type="button" className="button primary" onClick={compare}>
            {hop === 'jump' ? 'Compare the jump host’s key…' : 'Compare the host key…'}
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
  const [isComparing, setComparing] = useState(false);
  const begun = useRef(false);
  useEffect(() => {
    if (begun.current) return;
    begun.current = true;
    mutate({ url: apiPath('runners', name, how), done: `${name} was tested.` });
  }, [mutate, name, how]);
  // in place of this dialog, not over it
  if (isComparing && data?.fingerprint !== undefined)
    return (
      <KeyDialog
        {...{ name, hop: data.hop ?? 'runner', found: data.fingerprint, accepted: acceptedOf(data), onClose }}
      />
    );
  return (
    <Dialog title={how === 'test' ? `Test of ${name}` : `Proof of ${name}`} onClose={onClose} wide>
      {data === undefined ? null : <Result answer={data} compare={() => setComparing(true)} />}
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
