/** A fresh machine for tests: real users, files, packages, sudo and sshd, in namespaces of its own that vanish with it. */
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fingerprintOf, generateKeyPair, publicKeyOf } from '../src/ssh/keys.js';
import { killIfThere } from '../bench/fleet/processes.js';
import { findSshd, freePort } from '../src/ssh/system-sshd.js';
import { descendantsNamedSshd, eventually } from './sshd.js';

const execute = promisify(execFile);

export interface MachineOptions {
  readonly admin?: {
    /** `admin` unless given; `root` is there already. */
    readonly name?: string;
    readonly password?: string;
    /** A line for its `authorized_keys`. */
    readonly publicKey?: string;
    readonly sudo?: 'password' | 'nopasswd' | 'requiretty' | 'none';
  };
  /** Instead of the machine's own os-release; see `releases`. */
  readonly osRelease?: string;
  /** Small disks of their own: path → options as tmpfs(5) has them, e.g. `size=1m,nr_inodes=64`. */
  readonly disks?: Readonly<Record<string, string>>;
  /** Further lines of sshd_config; the first of a word counts. */
  readonly settings?: readonly string[];
  /** Shell commands run as root before sshd starts. */
  readonly before?: string;
}

export interface FreshMachine {
  readonly host: '127.0.0.1';
  readonly port: number;
  readonly hostKey: string;
  /** The first process there, as it is numbered here. */
  readonly pid: number;
  /** As root; the output. Rejects when it fails. */
  readonly run: (command: string, input?: string) => Promise<string>;
  readonly read: (path: string) => Promise<string>;
  readonly exists: (path: string) => Promise<boolean>;
  readonly users: () => Promise<readonly string[]>;
  /** Ends all SSH sessions, by kill -9; what they started lives on. */
  readonly cut: () => Promise<void>;
  /** What sshd said so far. */
  readonly log: () => string;
  readonly close: () => Promise<void>;
}

export const releases = {
  rocky: 'ID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.5"\nNAME="Rocky Linux"\n',
  alpine: 'ID=alpine\nVERSION_ID=3.21.2\nNAME="Alpine Linux"\n',
  sles: 'ID="sles"\nID_LIKE="suse"\nVERSION_ID="15.6"\nNAME="SLES"\n',
  arch: 'ID=arch\nNAME="Arch Linux"\n',
} as const;

/** What the machine may change; the rest is read as it is here. */
const layered = ['etc', 'home', 'opt', 'root', 'usr', 'var'];

/** On the machine, what was written to `/etc` lies in `<layers>/etc/upper`, and so on. */
export const layers = '/mnt';

const mounts: readonly string[] = [
  `mount -t tmpfs -o mode=755 tmpfs ${layers}`,
  ...layered.flatMap((name) => {
    const [upper, work] = [`${layers}/${name}/upper`, `${layers}/${name}/work`];
    return [
      `mkdir -p ${upper} ${work}`,
      `chmod --reference=/${name} ${upper}`,
      `mount -t overlay overlay -o lowerdir=/${name},upperdir=${upper},workdir=${work} /${name}`,
    ];
  }),
  // a machine of its own in /run as well: locks, sudo's memory
  'mount -t tmpfs -o mode=755 tmpfs /run',
  'mkdir -p /run/sshd /run/lock',
];

const unshare = (script: string): readonly string[] => [
  ...['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child', '--mount-proc'],
  ...['sh', '-euc', script],
];

/** Why there can be no such machine here; undefined when it can. Tests that need one have `[needs machine]` in their names. */
export const whyNoMachine = async (): Promise<string | undefined> => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'only root on Linux can make a machine of its own';
  if (findSshd() === undefined) return 'this machine has no sshd';
  for (const tool of ['/usr/bin/sudo', '/usr/bin/nsenter', '/usr/sbin/useradd', '/usr/bin/openssl'])
    if (!existsSync(tool)) return `this machine has no ${tool}`;
  try {
    await execute('unshare', unshare(mounts.join('\n')));
    return undefined;
  } catch {
    return 'overlays in a namespace of mounts are not permitted here';
  }
};

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const sudoers = { password: 'ALL', nopasswd: 'NOPASSWD: ALL', requiretty: 'NOPASSWD: ALL', none: '' };

const adminSetup = (admin: NonNullable<MachineOptions['admin']>): readonly string[] => {
  const name = admin.name ?? 'admin';
  const lines: string[] = name === 'root' ? [] : [`useradd -m -s /bin/bash ${name}`];
  if (admin.password !== undefined) {
    const hash = execFileSync('openssl', ['passwd', '-6', '-stdin'], { input: admin.password });
    lines.push(`usermod -p ${quoted(hash.toString('utf8').trim())} ${name}`);
  }
  if (admin.publicKey !== undefined)
    lines.push(
      `mkdir -p -m 700 ~${name}/.ssh`,
      `printf '%s\\n' ${quoted(admin.publicKey)} >~${name}/.ssh/authorized_keys`,
      `chown -R ${name} ~${name}/.ssh`,
    );
  const sudo = admin.sudo ?? 'none';
  if (sudo !== 'none') {
    lines.push(`printf '%s ALL=(ALL:ALL) %s\\n' ${name} '${sudoers[sudo]}' >/etc/sudoers.d/${name}`);
    if (sudo === 'requiretty') lines.push(`echo 'Defaults requiretty' >>/etc/sudoers.d/${name}`);
  }
  return lines;
};

const childOf = async (pid: number): Promise<number | undefined> => {
  const text = await readFile(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8').catch(() => '');
  const [first] = text.split(' ');
  return first === undefined || first === '' ? undefined : Number(first);
};

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once('exit', () => resolve());
  });

export const startMachine = async (options: MachineOptions = {}): Promise<FreshMachine> => {
  const directory = await mkdtemp(join(tmpdir(), 'baton-machine-'));
  const file = (name: string) => join(directory, name);
  const hostKey = generateKeyPair();
  await writeFile(file('host_key'), hostKey.privateKey, { mode: 0o600 });
  const port = await freePort();
  const config = [
    ...(options.settings ?? []),
    `Port ${String(port)}`,
    'ListenAddress 127.0.0.1',
    'HostKey /run/sshd/host_key',
    'PidFile none',
    'UsePAM no',
    'PermitRootLogin yes',
    'PasswordAuthentication yes',
    'KbdInteractiveAuthentication no',
    // tests that give wrong passwords run beside others from the same address
    'MaxStartups 100',
    'Subsystem sftp internal-sftp',
  ];
  await writeFile(file('sshd_config'), `${config.join('\n')}\n`);
  await writeFile(file('os-release'), options.osRelease ?? '');
  const script = [
    ...mounts,
    `cp ${file('host_key')} ${file('sshd_config')} /run/sshd/`,
    // a developer's rc files are no part of a test
    'rm -rf /root/.bashrc /root/.bash_profile /root/.bash_login /root/.profile /root/.ssh',
    ...(options.osRelease === undefined
      ? []
      : [`rm -f /etc/os-release && cp ${file('os-release')} /etc/os-release`]),
    ...(options.admin === undefined ? [] : adminSetup(options.admin)),
    ...Object.entries(options.disks ?? {}).map(
      ([path, how]) => `mkdir -p ${path} && mount -t tmpfs -o mode=755,${how} tmpfs ${path}`,
    ),
    options.before ?? '',
    // what others put there meanwhile would show through the layers
    'mount -t tmpfs -o mode=1777 tmpfs /var/tmp',
    'mount -t tmpfs -o mode=1777 tmpfs /tmp',
    'cd /',
    `exec ${findSshd() ?? 'sshd'} -D -e -f /run/sshd/sshd_config`,
  ];
  const child = spawn('unshare', unshare(script.join('\n')), { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => {
    said = (said + bytes.toString('utf8')).slice(-16_000);
  });
  const close = async () => {
    const first = await childOf(child.pid ?? 0);
    // its first process takes all others with it, and the last of them the mounts; then its parent ends, too
    if (first === undefined) child.kill('SIGKILL');
    else if (child.exitCode === null) process.kill(first, 'SIGKILL');
    await ended(child);
    await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  };
  try {
    await eventually(
      'the machine starts sshd',
      () => {
        if (child.exitCode !== null) throw new Error(`the machine did not start: ${said}`);
        return said.includes('Server listening on');
      },
      30_000,
    );
  } catch (error) {
    await close();
    throw error;
  }
  const pid = (await childOf(child.pid ?? 0)) ?? 0;
  const run = (command: string, input = ''): Promise<string> =>
    new Promise((resolve, reject) => {
      const inside = spawn('nsenter', ['-t', String(pid), '-m', '-p', '--', 'sh', '-c', command], {
        env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      let [out, complaint] = ['', ''];
      inside.stdout.on('data', (bytes: Buffer) => (out += bytes.toString('utf8')));
      inside.stderr.on('data', (bytes: Buffer) => (complaint += bytes.toString('utf8')));
      inside.once('error', reject);
      inside.once('close', (code) => {
        if (code === 0) resolve(out);
        else reject(new Error(`${command}: exit ${String(code)}: ${out}${complaint}`));
      });
      inside.stdin.on('error', () => undefined);
      inside.stdin.end(input);
    });
  const publicKey = publicKeyOf(hostKey.publicKey);
  return {
    ...{ host: '127.0.0.1', port, pid, run, close },
    hostKey: publicKey === undefined ? '' : fingerprintOf(publicKey),
    read: (path) => run(`cat -- ${quoted(path)}`),
    exists: async (path) => (await run(`[ -e ${quoted(path)} ] && echo yes || echo no`)) === 'yes\n',
    users: async () => (await run('cut -d: -f1 /etc/passwd')).split('\n').filter((name) => name !== ''),
    cut: async () => {
      for (const one of await descendantsNamedSshd(pid)) {
        killIfThere(one);
      }
    },
    log: () => said,
  };
};
