/** Which keys do what in a log. */
import { Dialog } from '../parts/dialog.js';

const keys = [
  ['/', 'search the whole log'],
  ['n', 'next line that matches'],
  ['N', 'previous line that matches'],
  ['o', 'only lines that match, and back'],
  ['e', 'next line with “error”'],
  ['E', 'previous line with “error”'],
  ['g', 'first line'],
  ['G', 'last line'],
  ['f', 'follow the end, or stop'],
  ['w', 'wrap long lines, or not'],
  ['t', 'times: none, since the start, clock'],
  ['m', 'full screen, and back'],
  ['?', 'this list'],
] as const;

export const Help = ({ onClose }: { readonly onClose: () => void }) => (
  <Dialog title="Keys of the log" onClose={onClose}>
    <table className="table">
      <thead>
        <tr>
          <th scope="col">Key</th>
          <th scope="col">What it does</th>
        </tr>
      </thead>
      <tbody>
        {keys.map(([key, does]) => (
          <tr key={key}>
            <td>
              <kbd>{key}</kbd>
            </td>
            <td>{does}</td>
          </tr>
        ))}
      </tbody>
    </table>
    <p className="small muted">
      A click on a line’s number makes a link to it; with the shift key to several lines. Groups are headings
      that begin with “--- ”, “+++ ” or “~~~ ” and sections of GitLab; folding one hides the lines of it that
      are loaded.
    </p>
    <div className="dialog-foot">
      <button type="button" className="button" onClick={onClose}>
        Close
      </button>
    </div>
  </Dialog>
);
