// `make lint`: each check prints what is wrong and where; the run fails if any of them does.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { checkBans } from './bans.mjs';
import { checkImports } from './imports.mjs';
import { checkFeatures } from './features.mjs';

const root = new URL('../../', import.meta.url).pathname;
let failed = false;

function report(name, problems) {
  for (const problem of problems) console.error(`${name}: ${problem}`);
  if (problems.length > 0) failed = true;
}

function run(name, command, args) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, PATH: `${root}node_modules/.bin:${process.env.PATH}` } });
  if (status !== 0) report(name, [`exit ${status}`]);
}

report('imports', checkImports(root));
report('bans', checkBans(root));
report('features', checkFeatures(root));
run('charts', process.execPath, ['tools/charts.mjs', '--check']);
run('oxlint', 'oxlint', ['--type-aware', '--config', '.oxlintrc.json', 'src', 'reconcilers', 'templates', 'test']);
if (existsSync(`${root}dist/src/cli/main.js`)) run('manifests', process.execPath, ['dist/src/cli/main.js', 'manifests', '--out', 'crds', '--interface', 'config/interface.yaml', '--rbac', 'config/rbac', '--check']);
if (failed) process.exit(1);
console.log('lint: clean');
