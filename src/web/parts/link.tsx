/** Links between pages. They keep the moment that is shown. */
import type { ReactNode } from 'react';
import { Link as Wouter } from 'wouter';
import { useAt } from '../api/past.js';
import { withParams } from './params.js';

interface LinkProps {
  readonly to: string;
  readonly className?: string;
  readonly title?: string;
  readonly 'aria-current'?: 'page';
  readonly children: ReactNode;
}

/** `to`: a path, which may have a query; a moment that stands in it counts. */
export const Link = ({ to, children, ...rest }: LinkProps) => {
  const [path = '', search = ''] = to.split('?', 2);
  const shown = useAt();
  const at = new URLSearchParams(search).get('at') ?? shown;
  return (
    <Wouter href={withParams(path, search, { at })} {...rest}>
      {children}
    </Wouter>
  );
};

/** Addresses of things. */
export const pageOf = {
  runner: (name: string): string => `/runners/${encodeURIComponent(name)}`,
  change: (id: string): string => `/changes/${encodeURIComponent(id)}`,
  job: (id: string): string => `/jobs/${encodeURIComponent(id)}`,
} as const;
