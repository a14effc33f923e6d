// Asks kube-scheduler itself whether it binds pods where the solver put them: COUNT random clusters from SEED (300, 1); needs Go.
// The first build takes a few minutes. Closes with "N passed, N failed"; fails when a pod would not be bound.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
const { COUNT = '300', SEED = '1' } = process.env;
if (spawnSync('go', ['version']).error) {
  console.log('SKIPPED: kube-scheduler was NOT asked about placements: go not found\n0 passed, 0 failed');
  process.exit(0);
}

const work = mkdtempSync(join(tmpdir(), 'test-real-scheduler-'));
const trials = join(work, 'trials.jsonl');
execFileSync(process.execPath, [join(root, 'dist/test/real/scheduler-trials.js'), trials, COUNT, SEED], { stdio: 'inherit' });
const { stdout } = spawnSync('go', ['test', '-json', './scheduler', '-args', `-trials=${trials}`], { cwd: join(root, 'test/real'), stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 2 ** 30 });
rmSync(work, { recursive: true });

const events = stdout.toString().split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
const of = (action) => events.filter(({ Action, Test }) => Action === action && Test?.includes('/'));
for (const { Output } of events.filter(({ Action, Test }) => Action === 'output' && (Test === undefined || of('fail').some((failed) => failed.Test === Test)))) process.stdout.write(Output);
console.log(`${of('pass').length} passed, ${of('fail').length} failed`);
process.exitCode = of('fail').length > 0 || of('pass').length !== Number(COUNT) ? 1 : 0;
