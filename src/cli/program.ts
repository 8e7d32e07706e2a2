/** The command line as a whole: global options, all commands, and how it ends. */
import { Command, CommanderError } from 'commander';
import { registerChange } from './change.js';
import { registerCompletion } from './completion.js';
import { registerConfig } from './config.js';
import { exitCodes } from './exit.js';
import type { Io } from './io.js';
import { registerJob } from './job.js';
import { registerOverview } from './overview.js';
import { registerRunner } from './runner.js';
import { registerSecret } from './secret.js';
import { registerToken } from './token.js';
import { registerWebhook } from './webhook.js';
import { version } from '../version.js';

/** Those that carry the whole server, or its edge, are loaded only when they are asked for. */
const heavy = [
  {
    name: 'serve',
    description: 'run the server',
    load: async () => (await import('./serve.js')).registerServe,
  },
  {
    name: 'openapi',
    description: 'print the description of the HTTP API (OpenAPI 3.1)',
    load: async () => (await import('./openapi.js')).registerOpenApi,
  },
  {
    name: 'store',
    description: 'serve the event store to other programs, or copy it',
    load: async () => (await import('./store.js')).registerStore,
  },
  {
    name: 'demo',
    description: 'run a server with runners of its own, to try things on',
    load: async () => (await import('./demo.js')).registerDemo,
  },
] as const;

/** A mistake on the command line points to the help of the very command. */
const pointToHelp = (command: Command, path: string): void => {
  command.showHelpAfterError(`See \`${path} --help\`.`);
  for (const child of command.commands) pointToHelp(child, `${path} ${child.name()}`);
};

/** `wanted`: names that may occur on this command line. */
export const buildProgram = async (io: Io, wanted: readonly string[] = []): Promise<Command> => {
  const program = new Command('baton')
    .description('Runs the phase jobs of a pipeline on machines reachable by SSH.')
    .version(version, '--version', 'print the version')
    .option('--url <url>', 'server (BATON_URL; default: http://127.0.0.1:7350)')
    .option('--token <token>', 'token; BATON_TOKEN is better, since others can see your command line')
    .option('--ca <file>', 'certificates to trust, in PEM form (BATON_CA)')
    .option('--json', 'answers, and refusals, as JSON')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  registerRunner(program, io);
  registerChange(program, io);
  registerJob(program, io);
  registerOverview(program, io);
  registerCompletion(program, io, (line) => buildProgram(io, line));
  registerConfig(program, io);
  registerSecret(program, io);
  registerWebhook(program, io);
  registerToken(program, io);
  for (const { name, description, load } of heavy) {
    if (wanted.includes(name)) (await load())(program, io);
    else program.command(name).description(description);
  }
  pointToHelp(program, 'baton');
  return program;
};

/** Runs one command line; answers the exit code. What is thrown here is a bug of ours. */
export const run = async (argv: readonly string[], given: Omit<Io, 'exit'>): Promise<number> => {
  let code: number = exitCodes.ok;
  const io: Io = {
    ...given,
    exit: (next) => {
      code = next;
    },
  };
  try {
    const program = await buildProgram(io, argv);
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  }
  return code;
};
