/** Copies a text, and says so. Where the page is not in a secure context the browser has no clipboard: the text is selected instead. */
import { announce } from './announce.js';
import { Icon } from './icon.js';

const canCopy = (): boolean => 'clipboard' in navigator;

interface CopyButtonProps {
  /** A function is asked when it is pressed: what is copied may change without a word to the page, as its address does. */
  readonly text: string | (() => string);
  readonly label?: string;
  /** As large as the buttons of a page's head. */
  readonly isLarge?: boolean;
}

export const CopyButton = ({ text, label = 'Copy', isLarge = false }: CopyButtonProps) =>
  canCopy() ? (
    <button
      type="button"
      className={isLarge ? 'button' : 'button small'}
      onClick={() => {
        navigator.clipboard.writeText(typeof text === 'string' ? text : text()).then(
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
