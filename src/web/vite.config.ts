/** How the pages are built: into `dist/web`, with names that change with their content, and the licences of what is in them. */
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  // the pages stand below any path: their addresses are relative to the document, and to the file that names them
  base: './',
  plugins: [react()],
  cacheDir: '../../node_modules/.cache/vite-web',
  build: {
    outDir: '../../dist/web',
    emptyOutDir: true,
    target: 'es2023',
    // pictures in style sheets stay files, so that the policy of the page needs no exception
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    license: { fileName: 'licences.md' },
  },
});
