/** Names of the machine that runs a test, and how they are shown in pictures instead. */
import { hostname, release, userInfo } from 'node:os';
import type { BrowserContext } from 'playwright-core';
import type { World } from '../e2e/world.js';

const ADDRESS = /"host":"127\.0\.0\.1","port":(\d+)/g;

/** What a page is told, with host names of example.org and the paths of an installation in place of those that are here. */
export const renamed = (text: string, { folder, runners }: Pick<World, 'folder' | 'runners'>): string => {
  const nameOf = (port: string): string =>
    runners.find((runner) => String(runner.port) === port)?.name ?? 'build';
  return text
    .replaceAll(ADDRESS, (_, port: string) => `"host":"${nameOf(port)}.example.org","port":22`)
    .replaceAll(/127\.0\.0\.1:(\d+)/g, (_, port: string) => `${nameOf(port)}.example.org:22`)
    .replaceAll(/127\.0\.0\.1 port (\d+)/g, (_, port: string) => `${nameOf(port)}.example.org port 22`)
    .replaceAll(`"user":"${userInfo().username}"`, '"user":"builder"')
    .replaceAll(`${userInfo().username}@`, 'builder@')
    .replaceAll(`${folder}/repositories`, '/srv/git')
    .replaceAll(folder, '/srv')
    .replaceAll(`"${hostname()}"`, '"build"')
    .replaceAll(`"${release()}"`, '"6.1.0"');
};

/** In every answer but the streams, which hold none. */
export const rename = (context: BrowserContext, world: World): Promise<unknown> =>
  context.route(/\/api\/v1\/(?!updates|jobs\/[^/]+\/log\/stream)/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: renamed(await response.text(), world) });
  });
