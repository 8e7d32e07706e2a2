/** What may come in from engines that speak HTTP: the commands of docs/write-a-host.md. */
import { line } from '../domain/checks.js';
import { attempt, hostKey, promotionMembers } from '../domain/promotion-form.js';
import { closed, text, wholeText } from './closed.js';
import { Reason } from './codecs.js';

const HostName = text(
  {
    expected: 'a name of 1 to 32 small letters, digits and dashes that starts with a letter',
    mend: 'name your engine, such as buildbot; the name stays the same for ever',
  },
  (value) => /^[a-z][a-z0-9-]{0,31}$/.test(value),
);

const members = promotionMembers(closed);
/** The key of the engine itself; absent: that of the request. */
const said = { commandId: line(200), reason: Reason };

/** The longest that an answer is held, in seconds: shorter than what proxies usually bear. */
const MOST_WAIT = 60;

export const HostParam = closed({ host: HostName }, {});
export const PhaseParam = closed({ host: HostName, hostKey }, {});
export const HostChangeParam = closed({ host: HostName, id: hostKey }, {});

/** Body of `POST /hosts/:host/phases`. */
export const PromoteBody = closed(members.required, { ...members.optional, ...said });
/** Body of `POST /hosts/:host/phases/:hostKey/cancel`. */
export const CancelPhaseBody = closed({}, { attempt, ...said });
/** Body of `POST /hosts/:host/changes/:id/supersede`. */
export const SupersedeBody = closed({ by: hostKey }, said);

export const PhaseQuery = closed(
  {},
  {
    attempt: wholeText(1, 1_000_000, 'leave it out for the last one'),
    wait: wholeText(0, MOST_WAIT, 'give seconds; leave it out for an answer at once'),
    known: text(
      { expected: 'what an answer has as `known`', mend: 'send it as it came; leave it out for the first' },
      (value) => /^[0-9a-f]{16}$/.test(value),
    ),
  },
);
