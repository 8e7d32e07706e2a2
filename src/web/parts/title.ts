/** What the tab of the browser says, and its list of pages that were seen. */
import { useEffect } from 'react';

/** While the page is shown. */
export const useTitle = (title: string): void => {
  useEffect(() => {
    document.title = `${title} – Baton`;
    return () => {
      document.title = 'Baton';
    };
  }, [title]);
};
