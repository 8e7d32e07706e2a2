/** What may be done with the change now, as buttons; what cannot be done yet says why. */
import { useId } from 'react';
import type { ChangeView } from '../../app/change-view.js';
import { Icon } from '../parts/icon.js';
import type { Asked } from './deed-dialogs.js';
import { titleOf } from './stages.js';
import { deedsOf, listed, whyNot } from './words.js';

interface DeedButtonsProps {
  readonly change: ChangeView;
  readonly ask: (asked: Asked) => void;
}

export const DeedButtons = ({ change, ask }: DeedButtonsProps) => {
  const id = useId();
  const deeds = deedsOf(change).map((deed) => ({ deed, why: whyNot(change, deed) }));
  const reasons = [...new Set(deeds.flatMap(({ why }) => why ?? []))];
  const mayCancel = change.actions.includes('cancel');
  if (deeds.length === 0 && !mayCancel) return null;
  return (
    <div className="stack changes-buttons">
      <div className="row">
        {deeds.map(({ deed, why }) => (
          <button
            key={deed}
            type="button"
            className={deed === 'delete' ? 'button' : 'button primary'}
            disabled={why !== undefined}
            {...(why === undefined ? {} : { 'aria-describedby': `${id}-${reasons.indexOf(why)}` })}
            onClick={() => ask({ kind: deed })}
          >
            {deed === 'delete' ? <Icon name="trash" /> : null}
            {titleOf(deed)}
          </button>
        ))}
        {mayCancel ? (
          <button type="button" className="button" onClick={() => ask({ kind: 'cancel' })}>
            <Icon name="cross" />
            Cancel all
          </button>
        ) : null}
      </div>
      {reasons.length === 0 ? null : (
        <ul className="small muted">
          {reasons.map((reason, index) => (
            <li key={reason} id={`${id}-${index}`}>
              {listed(deeds.filter(({ why }) => why === reason).map(({ deed }) => titleOf(deed)))}: {reason}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
};
