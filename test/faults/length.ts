/** `npm run test:faults` takes its time: more kills, larger logs, and each fault alone. */
export const isLong = process.env['BATON_TEST_FAULTS'] === 'long';
