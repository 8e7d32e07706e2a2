'use strict';
/**
 * Source control for Screwdriver that is a folder: git@localhost:<org>/<repository>.git is <root>/<org>/<repository>, and its pull request
 * <number> is <root>/<org>/<repository>.pulls/<number>. Every commit is the digest of its screwdriver.yaml. Whoever asks may do everything,
 * so it is for examples and tests.
 */
const { createHash } = require('node:crypto');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const Scm = require('screwdriver-scm-base');

const CONTEXT = 'offline:localhost';
const NAME = /^[a-z][a-z0-9-]{0,40}$/;
const nobody = {
  username: 'baton',
  name: 'Baton',
  url: 'http://localhost/baton',
  avatar: 'http://localhost/baton.png',
};

module.exports = class OfflineScm extends Scm {
  /** `ref`: that of a pull request, `pull/<number>`; anything else is the branch. */
  #folder(scmUri, ref) {
    const [org, repository] = String(scmUri).split(':')[1].split('.');
    if (!NAME.test(org) || !NAME.test(repository))
      throw new Error('git@localhost:org/repository.git#main was expected');
    const [, pull] = /^pull\/(\d+)$/.exec(String(ref)) ?? [];
    return join(
      this.config.root,
      org,
      ...(pull === undefined ? [repository] : [`${repository}.pulls`, pull]),
    );
  }
  #yaml(scmUri, ref) {
    return readFileSync(join(this.#folder(scmUri, ref), 'screwdriver.yaml'), 'utf8');
  }
  #sha(scmUri, ref) {
    return createHash('sha1').update(this.#yaml(scmUri, ref)).digest('hex');
  }
  async _parseUrl({ checkoutUrl }) {
    const [, org, repository, branch = 'main'] = /:([^/]+)\/(.+)\.git(?:#(.+))?$/.exec(checkoutUrl);
    return `localhost:${org}.${repository}:${branch}`;
  }
  async _decorateUrl({ scmUri }) {
    const [, id, branch] = scmUri.split(':');
    return { name: id.replace('.', '/'), branch, url: `http://localhost/${id}` };
  }
  async _getCommitSha({ scmUri }) {
    return this.#sha(scmUri);
  }
  async _getFile({ scmUri, path, ref }) {
    return path === 'screwdriver.yaml' ? this.#yaml(scmUri, ref) : '';
  }
  async _getPrInfo({ scmUri, prNum }) {
    const ref = `pull/${prNum}`;
    const [, , baseBranch] = scmUri.split(':');
    return { name: `PR-${prNum}`, ref, sha: this.#sha(scmUri, ref), username: 'somebody', baseBranch };
  }
  async _getCheckoutCommand({ org, repo, prRef }) {
    const from = this.#folder(`localhost:${org}.${repo}:main`, prRef).replaceAll("'", `'\\''`);
    return { name: 'sd-checkout-code', command: `cp -R '${from}/.' "$SD_CHECKOUT_DIR"` };
  }
  async _decorateCommit({ sha }) {
    return { message: 'a commit', author: nobody, committer: nobody, url: `http://localhost/${sha}` };
  }
  _decorateAuthor = async () => nobody;
  _getPermissions = async () => ({ admin: true, push: true, pull: true });
  _getOpenedPRs = async () => [];
  _getChangedFiles = async () => [];
  _addWebhook = async () => undefined;
  _updateCommitStatus = async () => undefined;
  _getBranchList = async () => [{ name: 'main' }];
  _getBellConfiguration = async () => ({
    [CONTEXT]: { provider: 'github', clientId: 'none', clientSecret: 'none' },
  });
  _getScmContexts = () => [CONTEXT];
  _getScmContext = () => CONTEXT;
  _canHandleWebhook = async () => false;
  stats() {
    return {
      [CONTEXT]: {
        requests: { total: 0, timeouts: 0, success: 0, failure: 0, concurrent: 0, averageTime: 0 },
        breaker: { isClosed: true },
      },
    };
  }
};
