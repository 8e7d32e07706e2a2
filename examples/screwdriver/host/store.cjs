/**
 * The real log store of Screwdriver, in this process and in its memory. It ends when its standard input does, so it does not outlive whoever
 * started it.
 *
 *   node store.cjs settings.json
 *
 * Of the settings of `run.cjs` it reads `data` and `storeUrl`; it may be started before the API.
 */
'use strict';
const { createRequire } = require('node:module');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { keysOf } = require('./keys.cjs');

const store = join(__dirname, 'node_modules', 'screwdriver-store');
const { data, storeUrl } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { hostname, port } = new URL(storeUrl);

process.env.NODE_CONFIG_DIR = join(store, 'config');
process.env.NODE_CONFIG = JSON.stringify({
  auth: { jwtPublicKey: keysOf(data).publicKey },
  httpd: { host: hostname, port, uri: storeUrl },
  strategy: { plugin: 'memory' },
  ecosystem: { ui: storeUrl },
});
createRequire(join(store, 'index.js'))('./bin/server');

process.stdin.resume().once('end', () => process.exit());
