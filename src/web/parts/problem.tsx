/** What went wrong, what to do, and what finds it in the server's log. */
import { problemOf } from '../api/client.js';
import { Sentence } from './sentence.js';

export const ProblemNote = ({ error }: { readonly error: unknown }) => {
  if (error === null || error === undefined) return null;
  const { detail, hint, problems = [], instance } = problemOf(error);
  return (
    <div role="alert" className="note tone-bad">
      <p>
        <Sentence of={detail} />
      </p>
      {hint === undefined || hint === '' ? null : (
        <p>
          <Sentence of={hint} />
        </p>
      )}
      {problems.length === 0 ? null : (
        <ul>
          {problems.map(({ path, expected, found, mend }) => (
            <li key={`${path} ${expected}`}>
              <code>{path}</code>: expected {expected}, found {found}
              {mend === undefined ? null : (
                <>
                  ; <Sentence of={mend} />
                </>
              )}
            </li>
          ))}
        </ul>
      )}
      {instance === '' ? null : <p className="small">Request {instance.replace('urn:uuid:', '')}</p>}
    </div>
  );
};
