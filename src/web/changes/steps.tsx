/** The six stages and the two gates, in order: each stage is a way to what it did. */
import { useSearch } from 'wouter';
import type { ChangeView } from '../../app/change-view.js';
import { Icon } from '../parts/icon.js';
import { Link, pageOf } from '../parts/link.js';
import { Status, wordOf } from '../parts/status.js';
import { At } from '../parts/time.js';
import { withParams } from '../parts/params.js';
import { runStatus, stepsOf, titleOf, type GateState, type StageRun } from './stages.js';

const gateWords = { open: 'needs you', moving: 'merging', waits: 'not yet', never: 'does not come' } as const;

const Gate = ({ state }: { readonly state: GateState }) => {
  if (state.kind === 'passed')
    return (
      <>
        <span className="chip tone-ok">
          <Icon name="check" />
          {state.deed === undefined ? 'done' : `by ${state.deed.by}`}
        </span>
        {state.deed === undefined ? null : (
          <span className="visually-hidden">
            <At at={state.deed.at} />
          </span>
        )}
      </>
    );
  if (state.kind === 'waits' || state.kind === 'never')
    return <span className="small muted">{gateWords[state.kind]}</span>;
  return (
    <span className={`chip tone-${state.kind === 'open' ? 'warn' : 'live'}`}>
      <Icon name={state.kind === 'open' ? 'clock' : 'turns'} />
      {gateWords[state.kind]}
    </span>
  );
};

const Stage = ({ run }: { readonly run: StageRun | undefined }) => {
  if (run === undefined) return <span className="small muted">not begun</span>;
  const status = runStatus(run);
  // a step has no room for the whole of it, which stands below
  return status === 'waiting_for_a_runner' ? (
    <Status of="waiting" title={wordOf(status)} />
  ) : (
    <Status of={status} />
  );
};

interface StepsProps {
  readonly change: ChangeView;
  /** The stage that is open. */
  readonly open: string;
}

export const Steps = ({ change, open }: StepsProps) => {
  const search = useSearch();
  return (
    <nav aria-label="Stages">
      <ol className="changes-steps">
        {stepsOf(change).map((step) =>
          step.kind === 'gate' ? (
            <li key={step.gate} className="changes-gate">
              <span className="small">{titleOf(step.gate)}</span>
              <Gate state={step.state} />
            </li>
          ) : (
            <li key={step.stage}>
              <Link
                to={withParams(pageOf.change(change.id), search, { stage: step.stage, run: undefined })}
                className="changes-step"
                {...(step.stage === open ? { 'aria-current': 'page' as const } : {})}
              >
                <strong>{titleOf(step.stage)}</strong>
                <Stage run={step.runs.at(-1)} />
              </Link>
            </li>
          ),
        )}
      </ol>
    </nav>
  );
};
