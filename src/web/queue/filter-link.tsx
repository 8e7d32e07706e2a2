/** A link to the queue with other filters: what else is chosen on the page stays. */
import type { ReactNode } from 'react';
import { useSearch } from 'wouter';
import { Link } from '../parts/link.js';
import { withParams } from '../parts/params.js';
import { noFilters, type Filters } from './filters.js';

interface FilterLinkProps {
  readonly to: Filters;
  /** Lets the other filters hold, too. */
  readonly beside?: boolean;
  readonly className?: string;
  readonly title?: string;
  readonly children: ReactNode;
}

export const FilterLink = ({ to, beside = false, children, ...rest }: FilterLinkProps) => {
  const search = useSearch();
  return (
    <Link
      to={withParams('/queue', search, { ...(beside ? {} : noFilters), ...to, explain: undefined })}
      {...rest}
    >
      {children}
    </Link>
  );
};
