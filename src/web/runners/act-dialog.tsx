/** Does one thing with one runner: asks what has to be known, and says what will happen. */
import type { RunnerAsOf } from '../../app/evidence.js';
import { apiPath } from '../api/client.js';
import { Confirm } from '../parts/confirm.js';
import { Sentence } from '../parts/sentence.js';
import type { Act } from './acts.js';
import { KeyDialog } from './key-dialog.js';
import { PauseDialog } from './pause-dialog.js';
import { RemoveDialog } from './remove-dialog.js';
import { TestDialog } from './test-dialog.js';

interface ActDialogProps {
  readonly act: Act;
  readonly runner: RunnerAsOf;
  readonly onClose: () => void;
}

const plain = {
  drain: {
    verb: 'Drain',
    done: (name: string) => `${name} is draining.`,
    says: 'Jobs that run there finish; it gets no new ones until somebody resumes it.',
  },
  resume: {
    verb: 'Resume',
    done: (name: string) => `${name} is resumed.`,
    says: 'It takes jobs again, if nothing else keeps it from them.',
  },
  clear: {
    verb: 'Clear quarantine',
    done: (name: string) => `The quarantine of ${name} was cleared.`,
    says: 'It takes jobs again at once, without the clean probes that would bring it back by themselves. If what was wrong goes on, it is quarantined again.',
  },
} as const;

export const ActDialog = ({ act, runner, onClose }: ActDialogProps) => {
  const { name } = runner;
  switch (act.kind) {
    case 'test':
    case 'prove':
      return <TestDialog name={name} how={act.kind} onClose={onClose} />;
    case 'pause':
      return <PauseDialog name={name} onClose={onClose} />;
    case 'remove':
      return <RemoveDialog runner={runner} onClose={onClose} />;
    case 'accept':
    case 'trust': {
      const { foundHostKey, foundJumpHostKey, hostKeys, jumpHostKeys = [] } = runner;
      const [found, accepted] =
        act.hop === 'jump' ? [foundJumpHostKey, jumpHostKeys] : [foundHostKey, hostKeys];
      // it was settled meanwhile
      if (found === undefined) return null;
      return <KeyDialog {...{ name, hop: act.hop, found, accepted, onClose }} />;
    }
    case 'clear_slot':
      return (
        <Confirm
          title={`Clear slot ${act.slot} of ${name}`}
          verb="Clear slot"
          asksReason
          command={{
            url: apiPath('runners', name, 'clear'),
            done: `Slot ${act.slot} of ${name} was cleared.`,
            body: { slot: act.slot },
          }}
          onClose={onClose}
        >
          <p>
            A job that held it left processes behind. Look on the machine that they are gone: the next job of
            this slot meets what they still do.
          </p>
        </Confirm>
      );
    case 'drain':
    case 'resume':
    case 'clear': {
      const { verb, done, says } = plain[act.kind];
      return (
        <Confirm
          title={`${verb}: ${name}`}
          verb={verb}
          asksReason
          command={{ url: apiPath('runners', name, act.kind), done: done(name) }}
          onClose={onClose}
        >
          {act.kind === 'clear' && runner.quarantine !== undefined && runner.detail !== undefined ? (
            <p className="note tone-bad">
              <Sentence of={runner.detail} />
            </p>
          ) : null}
          <p>{says}</p>
        </Confirm>
      );
    }
  }
};
