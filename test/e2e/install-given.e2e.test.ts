/** Passwords and certificates that are given to install-runner in files: taken as they are, or refused before anybody logs in. */
import { execFileSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { layers, whyNoMachine, type FreshMachine } from '../machine.js';
import { anInstallWorld, stateOf, wasLetIn, went, type InstallWorld } from './install-world.js';

const noMachine = await whyNoMachine();

const CANARY = 'Kanarienvogel-4711';
/** What a shell, a quoting or an encoding would change. */
const ODD = ` ${CANARY} "größe' $(touch /tmp/was-run) \`id\` %s \\n* `;

let at: InstallWorld;
let machine: FreshMachine;

beforeAll(async () => {
  if (noMachine !== undefined) return;
  at = await anInstallWorld();
  machine = await at.aMachine({ admin: { password: ODD, sudo: 'password' } });
});
afterAll(async () => {
  if (noMachine === undefined) await at.close();
});

const inWorld = (script: string): void => {
  execFileSync('bash', ['-euc', script], { cwd: at.world.folder, stdio: 'ignore' });
};

/** Files below a folder that hold the canary. */
const holding = async (folder: string): Promise<readonly string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(files.map((file) => readFile(file).catch(() => Buffer.alloc(0))));
  return files.filter((_, i) => texts[i]?.includes(CANARY) === true);
};

/** Looks at all processes, here and on the machine, whose are seen from here, until it is stopped. */
const watchProcesses = () => {
  const found: string[] = [];
  let [rounds, over] = [0, false];
  const look = async (pid: string): Promise<void> => {
    for (const file of ['cmdline', 'environ']) {
      const text = await readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
      if (text.includes(CANARY)) found.push(`${pid} ${file} ${text.slice(0, 200)}`);
    }
  };
  const watching = (async () => {
    while (!over) {
      const pids = (await readdir('/proc')).filter((name) => /^\d+$/u.test(name));
      await Promise.all(pids.map(look));
      rounds += 1;
    }
  })();
  return async () => {
    over = true;
    await watching;
    return { found, rounds };
  };
};

describe.runIf(noMachine === undefined)('what is given to install-runner in files [needs machine]', () => {
  it('given an odd password by the standard input and a chain, then it is installed; the password is nowhere, the chain as it was', async () => {
    inWorld(`openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj '/CN=Root' -keyout ca.key -out ca.pem -addext basicConstraints=critical,CA:TRUE
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj '/CN=leaf.example.org' -keyout leaf.key -out leaf.csr
openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out leaf.pem
(cat leaf.pem; echo 'issued by:'; sed 's/$/\\r/' ca.pem) >chain.pem`);
    const before = await stateOf(machine);
    const stop = watchProcesses();
    const chain = ['--fips-custom-cert-filename', 'chain.pem'];
    const ran = await at.tryAs(machine, 'admin', ['--password-file', '-', '-y', ...chain], {}, `${ODD}\n`);
    const { found, rounds } = await stop();
    expect(went(ran)).toContain('Runner b7 is ready');
    expect(ran.out).toMatch(/^FIPS chain: +chain\.pem$/mu);
    expect(rounds).toBeGreaterThan(5);
    expect(found).toEqual([]);
    expect(ran.out + (at.world.server?.out() ?? '') + (at.world.server?.err() ?? '')).not.toContain(CANARY);
    expect(await holding(at.world.folder)).toEqual([]);
    await expect(machine.run(`grep -rls ${CANARY} ${layers} /run /tmp /var/tmp`)).rejects.toThrow(/exit 1/u);
    expect(await machine.exists('/tmp/was-run')).toBe(false);

    const file = '/etc/baton/job_runner.fips-chain.pem';
    const read = async (name: string): Promise<string> => readFile(join(at.world.folder, name), 'utf8');
    expect(await machine.read(file)).toBe((await read('leaf.pem')) + (await read('ca.pem')));
    expect(await machine.run(`stat -c '%U %a' ${file}`)).toBe('root 644\n');
    // each certificate is one that its neighbour vouches for
    expect(await machine.run(`openssl verify -CAfile ${file} ${file}`)).toContain('OK');

    // what is looked for would be found
    const password = at.world.file('password', ODD);
    expect(await holding(at.world.folder)).toEqual([password]);
    const login = ['--password-file', 'password'];
    const again = await at.tryAs(machine, 'admin', login);
    wasLetIn(again);
    expect(again.out).toMatch(/^FIPS chain: +none$/mu);
    const gone = ['delete-runner', 'b7', '--uninstall', '--as', 'admin', '-y', ...login];
    expect(went(await at.world.baton(...gone))).toContain('as it was before');
    expect(await stateOf(machine)).toBe(before);
  });

  it('given a password with any end of a line, a byte order mark or from a pipe, then it is the same', async () => {
    at.world.file('crlf', `${ODD}\r\n`);
    at.world.file('marked', `\ufeff${ODD}\n`);
    inWorld('mkfifo -m 600 pipe');
    const piped = at.tryAs(machine, 'admin', ['--password-file', 'pipe']);
    // once it is read
    inWorld('cat crlf >pipe');
    for (const name of ['crlf', 'marked'])
      wasLetIn(await at.tryAs(machine, 'admin', ['--password-file', name]));
    wasLetIn(await piped);
    at.world.file('open', ODD, 0o644);
    const open = await at.tryAs(machine, 'admin', ['--password-file', 'open']);
    expect(open.err).toMatch(/^baton: others on this machine can read open; chmod 600 it$/mu);
    expect(open.code).toBe(64);
  });

  it('given `--password-file -` at a terminal, then the password is asked for, and not shown', async () => {
    const line = [
      'install-runner',
      '127.0.0.1',
      'admin',
      '-p',
      String(machine.port),
      '--host-key',
      machine.hostKey,
    ];
    const there = at.atTerminal(...line, '--password-file', '-', '--name', 'b7');
    await there.shows('Password of admin@127.0.0.1: ');
    there.type(`${ODD}\r`);
    await there.shows('Shall it be done? [y/N] ');
    there.type('n\r');
    expect(await there.done).toBe(8);
    expect(there.screen()).not.toContain(CANARY);
  });

  it('given what is no password or no certificate, then a sentence says so before anybody logs in', async () => {
    const file = (name: string, content: string | Buffer): string => {
      at.world.file(name, content);
      return name;
    };
    inWorld(`head -c 300 ca.pem >half; cat leaf.pem half >cut.pem; cat leaf.pem leaf.key >key.pem
openssl x509 -in leaf.pem -outform der -out der.crt; sed '3s/^.\\{12\\}/AAAAAAAAAAAA/' leaf.pem >broken.pem
touch index; printf '[ca]\\ndefault_ca=d\\n[d]\\ndatabase=index\\nrand_serial=yes\\nnew_certs_dir=.\\npolicy=p\\ndefault_md=sha256\\n[p]\\ncommonName=supplied\\n' >ca.cnf
openssl ca -batch -notext -config ca.cnf -cert ca.pem -keyfile ca.key -in leaf.csr -startdate 20200101000000Z -enddate 20200201000000Z -out old.pem
cat leaf.pem old.pem >expired.pem`);
    const [password, fips, trust] = ['--password-file', '--fips-custom-cert-filename', '--trusted-cert'];
    const cases: readonly (readonly [option: string, file: string, sentence: RegExp])[] = [
      [password, file('empty', '\n'), /--password-file gave is empty/u],
      [password, file('two', `${CANARY}\nmore\n`), /has more than one line/u],
      [password, file('latin', Buffer.from(`${CANARY} gr\u00f6\u00dfe`, 'latin1')), /is not text in UTF-8/u],
      [password, file('long', CANARY.repeat(100)), /is longer than 1024 bytes/u],
      [password, 'nowhere', /file of --password-file cannot be read: nowhere/u],
      [fips, 'nowhere', /nowhere cannot be read/u],
      [fips, 'key.pem', /key\.pem holds a private key/u],
      [fips, 'cut.pem', /cut\.pem holds a certificate that is damaged or cut short/u],
      [fips, 'broken.pem', /broken\.pem holds a certificate that cannot be read/u],
      [fips, 'expired.pem', /expired\.pem holds a certificate that expired on Feb 1 00:00:00 2020 GMT/u],
      [fips, 'empty', /empty holds no certificate in PEM form/u],
      [trust, 'der.crt', /der\.crt is not in PEM form, but perhaps in DER/u],
      [trust, 'leaf.key', /leaf\.key holds a private key/u],
    ];
    const mark = machine.log().length;
    const login = ['-i', at.identity];
    for (let i = 0; i < cases.length; i += 4)
      await Promise.all(
        cases.slice(i, i + 4).map(async ([option, name, sentence]) => {
          const { code, out, err } = await at.tryAs(machine, 'admin', [...login, option, name, '-y']);
          const [first = '', ...more] = err.replaceAll(/ +/gu, ' ').trimEnd().split('\n');
          expect(first).toMatch(sentence);
          expect(first).toMatch(/ \(step (?:login|certificates)\)\. Nothing was changed\.$/u);
          expect(more.every((line) => line.startsWith('hint: '))).toBe(true);
          expect(code).toBe(1);
          expect(out + err).not.toContain(CANARY);
        }),
      );
    expect(machine.log().slice(mark)).toBe('');
    expect((await at.world.ask('GET', '/runners/b7')).json()).toMatchObject({ state: 'retired' });
  });
});
