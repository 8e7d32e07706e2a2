/** Copies a text, and says so. Where the page is not in a secure context the browser has no clipboard: the text is selected instead. */
import { announce } from './announce.js';
import { Icon } from './icon.js';

const canCopy = (): boolean => 'clipboard' in navigator;

export const CopyButton = ({ text, label = 'Copy' }: { readonly text: string; readonly label?: string }) =>
  canCopy() ? (
    <button
      type="button"
      className="button small"
      onClick={() => {
        navigator.clipboard.writeText(text).then(
          () => announce('Copied.'),
          () => announce('The browser did not allow copying.'),
        );
      }}
    >
      <Icon name="copy" />
      {label}
    </button>
  ) : (
    <span className="small muted">select and copy</span>
  );
