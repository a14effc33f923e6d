// Seeds the defects of test/defects/defects.json into a copy of what was built, one at a time, and asks the named test to catch each.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const named = JSON.parse(readFileSync(join(root, 'test/defects/defects.json'), 'utf8'));
const only = process.argv[2];
const defects = [...named, ...watches()];

/** Every @Watches of the built-in reconcilers, deleted: the tests beside the reconciler are to miss it, or the bed's tracked reads. */
function watches() {
  const folder = join(root, 'dist/reconcilers');
  const files = readdirSync(folder, { recursive: true }).filter((file) => file.endsWith('.js'));
  return files.filter((file) => !file.endsWith('.test.js')).flatMap((file) => {
    const tests = files.filter((test) => test.endsWith('.test.js') && dirname(test) === dirname(file)).map((test) => `reconcilers/${test}`);
    return [...readFileSync(join(folder, file), 'utf8').matchAll(/\n    Watches\((\w+)/g)].map(([, kind]) => ({
      name: `@Watches(${kind}) of ${file} is missing`, file: `reconcilers/${file}`, caughtBy: [...tests, 'test/defects/watches.test.js'],
      edits: [[`    Watches(${kind}`, `    ((..._) => () => undefined)(${kind}`]],
    }));
  });
}

/** Everything but what is changed is linked, so that a copy costs a second. */
function copyOf() {
  const folder = mkdtempSync(join(tmpdir(), 'karpenter-ts-defects-'));
  for (const name of readdirSync(root)) {
    if (['.git', 'dist', 'config', 'package.json'].includes(name)) continue;
    symlinkSync(join(root, name), join(folder, name));
  }
  for (const name of ['config', 'package.json']) cpSync(join(root, name), join(folder, name), { recursive: true });
  execFileSync('cp', ['-a', join(root, 'dist'), join(folder, 'dist')]);
  return folder;
}

const pathOf = (folder, file) => [join(folder, 'dist', file), join(folder, file)].find((path) => existsSync(path));

function runTest(folder, { caughtBy, title, faults }) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [
    join(root, 'node_modules/mocha/bin/mocha.js'), '--no-config', '--exit', '--timeout', '120000', '--bail', ...(title ? ['--fgrep', title] : []), ...[caughtBy].flat().map((file) => join('dist', file)),
  ], { cwd: folder, encoding: 'utf8', env: { ...process.env, ...(faults ? { FAULTS: faults } : {}) } });
  return { failed: status !== 0, ran: /\d+ (passing|failing)/.test(stdout) && !/^ *0 passing[^]*(?<!failing)$/.test(stdout.trim()), output: `${stdout}${stderr}` };
}

function seed(path, { name, edits }) {
  let text = readFileSync(path, 'utf8');
  for (const [from, to] of edits) {
    if (!text.includes(from)) throw new Error(`"${name}" cannot be seeded: ${path} has no ${JSON.stringify(from)}; bring test/defects/defects.json up to date`);
    text = text.replaceAll(from, to);
  }
  writeFileSync(path, text);
}

const folder = copyOf();
let missed = 0;
/** Tests that pass without a defect. */
const sound = new Set();
try {
  for (const defect of defects.filter(({ name }) => !only || name.includes(only))) {
    const path = pathOf(folder, defect.file);
    if (!path) throw new Error(`"${defect.name}" cannot be seeded: there is no ${defect.file}`);
    const original = readFileSync(path, 'utf8');
    const test = JSON.stringify([defect.caughtBy, defect.title, defect.faults]);
    const before = sound.has(test) ? undefined : runTest(folder, defect);
    if (before && (before.failed || !before.ran)) {
      missed += 1;
      console.log(`UNSOUND: ${defect.caughtBy} does not pass without "${defect.name}":\n${before.output}`);
      continue;
    }
    sound.add(test);
    seed(path, defect);
    const { failed } = runTest(folder, defect);
    writeFileSync(path, original);
    if (!failed) missed += 1;
    console.log(`${failed ? 'caught' : 'MISSED'}: ${defect.name} (${[defect.caughtBy].flat().join(', ')}${defect.title ? ` › ${defect.title}` : ''})`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(missed === 0 ? 'every defect is caught' : `${missed} defects are missed`);
process.exitCode = missed === 0 ? 0 : 1;
