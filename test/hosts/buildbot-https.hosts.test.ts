/** Buildbot reaches Baton over TLS and with secrets of its own, and says in a sentence why it does not. */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../e2e/processes.js';
import { certificate } from '../http/certificate.js';
import { aFolder } from '../source/given-repository.js';
import { hasBuildbot, results, type Build } from './buildbot.js';
import { aBuildbotWorld, type BuildbotWorld } from './buildbot-world.js';
import { openTlsFront, type TlsFront } from './tls-front.js';

/** A builder for each way to reach Baton; all run the same. */
const MORE = `
def reach(name, **how):
    how = {'url': os.environ['FRONT'], 'caFile': os.environ['FRONT_CA'], 'tokenFile': TOKEN_FILE, **how}
    c['builders'].append(util.BuilderConfig(name, workernames=PLACES, factory=util.BuildFactory([
        RunnerPhase(project='web-shop', name='unit', phase='unit', command='sh ./run.sh', **how)])))

from buildbot.plugins import secrets  # noqa: E402
HERE = os.path.dirname(TOKEN_FILE)
c['secretsProviders'] = [secrets.SecretInAFile(dirname=os.path.join(HERE, 'secrets'))]
reach('trusted')
reach('secret', token=util.Secret('baton'), tokenFile=None)
reach('no-secret', token=util.Secret('empty'), tokenFile=None)
reach('untrusted', caFile=None)
reach('other-name', url=os.environ['OTHER'], caFile=os.environ['OTHER_CA'])
reach('no-certificate', caFile=TOKEN_FILE)
reach('no-file', caFile=os.path.join(HERE, 'nowhere.pem'))
reach('no-tls', url=BATON.replace('http:', 'https:'))
reach('wrong-token', tokenFile=os.path.join(HERE, 'wrong-token'))
reach('no-token', tokenFile=os.path.join(HERE, 'no-token'))
reach('empty-token', tokenFile=os.path.join(HERE, 'empty-token'))
reach('page', url=os.environ['PAGE'], caFile=None)
reach('busy', url=os.environ['PAGE'] + '/busy', caFile=None)
reach('moved', url=os.environ['PAGE'] + '/moved', caFile=None)
c['schedulers'].append(schedulers.Triggerable(
    'asked', builderNames=[builder.name for builder in c['builders'] if builder.name != 'unit']))
`;

const run = promisify(execFile);

describe.skipIf(!hasBuildbot)(
  'https to Baton, which needs the packages buildbot and buildbot-worker [needs buildbot]',
  () => {
    const keys = aFolder();
    const closing: (() => Promise<unknown>)[] = [];
    let front: TlsFront | undefined;
    let given: BuildbotWorld | undefined;
    let sha = '';

    /** A server that is none of Baton's. */
    const openPage = async (): Promise<Server> => {
      let isBusy = true;
      const server = createServer((request, response) => {
        if (isBusy && request.url?.startsWith('/busy') === true) {
          isBusy = false;
          // a digit, but none of ASCII: as UTF-8 it is ²
          response.writeHead(503, { 'retry-after': '\u00c2\u00b2' });
          response.end();
          return;
        }
        const isMoved = request.url?.startsWith('/moved') === true;
        response.writeHead(
          isMoved ? 301 : 404,
          isMoved ? { location: 'https://elsewhere.example.org/' } : {},
        );
        response.end('<h1>Not here</h1>');
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      closing.push(() => new Promise((resolve) => server.close(resolve)));
      return server;
    };

    beforeAll(async () => {
      const trusted = certificate(keys.path, 'front');
      const other = certificate(keys.path, 'other', 'DNS:other.example.org');
      front = await openTlsFront(trusted);
      const others = await openTlsFront(other);
      closing.push(others.close);
      const { port } = (await openPage()).address() as AddressInfo;
      const { url } = front;
      given = await aBuildbotWorld(MORE, (world, way) => {
        front?.leadTo(way.url);
        others.leadTo(way.url);
        world.file('wrong-token', 'bt_nobody-has-this\n');
        world.file('empty-token', '\n');
        mkdirSync(join(world.folder, 'secrets'), { mode: 0o700 });
        for (const [name, text] of [
          ['baton', world.token],
          ['empty', ' '],
        ] as const)
          world.file(join('secrets', name), text);
        return {
          ...{ FRONT: url, FRONT_CA: trusted.cert, OTHER: others.url, OTHER_CA: other.cert },
          PAGE: `http://127.0.0.1:${port}`,
        };
      });
      sha = given.committed('https', 'echo here\n');
    });
    afterAll(async () => {
      await given?.close();
      await front?.close();
      for (const close of closing) await close();
      keys.dispose();
    });
    const there = (): BuildbotWorld => {
      if (given === undefined) throw new Error('the master did not start');
      return given;
    };

    /** Asks that builder for a build; resolves when there is one. */
    const asked = async (builder: string): Promise<number> => {
      const { master, repository } = there();
      const before = (await master.builds()).length;
      await master.does({ do: 'force', builder, stamp: { repository, branch: 'https', revision: sha } });
      return until(`there is a build of ${builder}`, async () => (await master.builds())[before]?.id);
    };
    const endOf = (id: number): Promise<Build> =>
      until(
        `build ${id} has ended`,
        async () => {
          const build = (await there().master.builds()).find((one) => one.id === id);
          return build?.results === null ? undefined : build;
        },
        90_000,
      );

    it('runs over TLS, with a token from a file or a secret of Buildbot', async () => {
      for (const builder of ['trusted', 'secret']) {
        const build = await endOf(await asked(builder));
        expect(build).toMatchObject({ results: results.success, said: 'unit: succeeded on r1' });
        expect(await there().master.logOf(build.id)).toContain('ohere\n');
      }
    });

    it.each([
      ['untrusted', /the certificate of https:\/\/\S+ is not trusted: give caFile/],
      ['other-name', /the certificate of https:\/\/\S+ is that of another name/],
      ['no-certificate', /A certificate in PEM form was expected in \S+token: there is none/],
      ['no-file', /The certificates cannot be read from \S+nowhere\.pem \(FileNotFoundError\)/],
      ['no-tls', /find no common TLS \(wrong version number\)/],
      ['wrong-token', /The token is not known here/],
      ['no-token', /The token cannot be read from \S+no-token \(FileNotFoundError\)/],
      ['empty-token', /One token and nothing else was expected in \S+empty-token/],
      ['no-secret', /One token and nothing else was expected in the secret that token names/],
      ['page', /http:\/\/\S+ answered HTTP 404, but not as Baton does; is that its address\?/],
      ['busy', /http:\/\/\S+ answered HTTP 404, but not as Baton does; is that its address\?/],
      ['moved', /leads to https:\/\/elsewhere\.example\.org\/: give the address that is meant/],
    ])('says what is wrong, and runs nothing: %s', async (builder, sentence) => {
      const { master, way } = there();
      const before = way.asked().length;
      const build = await endOf(await asked(builder));
      expect(build.results).toBe(results.exception);
      expect(build.said).toMatch(sentence);
      expect(await master.logOf(build.id)).toMatch(sentence);
      // what is not trusted is not told the token
      if (builder !== 'wrong-token') expect(way.asked().slice(before)).toEqual([]);
    });

    it('tries again while Baton is away, says so in the step, and goes on when it is back', async () => {
      const { master, way } = there();
      if (front === undefined) throw new Error('no front');
      const { port } = front;
      await front.close();
      const id = await asked('trusted');
      await until('the step says so', async () => {
        const build = (await master.builds()).find((one) => one.id === id);
        return build?.said?.includes('is not reached (ConnectionRefusedError)') === true ? true : undefined;
      });
      front = await openTlsFront(
        { cert: join(keys.path, 'front.crt'), key: join(keys.path, 'front.key') },
        port,
      );
      front.leadTo(way.url);
      expect(await endOf(id)).toMatchObject({ results: results.success, said: 'unit: succeeded on r1' });
      expect(await master.logOf(id)).toMatch(
        /hhttps:\S+ is not reached .*; it is tried again\nhBaton answers\n/,
      );
    });

    it('refuses wrong options when the configuration is read, all at once, and shows no token', async () => {
      const folder = join(there().world.folder, 'checked');
      mkdirSync(folder);
      for (const name of ['runner_phase', 'baton_api', 'job_log', 'newer_commit'])
        copyFileSync(join(there().world.folder, 'master', `${name}.py`), join(folder, `${name}.py`));
      writeFileSync(
        join(folder, 'master.cfg'),
        `import os, sys
sys.path.insert(0, os.path.abspath(os.path.dirname(globals().get('__file__', 'master.cfg'))))
from runner_phase import RunnerPhase
c = BuildmasterConfig = {'buildbotNetUsageData': None}
for how in [{'token': 'bt_in-the-configuration'}, {}, {'tokenFile': 't', 'url': 'ftp://baton'},
            {'tokenFile': 't', 'url': 'https://ada:pw-of-ada@baton'}, {'tokenFile': 't', 'caFile': 'ca.pem'},
            {'tokenFile': 't', 'url': 'baton.example.org'}]:
    RunnerPhase(**{'url': 'http://baton', 'project': 'web-shop', 'command': 'true', **how})
`,
      );
      const checked = await run('/usr/bin/buildbot', ['checkconfig', folder], {
        env: { PATH: '/usr/bin:/bin', HOME: folder, LANG: 'C.UTF-8', PYTHONDONTWRITEBYTECODE: '1' },
      }).then(
        () => '',
        (error: unknown) => (error instanceof Error && 'stderr' in error ? String(error.stderr) : ''),
      );
      expect(checked).toContain("token is util.Secret('…')");
      expect(checked).toContain('give either tokenFile or token');
      expect(checked.match(/an address such as https:\/\/baton\.example\.org was expected/g)).toHaveLength(2);
      expect(checked).toContain('a name or a password has no place in an address');
      expect(checked).toContain('caFile is for an address that begins with https');
      expect(checked).not.toMatch(/bt_in-the-configuration|pw-of-ada/);
    });

    it('wrote no token anywhere, and no error of its own', () => {
      const { master, world, way } = there();
      expect(master.out()).not.toContain('Traceback');
      for (const text of [master.out(), ...way.asked()]) expect(text).not.toContain(world.token);
    });
  },
);
