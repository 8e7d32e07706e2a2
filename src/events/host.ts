/** Stream `host_change-<id>`: what a pipeline engine that loaded Baton told about one of its changes. */
import * as t from 'io-ts';

/** Phase runs of the change that live at this moment are cancelled; later ones are not. */
export const HostChangeSuperseded = t.type(
  { host: t.string, changeId: t.string, by: t.string },
  'HostChangeSuperseded',
);
export type HostChangeSuperseded = t.TypeOf<typeof HostChangeSuperseded>;

export const hostEvents = { HostChangeSuperseded };
