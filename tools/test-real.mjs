// Runs the suites of test/real (*.real.ts) on a real control plane; FILES chooses by part of the name. Closes with "N passed, N failed".
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensureControlPlane } from '../dist/test/support/control-plane-binaries.js';

const root = new URL('..', import.meta.url).pathname;
const reason = ensureControlPlane(console.log);
if (reason) {
  console.log(`SKIPPED: NOTHING was run on a real control plane: ${reason}\n0 passed, 0 failed`);
  process.exit(0);
}
const suites = readdirSync(join(root, 'dist/test/real'), { recursive: true }).filter((file) => file.endsWith('.real.js') && file.includes(process.env.FILES ?? ''));
const { status } = spawnSync(process.execPath, [
  '--enable-source-maps', join(root, 'node_modules/mocha/bin/mocha.js'), '--no-config', '--reporter', join(root, 'test/support/reporter.cjs'), '--timeout', '120000', ...suites.map((file) => join(root, 'dist/test/real', file)),
], { stdio: 'inherit', cwd: root });
process.exitCode = status ?? 1;
