/** How a style looks: classes for the theme's sixteen colours, a colour of its own for any other. */
import type { CSSProperties } from 'react';
import type { Colour, Sgr } from './sgr.js';

export interface Look {
  readonly className: string;
  readonly style?: CSSProperties;
}

const WEIGHTS = ['bold', 'dim', 'italic', 'underline', 'strike'] as const;

const solid = (colour: Colour): string =>
  typeof colour === 'number' ? `var(--ansi-${colour})` : `rgb(${colour})`;

/** As a colour of text on the page's own ground: as light or dark as it must be to be read there. */
const legible = (colour: Colour): string =>
  typeof colour === 'number'
    ? solid(colour)
    : `light-dark(oklch(from rgb(${colour}) min(l, 0.52) c h), oklch(from rgb(${colour}) max(l, 0.72) c h))`;

/** Black or white, whichever is read better on it (relative luminance of WCAG 2.2; the two meet at 0.179). */
const onTopOf = (colour: string): string => {
  const [red = 0, green = 0, blue = 0] = colour.split(',').map((part) => {
    const value = Number(part) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? '#000000' : '#ffffff';
};

const free = ({ fg, bg, reverse }: Sgr): CSSProperties => {
  if (reverse === true)
    return {
      color: bg === undefined ? 'var(--ground)' : solid(bg),
      backgroundColor: fg === undefined ? 'var(--text)' : legible(fg),
    };
  if (bg === undefined) return fg === undefined ? {} : { color: legible(fg) };
  const text = fg === undefined ? (typeof bg === 'string' ? onTopOf(bg) : undefined) : solid(fg);
  return {
    ...(text === undefined ? {} : { color: text }),
    backgroundColor: typeof bg === 'string' ? solid(bg) : `var(--ansi-${bg}-ground)`,
  };
};

export const lookOf = (sgr: Sgr): Look => {
  const { fg, bg, reverse } = sgr;
  const isThemed = reverse !== true && typeof fg !== 'string' && typeof bg !== 'string';
  const classes = [
    ...WEIGHTS.flatMap((name) => (sgr[name] === true ? [`log-${name}`] : [])),
    ...(isThemed && fg !== undefined ? [`log-fg-${fg}`] : []),
    ...(isThemed && bg !== undefined ? [`log-bg-${bg}`] : []),
  ];
  return { className: classes.join(' '), ...(isThemed ? {} : { style: free(sgr) }) };
};
