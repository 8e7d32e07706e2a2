/** Who may import whom; see docs/architecture.md. Everything that is not allowed here is refused. */
const core = (path) => `^node_modules/(${path})/`;
const rule = (name, comment, from, to) => ({ name, severity: 'error', comment, from, to });
const PURE = '^(src/(kernel|events|domain)|projections)/';

module.exports = {
  forbidden: [
    rule('no-cycles', 'a circle has no first page to read', {}, { circular: true }),
    rule(
      'kernel-imports-nothing',
      'words without a domain',
      { path: '^src/kernel' },
      { path: '^(src|projections|plugin)/', pathNot: '^src/kernel' },
    ),
    rule(
      'events-import-kernel',
      'events know only the kernel',
      { path: '^src/events' },
      { path: '^(src|projections|plugin)/', pathNot: '^src/(kernel|events)' },
    ),
    rule(
      'domain-is-pure',
      'deciders know events and kernel',
      { path: '^src/domain' },
      { path: '^(src|projections|plugin)/', pathNot: '^src/(kernel|events|domain)' },
    ),
    rule(
      'projections-know-no-app',
      'read models use pure rules only',
      { path: '^projections' },
      { path: '^(src|plugin)/', pathNot: '^src/(kernel|events|domain)' },
    ),
    rule(
      'pure-code-does-no-io',
      'no files, sockets, processes',
      { path: PURE },
      { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
    ),
    rule(
      'app-knows-no-adapter',
      'use cases know ports',
      { path: '^src/app' },
      { path: '^(src|plugin)/', pathNot: '^src/(kernel|events|domain|app)' },
    ),
    rule(
      'adapters-stay-apart',
      'an adapter knows app and below, never another adapter',
      { path: '^src/(store|ssh|source|logs|secrets|http|dispatch|webhooks)/' },
      {
        path: '^src/(store|ssh|source|logs|secrets|http|dispatch|webhooks|cli)/|^src/(main|config)|^plugin',
        pathNot: '^src/$1/',
      },
    ),
    rule(
      'install-stands-on-ssh',
      'an administrator logs in by the same SSH as Baton does; of other adapters it knows nothing',
      { path: '^src/install/' },
      { path: '^src/(store|source|logs|secrets|http|dispatch|webhooks|cli)/|^src/(main|config)|^plugin' },
    ),
    rule(
      'only-cli-installs',
      'a server sets no machine up',
      { path: '^(src|projections|plugin)', pathNot: '^src/(cli|install)' },
      { path: '^src/install/' },
    ),
    rule(
      'hosts-know-the-contract',
      'hosts use contract, app and below',
      { path: '^plugin/hosts', pathNot: '^plugin/hosts/screwdriver' },
      { path: '^src/(store|ssh|source|logs|secrets|http|dispatch|webhooks|cli)/|^src/(main|config)' },
    ),
    rule(
      'screwdriver-is-packed-apart',
      'whatever it imports goes with it into a package of its own; Baton itself it loads, and knows its types',
      { path: '^plugin/hosts/screwdriver' },
      {
        path: '^(src|projections|plugin)/',
        pathNot:
          '^plugin/(hosts/screwdriver/|contract|index)|^src/(kernel|events|domain)/|^src/app/write-atomically|^src/secrets/(seal|operator-key|problems)',
      },
    ),
    rule(
      'contract-is-types',
      'the contract stands beside app',
      { path: '^plugin/contract' },
      { path: '^(src|plugin)/', pathNot: '^src/(kernel|events|domain|app)' },
    ),
    rule(
      'plugin-knows-no-adapter',
      'the plugin opens everything through the composition root',
      { path: '^plugin/[^/]+\\.ts$' },
      {
        path: '^src/(store|ssh|source|logs|secrets|http|dispatch|webhooks|cli)/|^plugin/(hosts/|testing\\.ts)',
      },
    ),
    rule(
      'only-the-module-reads-config',
      'options are what the plugin is told; how a store is named is said once for them and the server, and reads no environment',
      { path: '^plugin/', pathNot: '^plugin/index' },
      { path: '^src/(main|config)', pathNot: '^src/config/store\\.ts$' },
    ),
    rule(
      'testing-knows-the-contract',
      'other projects run it without a Baton',
      { path: '^plugin/testing' },
      { path: '^(src|projections|plugin)/', pathNot: '^plugin/(testing|contract)' },
    ),
    rule(
      'pages-know-shapes',
      'the pages speak HTTP; of everything else they know the types of answers, and nothing that runs',
      { path: '^src/web/' },
      { path: '^(src|projections|plugin)/', pathNot: '^src/web/', dependencyTypesNot: ['type-only'] },
    ),
    rule(
      'pages-are-apart',
      'nobody else runs what is made for a browser',
      { pathNot: '^(src/web/|test)' },
      { path: '^src/web/' },
    ),
    rule(
      'pages-run-in-a-browser',
      'no files, sockets, processes',
      { path: '^src/web/', pathNot: 'vite.config' },
      { dependencyTypes: ['core'] },
    ),
    rule(
      'cli-comes-last',
      'nobody imports the command line',
      { pathNot: '^(src/cli|test)' },
      { path: '^src/cli' },
    ),
    rule(
      'only-cli-and-plugin-import-main',
      'one composition root',
      { pathNot: '^(src/cli|plugin/index|test)' },
      { path: '^src/main' },
    ),
    rule(
      'ssh2-stays-home',
      '',
      { path: '^(src|projections|plugin)', pathNot: '^src/ssh' },
      { path: core('ssh2') },
    ),
    rule(
      'sqlite-stays-home',
      '',
      { path: '^(src|projections|plugin)', pathNot: '^src/store' },
      { path: core('libsql|@eventstore/db-client|@grpc/grpc-js|google-protobuf') },
    ),
    rule(
      'koa-stays-home',
      '',
      { path: '^(src|projections|plugin)', pathNot: '^src/http' },
      { path: core('koa|koa-router|@koa') },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'default'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
