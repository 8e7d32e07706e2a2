/** Pieces of a line as they are shown. Whatever the job wrote becomes text nodes: no HTML, and no link that the job could choose. */
import type { Piece } from './highlight.js';
import { lookOf } from './look.js';

const Shown = ({ piece: { text, style, mark, isHit } }: { readonly piece: Piece }) => {
  const { className, style: css } = lookOf(style);
  const shown =
    mark === undefined ? (
      text
    ) : (
      <span className="log-mark" title={mark}>
        {text}
      </span>
    );
  const hit = isHit === true ? <mark className="log-hit">{shown}</mark> : shown;
  return className === '' && css === undefined ? (
    hit
  ) : (
    <span className={className} {...(css === undefined ? {} : { style: css })}>
      {hit}
    </span>
  );
};

export const Pieces = ({ pieces }: { readonly pieces: readonly Piece[] }) =>
  pieces.map((piece, at) => <Shown key={at} piece={piece} />);
