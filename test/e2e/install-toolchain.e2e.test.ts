/** Packages on their way to a machine: fetched by the command line, checked, installed, upgraded, refused, and taken away. */
import { readFileSync, renameSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPairSync } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { debOf } from '../install/packages.js';
import { whyNoMachine } from '../machine.js';
import { anInstallWorld, stateOf, went, type InstallWorld } from './install-world.js';

const noMachine = await whyNoMachine();
let at: InstallWorld;
let folder = '';
let server: Server;
let asked: string[] = [];
/** Version → its package file. */
let files: ReadonlyMap<string, string> = new Map();

const addressOf = (one: Server): string => {
  const address = one.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-packages-'));
  const made = ['1.0', '1.1', '1.2', '2.0'].map((version) => debOf(folder, { version }));
  // as they are usually called: dpkg-deb packs them so that only their names tell what they are
  files = new Map(
    made.map(({ version, file }) => {
      const named = join(folder, `tiny-tools_${version}_all.deb`);
      renameSync(file, named);
      return [version, named];
    }),
  );
  asked = [];
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const version = /_([0-9.]+)\.deb$/u.exec(request.url ?? '')?.[1] ?? '';
    response.end(readFileSync(files.get(version) ?? ''));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // of 1.2 there is none
  const sha256 = Object.fromEntries(
    made.flatMap(({ version, sha256: digest }) =>
      version === '1.2' ? [] : [[`tiny_${version}.deb`, digest]],
    ),
  );
  const tiny = {
    ...{ package: 'tiny-tools', version: '1.0', install: true, ca_bundle: '/opt/tiny-tools/cacert.pem' },
    ...{ url: `${addressOf(server)}/tiny_{version}.deb`, sha256 },
  };
  at = await anInstallWorld([
    ...['--toolchains', JSON.stringify({ tiny }), '--engine-version', '1.4'],
    ...['--compatibility', 'toolchain tiny >=2.0 needs engine >=1.5'],
  ]);
});
afterEach(async () => {
  await at.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

const aCertificate = (): string => {
  const { privateKey } = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const key = at.world.file('ca.key', privateKey);
  const file = join(at.world.folder, 'acme.pem');
  const line = ['req', '-x509', '-key', key, '-subj', '/CN=acme', '-days', '2', '-out', file];
  execFileSync('openssl', line, { stdio: 'ignore' });
  return file;
};

/** Without the folder that update-ca-certificates makes anew each time, whatever lay there. */
const beyondTrust = (state: string): readonly string[] =>
  state.split('\n').filter((line) => !line.includes('/etc/ssl/certs'));

describe.runIf(noMachine === undefined)('packages of install-runner [needs machine]', () => {
  it('given a toolchain in the configuration, then it is installed, told by the runner, upgraded by -v, and taken away', async () => {
    const machine = await at.aMachine();
    const before = await stateOf(machine);
    const trust = ['--trusted-cert', aCertificate()];
    const out = went(await at.first(machine, ...trust));
    expect(out).toMatch(/^packages: +tiny 1\.0 from http/mu);
    expect(out).toMatch(/^fetch +tiny-tools 1\.0$/mu);
    expect(await machine.read('/opt/tiny-tools/version')).toBe('1.0\n');
    expect(await machine.read('/opt/tiny-tools/cacert.pem')).toContain('BEGIN CERTIFICATE');
    expect((await at.runner()).attributes.toolchains).toEqual({ tiny: '1.0' });

    // from the cache, and nothing to be done
    const again = went(await at.install(...trust));
    expect(again).toMatch(/^upload +unchanged: tiny-tools 1\.0/mu);
    expect(again).toMatch(/^certificates +unchanged/mu);
    expect(asked).toEqual(['/tiny_1.0.deb']);

    went(await at.install('-v', '1.1', ...trust));
    expect(await machine.read('/opt/tiny-tools/version')).toBe('1.1\n');
    expect((await at.runner()).attributes.toolchains).toEqual({ tiny: '1.1' });

    went(await at.uninstall());
    expect(await machine.exists('/opt/tiny-tools')).toBe(false);
    expect(beyondTrust(await stateOf(machine))).toEqual(beyondTrust(before));
  });

  it('given a version that breaks a rule, or one without a checksum, then nothing is downloaded or changed', async () => {
    const machine = await at.aMachine();
    const broken = await at.first(machine, '-v', '2.0');
    expect([broken.code, broken.err]).toEqual([1, expect.stringContaining('engine >=1.5')]);
    const unchecked = await at.first(machine, '-v', '1.2');
    expect([unchecked.code, unchecked.err]).toEqual([
      1,
      expect.stringContaining('no SHA-256 of tiny_1.2.deb'),
    ]);
    const own = await at.first(machine, '-I', files.get('2.0') ?? '');
    expect([own.code, own.err]).toEqual([1, expect.stringContaining('engine >=1.5')]);
    expect(asked).toEqual([]);
    expect(await machine.exists('/etc/baton')).toBe(false);
    expect((await at.world.ask('GET', '/runners/b7')).status).toBe(404);
  });

  it('given a mirror that has another file, then it is refused with both checksums, before anything is changed', async () => {
    const machine = await at.aMachine();
    files = new Map([...files, ['1.0', files.get('1.1') ?? '']]);
    const ran = await at.first(machine);
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(
      /tiny_1\.0\.deb has the SHA-256 [0-9a-f]{64}; configured is [0-9a-f]{64}[^\n]*Nothing was changed/u,
    );
    expect((await at.world.ask('GET', '/runners/b7')).status).toBe(404);
  });

  it('given -I, then that file is installed; given --no-toolchain, then none', async () => {
    const machine = await at.aMachine();
    const file = files.get('1.2') ?? '';
    const out = went(await at.first(machine, '-I', file));
    expect(out).toContain(`tiny-tools 1.2 from ${file}`);
    expect(await machine.read('/opt/tiny-tools/version')).toBe('1.2\n');
    const other = await at.aMachine();
    const line = ['install-runner', '127.0.0.1', 'admin', '-i', at.identity, '--name', 'b8', '-y'];
    const rest = ['-p', String(other.port), '--host-key', other.hostKey, '--no-toolchain'];
    expect(went(await at.world.baton(...line, ...rest))).toMatch(/^packages: +none$/mu);
    expect(await other.exists('/opt/tiny-tools')).toBe(false);
    expect(asked).toEqual([]);
  });
});
