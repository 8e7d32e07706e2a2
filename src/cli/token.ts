/** `baton token …` and `baton role …`: who may do what, and where. */
import type { Command } from 'commander';
import type { GrantView, IssuedToken, TokenView } from '../app/access-use-cases.js';
import { scopeText, type Grant } from '../domain/grants.js';
import type { NewGrant } from './client.js';
import type { Io } from './io.js';
import { example } from './options.js';
import { age, table } from './print.js';
import { sessionOf } from './session.js';
import { plain } from './terminal.js';

interface ScopeOptions {
  readonly role: string;
  readonly enterprise?: string;
  readonly organisation?: string;
  readonly project?: string;
  readonly reason?: string;
}

const grantText = (grant: Grant): string =>
  scopeText(grant) === 'everywhere' ? `${grant.role} everywhere` : `${grant.role} at ${scopeText(grant)}`;

const grantsText = (grants: readonly Grant[]): string =>
  grants.length === 0 ? 'nothing' : grants.map(grantText).join(', ');

const stateOf = ({ usable, revokedAt }: TokenView): string =>
  usable ? 'usable' : revokedAt === undefined ? 'expired' : 'revoked';

const tokensText = (io: Io, tokens: readonly TokenView[]): string =>
  table(
    ['ID', 'SUBJECT', 'STATE', 'MAY', 'ISSUED', 'EXPIRES'],
    tokens.map((token) => [
      token.id,
      token.subject,
      stateOf(token),
      grantsText(token.grants),
      `${age(token.issuedAt, io.now())} by ${token.issuedBy}`,
      token.expiresAt ?? 'never',
    ]),
  );

const issuedText = ({ token, id, subject, grants, expiresAt }: IssuedToken): string =>
  [
    token === undefined
      ? `This command was carried out before; the token ${id} was shown then, and cannot be shown again.`
      : `Token for ${plain(subject)}, shown this once: ${plain(token)}`,
    `It may do what its subject may: ${plain(grantsText(grants))}. It ${expiresAt === undefined ? 'never expires' : `expires ${expiresAt}`}.`,
    `End it with: baton token revoke ${plain(id)}`,
  ].join('\n');

const rolesText = (grants: readonly GrantView[]): string =>
  grants.length === 0
    ? 'No role here that you could take back.'
    : table(
        ['SUBJECT', 'ROLE', 'WHERE'],
        grants.map((grant) => [grant.subject, grant.role, scopeText(grant)]),
      );

const scoped = (command: Command): Command =>
  command
    .argument('<subject>', 'a pseudonym such as ops-1; no name of a person, since it is recorded for ever')
    .requiredOption('--role <role>', 'viewer, operator or admin')
    .option('--enterprise <name>', 'only there (default: everywhere)')
    .option('--organisation <name>', 'only there; needs --enterprise')
    .option('--project <name>', 'only there; needs --organisation')
    .option('--reason <text>', 'is kept with the event');

const registerTokens = (program: Command, io: Io): void => {
  const token = program.command('token').description('keys to the API');
  scoped(token.command('create'))
    .description('issue a token, and give its subject a role')
    .option('--expires-in <period>', 'for example 12h or 90d (default: never)')
    .option('--expires-at <instant>', 'for example 2026-12-31T00:00:00.000Z')
    .addHelpText(
      ...example(
        'baton token create ci-shop --role operator --enterprise default --organisation default --project shop --expires-in 90d',
      ),
    )
    .action(
      async (
        subject: string,
        options: ScopeOptions & { expiresIn?: string; expiresAt?: string },
        command: Command,
      ) => {
        const session = sessionOf(io, command);
        if (session === undefined) return;
        session.answer(await session.client.issueToken({ subject, ...options }), issuedText);
      },
    );
  token
    .command('list')
    .description('tokens of the subjects that you could administer')
    .addHelpText(...example('baton token list --json'))
    .action(async (_options: unknown, command: Command) => {
      const session = sessionOf(io, command);
      if (session === undefined) return;
      session.answer(await session.client.listTokens(), ({ items }) => tokensText(io, items));
    });
  token
    .command('revoke')
    .description('end a token; the next request with it is refused, its streams end')
    .argument('<id>', 'of the list, in full')
    .option('--reason <text>', 'is kept with the event')
    .addHelpText(...example('baton token revoke 7e57ab1e-0000-5000-8000-000000000001 --reason leaked'))
    .action(async (id: string, options: { reason?: string }, command: Command) => {
      const session = sessionOf(io, command);
      if (session === undefined) return;
      session.answer(
        await session.client.revokeToken(id, options.reason),
        (view) => `The token ${plain(view.id)} of ${plain(view.subject)} is no longer valid.`,
      );
    });
};

const registerRoles = (program: Command, io: Io): void => {
  const role = program.command('role').description('what subjects may do, and where');
  const verbs = [
    ['grant', 'give a subject a role', 'grantRole', 'has the role'],
    ['withdraw', 'take a role back, exactly as it was given', 'withdrawRole', 'no longer has the role'],
  ] as const;
  for (const [verb, description, method, says] of verbs)
    scoped(role.command(verb))
      .description(description)
      .addHelpText(...example(`baton role ${verb} ops-1 --role operator --enterprise acme`))
      .action(async (subject: string, options: ScopeOptions, command: Command) => {
        const session = sessionOf(io, command);
        if (session === undefined) return;
        const body: NewGrant = { subject, ...options };
        session.answer(
          await session.client[method](body),
          (grant) => `${plain(grant.subject)} ${says} ${plain(grantText(grant))}.`,
        );
      });
  role
    .command('list')
    .description('the roles that you could take back')
    .addHelpText(...example('baton role list'))
    .action(async (_options: unknown, command: Command) => {
      const session = sessionOf(io, command);
      if (session === undefined) return;
      session.answer(await session.client.listRoles(), ({ items }) => rolesText(items));
    });
};

/** Adds `token` and `role` with their commands. */
export const registerToken = (program: Command, io: Io): void => {
  registerTokens(program, io);
  registerRoles(program, io);
};
