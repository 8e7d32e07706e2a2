/** `baton openapi`: the description of the API that this version serves. */
import type { Command } from 'commander';
import { openApi } from '../http/openapi.js';
import { routes } from '../http/routes.js';
import { say, type Io } from './io.js';
import { example } from './options.js';
import { json } from './print.js';

/** Adds `openapi`. */
export const registerOpenApi = (program: Command, io: Io): void => {
  program
    .command('openapi')
    .description('print the description of the HTTP API (OpenAPI 3.1)')
    .addHelpText(...example('baton openapi > baton.openapi.json'))
    .action(() => {
      say(io, json(openApi(routes)));
    });
};
