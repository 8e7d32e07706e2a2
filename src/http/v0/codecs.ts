/** What may come in below `/api/v0`. Names are only compared, so that one that is unknown is not found rather than wrong. */
import { AnyName, RunnerName } from '../codecs.js';
import { closed, oneOf, text, wholeText } from '../closed.js';
import { logNames } from './log-parts.js';

const Ent = { ent: AnyName };
const Project = { ...Ent, org: AnyName, proj: AnyName };

export const EntParams = closed(Ent, {});
export const HostParams = closed({ ...Ent, hostname: AnyName }, {});
export const JobParams = closed({ ...Ent, job_id: AnyName }, {});
export const ChangeParams = closed({ ...Project, change_id: AnyName }, {});
export const StageParams = closed({ ...Project, change_id: AnyName, stage: AnyName }, {});
export const PhaseRunParams = closed(
  {
    ...{ ...Project, pipe: AnyName },
    run_id: wholeText(1, Number.MAX_SAFE_INTEGER, 'give the id of a phase run, an integer'),
  },
  {},
);

const Attribute = text(
  { expected: 'one word or line of 1 to 100 characters', mend: 'give what the machine is, e.g. ubuntu' },
  (value) => /^[^\u0000-\u001f\u007f-\u009f]{1,100}$/u.test(value),
);

/** Body of `POST runners`: all five, as the original asked for them. */
export const AddRunnerBody = closed(
  {
    ...{ hostname: RunnerName, os: Attribute, platform_family: Attribute },
    ...{ platform: Attribute, platform_version: Attribute },
  },
  {},
);

/** `colorize`: `true` leaves the colours in. `output`: that one alone, of a job that told of itself. */
export const LogQuery = closed({}, { colorize: oneOf(['true', 'false']), output: oneOf(logNames) });

/** `Last-Event-ID` of any server, this one or the one before: it is only compared. */
export const AnyEventId = closed(
  {},
  {
    'Last-Event-ID': text(
      { expected: 'at most 255 visible characters', mend: 'send the id of the last event as it came' },
      (value) => /^[\x21-\x7e]{1,255}$/.test(value),
    ),
  },
);
