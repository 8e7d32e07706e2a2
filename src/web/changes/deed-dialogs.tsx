/** Asks before a change is led on, given up, ended or run again, and says what follows from it. */
import { useQuery } from '@tanstack/react-query';
import type { JobView } from '../../../projections/jobs.js';
import type { ChangeView } from '../../app/change-view.js';
import type { Page } from '../../app/pages.js';
import { apiPath, ask, queryOf } from '../api/client.js';
import { Confirm } from '../parts/confirm.js';
import { CancelWhat } from './cancel-what.js';
import { titleOf } from './stages.js';
import { blockedText, containedIn } from './words.js';

/** What is asked; a consumer is the change in whose name it takes part. */
export type Asked =
  | { readonly kind: 'approve' | 'deliver' | 'delete' | 'cancel' }
  | {
      readonly kind: 'rerun';
      readonly stage: string;
      readonly phase?: string;
      readonly consumer?: { readonly changeId: string; readonly name: string };
    };

interface DialogProps {
  readonly change: ChangeView;
  readonly onClose: () => void;
}

const commandOf = ({ id }: ChangeView, word: string, done: string) => ({
  url: apiPath('changes', id, word),
  done,
});

const ApproveDialog = ({ change, onClose }: DialogProps) => (
  <Confirm
    title="Approve this change?"
    verb="Approve"
    asksReason
    command={commandOf(change, 'approve', 'Approved: the merge is on its way.')}
    onClose={onClose}
  >
    <p>
      Commit <code>{change.sha.slice(0, 12)}</code> of <code>{change.branch}</code> is merged into{' '}
      <code>{change.pipeline}</code> as it is now, pushed, and its branch deleted. Then Build and Acceptance
      follow by themselves. A merge that has landed cannot be called back.
    </p>
  </Confirm>
);

const DeliverDialog = ({ change, onClose }: DialogProps) => {
  const { data } = useQuery({
    queryKey: ['changes', 'superseded', change.project, change.id],
    queryFn: ({ signal }) =>
      ask<Page<ChangeView>>(
        `${apiPath('changes')}${queryOf({ project: change.project, status: 'superseded' })}`,
        { signal },
      ),
    meta: { topics: ['changes'] },
  });
  const contained = containedIn(change.id, data?.items ?? []);
  const { blocked } = change.promotion;
  return (
    <Confirm
      title="Deliver this change?"
      verb="Deliver"
      asksReason
      command={commandOf(change, 'deliver', 'Delivered: Union, Rehearsal and Delivered follow.')}
      onClose={onClose}
    >
      <p>
        Union, Rehearsal and Delivered follow by themselves, for{' '}
        <code>{(change.merge?.sha ?? change.sha).slice(0, 12)}</code>.
      </p>
      {blocked === undefined ? null : (
        <p className="note tone-warn">Caution: {blockedText(change, blocked)}</p>
      )}
      {contained.length === 0 ? (
        <p className="muted">No earlier change goes with it.</p>
      ) : (
        <>
          <p>It contains earlier changes that were not delivered, and these go with it:</p>
          <ul className="changes-fates">
            {contained.map(({ id, title }) => (
              <li key={id}>
                {title} (<code>{id.slice(0, 8)}</code>)
              </li>
            ))}
          </ul>
        </>
      )}
    </Confirm>
  );
};

const DeleteDialog = ({ change, live, onClose }: DialogProps & { readonly live: readonly JobView[] }) => (
  <Confirm
    title="Delete this change?"
    verb="Delete"
    danger
    asksReason
    command={commandOf(change, 'delete', 'The change is deleted.')}
    onClose={onClose}
  >
    <p>
      The change is given up. The branch <code>{change.branch}</code> stays, and may be submitted again as a
      new change.
    </p>
    {live.length === 0 ? null : (
      <>
        <p>
          What of it still waits or runs ends too, unless the server lets such jobs finish (
          <code>--obsolete-jobs</code>):
        </p>
        <CancelWhat jobs={live} />
      </>
    )}
  </Confirm>
);

const CancelDialog = ({ change, live, onClose }: DialogProps & { readonly live: readonly JobView[] }) => (
  <Confirm
    title="Cancel everything that waits or runs?"
    verb="Cancel the stage"
    danger
    asksReason
    command={commandOf(change, 'cancel', 'The end of the stage has been asked for.')}
    onClose={onClose}
  >
    <CancelWhat jobs={live} />
    <p>
      The stage ends as cancelled when its last job has ended: nothing more of it starts, and no stage
      follows. It may be run again then. If everything had already ended well, it has passed.
    </p>
  </Confirm>
);

type Rerun = Extract<Asked, { readonly kind: 'rerun' }>;

const RerunDialog = ({
  change,
  rerun: { stage, phase, consumer },
  onClose,
}: DialogProps & { readonly rerun: Rerun }) => {
  const what =
    phase === undefined ? `the stage ${titleOf(stage)}` : `the phase ${phase} of ${titleOf(stage)}`;
  return (
    <Confirm
      title={`Run ${what} again?`}
      verb="Run again"
      asksReason
      command={{
        ...commandOf(change, 'rerun', `${titleOf(stage)} is queued again.`),
        body: {
          stage,
          ...(phase === undefined ? {} : { phase }),
          ...(consumer === undefined ? {} : { consumer: consumer.changeId }),
        },
      }}
      onClose={onClose}
    >
      {phase === undefined ? (
        <p>All its phases run again, with the same commit.</p>
      ) : (
        <p>
          {consumer === undefined ? '' : `Of ${consumer.name}: `}
          {phase} and what comes after it run again, with the same commit. Phases that have ended keep what
          they have.
        </p>
      )}
    </Confirm>
  );
};

interface AskedProps extends DialogProps {
  readonly asked: Asked;
  /** Its jobs that wait or run. */
  readonly live: readonly JobView[];
}

export const DeedDialog = ({ asked, live, ...rest }: AskedProps) => {
  switch (asked.kind) {
    case 'approve':
      return <ApproveDialog {...rest} />;
    case 'deliver':
      return <DeliverDialog {...rest} />;
    case 'delete':
      return <DeleteDialog live={live} {...rest} />;
    case 'cancel':
      return <CancelDialog live={live} {...rest} />;
    case 'rerun':
      return <RerunDialog rerun={asked} {...rest} />;
  }
};
