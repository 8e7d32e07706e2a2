/**
 * The real Screwdriver API with Baton in it, in this process. It lies here since the API looks for its modules beside the program.
 *
 *   node run.cjs [settings.json]
 *
 * Without settings it has all it needs in a folder of its own, see ../README.md.
 */
'use strict';
const { spawn } = require('node:child_process');
const { randomBytes } = require('node:crypto');
const { createRequire } = require('node:module');
const { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { keysOf } = require('./keys.cjs');

const fromHost = createRequire(join(__dirname, 'node_modules', 'screwdriver-api', 'index.js'));
/** A folder with a pipeline, an operator key and a token for Baton's API, and a log store of its own. */
const example = () => {
  const folder = join(__dirname, 'node_modules', '.cache', 'example');
  const secret = (name, text) => {
    const file = join(folder, name);
    if (!existsSync(file)) writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  const repositories = join(folder, 'repositories');
  mkdirSync(repositories, { recursive: true });
  cpSync(join(__dirname, '..', 'repositories'), repositories, { recursive: true });
  const options = {
    data: join(folder, 'data'),
    keyFile: secret('operator.key', randomBytes(32).toString('base64')),
    listen: '127.0.0.1:7410',
    tokenFile: secret('admin.token', randomBytes(24).toString('hex')),
  };
  const settings = {
    ...{ data: options.data, port: 9001, repositories, storeUrl: 'http://127.0.0.1:9002' },
    executor: { plugin: 'baton', options },
  };
  const file = join(folder, 'settings.json');
  writeFileSync(file, JSON.stringify(settings));
  keysOf(settings.data);
  // it ends with the pipe, and so with this process
  spawn(process.execPath, [join(__dirname, 'store.cjs'), file], { stdio: ['pipe', 'ignore', 'inherit'] });
  return settings;
};

const settings =
  process.argv[2] === undefined ? example() : JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { data, port, repositories, storeUrl, executor } = settings;
const url = `http://127.0.0.1:${port}`;

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
// the API only prints a rejection that nobody handles, and goes on
main().catch((error) => {
  console.error(error);
  process.exit(1);
});
