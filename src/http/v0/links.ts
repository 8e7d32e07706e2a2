/** Addresses within the original's API, below the prefix through which it was asked. */

/** Automate 2 had it below `/workflow`, Automate 1 had not. */
export const baseOf = (path: string): string =>
  path.startsWith('/workflow/') ? '/workflow/api/v0/e' : '/api/v0/e';

export const hrefOf = (base: string, ...parts: readonly string[]): string =>
  [base, ...parts.map((part) => encodeURIComponent(part))].join('/');

interface Place {
  readonly enterprise: string;
  readonly organisation: string;
  readonly project: string;
}

const projectParts = ({ enterprise, organisation, project }: Place): readonly string[] => [
  ...[enterprise, 'orgs', organisation, 'projects', project],
];

export const phaseRunHref = (
  base: string,
  place: Place & { readonly pipeline: string },
  phaseRun: number,
): string =>
  hrefOf(base, ...projectParts(place), 'pipelines', place.pipeline, 'phase_runs', String(phaseRun));

export const changeHref = (
  base: string,
  place: Place & { readonly id: string },
  ...rest: readonly string[]
): string => hrefOf(base, ...projectParts(place), 'changes', place.id, ...rest);

export const jobHref = (base: string, { enterprise }: Place, id: string): string =>
  hrefOf(base, enterprise, 'jobs', id);
