/** Nothing to show: says why, and what to do. */
import type { ReactNode } from 'react';

export const Empty = ({ title, children }: { readonly title: string; readonly children?: ReactNode }) => (
  <div className="empty">
    <h2>{title}</h2>
    {children}
  </div>
);
