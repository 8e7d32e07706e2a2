/** What a change is, who has led it how far, and what speaks against it. */
import type { ReactNode } from 'react';
import type { ChangeView, Deed } from '../../app/change-view.js';
import { CopyButton } from '../parts/copy-button.js';
import { Link, pageOf } from '../parts/link.js';
import { Status } from '../parts/status.js';
import { At } from '../parts/time.js';
import { blockedText, standingOf } from './words.js';

const Fact = ({ name, children }: { readonly name: string; readonly children: ReactNode }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

const DeedFact = ({ name, deed }: { readonly name: string; readonly deed: Deed | undefined }) =>
  deed === undefined ? null : (
    <Fact name={name}>
      by {deed.by}, <At at={deed.at} />
      {deed.reason === undefined ? null : <p className="muted">“{deed.reason}”</p>}
    </Fact>
  );

const Sha = ({ sha }: { readonly sha: string }) => (
  <span className="row">
    <code title={sha}>{sha.slice(0, 12)}</code>
    <CopyButton text={sha} />
  </span>
);

export const Facts = ({ change }: { readonly change: ChangeView }) => (
  <dl className="facts">
    <Fact name="Project">
      <Link to={`/changes?project=${encodeURIComponent(change.project)}`}>
        {change.enterprise} / {change.organisation} / {change.project}
      </Link>
    </Fact>
    <Fact name="Branch and pipeline">
      <code>{change.branch}</code> into <code>{change.pipeline}</code>
    </Fact>
    <Fact name="Patchset">
      <span className="number">{change.patchset}</span>
    </Fact>
    <Fact name="Commit">
      <Sha sha={change.sha} />
    </Fact>
    <DeedFact name="Approved" deed={change.approved} />
    {change.merge === undefined ? null : (
      <Fact name={change.status === 'merging' ? 'Merge to land' : 'Merge'}>
        <Sha sha={change.merge.sha} />
      </Fact>
    )}
    <DeedFact name="Delivered" deed={change.delivered} />
    <DeedFact name="Deleted" deed={change.deleted} />
    <Fact name="Id">
      <span className="row">
        <code>{change.id.slice(0, 8)}</code>
        <CopyButton text={change.id} />
      </span>
    </Fact>
  </dl>
);

/** Its status, and whether it goes on by itself. */
export const Standing = ({ change }: { readonly change: ChangeView }) => (
  <span className="row">
    <Status of={change.status} />
    <span className="muted">{standingOf(change)}</span>
  </span>
);

/** What must not be overlooked, in sentences. */
export const Notes = ({ change }: { readonly change: ChangeView }) => {
  const { supersededBy, mergeRefused, promotion, status } = change;
  return (
    <>
      {supersededBy === undefined ? null : (
        <p className="note tone-warn">
          {status === 'delivered' ? 'A later change was delivered after this one' : 'Superseded'}:{' '}
          <Link to={pageOf.change(supersededBy)}>change {supersededBy.slice(0, 8)}</Link> is later and
          contains it. Go on with that one.
        </p>
      )}
      {mergeRefused === undefined ? null : (
        <p className="note tone-bad">
          The last approval, at <At at={mergeRefused.at} />, did not lead to a merge: {mergeRefused.detail}
        </p>
      )}
      {promotion.blocked === undefined ? null : (
        <p className="note tone-warn">
          Caution: {blockedText(change, promotion.blocked)} It has been so since{' '}
          <At at={promotion.blocked.since} />. Nobody knows whether these pipelines work together until each
          has taken part in a Union that passed. It is a caution: nothing is refused because of it.
        </p>
      )}
    </>
  );
};
