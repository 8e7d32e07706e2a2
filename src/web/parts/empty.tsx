/** Nothing to show: says why, and what to do. */
import type { ReactNode } from 'react';

interface EmptyProps {
  readonly title: string;
  /** It stands there instead of a whole page, so its title is that of the page. */
  readonly isPage?: boolean;
  readonly children?: ReactNode;
}

export const Empty = ({ title, isPage = false, children }: EmptyProps) => (
  <div className="empty">
    {isPage ? <h1>{title}</h1> : <h2>{title}</h2>}
    {children}
  </div>
);
