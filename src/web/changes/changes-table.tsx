/** Changes as rows, or as cards where the page is narrow. */
import type { ReactNode } from 'react';
import type { ChangeView } from '../../app/change-view.js';
import { Icon } from '../parts/icon.js';
import { Link, pageOf } from '../parts/link.js';
import { Status, wordOf } from '../parts/status.js';
import { placeOf, waitsFor } from './words.js';

const Note = ({ children }: { readonly children: ReactNode }) => (
  <span className="chip tone-warn">
    <Icon name="warning" />
    {children}
  </span>
);

const Place = ({ change }: { readonly change: ChangeView }) => {
  const place = placeOf(change);
  const waits = waitsFor(change);
  return (
    <span className="row">
      {place === undefined ? null : (
        <>
          {place.stage} <Status of={place.status} />
        </>
      )}
      {waits === undefined ? null : <span className="small muted">{waits}</span>}
      {change.status === 'merging' ? <span className="small muted">the merge is on its way</span> : null}
    </span>
  );
};

const hasNotes = ({ mergeRefused, supersededBy, promotion }: ChangeView): boolean =>
  mergeRefused !== undefined || supersededBy !== undefined || promotion.blocked !== undefined;

const Notes = ({ change: { mergeRefused, supersededBy, promotion } }: { readonly change: ChangeView }) => (
  <span className="row">
    {mergeRefused === undefined ? null : <Note>not merged</Note>}
    {promotion.blocked === undefined ? null : <Note>caution: pipeline blocked</Note>}
    {supersededBy === undefined ? null : (
      <Link to={pageOf.change(supersededBy)} className="small">
        a later one: {supersededBy.slice(0, 8)}
      </Link>
    )}
  </span>
);

export const ChangesTable = ({ items }: { readonly items: readonly ChangeView[] }) => (
  <div className="table-scroll">
    <table className="table cards" aria-label="Changes, newest first">
      <thead>
        <tr>
          <th scope="col">Change</th>
          <th scope="col">Project and pipeline</th>
          <th scope="col">Status</th>
          <th scope="col">Where it is</th>
          <th scope="col">Notes</th>
          <th scope="col">Patchset</th>
        </tr>
      </thead>
      <tbody>
        {items.map((change) => (
          <tr key={change.id}>
            <td data-label="Change" className="changes-title">
              <Link to={pageOf.change(change.id)}>
                {change.title === '' ? change.id.slice(0, 8) : change.title}
              </Link>
            </td>
            <td data-label="Project">
              <span title={`${change.enterprise} / ${change.organisation}`}>
                {change.project}
                <span className="muted">:{change.pipeline}</span>
              </span>
            </td>
            <td data-label="Status">
              <Status of={change.status} title={wordOf(change.status)} />
            </td>
            <td data-label="Where">
              <Place change={change} />
            </td>
            <td data-label="Notes">{hasNotes(change) ? <Notes change={change} /> : null}</td>
            <td data-label="Patchset">
              <span>
                <span className="number">{change.patchset}</span>{' '}
                <code className="muted" title={change.sha}>
                  {change.sha.slice(0, 8)}
                </code>
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);
