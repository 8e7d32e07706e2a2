/** What a look at a machine found, each with what follows from it; what is not well comes first. */
import type { Finding } from '../../events/runner.js';
import { Icon } from '../parts/icon.js';
import { Sentence } from '../parts/sentence.js';

export const Findings = ({ of }: { readonly of: readonly Finding[] }) =>
  of.length === 0 ? (
    <p className="muted">Nothing was found: the machine was not reached.</p>
  ) : (
    <div className="table-scroll">
      <table className="table cards" aria-label="Findings">
        <thead>
          <tr>
            <th scope="col">Looked at</th>
            <th scope="col">Well</th>
            <th scope="col">Found</th>
            <th scope="col">What follows</th>
          </tr>
        </thead>
        <tbody>
          {[...of]
            .sort((a, b) => Number(a.ok) - Number(b.ok))
            .map(({ check, ok, found, consequence }) => (
              <tr key={`${check} ${found ?? ''}`}>
                <td data-label="Looked at">{check.replaceAll('_', ' ')}</td>
                <td data-label="Well">
                  <span className={`chip tone-${ok ? 'ok' : 'bad'}`}>
                    <Icon name={ok ? 'check' : 'cross'} />
                    {ok ? 'yes' : 'no'}
                  </span>
                </td>
                <td data-label="Found" className="runners-text">
                  {found}
                </td>
                <td data-label="What follows" className="runners-text">
                  {consequence === undefined ? ok ? null : 'not told' : <Sentence of={consequence} />}
                </td>
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  );
