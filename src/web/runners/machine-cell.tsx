/** What a machine is, and what it is called upon for: each a filter. */
import { useSearch } from 'wouter';
import type { RunnerAsOf } from '../../app/evidence.js';
import { Link } from '../parts/link.js';
import { withParams } from '../parts/params.js';

interface ChipLinkProps {
  readonly text: string;
  readonly change: Readonly<Record<string, string>>;
  readonly title: string;
}

const ChipLink = ({ text, change, title }: ChipLinkProps) => {
  const search = useSearch();
  return (
    <Link to={withParams('/runners', search, change)} className="chip runners-chip" title={title}>
      {text}
    </Link>
  );
};

export const MachineCell = ({ runner: { attributes, labels } }: { readonly runner: RunnerAsOf }) => {
  const { os, platform, platform_version } = attributes;
  const system = [os, platform, platform_version].filter((value) => value !== undefined);
  return (
    <div className="runners-cell">
      <div className="row runners-chips">
        {system.length === 0 ? <span className="small muted">not read yet</span> : null}
        {system.map((value, index) => (
          <ChipLink key={index} text={value} change={{ q: value }} title={`Show what has ${value}`} />
        ))}
        {labels.map((label) => (
          <ChipLink key={`label ${label}`} text={label} change={{ label }} title={`Show label ${label}`} />
        ))}
      </div>
    </div>
  );
};
