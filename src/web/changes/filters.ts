/** Which changes are wanted: it stands in the address. */
export const statusNames = ['open', 'merging', 'merged', 'superseded', 'delivered', 'deleted'] as const;

export interface Filters {
  readonly status?: string;
  readonly project?: string;
}

/** A status that no change can have is not wanted: the server would refuse the whole question. */
export const filtersFrom = (get: (name: string) => string | undefined): Filters => {
  const status = statusNames.find((name) => name === get('status'));
  const project = get('project')?.trim();
  return {
    ...(status === undefined ? {} : { status }),
    ...(project === undefined || project === '' ? {} : { project }),
  };
};
