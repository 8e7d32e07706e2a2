/** Settings of phases: what runs where the project does not say it, and how much room that must find. */
import { defaultPhaseWays, type PhaseWays } from '../domain/phase-ways.js';
import type { ResolvedTable } from './resolve.js';
import { choice, setting, text, wholeNumber } from './setting.js';

const MIB = 1024 * 1024;

export const phaseSettings = {
  phaseCommand: setting({
    flag: '--phase-command',
    takes: '<command>',
    env: 'BATON_PHASE_COMMAND',
    codec: text(
      'a command of 1 to 65536 characters without NUL',
      (value) => value.trim() !== '' && value.length <= 65_536 && !value.includes('\0'),
    ),
    defaultOf: () => '',
    defaultText: 'none',
    meaning:
      'Command for sh that every phase runs, whatever project.toml says; it reads $BATON_STAGE and the like.',
  }),
  deliveryJob: setting({
    flag: '--delivery-job',
    takes: '<on or off>',
    env: 'BATON_DELIVERY_JOB',
    codec: choice('on', 'off'),
    defaultOf: () => 'off' as const,
    defaultText: 'off',
    meaning: 'With on, a phase without any command runs delivery job; with off, its change is refused.',
  }),
  deliveryServer: setting({
    flag: '--delivery-server',
    takes: '<host>',
    env: 'BATON_DELIVERY_SERVER',
    codec: text('a host name', (value) => /^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/.test(value)),
    defaultOf: () => '',
    defaultText: 'the host of listen',
    meaning: 'Server that delivery job is told.',
  }),
  deliveryUser: setting({
    flag: '--delivery-user',
    takes: '<name>',
    env: 'BATON_DELIVERY_USER',
    codec: text(
      '1 to 64 letters, digits, dots, dashes and underscores that start with no dash or dot',
      (value) => /^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/.test(value),
    ),
    defaultOf: () => defaultPhaseWays.delivery.user,
    defaultText: defaultPhaseWays.delivery.user,
    meaning: 'User that delivery job is told.',
  }),
  minFreeDisk: setting({
    flag: '--min-free-disk',
    takes: '<MiB>',
    env: 'BATON_MIN_FREE_DISK',
    codec: wholeNumber(0, 999_999_999),
    defaultOf: () => defaultPhaseWays.minFreeBytes / MIB,
    defaultText: String(defaultPhaseWays.minFreeBytes / MIB),
    meaning: 'A runner with fewer MiB free on its disk gets no job, unless the phase says it; 0 for none.',
  }),
};

/** What these settings make; `host`: where the API listens. */
export const phaseWaysOf = (found: ResolvedTable<typeof phaseSettings>, host: string): PhaseWays => {
  const { phaseCommand, deliveryJob, deliveryServer, deliveryUser, minFreeDisk } = found;
  return {
    ...(phaseCommand.value === '' ? {} : { command: phaseCommand.value }),
    deliveryJob: deliveryJob.value === 'on',
    delivery: { server: deliveryServer.value || host, user: deliveryUser.value },
    minFreeBytes: minFreeDisk.value * MIB,
  };
};
