// Renders the charts with Helm itself: HELM, that of the path, or one built once into .cache/ with Go.
// Closes with "N passed, N failed".
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const VERSION = 'v3.19.2';
const root = new URL('..', import.meta.url).pathname;
const cache = join(root, '.cache/helm', VERSION);
const runs = (command, ...args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

function helm() {
  const found = [process.env.HELM, 'helm', join(cache, 'helm')].find((command) => command && runs(command, 'version'));
  if (found || !runs('go', 'version')) return found;
  console.log(`building Helm ${VERSION} into ${cache}, once`);
  spawnSync('go', ['install', `helm.sh/helm/v3/cmd/helm@${VERSION}`], { env: { ...process.env, GOBIN: cache }, stdio: 'inherit' });
  return existsSync(join(cache, 'helm')) ? join(cache, 'helm') : undefined;
}

const HELM = helm();
if (!HELM) {
  console.log('SKIPPED: the charts were NOT rendered: neither helm nor go found\n0 passed, 0 failed');
  process.exit(0);
}
process.exitCode = spawnSync(process.execPath, [
  '--enable-source-maps', join(root, 'node_modules/mocha/bin/mocha.js'), '--no-config', '--reporter', join(root, 'test/support/reporter.cjs'), join(root, 'dist/test/deploy/*.test.js'),
], { cwd: root, env: { ...process.env, HELM }, stdio: 'inherit' }).status ?? 1;
