/** A runner was added: its key has to come to the machine, then it is tested. */
import { useState } from 'react';
import type { RunnerAdded } from '../../app/use-cases.js';
import { CopyButton } from '../parts/copy-button.js';
import { Dialog } from '../parts/dialog.js';
import { Link, pageOf } from '../parts/link.js';
import { authorizedKeysLine } from './paste.js';
import { TestDialog } from './test-dialog.js';

interface AddedProps {
  readonly answer: RunnerAdded;
  readonly onClose: () => void;
}

export const Added = ({ answer: { runner, publicKey }, onClose }: AddedProps) => {
  const [isTesting, setTesting] = useState(false);
  if (isTesting) return <TestDialog name={runner.name} how="test" onClose={onClose} />;
  const line = publicKey === undefined ? undefined : authorizedKeysLine(publicKey);
  return (
    <Dialog title={`${runner.name} was added`} onClose={onClose} wide>
      {line === undefined ? null : (
        <div className="stack runners-paste">
          <div className="spread">
            <p>
              It may log in with this key. Put the line into <code>~{runner.user}/.ssh/authorized_keys</code>{' '}
              on {runner.host}:
            </p>
            <CopyButton text={line} />
          </div>
          <pre tabIndex={0} aria-label="Line for authorized_keys">
            {line}
          </pre>
        </div>
      )}
      <p>Then test it. The first test shows the host key of the machine, and logs in nowhere.</p>
      <div className="dialog-foot">
        <Link to={pageOf.runner(runner.name)} className="button">
          To its page
        </Link>
        <button type="button" className="button primary" onClick={() => setTesting(true)}>
          Test it
        </button>
      </div>
    </Dialog>
  );
};
