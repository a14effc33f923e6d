// Measures Karpenter's scheduler and ours on the same files, and operators of controller-runtime and ours on the same API servers, in the same run; prints a
// JSON object for each. Needs Go. Names on the command line choose workloads (or `operators`) by their first words; --write-docs writes the tables of docs/performance.md.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
const module = join(root, 'test/bench/peers');
const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const writesDocs = process.argv.includes('--write-docs');

if (spawnSync('go', ['version']).error) {
  console.log('SKIPPED: Karpenter was NOT measured: go not found');
  process.exit(0);
}

const { WORKLOADS } = await import(join(root, 'dist/test/support/workload-list.js'));
const isChosen = (name) => names.length === 0 || names.some((words) => name.startsWith(words) && !/^\w/.test(name.slice(words.length)));
const chosen = Object.keys(WORKLOADS).filter(isChosen);
const bench = (...args) => execFileSync(process.execPath, ['--enable-source-maps', join(root, 'dist/test/bench/main.js'), ...args], { encoding: 'utf8', maxBuffer: 2 ** 28 });
const ratio = (ours, theirs) => (theirs > 0 ? Number((ours / theirs).toPrecision(3)) : undefined);

const work = mkdtempSync(join(tmpdir(), 'bench-peers-'));
const rows = [];
const operators = [];
try {
  if (isChosen('operators')) {
    const peer = join(work, 'operator');
    execFileSync('go', ['build', '-o', peer, './operator'], { cwd: module, stdio: ['ignore', 'inherit', 'inherit'] });
    process.env.BENCH_PEER = peer;
    for (const line of bench('operators').trim().split('\n')) {
      operators.push(JSON.parse(line));
      console.log(line);
    }
  }
  const peers = join(work, 'peers');
  if (chosen.length > 0) execFileSync('go', ['build', '-o', peers, '.'], { cwd: module, stdio: ['ignore', 'inherit', 'inherit'] });
  for (const workload of chosen) {
    const file = join(work, `${workload}.json`);
    bench('--case', workload, file);
    const { benchmark: _benchmark, process: _process, workload: _workload, pods, ...ours } = JSON.parse(bench('--only', `scheduling.${workload}`));
    const answer = join(work, 'answer.json');
    const { pods: _pods, ...measured } = JSON.parse(execFileSync(peers, ['-answer', answer, file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }));
    const karpenter = { ...measured, ...(measured.finished ? { brokenConstraints: JSON.parse(bench('--check', workload, answer)).length } : {}) };
    rmSync(file);
    const cold = JSON.parse(bench('--only', `scheduling.${workload}.cold`));
    const ratios = {
      speed: ratio(ours.podsPerSecond, karpenter.podsPerSecond),
      ...(karpenter.finished ? { nodes: ratio(ours.nodes, karpenter.nodes), price: ratio(ours.price, karpenter.price) } : {}),
    };
    const row = { benchmark: 'peers', workload, pods, karpenterTs: { ...ours, coldMs: cold.totalMs, coldPeakRssMiB: cold.peakRssMiB }, karpenter, ratios };
    rows.push(row);
    console.log(JSON.stringify(row));
  }
} finally {
  rmSync(work, { recursive: true });
}

const line = (cells) => `| ${cells.join(' | ')} |\n`;
const count = (value) => (value < 10 ? String(value) : Math.round(value).toLocaleString('en-US'));
const setting = () => `Node ${process.versions.node}, ${execFileSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' }).trim()}, ${cpus().length} CPUs (${cpus()[0].model.trim()}), load ${loadavg()[0].toFixed(1)} at the end.`;

/** Puts a table between its marks in docs/performance.md. */
function writeTable(mark, text) {
  const page = join(root, 'docs/performance.md');
  writeFileSync(page, readFileSync(page, 'utf8').replace(new RegExp(`(<!-- ${mark} -->\\n)[^]*?(<!-- /${mark} -->)`), (_, open, close) => `${open}${setting()}\n\n${text}${close}`));
}

if (writesDocs && operators.length > 0) {
  const sides = [['karpenterTs', 'karpenter-ts'], ['controllerRuntime', 'controller-runtime']];
  const cells = ({ syncedMs, finishedMs, cpuMs, rssGrowthMiB }) => [syncedMs / 1_000, finishedMs / 1_000, cpuMs / 1_000].map((value) => value.toFixed(1)).concat(count(rssGrowthMiB));
  const task = { pods: '50,000 pods, nothing to do', gadgets: '10,000 custom resources, a status each' };
  writeTable('operators', line(['API server', 'what', 'by', 'cache complete, s', 'all done, s', 'CPU, s', 'memory grown by, MiB']) + line(['---', '---', '---', '--:', '--:', '--:', '--:'])
    + operators.flatMap((row) => ['pods', 'gadgets'].flatMap((mode) => sides.map(([key, name]) => line([row.benchmark.split('.')[1], task[mode], name, ...cells(row[mode][key])])))).join(''));
}

if (writesDocs && rows.length > 0) {
  const dollars = (value) => `$${value.toFixed(2)}`;
  const percent = (share) => `${(share * 100).toFixed(1)} %`;
  const columns = [
    ['workload', ({ workload }) => `\`${workload}\``],
    ['pods', ({ pods, karpenterTs }) => (karpenterTs.unschedulable > 0 ? `${count(pods)}, ${count(karpenterTs.unschedulable)} without a place` : count(pods))],
    ['pods/s', ({ karpenterTs }) => count(karpenterTs.podsPerSecond)],
    ['Karpenter', ({ karpenter }) => `${count(karpenter.podsPerSecond)}${karpenter.finished ? '' : ', did not finish'}`],
    ['times faster', ({ ratios }) => count(ratios.speed)],
    ['nodes', ({ karpenterTs }) => count(karpenterTs.nodes)],
    ['Karpenter', ({ karpenter }) => (karpenter.finished ? count(karpenter.nodes) : '')],
    ['$ an hour', ({ karpenterTs }) => dollars(karpenterTs.price)],
    ['Karpenter', ({ karpenter }) => (karpenter.finished ? dollars(karpenter.price) : '')],
    ['cheaper by', ({ ratios }) => (ratios.price === undefined ? '' : percent(1 - ratios.price))],
    ['above the bound by', ({ karpenterTs }) => (karpenterTs.gap === undefined ? '' : percent(karpenterTs.gap))],
    ['cold start, s', ({ karpenterTs }) => (karpenterTs.coldMs / 1_000).toFixed(1)],
    ['peak MiB', ({ karpenterTs }) => count(karpenterTs.peakRssMiB)],
    ['Karpenter', ({ karpenter }) => count(karpenter.peakRssMiB)],
  ];
  const table = line(columns.map(([name]) => name)) + line(columns.map((_, index) => (index === 0 ? '---' : '--:'))) + rows.map((row) => line(columns.map(([, cell]) => cell(row)))).join('');
  writeTable('table', table);
}
