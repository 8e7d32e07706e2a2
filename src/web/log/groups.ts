/**
 * Headings in logs, as Buildkite (`--- name`, `+++ name`, `~~~ name`, `^^^ +++`) and GitLab (`section_start:TIME:NAME`, `section_end:…`)
 * have them. Only what is loaded can be grouped: a group whose end is not there reaches as far as the lines do.
 */

export type Marker =
  | { readonly kind: 'heading'; readonly sign: '---' | '+++' | '~~~' }
  /** The group above matters: something in it went wrong. */
  | { readonly kind: 'alarm' }
  /** `at`: seconds since 1970. */
  | {
      readonly kind: 'start';
      readonly name: string;
      readonly at: number;
      readonly collapsed: boolean;
      readonly title: string;
    }
  | { readonly kind: 'end'; readonly name: string; readonly at: number };

/** Colours before the mark do no harm. */
const LEAD = /^(?:\u001b\[[\d;]*[mK])*/;
const SECTION =
  /^(?:\u001b\[[\d;]*[mK])*section_(start|end):(\d{1,12}):([A-Za-z0-9_.-]{1,200})(\[[^\]\r]{0,200}\])?\r?\u001b\[0K/;

/** Mostly none; of GitLab, an end and a start may share a line. */
export const markersOf = (text: string): readonly Marker[] => {
  const lead = LEAD.exec(text)?.[0].length ?? 0;
  // nearly every line is through here
  if (!/^(?:---|\+\+\+|~~~|\^\^\^|section_)/.test(text.slice(lead, lead + 8))) return [];
  const rest = text.slice(lead);
  if (/^\^\^\^ \+\+\+\s*$/.test(rest)) return [{ kind: 'alarm' }];
  const sign = (['---', '+++', '~~~'] as const).find((one) => rest.startsWith(`${one} `));
  if (sign !== undefined) return rest.trimEnd().length > sign.length ? [{ kind: 'heading', sign }] : [];
  const found: Marker[] = [];
  let left = text;
  for (let match = SECTION.exec(left); match !== null; match = SECTION.exec(left)) {
    left = left.slice(match[0].length);
    const [, which, seconds, name = '', options = ''] = match;
    const at = Number(seconds);
    if (which === 'end') found.push({ kind: 'end', name, at });
    else
      found.push({
        ...{ kind: 'start', name, at, title: left.trim() === '' ? name : '' },
        collapsed: /[[,]collapsed=true[\],]/.test(options),
      });
  }
  return found;
};

export interface Group {
  /** Of its heading. */
  readonly line: number;
  /** Its last line that is loaded. */
  readonly to: number;
  /** For a heading that shows nothing itself. */
  readonly title: string;
  /** Its end is there; else it may go on. */
  readonly ended: boolean;
  readonly quiet: boolean;
  readonly collapsed: boolean;
  /** Something in it went wrong, says the log. */
  readonly alarmed: boolean;
  /** Of a heading without a time of its own: from its first line to the next heading, as they were received. */
  readonly ms?: number;
}

export interface MarkedRow {
  readonly line: number;
  readonly markers: readonly Marker[];
  readonly receivedAt?: string;
}

type Open = { -readonly [K in keyof Group]: Group[K] } & {
  readonly name?: string;
  readonly at?: number;
  readonly receivedAt?: string;
};

const between = (from: string | undefined, to: string | undefined): { readonly ms?: number } =>
  from === undefined || to === undefined ? {} : { ms: Math.max(0, Date.parse(to) - Date.parse(from)) };

/** `--- a/x` right before `+++ b/x`: a difference of files, and no heading. */
const withoutDifferences = (rows: readonly MarkedRow[]): readonly MarkedRow[] => {
  const isHalf = (row: MarkedRow | undefined, sign: '---' | '+++', line: number): boolean =>
    row?.line === line && row.markers.some((marker) => marker.kind === 'heading' && marker.sign === sign);
  return rows.filter(
    (row, index) =>
      !(isHalf(row, '---', row.line) && isHalf(rows[index + 1], '+++', row.line + 1)) &&
      !(isHalf(row, '+++', row.line) && isHalf(rows[index - 1], '---', row.line - 1)),
  );
};

/** Rows in order; between rows that do not follow each other nothing is known, and no group reaches over it. Only rows with markers, and the last line of each stretch, matter. */
export const groupsIn = (
  stretches: readonly { readonly rows: readonly MarkedRow[]; readonly to: number }[],
): readonly Group[] => {
  const groups: Open[] = [];
  for (const { rows, to } of stretches) {
    let heading: Open | undefined;
    const sections: Open[] = [];
    const closeHeading = (line: number, receivedAt?: string): void => {
      if (heading === undefined) return;
      Object.assign(heading, { to: line, ended: true }, between(heading.receivedAt, receivedAt));
      heading = undefined;
    };
    const open = (group: Open): Open => {
      groups.push(group);
      return group;
    };
    for (const row of withoutDifferences(rows))
      for (const marker of row.markers) {
        const base = { line: row.line, to, ended: false, alarmed: false };
        switch (marker.kind) {
          case 'heading':
            closeHeading(row.line - 1, row.receivedAt);
            heading = open({
              ...base,
              ...{ title: '', quiet: marker.sign === '~~~', collapsed: false },
              ...(row.receivedAt === undefined ? {} : { receivedAt: row.receivedAt }),
            });
            break;
          case 'alarm':
            if (heading !== undefined) heading.alarmed = true;
            break;
          case 'start':
            closeHeading(row.line - 1, row.receivedAt);
            sections.push(
              open({
                ...base,
                ...{ title: marker.title, quiet: false, collapsed: marker.collapsed },
                ...{ name: marker.name, at: marker.at },
              }),
            );
            break;
          case 'end': {
            const index = sections.findLastIndex(({ name }) => name === marker.name);
            const section = sections[index];
            if (section === undefined) break;
            closeHeading(row.line - 1, row.receivedAt);
            // those inside have no end of their own
            for (const inner of sections.splice(index))
              Object.assign(inner, { to: row.line - 1, ended: true });
            section.ms = Math.max(0, (marker.at - (section.at ?? marker.at)) * 1000);
          }
        }
      }
  }
  return groups;
};
