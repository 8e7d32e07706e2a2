/** Chooses the moment that the pages show: now, or one of the past. */
import { useState } from 'react';
import { useLocation, useSearch } from 'wouter';
import { serverNow } from '../api/clock.js';
import { useAt } from '../api/past.js';
import { Dialog } from '../parts/dialog.js';
import { Icon } from '../parts/icon.js';
import { MomentInput } from '../parts/moment-input.js';
import { instantOf, localOf, millisOf, millisOfLocal, stepFrom, zoneName } from '../parts/moments.js';
import { momentText } from './moment-text.js';
import { withParams } from '../parts/params.js';

const MINUTE_MS = 60_000;
const steps = [
  ['−1 h', -60 * MINUTE_MS],
  ['−10 min', -10 * MINUTE_MS],
  ['+10 min', 10 * MINUTE_MS],
  ['+1 h', 60 * MINUTE_MS],
] as const;

interface TimeDialogProps {
  readonly at: string | undefined;
  readonly show: (at: string | undefined) => void;
  readonly onClose: () => void;
}

const TimeDialog = ({ at, show, onClose }: TimeDialogProps) => {
  const [text, setText] = useState(() => localOf(millisOf(at) ?? serverNow()));
  const millis = millisOfLocal(text);
  const isFuture = millis !== undefined && millis > serverNow();
  const jump = (to: string | undefined): void => {
    setText(localOf(millisOf(to) ?? serverNow()));
    show(to);
  };
  return (
    <Dialog title="Show which moment?" onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (millis === undefined || isFuture) return;
          show(instantOf(millis));
          onClose();
        }}
      >
        <p>
          Shown: <strong>{at === undefined ? 'now' : momentText(at)}</strong>
          {millisOf(at) === undefined ? null : (
            <>
              {' '}
              <code>{at}</code>
            </>
          )}
        </p>
        <div className="row" role="group" aria-label="Steps from there">
          {steps.map(([name, stepMs]) => {
            const to = stepFrom(at, stepMs, serverNow());
            return (
              <button
                key={name}
                type="button"
                className="button small"
                // a position has no time to count from, and nothing comes after now
                disabled={to === null || (at === undefined && stepMs > 0)}
                onClick={() => jump(stepFrom(at, stepMs, serverNow()) ?? undefined)}
              >
                {name}
              </button>
            );
          })}
          <button
            type="button"
            className="button small"
            disabled={at === undefined}
            onClick={() => jump(undefined)}
          >
            Now
          </button>
        </div>
        <MomentInput
          label={`Date and time (${zoneName()})`}
          text={text}
          onChange={setText}
          isNeeded
          wrong={isFuture ? 'That has not come yet.' : undefined}
        />
        <p className="small muted">
          Everything but logs is shown as it was then, with ages counted from then. Nothing can be changed
          there.
        </p>
        <div className="dialog-foot">
          <button type="button" className="button" onClick={onClose}>
            Close
          </button>
          <button type="submit" className="button primary" disabled={millis === undefined || isFuture}>
            Show that moment
          </button>
        </div>
      </form>
    </Dialog>
  );
};

export const TimeControl = () => {
  const at = useAt();
  const search = useSearch();
  const [path, navigate] = useLocation();
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button type="button" className="button small" onClick={() => setOpen(true)}>
        <Icon name="clock" />
        {at === undefined ? 'Now' : momentText(at)}
        <span className="visually-hidden">: choose the moment that is shown</span>
      </button>
      {isOpen ? (
        <TimeDialog
          at={at}
          show={(moment) => navigate(withParams(path, search, { at: moment }))}
          onClose={() => setOpen(false)}
        />
      ) : null}
    </>
  );
};
