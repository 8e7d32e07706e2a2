/** A fresh machine becomes a runner by one command, and is as before after another. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { generateKeyPair } from '../../src/ssh/keys.js';
import { startMachine, whyNoMachine, type FreshMachine, type MachineOptions } from '../machine.js';
import { aWorld, type World } from './world.js';

const reason = await whyNoMachine();
const admin = generateKeyPair();
let world: World;
let machine: FreshMachine | undefined;

beforeEach(async () => {
  world = await aWorld();
  await world.start();
});
afterEach(async () => {
  await machine?.close();
  machine = undefined;
  await world.close();
});
const aMachine = async (options: MachineOptions = {}): Promise<FreshMachine> => {
  machine = await startMachine({ admin: { publicKey: admin.publicKey, password: 'correct horse', sudo: 'nopasswd' }, ...options });
  return machine;
};

describe.runIf(reason === undefined)('install-runner [needs machine]', () => {
  it('given a fresh machine, then it is a runner and a job of a change runs there', async () => {
    const { port, hostKey } = await aMachine();
    const ran = await world.baton(
      ...['install-runner', '127.0.0.1', 'admin', '-i', world.file('admin', admin.privateKey)],
      ...['-p', String(port), '--host-key', hostKey, '--name', 'b7', '-y'],
    );
    console.log(ran);
    expect(ran.code).toBe(0);
  });
});
