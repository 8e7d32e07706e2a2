/** How a runner is reached, what it is, and whom it serves. Settings are changed with `baton runner set`. */
import type { ReactNode } from 'react';
import type { RunnerAsOf } from '../../app/evidence.js';
import { At } from '../parts/time.js';
import { MachineCell } from './machine-cell.js';

const Fact = ({ name, children }: { readonly name: string; readonly children: ReactNode }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

const Keys = ({ of, none }: { readonly of: readonly string[]; readonly none: string }) =>
  of.length === 0 ? (
    <span className="muted">{none}</span>
  ) : (
    <>
      {of.map((key) => (
        <code key={key} className="runners-fingerprint">
          {key}
        </code>
      ))}
    </>
  );

const words: Readonly<Record<string, string>> = {
  ...{ os: 'System', platform: 'Platform', platform_family: 'Platform family' },
  ...{ platform_version: 'Platform version', hostname: 'Host name there' },
  ...{ kernel: 'Kernel', architecture: 'Architecture' },
};

const loginText = ({ auth, state }: RunnerAsOf): string => {
  if (auth !== 'key') return 'the ssh-agent of the server';
  return state === 'retired' ? 'a key, which was removed' : 'a key that Baton keeps';
};

export const Facts = ({ runner }: { readonly runner: RunnerAsOf }) => {
  const { host, port, user, publicKey, jump, hostKeys, jumpHostKeys = [], attributes } = runner;
  const { toolchains = {}, ...plain } = attributes;
  const { enterprises, isolated, proved, slots } = runner;
  return (
    <>
      <dl className="facts">
        <Fact name="Host">{host}</Fact>
        <Fact name="Port">{port}</Fact>
        <Fact name="Account">
          {isolated === true ? `${user}-0 to ${user}-${slots - 1}, one for each slot` : user}
        </Fact>
        <Fact name="Login">{loginText(runner)}</Fact>
        <Fact name="Jump host">{jump ?? <span className="muted">none, reached directly</span>}</Fact>
        <Fact name="Enterprises">
          {enterprises?.join(', ') ?? <span className="muted">takes jobs of all</span>}
        </Fact>
        {Object.entries(plain).map(([name, value]) => (
          <Fact key={name} name={words[name] ?? name}>
            {value}
          </Fact>
        ))}
        <Fact name="Toolchains">
          {Object.keys(toolchains).length === 0 ? (
            <span className="muted">none is known</span>
          ) : (
            Object.entries(toolchains)
              .map(([name, version]) => `${name} ${version}`)
              .join(', ')
          )}
        </Fact>
        <Fact name="Proved">
          {proved === undefined ? (
            <span className="muted">never: no small job was run to prove it</span>
          ) : (
            <>
              <At at={proved.at} />, {proved.slots.length === 1 ? 'slot' : 'slots'}{' '}
              {proved.slots.map(({ slot }) => slot).join(', ')}
            </>
          )}
        </Fact>
        <Fact name="Labels, and what to filter by">
          <MachineCell runner={runner} />
        </Fact>
      </dl>
      <dl className="runners-keys">
        <dt>Accepted host keys</dt>
        <dd>
          <Keys of={hostKeys} none="none yet" />
        </dd>
        {jump === undefined ? null : (
          <>
            <dt>Accepted host keys of the jump host</dt>
            <dd>
              <Keys of={jumpHostKeys} none="none yet" />
            </dd>
          </>
        )}
        {publicKey === undefined ? null : (
          <>
            <dt>Public key, for authorized_keys there</dt>
            <dd>
              <Keys of={[publicKey]} none="" />
            </dd>
          </>
        )}
      </dl>
      <p className="small muted">
        Settings are changed with <code>baton runner set {runner.name}</code>.
      </p>
    </>
  );
};
