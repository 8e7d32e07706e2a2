/**
 * The real Screwdriver API with Baton in it, in this process. It lies here since the API looks for its modules beside the program.
 *
 *   node run.cjs settings.json
 */
'use strict';
const { generateKeyPairSync, randomBytes } = require('node:crypto');
const { createRequire } = require('node:module');
const { existsSync, mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const fromHost = createRequire(join(__dirname, 'node_modules', 'screwdriver-api', 'index.js'));
/** See README.md. */
const settings = JSON.parse(readFileSync(process.argv[2] ?? 'settings.json', 'utf8'));
const { data, port, repositories, storeUrl, executor } = settings;
const url = `http://127.0.0.1:${port}`;

/** Keys of the engine: made once, since what it has sealed and signed is to be read after a restart. */
const keysOf = (folder) => {
  const file = join(folder, 'screwdriver-keys.json');
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    const { publicKey, privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    });
    const password = () => randomBytes(24).toString('hex');
    const keys = { publicKey, privateKey, cookie: password(), encryption: password(), hashing: password() };
    writeFileSync(file, JSON.stringify(keys), { mode: 0o600 });
  }
  return JSON.parse(readFileSync(file, 'utf8'));
};
const keys = keysOf(data);
const database = join(data, 'screwdriver.sqlite');

process.env.NODE_CONFIG_DIR = join(__dirname, 'node_modules', 'screwdriver-api', 'config');
process.env.NODE_CONFIG = JSON.stringify({
  auth: {
    jwtPrivateKey: keys.privateKey,
    jwtPublicKey: keys.publicKey,
    jwtQueueServicePublicKey: keys.publicKey,
    cookiePassword: keys.cookie,
    encryptionPassword: keys.encryption,
    hashingPassword: keys.hashing,
  },
  httpd: { host: '127.0.0.1', port, uri: url },
  datastore: {
    // once: on tables that are there it takes half a minute
    ddlSyncEnabled: String(!existsSync(database)),
    sequelize: { dialect: 'sqlite', storage: database },
  },
  executor: { plugin: executor.plugin, [executor.plugin]: { options: executor.options } },
  scms: { offline: { plugin: 'offline', config: { root: repositories } } },
  // artifacts, coverage and caches need services of Screwdriver's own
  bookends: { default: { setup: ['scm'], teardown: [] } },
  ecosystem: { ui: url, store: storeUrl, queue: url },
});

const main = async () => {
  fromHost('./bin/server');

  const answers = async () => (await fetch(`${url}/v4/status`).catch(() => undefined))?.ok === true;
  while (!(await answers())) await new Promise((resolve) => setTimeout(resolve, 100));

  // What OAuth does when somebody logs in for the first time, and the token that the pages would get then.
  const { UserFactory } = fromHost('screwdriver-models');
  const who = { username: 'somebody', scmContext: 'offline:localhost' };
  const users = UserFactory.getInstance();
  if (!(await users.get(who))) await users.create({ ...who, token: 'none' });
  const token = fromHost('jsonwebtoken').sign({ ...who, scope: ['user'] }, keys.privateKey, {
    algorithm: 'RS256',
    expiresIn: '12h',
    jwtid: randomBytes(16).toString('hex'),
  });
  console.log(`ready ${JSON.stringify({ url, token })}`);
};
void main();
