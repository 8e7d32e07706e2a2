/** Do the pages stay quick with a long queue, a large fleet, a long log and many who watch? */
import { join } from 'node:path';
import { missing as missingProgram, missingOf, type Missing, type Program } from './fleet/programs.js';
import { goalOf, inTurn, machine, ratioOf, type Report, type Row, type Subject } from './report.js';
import { temporaryFolder, tidily, type Undoing } from './store/tidily.js';
import { hasChromium, startChromium } from './web/chromium.js';
import { LAST_LINE, prepare, type Wanted } from './web/given.js';
import { closing, FIRST_ROW, lineThere, openingMs, scriptKb } from './web/opening.js';
import { cpuWhile, startPrinting } from './web/readers.js';
import { serve, type Served } from './web/server.js';

const ROUNDS = 5;
const MB = 1_000_000;
const NEEDED: readonly Program[] = ['sshd', 'git', 'perl'];

interface Size {
  readonly rounds: number;
  readonly few: Wanted;
  readonly many: Wanted;
  readonly pages: number;
  readonly ms: number;
}

const FULL: Size = {
  rounds: ROUNDS,
  few: { queued: 10, runners: 2, logs: [MB, 1000 * MB] },
  many: { queued: 10_000, runners: 1000, logs: [] },
  pages: 20,
  ms: 5000,
};
const QUICK: Size = {
  rounds: 1,
  few: { queued: 2, runners: 1, logs: [MB, 2 * MB] },
  many: { queued: 20, runners: 4, logs: [] },
  pages: 2,
  ms: 500,
};

const of = ({ queued, runners }: Wanted): string => `${queued} jobs wait, ${runners} runners`;
const logOf = (bytes: number | undefined): string =>
  `job page at the end of a log of ${(bytes ?? 0) / MB} MB`;
const SCRIPT = 'script before the Queue page is there, packed by gzip';
const watched = (pages: number): string =>
  `CPU of the server, 100 lines/s into ${pages} page${pages === 1 ? '' : 's'}`;

const given = async (
  wanted: Wanted,
  undoing: Undoing,
): Promise<{ readonly served: Served; readonly jobs: readonly string[] }> => {
  const folder = await temporaryFolder(undoing);
  const jobs = await prepare(join(folder, 'data'), wanted);
  const served = await serve(folder, undoing);
  await served.quiet();
  return { served, jobs };
};

const opening = (size: Size): Promise<readonly Row[]> =>
  tidily(async (undoing) => {
    const browser = closing(await startChromium(), undoing);
    const few = await given(size.few, undoing);
    const many = await given(size.many, undoing);
    const page = (name: string, path: string, shown: string, served: Served): Subject => ({
      ...{ name, unit: 'ms', measure: () => openingMs(browser, served, path, shown) },
    });
    const lists = (['Queue', 'Runners'] as const).flatMap((name) =>
      (
        [
          [size.few, few],
          [size.many, many],
        ] as const
      ).map(([wanted, { served }]) =>
        page(`${name} page, ${of(wanted)}`, `/${name.toLowerCase()}`, FIRST_ROW, served),
      ),
    );
    const logs = size.few.logs.map((bytes, i) =>
      page(logOf(bytes), `/jobs/${few.jobs[i] ?? ''}`, lineThere(LAST_LINE), few.served),
    );
    const script: Subject = {
      ...{ name: SCRIPT, unit: 'kB' },
      measure: () => scriptKb(browser, few.served, '/queue', FIRST_ROW),
    };
    return inTurn([...lists, ...logs, script], size.rounds);
  });

const watching = (size: Size): Promise<readonly Row[]> =>
  tidily(async (undoing) => {
    const printing = await startPrinting(undoing);
    const subjects = [1, size.pages].map((pages) => ({
      ...{ name: watched(pages), unit: 'ms/s', measure: () => cpuWhile(printing, pages, size.ms) },
    }));
    return inTurn(subjects, size.rounds);
  });

export const webBench = async (
  quick: boolean,
  without: Missing = missingProgram,
  browser = hasChromium,
): Promise<Report> => {
  const size = quick ? QUICK : FULL;
  const noBrowser = browser ? undefined : 'not installed: apt-get install chromium';
  const noJobs = missingOf(NEEDED, without);
  const rows = [
    ...(noBrowser === undefined ? await opening(size) : []),
    ...(noJobs === undefined ? await watching(size) : []),
  ];
  const { few, many } = size;
  const [small, large] = few.logs;
  const list = (name: string) => {
    const [over, under] = [`${name} page, ${of(many)}`, `${name} page, ${of(few)}`];
    return goalOf(`${over} / ${of(few)}`, ['<=', 1.5], () => ratioOf(rows, over, under), noBrowser);
  };
  const script = rows.find(({ name }) => name === SCRIPT)?.median ?? NaN;
  return {
    bench: 'web',
    machine: machine(),
    rows,
    goals: [
      list('Queue'),
      list('Runners'),
      goalOf(
        `${logOf(large)} / of ${(small ?? 0) / MB} MB`,
        ['<=', 2],
        () => ratioOf(rows, logOf(large), logOf(small)),
        noBrowser,
      ),
      goalOf(`${SCRIPT}, kB`, ['<=', 250], () => script, noBrowser),
      goalOf(
        `${watched(size.pages)} / into 1`,
        ['<=', 2],
        () => ratioOf(rows, watched(size.pages), watched(1)),
        noJobs,
      ),
    ],
  };
};
