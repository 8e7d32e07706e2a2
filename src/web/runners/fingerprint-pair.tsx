/** The accepted host key above the found one, in full, with what differs marked. */
import { differenceText, piecesOf } from './fingerprints.js';

const Marked = ({ text, other }: { readonly text: string; readonly other: string | undefined }) => (
  <code className="runners-fingerprint">
    {other === undefined
      ? text
      : piecesOf(text, other).map((piece, index) =>
          piece.differs ? <mark key={index}>{piece.text}</mark> : <span key={index}>{piece.text}</span>,
        )}
  </code>
);

interface FingerprintPairProps {
  readonly accepted: readonly string[];
  readonly found: string;
}

export const FingerprintPair = ({ accepted, found }: FingerprintPairProps) => {
  const last = accepted.at(-1);
  return (
    <>
      <dl className="runners-keys">
        <dt>Accepted until now</dt>
        <dd>
          {accepted.length === 0
            ? 'none'
            : accepted.map((key) => <Marked key={key} text={key} other={key === last ? found : undefined} />)}
        </dd>
        <dt>Found on the last look</dt>
        <dd>
          <Marked text={found} other={last} />
        </dd>
      </dl>
      {last === undefined ? null : <p className="small muted">{differenceText(last, found)}</p>}
    </>
  );
};
