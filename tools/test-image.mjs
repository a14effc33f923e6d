// Builds the Dockerfile without a container engine: every stage has a folder for its root, where its COPY and RUN lines are carried out;
// then runs the image's entry point. Needs the npm registry. Closes with "N passed, N failed".
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
const LIMIT_MB = 150;
const work = mkdtempSync(join(tmpdir(), 'test-image-'));
chmodSync(work, 0o755);
const allowed = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n').filter((line) => line.startsWith('!')).map((line) => line.slice(1));

/** The lines of the Dockerfile as [instruction, rest]. */
const lines = readFileSync(join(root, 'Dockerfile'), 'utf8').split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => /^(\w+) (.*)$/.exec(line).slice(1));

function copy(stage, words) {
  const from = words[0]?.startsWith('--from=') ? join(work, words.shift().slice('--from='.length)) : undefined;
  const target = join(stage.root, stage.workdir, words.pop());
  for (const source of words) {
    if (from === undefined && source === '.') for (const path of allowed) cpSync(join(root, path), join(target, path), { recursive: true, dereference: true });
    else if (statSync(join(from ?? root, source)).isDirectory()) cpSync(join(from ?? root, source), target, { recursive: true, verbatimSymlinks: true });
    else cpSync(join(from ?? root, source), join(target, basename(source)));
  }
}

let stage;
const carryOut = {
  ARG: () => undefined,
  FROM: (rest) => { stage = { root: join(work, / AS (\w+)$/.exec(rest)?.[1] ?? 'image'), workdir: '/', env: {} }; },
  WORKDIR: (path) => { stage.workdir = path; mkdirSync(join(stage.root, path), { recursive: true }); },
  ENV: (assignment) => { const [name, value] = assignment.split('='); stage.env[name] = value; },
  COPY: (rest) => copy(stage, rest.split(' ')),
  RUN: (command) => execFileSync('sh', ['-ec', command], { cwd: join(stage.root, stage.workdir), env: { ...process.env, ...stage.env }, stdio: ['ignore', 'inherit', 'inherit'] }),
  USER: (user) => { stage.user = user; },
  EXPOSE: () => undefined,
  ENTRYPOINT: (json) => { stage.entrypoint = JSON.parse(json); },
  CMD: (json) => { stage.command = JSON.parse(json); },
};

let [passed, failed] = [0, 0];
function check(what, holds, detail = '') {
  console.log(`${holds ? 'ok' : 'FAILED'}: ${what}${detail && ` (${detail})`}`);
  if (holds) passed += 1;
  else failed += 1;
}

/** Its entry point with these arguments, in a process that knows nothing of the repository; under its user, who can write nothing there, if we may. */
function run(...args) {
  const [, ...entrypoint] = stage.entrypoint.map((word) => (word.startsWith('/app/') ? join(stage.root, word) : word));
  const [uid, gid] = stage.user.split(':').map(Number);
  return spawnSync(process.execPath, [...entrypoint, ...args], {
    cwd: join(stage.root, stage.workdir), env: { PATH: process.env.PATH, ...stage.env }, encoding: 'utf8', timeout: 60_000, ...(process.getuid() === 0 ? { uid, gid } : {}),
  });
}

try {
  for (const [instruction, rest] of lines) {
    if (!carryOut[instruction]) throw new Error(`Dockerfile: test-image does not know ${instruction}`);
    carryOut[instruction](rest);
  }
  const files = readdirSync(stage.root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const megabytes = files.reduce((sum, path) => sum + statSync(path).size, 0) / 1e6;
  check(`what is added to Node is under ${LIMIT_MB} MB`, megabytes < LIMIT_MB, `${megabytes.toFixed(1)} MB in ${files.length} files`);
  check('it runs as a user that is not root', /^[1-9]\d*:[1-9]\d*$/.test(stage.user ?? ''), stage.user);
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const development = Object.keys(devDependencies).filter((name) => !name.startsWith('@types/') && existsSync(join(stage.root, 'app/node_modules', name)));
  check('nothing that only development needs is in it', development.length === 0, development.join(' '));
  check('no tests are in it', !files.some((path) => path.includes('/app/dist/') && path.includes('.test')));
  const help = run(...stage.command, '--help');
  check('karpenter-ts run --help', help.status === 0 && help.stdout.includes('--cluster-name'), help.stderr);
  const unconfigured = run(...stage.command);
  check('karpenter-ts run says what it lacks', unconfigured.status !== 0 && unconfigured.stderr.includes('CLUSTER_NAME'), unconfigured.stderr.trim());
  const sandbox = run('sandbox', '--apply', join(stage.root, 'app/config/samples/nodepool.yaml'), '--until', 'settled', '--metrics-port', '0');
  check('karpenter-ts sandbox settles', sandbox.status === 0, sandbox.stderr);
} finally {
  rmSync(work, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
