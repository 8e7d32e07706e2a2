/** What Vite makes of files that are no code: their address. */
declare module '*.svg' {
  const address: string;
  export default address;
}
declare module '*.css';
