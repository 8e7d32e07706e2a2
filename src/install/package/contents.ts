/** What a package is, as it says itself. */
export interface Contents {
  readonly name: string;
  /** As its package manager compares it: `1:2.4.17-1`. */
  readonly version: string;
  /** As packages of its format call it: `amd64`, `x86_64`, `all`, `noarch`; `src` for sources. */
  readonly architecture: string;
}
