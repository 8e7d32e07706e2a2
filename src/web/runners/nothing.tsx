/** No runner yet: what to paste so that there is one. */
import { useAt } from '../api/past.js';
import { Empty } from '../parts/empty.js';
import { addCommand, installCommand, type Machine } from './paste.js';

const unknown: Machine = {
  name: '',
  host: '',
  admin: '',
  user: '',
  port: 22,
  slots: 1,
  labels: [],
  jump: '',
};

export const Nothing = () =>
  useAt() === undefined ? (
    <Empty title="No runner yet">
      <p className="muted">Jobs wait until there is one. A fresh machine is set up and added by</p>
      <pre>{installCommand(unknown)}</pre>
      <p className="muted">and one that is set up is added by</p>
      <pre>{addCommand(unknown)}</pre>
    </Empty>
  ) : (
    <Empty title="There was no runner at that moment" />
  );
