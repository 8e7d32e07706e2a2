/** Why a job waits, or why it ran where it ran: the verdict, and every runner against every condition. */
import { useId, useMemo, useState } from 'react';
import type { ExplainAnswer } from '../../../projections/explain-answer.js';
import { Empty } from './empty.js';
import { conditionsOf, judgedBy, rowsOf, suitingOf, type Judged } from './explain-rows.js';
import { Field } from './field.js';
import { Icon, type IconName } from './icon.js';
import { Link, pageOf } from './link.js';
import { Sentence } from './sentence.js';

/** Rows shown at once: more are not read, and slow the page. */
const MOST = 200;
/** From here on a box to look for runners is worth its place. */
const MANY = 8;

const Mark = ({
  icon,
  tone,
  word,
}: {
  readonly icon: IconName;
  readonly tone: 'ok' | 'bad' | 'warn';
  readonly word: string;
}) => (
  <span className={`chip tone-${tone}`}>
    <Icon name={icon} />
    {word}
  </span>
);

const Found = ({ judged }: { readonly judged: Judged | undefined }) => {
  // e.g. whose jobs it takes, where the runner takes everybody's
  if (judged === undefined) return <span className="muted">not asked</span>;
  const { holds, found } = judged;
  return (
    <span className="explain-found">
      {holds ? <Mark icon="check" tone="ok" word="holds" /> : <Mark icon="cross" tone="bad" word="fails" />}
      <span>found {found === '' ? 'nothing' : found}</span>
    </span>
  );
};

const Free = ({ runner: { suits, unavailable } }: { readonly runner: ExplainAnswer['runners'][number] }) => (
  <span className={suits ? undefined : 'muted'}>
    <Sentence of={unavailable ?? 'free'} />
  </span>
);

const isMany = (count: number): boolean => count > MANY;

const counted = (n: number): string => `${n} runner${n === 1 ? '' : 's'}`;

/** Of the moment that the answer is of. */
export const ExplainTable = ({ answer }: { readonly answer: ExplainAnswer }) => {
  const { verdict, runners } = answer;
  const [text, setText] = useState('');
  const conditions = useMemo(() => conditionsOf(answer), [answer]);
  const rows = useMemo(() => rowsOf(answer, text), [answer, text]);
  const { suit, free } = suitingOf(answer);
  const count = useId();
  return (
    <div className="stack">
      <p className="explain-verdict">
        <Sentence of={verdict} />
      </p>
      {runners.length === 0 ? (
        <Empty title="No runner is enrolled that takes jobs of this enterprise">
          <pre>baton install-runner HOST ADMIN -P</pre>
        </Empty>
      ) : (
        <>
          <p className="muted">
            Of {counted(runners.length)} {suit === 1 ? '1 suits' : `${suit} suit`}
            {suit === 0
              ? ''
              : `, of these ${free === 0 ? 'none is' : free === 1 ? '1 is' : `${free} are`} free`}
            .{conditions.length === 0 ? ' This job asks nothing of a runner.' : ''}
          </p>
          {isMany(runners.length) ? (
            <Field label="Find runners (name, state, what was found)">
              {(id) => (
                <input
                  id={id}
                  type="search"
                  className="input"
                  aria-describedby={count}
                  value={text}
                  onChange={({ target }) => setText(target.value)}
                />
              )}
            </Field>
          ) : null}
          {isMany(runners.length) ? (
            <p id={count} role="status" className="small muted">
              {rows.length > MOST
                ? `The first ${MOST} of ${counted(rows.length)} are shown: look for the others by name.`
                : `${counted(rows.length)} shown.`}
            </p>
          ) : null}
          <div className="table-scroll">
            <table className="table cards">
              <caption className="visually-hidden">Runners against the conditions of the job</caption>
              <thead>
                <tr>
                  <th scope="col">Runner</th>
                  <th scope="col">Suits</th>
                  <th scope="col">Free</th>
                  {conditions.map((condition) => (
                    <th key={condition} scope="col">
                      {condition}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {rows.slice(0, MOST).map((runner) => (
                  <tr key={runner.runner}>
                    <td data-label="Runner">
                      <Link to={pageOf.runner(runner.runner)} className="unbroken">
                        {runner.runner}
                      </Link>
                    </td>
                    <td data-label="Suits">
                      {runner.suits ? (
                        <Mark icon="check" tone="ok" word="suits" />
                      ) : (
                        <Mark icon="cross" tone="bad" word="does not" />
                      )}
                    </td>
                    <td data-label="Free">
                      <Free runner={runner} />
                    </td>
                    {conditions.map((condition) => (
                      <td key={condition} data-label={condition}>
                        <Found judged={judgedBy(runner, condition)} />
                      </td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
    </div>
  );
};
