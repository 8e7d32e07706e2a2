/** Packages that were made to be read, and ones that were made to deceive: an answer or an error value, never more. */
import * as E from 'fp-ts/lib/Either.js';
import * as fc from 'fast-check';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bytesOf, type Bytes } from '../../../src/install/package/bytes.js';
import { fits } from '../../../src/install/package/fits.js';
import { inspectBytes, inspectPackage, type PackageFile } from '../../../src/install/package/inspect.js';
import type { Attributes } from '../../../src/events/shapes.js';
import { aDeb, aDmg, anRpm, ar, CONTROL, KIT, member, section, tar, text } from './made.js';

const found = async (bytes: Buffer): Promise<PackageFile | string> =>
  E.toUnion(await inspectBytes(bytesOf(bytes)));

describe('a package', () => {
  it('given a .deb, then what its control says; what goes on from a field is none of its own', async () => {
    expect(await found(aDeb())).toEqual({
      format: 'deb',
      contents: { name: 'kit', version: '1:2.4.17-1', architecture: 'amd64' },
    });
  });
  it('given a .deb whose control is not compressed, or comes after another member, then the same', async () => {
    const plain = ar(member('_gpgorigin', Buffer.alloc(5)), member('control.tar/', tar('control', CONTROL)));
    expect(await found(plain)).toMatchObject({ contents: { name: 'kit' } });
  });
  it('given an .rpm, then its tags; with an epoch, then that before; of sources, then so', async () => {
    expect(await found(anRpm())).toEqual({
      format: 'rpm',
      contents: { name: 'kit', version: '2.4.17-1.el7', architecture: 'x86_64' },
    });
    const epoch = { tag: 1003, type: 4, value: Buffer.from([0, 0, 0, 3]) };
    // integers lie at multiples of 4
    const aligned = section([epoch, ...KIT]);
    expect(await found(anRpm(aligned))).toMatchObject({ contents: { version: '3:2.4.17-1.el7' } });
    expect(await found(anRpm(section(KIT), 1))).toMatchObject({ contents: { architecture: 'src' } });
  });
  it('given a way of packing that cannot be read here, or a .dmg, then that the machine is asked instead', async () => {
    expect(await found(ar(member('control.tar.xz', Buffer.alloc(9))))).toEqual({
      format: 'deb',
      unread: 'What the package is cannot be read here, since it is packed with xz.',
    });
    expect(await found(aDmg())).toMatchObject({ format: 'dmg', unread: expect.any(String) as string });
  });
  it('given what is no package, then so', async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('!<arch>\nfoo.o/'), Buffer.alloc(5000)])
      expect(await found(bytes)).toEqual({ format: 'unknown' });
  });
});

describe('a package that deceives', () => {
  const cut = 'ends before what it announces';
  it.each([
    ['a member beyond the file', ar(member('control.tar.gz', Buffer.alloc(9), '9999999999')), cut],
    [
      'a size that is no number',
      ar(member('control.tar.gz', Buffer.alloc(9), '-1')),
      'is no archive of the kind ar',
    ],
    ['no control', ar(member('data.tar.gz', Buffer.alloc(9))), 'holds no control archive'],
    [
      'members without end, none of which goes on',
      ar(...Array.from({ length: 99 }, () => member('x', Buffer.alloc(0)))),
      'holds no control archive',
    ],
    [
      'a control that unpacks to more than memory is for',
      ar(member('control.tar.gz', gzipSync(Buffer.alloc(17 * 1024 * 1024)))),
      'holds an archive that is damaged or too large',
    ],
    [
      'a control that is no archive',
      ar(member('control.tar.gz', Buffer.from('no'))),
      'holds an archive that is damaged or too large',
    ],
    [
      'a file in it that is larger than the archive',
      ar(member('control.tar', tar('control', 'x', '77777777777'))),
      'holds an archive that is damaged',
    ],
    ['no file control in it', ar(member('control.tar', tar('other', 'x'))), 'holds no control'],
    ['a name that is an option', aDeb(CONTROL.replace('kit', '-rf')), 'has no usable name in it'],
    [
      'nothing that can be used',
      aDeb('Package: a b\nVersion: $(id)\n'),
      'has no usable name, version, architecture in it',
    ],
    [
      'four thousand million tags',
      anRpm(section(KIT, { tags: 0xffffffff })),
      'holds a header with too many tags',
    ],
    ['more tags than bytes', anRpm(section(KIT, { tags: 0xffff })), cut],
    ['a length beyond the file', anRpm(section(KIT, { length: 0xffffffff })), cut],
    [
      'a tag that points beyond its header',
      anRpm(section([{ ...text(1000, 'kit'), offset: 0xfffffff0 }])),
      'holds a tag that points beyond its header',
    ],
    [
      'a tag without an end',
      anRpm(section([{ tag: 1000, type: 6, value: Buffer.from('kit') }])),
      'holds a tag without an end',
    ],
    ['an rpm without tags', anRpm(section([])), 'has no usable name, version, architecture in it'],
    ['an rpm of its lead alone', anRpm().subarray(0, 96), cut],
    ['no header behind the signature', anRpm(Buffer.alloc(100)), 'holds no header of an RPM'],
  ])('given %s, then why it cannot be read', async (_, bytes, why) => {
    expect(await found(bytes)).toBe(why);
  });

  /** Counts what is asked of the file: no answer may cost more than a package is worth. */
  const counted = (buffer: Buffer): { readonly bytes: Bytes; readonly cost: () => number } => {
    let read = 0;
    const { size, read: plain } = bytesOf(buffer);
    return {
      bytes: {
        size,
        read: (offset, length) => {
          read += length + 1;
          return plain(offset, length);
        },
      },
      cost: () => read,
    };
  };
  const damaged = fc
    .tuple(
      fc.constantFrom(aDeb(), anRpm(), aDmg(), ar(member('control.tar', tar('control', CONTROL)))),
      fc.array(fc.tuple(fc.nat(4000), fc.nat(255)), { maxLength: 12 }),
      fc.nat(4000),
      fc.boolean(),
    )
    .map(([whole, changes, length, isCut]) => {
      const copy = Buffer.from(isCut ? whole.subarray(0, length) : whole);
      for (const [at, byte] of changes) if (at < copy.length) copy[at] = byte;
      return copy;
    });

  it('given any damage at all, then an answer or an error value, and no more read than twice the file', async () => {
    await fc.assert(
      fc.asyncProperty(damaged, async (bytes) => {
        const { bytes: asked, cost } = counted(bytes);
        const answer = await inspectBytes(asked);
        if (E.isLeft(answer)) expect(answer.left).toMatch(/^(ends|holds|has|is) /);
        else expect(['deb', 'rpm', 'dmg', 'unknown']).toContain(answer.right.format);
        expect(cost()).toBeLessThan(2 * bytes.length + 10_000);
      }),
      { numRuns: 2000 },
    );
  });
  it('given bytes of no origin behind each beginning that is known, then likewise', async () => {
    const heads = fc.constantFrom(aDeb().subarray(0, 72), anRpm().subarray(0, 112), Buffer.alloc(0));
    await fc.assert(
      fc.asyncProperty(heads, fc.uint8Array({ maxLength: 600 }), async (head, rest) => {
        await inspectBytes(bytesOf(Buffer.concat([head, rest])));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a file', () => {
  it('given none, or a folder, then an error value', async () => {
    for (const [file, sentence] of [
      ['/nonexistent/kit.deb', 'The file kit.deb cannot be read: ENOENT.'],
      ['/tmp', 'The file tmp is no file.'],
    ] as const)
      expect(await inspectPackage(file)).toMatchObject(
        E.left({ code: 'invalid', reason: 'package_file', message: sentence }),
      );
  });
});

describe('whether it fits', () => {
  const ubuntu: Attributes = { platform: 'ubuntu', platform_family: 'debian', architecture: 'x86_64' };
  const rocky: Attributes = { platform: 'rocky', platform_family: 'rhel', architecture: 'aarch64' };
  const deb = (architecture: string): PackageFile => ({
    format: 'deb',
    contents: { name: 'kit', version: '1', architecture },
  });
  const rpm = (architecture: string): PackageFile => ({ ...deb(architecture), format: 'rpm' });

  it.each([
    ['a .deb for amd64 on x86_64', deb('amd64'), ubuntu],
    ['a .deb for all', deb('all'), ubuntu],
    ['an .rpm for aarch64', rpm('aarch64'), rocky],
    ['an .rpm for noarch', rpm('noarch'), rocky],
    ['an .rpm for i486 on i686', rpm('i486'), { ...rocky, architecture: 'i686' }],
    ['a .deb that could not be read', { format: 'deb', unread: 'x' } as const, ubuntu],
    ['a machine of which nothing is known', deb('arm64'), {}],
  ])('given %s, then it fits', (_, file, machine) => {
    expect(fits(file, machine)).toEqual({ fits: true });
  });
  it.each([
    ['an .rpm', rpm('x86_64'), ubuntu, 'The file is a .rpm, and ubuntu takes a .deb.'],
    ['a .dmg', { format: 'dmg' } as const, ubuntu, 'The file is a .dmg, and ubuntu takes a .deb.'],
    [
      'another architecture',
      deb('arm64'),
      ubuntu,
      'The package kit 1 is for arm64, and the machine is amd64.',
    ],
    [
      'i686 on i386',
      rpm('i686'),
      { ...rocky, architecture: 'i386' },
      'The package kit 1 is for i686, and the machine is i386.',
    ],
    ['sources', rpm('src'), rocky, 'The package kit holds sources, and nothing that could be installed.'],
    [
      'no package',
      { format: 'unknown' } as const,
      ubuntu,
      'The file is no package: neither a .deb nor an .rpm nor a .dmg.',
    ],
  ])('given %s, then one sentence says why not', (_, file, machine, sentence) => {
    expect(fits(file, machine)).toEqual({ fits: false, sentence });
  });
});
