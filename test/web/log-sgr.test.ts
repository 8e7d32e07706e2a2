/** Colours and weights, and that the theme's sixteen can be read in both themes. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { lookOf } from '../../src/web/log/look.js';
import { paint } from '../../src/web/log/paint.js';
import { applySgr, plain, type Sgr } from '../../src/web/log/sgr.js';

describe('SGR', () => {
  it.each<[string, string, Sgr]>([
    ['a colour and a weight', '1;31', { bold: true, fg: 1 }],
    ['a bright colour and a ground', '92;104', { fg: 10, bg: 12 }],
    ['the first sixteen of the 256 are those of the theme', '38;5;9', { fg: 9 }],
    ['the cube', '38;5;208', { fg: '255, 135, 0' }],
    ['a grey', '48;5;232', { bg: '8, 8, 8' }],
    ['a true colour', '38;2;1;2;3;4', { fg: '1, 2, 3', underline: true }],
    ['the form with colons and a colour space', '38:2::1:2:3;1', { fg: '1, 2, 3', bold: true }],
    ['the form with colons of the 256', '48:5:16', { bg: '0, 0, 0' }],
    ['a colour that is none changes nothing', '38;5;256;1', { bold: true }],
    ['a colour without an end changes nothing', '38;2;1', {}],
    ['what is not known changes nothing', '99999;1;5;8', { bold: true }],
  ])('%s', (_, params, style) => {
    expect(applySgr(plain, params)).toEqual(style);
  });

  it('each is taken back by its own number, and all by none', () => {
    const all = applySgr(plain, '1;2;3;4;7;9;31;41');
    expect(applySgr(all, '22;23;24;27;29;39;49')).toEqual(plain);
    expect(applySgr(all, '')).toEqual(plain);
    expect(applySgr(all, '22')).toEqual({
      italic: true,
      underline: true,
      reverse: true,
      strike: true,
      fg: 1,
      bg: 1,
    });
  });

  it('goes on over the end of a line', () => {
    const { style } = paint('a\u001b[35mb', plain);
    expect(paint('c\u001b[0md', style).runs).toEqual([
      { text: 'c', style: { fg: 5 } },
      { text: 'd', style: plain },
    ]);
  });

  it('becomes classes for the sixteen, and a colour for others', () => {
    expect(lookOf({ fg: 1, bg: 12, bold: true })).toEqual({ className: 'log-bold log-fg-1 log-bg-12' });
    expect(lookOf({ fg: '1, 2, 3' }).style?.color).toContain('rgb(1, 2, 3)');
    expect(lookOf({ bg: '255, 255, 255' }).style).toEqual({
      color: '#000000',
      backgroundColor: 'rgb(255, 255, 255)',
    });
  });
});

const tokens = readFileSync(new URL('../../src/web/style/tokens.css', import.meta.url), 'utf8');
const valueOf = (name: string): readonly [string, string] => {
  const match = new RegExp(`--${name}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\)`).exec(tokens);
  if (match === null) throw new Error(`no ${name}`);
  return [match[1]!, match[2]!];
};
/** Relative luminance and contrast: WCAG 2.2. */
const luminance = (hex: string): number => {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
};
const contrast = (one: string, other: string): number => {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light! + 0.05) / (dark! + 0.05);
};

describe('the sixteen colours', () => {
  it.each(Array.from({ length: 16 }, (_, index) => index))(
    '%i is read on the ground of both themes',
    (index) => {
      const [light, dark] = valueOf(`ansi-${index}`);
      const [lightGround, darkGround] = valueOf('ground');
      expect(contrast(light, lightGround)).toBeGreaterThanOrEqual(4.5);
      expect(contrast(dark, darkGround)).toBeGreaterThanOrEqual(4.5);
    },
  );
});
