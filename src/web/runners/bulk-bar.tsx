/** Chooses many runners, and what to do with them. */
import { useMutation } from '@tanstack/react-query';
import type { RunnerAsOf } from '../../app/evidence.js';
import type { RunnerWindow } from '../../app/runner-window.js';
import { apiPath, ask, queryOf } from '../api/client.js';
import { ProblemNote } from '../parts/problem.js';
import { bulkActs, type BulkAct } from './bulk.js';
import type { Filters } from './filters.js';

/** The most that the API gives at once. */
const MOST = 1000;

/** All that fit the filters, also those that are not on the page yet. */
const namesOf = async (filters: Filters): Promise<readonly string[]> => {
  const url = `${apiPath('runners')}${queryOf({ ...filters, limit: MOST })}`;
  return (await ask<RunnerWindow<RunnerAsOf>>(url)).items.map(({ name }) => name);
};

const words: Readonly<Record<BulkAct, string>> = {
  ...{ drain: 'Drain…', pause: 'Pause…', resume: 'Resume…', test: 'Test…' },
};

interface BulkBarProps {
  readonly total: number;
  readonly filters: Filters;
  readonly selected: ReadonlySet<string>;
  readonly select: (names: readonly string[]) => void;
  readonly act: (act: BulkAct) => void;
}

export const BulkBar = ({ total, filters, selected, select, act }: BulkBarProps) => {
  const all = useMutation({ mutationFn: () => namesOf(filters), onSuccess: select });
  const count = selected.size;
  return (
    <div className="stack">
      <div className="row runners-bulk" role="group" aria-label="With many runners">
        <button
          type="button"
          className="button small"
          disabled={total === 0 || all.isPending}
          onClick={() => all.mutate()}
        >
          {total > MOST ? `Choose the first ${MOST}` : `Choose all ${total} shown`}
        </button>
        <span role="status" className="number">
          {count === 0 ? 'none chosen' : `${count} chosen`}
        </span>
        {bulkActs.map((name) => (
          <button
            key={name}
            type="button"
            className="button small"
            disabled={count === 0}
            onClick={() => act(name)}
          >
            {words[name]}
          </button>
        ))}
        {count === 0 ? null : (
          <button type="button" className="button small quiet" onClick={() => select([])}>
            Choose none
          </button>
        )}
      </div>
      <ProblemNote error={all.error} />
    </div>
  );
};
