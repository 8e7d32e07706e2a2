'use strict';
/** Keys of the engine, in the folder of its data: made once, since what it has sealed and signed is to be read after a restart. */
const { generateKeyPairSync, randomBytes } = require('node:crypto');
const { existsSync, mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

exports.keysOf = (folder) => {
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
