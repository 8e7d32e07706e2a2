/** How often silent streams show that they live. */

export interface Pace {
  /** A comment at least this often. */
  readonly heartbeatMs: number;
  /** How often a silent log looks whether its attempt has ended otherwise. */
  readonly checkMs: number;
}
