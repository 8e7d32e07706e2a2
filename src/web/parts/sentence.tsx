/** A sentence of the server as a person reads it: commands as code, instants in the zone of who looks. */
import { partsOf, type SentencePart } from './sentence-parts.js';
import { At } from './time.js';

const Piece = ({ part: { kind, text } }: { readonly part: SentencePart }) => {
  if (kind === 'code') return <code>{text}</code>;
  return kind === 'instant' ? <At at={text} /> : text;
};

export const Sentence = ({ of }: { readonly of: string }) =>
  partsOf(of).map((part, index) => <Piece key={index} part={part} />);
