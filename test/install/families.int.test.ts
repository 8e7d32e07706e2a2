/** Other families of systems, on a machine that has their tools instead of its own. */
import { describe, expect, test } from 'vitest';
import { releases, whyNoMachine } from '../machine.js';
import { skipped } from '../store/small-disk.js';
import {
  certificate,
  errorOf,
  on,
  orThrow,
  recorder,
  rootLogin,
  machinesOfEachTest,
  specOf,
  stateOf,
} from './given-machine.js';

const why = await whyNoMachine();

/**
 * busybox's tools for accounts, which Debian's busybox lacks: they take exactly the options that are given to them, and do what busybox
 * would, by shadow's own under other names. Everything else that busybox has comes from it.
 */
const alpine = String.raw`
for tool in useradd groupadd usermod userdel groupdel; do mv /usr/sbin/$tool /usr/sbin/real-$tool; done
rm -f /usr/sbin/adduser /usr/sbin/addgroup /usr/sbin/deluser /usr/sbin/delgroup
printf '#!/bin/sh\n[ "$1 $2 $3 $4 $6 $7 $8 ${'$'}{10}" = "-S -D -H -h -s /bin/sh -G -g" ] || exit 9\nreal-useradd -r -M -g "$9" -d "$5" -s "$7" -c "${'$'}{11}" "${'$'}{12}"\n' >/usr/sbin/adduser
printf '#!/bin/sh\n[ $# = 2 ] && [ "$1" = -S ] && exec real-groupadd -r "$2"\nexit 9\n' >/usr/sbin/addgroup
printf '#!/bin/sh\n[ $# = 1 ] && exec real-userdel "$1"\nexit 9\n' >/usr/sbin/deluser
printf '#!/bin/sh\n[ $# = 1 ] && exec real-groupdel "$1"\nexit 9\n' >/usr/sbin/delgroup
chmod 755 /usr/sbin/adduser /usr/sbin/addgroup /usr/sbin/deluser /usr/sbin/delgroup
for applet in $(busybox --list); do
  case $applet in su | sudo | login | passwd | mount | umount | busybox | rpm | dpkg) continue ;; esac
  ln -sf /usr/bin/busybox /usr/local/sbin/$applet
done
ln -sf /usr/bin/busybox /bin/sh
ln -sf /usr/bin/busybox /usr/local/sbin/sh`;

describe.skipIf(why !== undefined)(`families of systems [needs machine]${skipped(why)}`, () => {
  const { start } = machinesOfEachTest();

  test('Alpine: accounts by adduser, everything else by busybox', async () => {
    const fresh = await start({ osRelease: releases.alpine, before: alpine });
    expect(await fresh.run('readlink -f /bin/sh; readlink -f "$(command -v awk)"')).toBe(
      '/usr/bin/busybox\n'.repeat(2),
    );
    const before = await stateOf(fresh);
    const spec = specOf({ isolate: true, slots: 2 });
    await on(rootLogin(fresh), async (machine) => {
      const look = orThrow(await machine.look('job_runner')());
      expect(look).toMatchObject({
        packageFormat: 'apk',
        attributes: { platform: 'alpine' },
        missingTools: [],
      });
      orThrow(await machine.prepare(spec)());
      expect(await fresh.run('grep ^job_runner /etc/shadow | cut -d: -f 1,2')).toBe(
        'job_runner:*\njob_runner-0:*\njob_runner-1:*\n',
      );
      expect(orThrow(await machine.prepare(spec)()).changed).toBe(false);
      orThrow(await machine.prepare(specOf({ isolate: true, slots: 1 }))());
      expect(orThrow(await machine.uninstall('job_runner')())).toEqual({ left: [] });
    });
    expect(await stateOf(fresh)).toBe(before);
  });

  test.each([
    ['rocky', releases.rocky, '/etc/pki/ca-trust/source/anchors', 'update-ca-trust'],
    ['SLES', releases.sles, '/etc/pki/trust/anchors', 'update-ca-certificates'],
  ])('%s: certificates lie where it looks for them', async (_name, osRelease, folder, refresher) => {
    const before = `mkdir -p ${folder}
printf '#!/bin/sh\\nls ${folder} >>/root/refreshed\\n' >/usr/local/sbin/${refresher}; chmod 755 /usr/local/sbin/${refresher}`;
    const fresh = await start({ osRelease, before });
    const pem = certificate('an authority');
    await on(rootLogin(fresh), async (machine) => {
      orThrow(await machine.prepare(specOf({ certificates: [{ name: 'authority', pem }] }))());
      expect(await fresh.read(`${folder}/baton-job_runner-authority.crt`)).toBe(pem);
      expect(orThrow(await machine.uninstall('job_runner')())).toEqual({ left: [] });
    });
    expect(await fresh.run(`ls ${folder}`)).toBe('');
    expect(await fresh.read('/root/refreshed')).toBe('baton-job_runner-authority.crt\n');
  });

  test('without what makes certificates count, nothing is changed', async () => {
    const fresh = await start({ osRelease: releases.rocky });
    const before = await stateOf(fresh);
    await on(rootLogin(fresh), async (machine) => {
      const spec = specOf({ certificates: [{ name: 'authority', pem: certificate('an authority') }] });
      const error = errorOf(await machine.prepare(spec)());
      expect(error).toMatchObject({ reason: 'missing_tool' });
      expect(error.message).toContain('update-ca-trust');
    });
    expect(await stateOf(fresh)).toBe(before);
  });

  test('SELinux: homes and folders get their labels', async () => {
    const before = `printf '#!/bin/sh\\nexit 0\\n' >/usr/local/sbin/selinuxenabled
printf '#!/bin/sh\\necho "$@" >>/root/labelled\\n' >/usr/local/sbin/restorecon; chmod 755 /usr/local/sbin/*`;
    const fresh = await start({ osRelease: releases.rocky, before });
    await on(rootLogin(fresh), async (machine) => {
      orThrow(await machine.prepare(specOf({ isolate: true }))());
    });
    expect(await fresh.read('/root/labelled')).toBe(
      '-R /home/job_runner /var/opt/baton/job_runner\n-R /home/job_runner-0 /var/opt/baton/job_runner-0\n',
    );
  });

  test('a system that is not known is refused with what was found', async () => {
    const fresh = await start({ osRelease: releases.arch });
    const { told, on: listen } = recorder();
    await on(rootLogin(fresh), async (machine) => {
      const error = errorOf(await machine.prepare(specOf(), listen)());
      expect(error).toMatchObject({ reason: 'unsupported_system' });
      expect(error.message).toContain('linux arch');
      expect(told().at(-1)).toBe('system failed');
    });
  });
});
