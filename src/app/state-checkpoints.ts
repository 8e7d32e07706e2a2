/** Checkpoints of what holds Maps and Sets, as the states of processes do. */
import * as TE from 'fp-ts/lib/TaskEither.js';
import { fileCheckpoints, type Checkpoint, type CheckpointStore } from './checkpoints.js';
import { isContainer, membersOf } from './containers.js';

/** Plain JSON: `$map` and `$set` stand for what JSON has not, `$object` for an object with a name like these. */
export const plain = (value: unknown): unknown => {
  if (!isContainer(value)) return value;
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return { $map: [...value].map(plain) };
  if (value instanceof Set) return { $set: [...value].map(plain) };
  const members = [...membersOf(value)].map(([key, member]) => [key, plain(member)] as const);
  return members.some(([key]) => key.startsWith('$')) ? { $object: members } : Object.fromEntries(members);
};

/** What `plain` was made of. */
export const revived = (value: unknown): unknown => {
  if (!isContainer(value)) return value;
  if (Array.isArray(value)) return value.map(revived);
  const { $map, $set, $object } = value;
  if (Array.isArray($map)) return new Map($map.map(revived) as [unknown, unknown][]);
  if (Array.isArray($set)) return new Set($set.map(revived));
  if (Array.isArray($object)) return Object.fromEntries($object.map(revived) as [string, unknown][]);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, revived(member)]));
};

/** Its tables as lists, so that they are written in parts; what they hold is as it was. A state is a table, or a record of such. */
const opened = (state: unknown): unknown => {
  if (state instanceof Map) return { $map: [...state] };
  if (!isContainer(state) || Array.isArray(state)) return state;
  return Object.fromEntries([...membersOf(state)].map(([key, member]) => [key, opened(member)]));
};

const closed = (state: unknown): unknown => {
  if (!isContainer(state) || Array.isArray(state)) return state;
  const { $map } = state;
  if (Array.isArray($map)) return new Map($map as [unknown, unknown][]);
  return Object.fromEntries(Object.entries(state).map(([key, member]) => [key, closed(member)]));
};

export const stateCheckpoints = (directory: string): CheckpointStore => {
  const files = fileCheckpoints(directory, { plain, revived });
  return {
    load: (name, version) =>
      TE.map((found: Checkpoint | undefined) => found && { ...found, view: closed(found.view) })(
        files.load(name, version),
      ),
    save: (checkpoint) => files.save({ ...checkpoint, view: opened(checkpoint.view) }),
  };
};
