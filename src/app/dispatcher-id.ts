/** Who is this dispatcher, over all its runs? Its data folder, which one process holds at a time; a copy of it is another. */
import { randomUUID } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';

/** What a copy of a file does not have: its number in the file system and the instant of its birth. */
const markOf = ({ ino, birthtimeNs }: { readonly ino: bigint; readonly birthtimeNs: bigint }): string =>
  `${ino}:${birthtimeNs}`;

/** Made at the first start, and anew in a folder that was copied from elsewhere. Throws what the file system says. */
export const dispatcherId = async (data: string): Promise<string> => {
  const file = await open(join(data, 'dispatcher'), 'a+', 0o600);
  try {
    const mark = markOf(await file.stat({ bigint: true }));
    const [id, known] = (await file.readFile('utf8')).trimEnd().split(' ');
    if (id !== undefined && known === mark) return id;
    const made = randomUUID();
    await file.truncate(0);
    await file.appendFile(`${made} ${mark}\n`);
    await file.sync();
    return made;
  } finally {
    await file.close();
  }
};
