/** What is sent to the machine? A constant command, the bootstrap, and the program; everything variable follows as lines of data. */
import { commandReading, scriptsIn } from '../ssh/launcher.js';

const load = scriptsIn(new URL('./runner/', import.meta.url));

export const bootstrap = Buffer.from(load('bootstrap'));

/** Later parts use earlier ones; `main` comes last. */
export const parts = [
  'words',
  'order',
  'lock',
  'manifest',
  'place',
  'accounts',
  'processes',
  'sudoers',
  'trust',
  'remove',
  'package',
  'look',
  'prepare',
  'main',
];

export const program = Buffer.from(parts.map(load).join(''));

/** The same for every operation. */
export const command = commandReading(bootstrap);

/** Bootstrap and its one line. `asks`: whether there is a password for sudo, should it want one. */
export const opening = (nonce: string, asks: boolean): Buffer =>
  Buffer.concat([bootstrap, Buffer.from(`${nonce} ${asks ? 'ask' : 'never'} ${program.length}\n`)]);
