/** What a browser may do with an answer: all of it in one place. */

/** Every answer: opened as a page it runs nothing, loads nothing, and stands in no frame; other origins cannot draw it in. */
export const ofAnswers = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
} as const;

/** Our own scripts, styles and pictures, and the API; no text becomes a script, wherever it comes from. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

/** What no page here asks a browser for. */
const NOT_NEEDED = [
  ...['accelerometer', 'camera', 'display-capture', 'encrypted-media', 'geolocation', 'gyroscope'],
  ...['hid', 'magnetometer', 'microphone', 'midi', 'payment', 'publickey-credentials-get', 'serial'],
  ...['screen-wake-lock', 'usb', 'xr-spatial-tracking'],
];

/** Pages and what belongs to them, in place of the policy of other answers. */
export const ofPages = {
  'Content-Security-Policy': PAGE_POLICY,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Frame-Options': 'DENY',
  'Permissions-Policy': NOT_NEEDED.map((feature) => `${feature}=()`).join(', '),
} as const;
