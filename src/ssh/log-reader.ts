/** How is a growing log read at an offset, without a process on the runner? Over SFTP, several reads under way at once. */
import * as E from 'fp-ts/lib/Either.js';
import type { SFTPWrapper } from 'ssh2';

/** The first look at least: most logs have less that is new. */
const LITTLE_BYTES = 32 * 1024;
/** What OpenSSH answers at most to one read (`limits@openssh.com`); draft-ietf-secsh-filexfer-02 §6.4 lets a server answer less. */
const MUCH_BYTES = 255 * 1024;
const WINDOW = 8;
/** SSH_FX_EOF and SSH_FX_NO_SUCH_FILE (draft-ietf-secsh-filexfer-02 §7). */
const EOF = 1;

const codeOf = (error: Error): unknown => ('code' in error ? error.code : undefined);

export interface LogFile {
  /** What is there from `offset` on, piece by piece, until there is no more for now. Throws when the link is lost. */
  readonly read: (offset: number) => AsyncGenerator<Buffer, void, undefined>;
  readonly size: () => Promise<number>;
  readonly close: () => void;
}

const ended = (): Error => new Error('the SFTP session ended');

/** Left: there is no such file, or it cannot be had this way. */
export const openLog = (sftp: SFTPWrapper, path: string): Promise<E.Either<Error, LogFile>> =>
  new Promise((resolve) => {
    const session: Session = { isOver: false };
    const lost = (): void => {
      session.isOver = true;
      resolve(E.left(ended()));
    };
    const forget = (): void => {
      sftp.off('close', lost);
    };
    sftp.once('close', lost);
    sftp.open(path, 'r', (error, handle) => {
      if (error === undefined || (error as Error | null) === null) {
        resolve(E.right(fileOf(sftp, handle, session, forget)));
        return;
      }
      forget();
      resolve(E.left(error));
    });
  });

interface Session {
  isOver: boolean;
}

const fileOf = (sftp: SFTPWrapper, handle: Buffer, session: Session, forget: () => void): LogFile => {
  /** Rejects when the session ends, or has ended: ssh2 answers nothing then, not even what is asked afterwards. */
  const answered = <A>(ask: (settle: (error: Error | undefined, value: A) => void) => void): Promise<A> =>
    new Promise((resolve, reject) => {
      if (session.isOver) {
        reject(ended());
        return;
      }
      const lost = (): void => {
        reject(ended());
      };
      sftp.once('close', lost);
      ask((error, value) => {
        sftp.off('close', lost);
        if (error) reject(error);
        else resolve(value);
      });
    });

  /** Empty: nothing there yet. */
  const piece = (offset: number, length: number): Promise<Buffer> =>
    answered((settle) => {
      const bytes = Buffer.allocUnsafe(length);
      sftp.read(handle, bytes, 0, length, offset, (error, count) => {
        if (error && codeOf(error) !== EOF) settle(error, bytes);
        else settle(undefined, bytes.subarray(0, error ? 0 : count));
      });
    });

  /** What the last look found, and as much again: one read for a log that grows as it did. */
  let look = LITTLE_BYTES;

  async function* read(from: number): AsyncGenerator<Buffer, void, undefined> {
    let offset = from;
    for (;;) {
      const asked = look;
      const first = await piece(offset, asked);
      look = Math.min(Math.max(2 * first.length, LITTLE_BYTES), MUCH_BYTES);
      if (first.length === 0) return;
      yield first;
      offset += first.length;
      // It was all that there was. Of a server that answers less than it could, the rest comes with the next look.
      if (first.length < asked) return;
      // There is more: larger reads, and ever more of them under way, as long as each is answered in full.
      const window: Promise<Buffer>[] = [];
      let ahead = offset;
      const more = (): void => {
        const next = piece(ahead, MUCH_BYTES);
        // Dropped when one before it was short; its failure is found by whoever reads there next.
        next.catch(() => undefined);
        window.push(next);
        ahead += MUCH_BYTES;
      };
      more();
      for (let full = true; full;) {
        const bytes = (await window.shift()) ?? Buffer.alloc(0);
        full = bytes.length === MUCH_BYTES;
        // One for the one that was answered, one more until there are enough.
        if (full) more();
        if (full && window.length < WINDOW) more();
        if (bytes.length === 0) return;
        yield bytes;
        offset += bytes.length;
      }
    }
  }

  return {
    read,
    size: async () =>
      (
        await answered<{ readonly size: number }>((settle) => {
          sftp.fstat(handle, (error, stats) => {
            settle(error, stats);
          });
        })
      ).size,
    close: () => {
      forget();
      sftp.close(handle, () => undefined);
    },
  };
};
