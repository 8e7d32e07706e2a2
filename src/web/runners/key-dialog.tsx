/** Accepts the host key that a machine shows: with both fingerprints, and only from who says that it was compared. */
import type { RunnerTested } from '../../app/use-cases.js';
import { apiPath } from '../api/client.js';
import { announce } from '../parts/announce.js';
import { Confirm } from '../parts/confirm.js';
import { FingerprintPair } from './fingerprint-pair.js';

interface KeyDialogProps {
  readonly name: string;
  readonly hop: 'runner' | 'jump';
  readonly found: string;
  /** None: the key is accepted for the first time. */
  readonly accepted: readonly string[];
  readonly onClose: () => void;
}

export const KeyDialog = ({ name, hop, found, accepted, onClose }: KeyDialogProps) => {
  const isFirst = accepted.length === 0;
  const whose = hop === 'jump' ? `the jump host of ${name}` : name;
  const first = hop === 'jump' ? { acceptJumpHostKey: found } : { acceptHostKey: found };
  const changed = { fingerprint: found, ...(hop === 'jump' ? { jump: true } : {}) };
  return (
    <Confirm<RunnerTested>
      title={`${isFirst ? 'Accept' : 'Trust'} the host key of ${whose}`}
      verb={isFirst ? 'Accept this key, then test' : 'Trust this key, then test'}
      danger={!isFirst}
      // accepting for the first time is a test, which takes no reason
      asksReason={!isFirst}
      command={{
        url: apiPath('runners', name, isFirst ? 'test' : 'trust'),
        done: `The host key of ${whose} was accepted.`,
        body: isFirst ? first : changed,
      }}
      onDone={({ sentence }) => announce(sentence)}
      onClose={onClose}
    >
      {isFirst ? null : (
        <p className="note tone-bad">
          {`${whose} shows another host key than before. If nobody has installed it anew or changed its keys, somebody may stand in between: find out why first.`}
        </p>
      )}
      <FingerprintPair accepted={accepted} found={found} />
      <p className="small">
        On the console of {hop === 'jump' ? 'the jump host' : 'the machine'}, this prints its own:{' '}
        <code>ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub</code>
      </p>
      <label className="row runners-tick">
        <input type="checkbox" required />I compared the found fingerprint with the one that the machine
        itself prints.
      </label>
    </Confirm>
  );
};
