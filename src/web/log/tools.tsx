/** What a reader of a log can do with it, in a row above it. */
import { useState } from 'react';
import { Field } from '../parts/field.js';
import { timesShown, type TimesShown } from './times.js';

interface Switch {
  readonly name: string;
  readonly isOn: boolean;
  readonly onChange: (on: boolean) => void;
  readonly title: string;
}

const Toggle = ({ name, isOn, onChange, title }: Switch) => (
  <button
    type="button"
    className="button small log-toggle"
    aria-pressed={isOn}
    title={title}
    onClick={() => onChange(!isOn)}
  >
    {name}
  </button>
);

const timeNames: Readonly<Record<TimesShown, string>> = {
  none: 'No times',
  start: 'Since the start',
  clock: 'Clock times',
};

const JumpTo = ({ total, onJump }: { readonly total: number; readonly onJump: (line: number) => void }) => {
  const [text, setText] = useState('');
  return (
    <form
      className="log-jump"
      onSubmit={(event) => {
        event.preventDefault();
        const line = Number(text);
        if (Number.isInteger(line) && line > 0) onJump(line);
      }}
    >
      <label>
        <span className="visually-hidden">Go to line</span>
        <input
          className="input"
          type="number"
          min={1}
          max={Math.max(1, total)}
          placeholder="line"
          value={text}
          onChange={({ target }) => setText(target.value)}
        />
      </label>
      <button type="submit" className="button small">
        Go
      </button>
    </form>
  );
};

interface ToolsProps {
  readonly total: number;
  readonly switches: readonly Switch[];
  readonly times: TimesShown;
  readonly onTimes: (times: TimesShown) => void;
  readonly onJump: (line: number) => void;
  readonly onTop: () => void;
  readonly onBottom: () => void;
  readonly onHelp: () => void;
  /** Undefined: there are no groups. */
  readonly onFoldAll: (() => void) | undefined;
  readonly onUnfoldAll: (() => void) | undefined;
}

export const Tools = (props: ToolsProps) => (
  <div className="log-tools" role="toolbar" aria-label="How the log is shown">
    {props.switches.map((one) => (
      <Toggle key={one.name} {...one} />
    ))}
    <label>
      <span className="visually-hidden">Times of lines</span>
      <select
        className="input"
        value={props.times}
        onChange={({ target }) => props.onTimes(timesShown.find((one) => one === target.value) ?? 'none')}
      >
        {timesShown.map((one) => (
          <option key={one} value={one}>
            {timeNames[one]}
          </option>
        ))}
      </select>
    </label>
    <span className="log-moves">
      <button type="button" className="button small" onClick={props.onTop} title="First line (g)">
        Top
      </button>
      <button type="button" className="button small" onClick={props.onBottom} title="Last line (G)">
        Bottom
      </button>
    </span>
    <JumpTo total={props.total} onJump={props.onJump} />
    {props.onFoldAll === undefined ? null : (
      <button type="button" className="button small" onClick={props.onFoldAll}>
        Fold groups
      </button>
    )}
    {props.onUnfoldAll === undefined ? null : (
      <button type="button" className="button small" onClick={props.onUnfoldAll}>
        Unfold all
      </button>
    )}
    <button
      type="button"
      className="button small"
      onClick={props.onHelp}
      aria-label="Keys of the log"
      title="Keys (?)"
    >
      ?
    </button>
  </div>
);

/** For a log of more lines than a list can hold: where in it the reader is, and the way to anywhere. */
export const Overview = ({
  total,
  line,
  onJump,
}: {
  readonly total: number;
  readonly line: number;
  readonly onJump: (line: number) => void;
}) => (
  <Field label={`Place in the log: line ${line.toLocaleString()} of ${total.toLocaleString()}`}>
    {(id) => (
      <input
        id={id}
        type="range"
        className="log-overview"
        min={1}
        max={total}
        value={line}
        onChange={({ target }) => onJump(Number(target.value))}
      />
    )}
  </Field>
);
