// Counts the code of our reconcilers beside that of the same controllers in Karpenter, whose modules Go fetches; --write-docs writes the table of docs/performance.md.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
const VERSION = 'v1.14.1';
const MODULES = { core: 'sigs.k8s.io/karpenter', aws: 'github.com/aws/karpenter-provider-aws' };

/** What is compared: our files, and theirs under `pkg/controllers` of a module unless the path says otherwise. A folder counts with all that is in it. */
const PAIRS = [
  ['NodeClaim: lifecycle', ['reconcilers/nodeclaim/lifecycle.ts', 'reconcilers/nodeclaim/registration-hook.ts'], ['core:nodeclaim/lifecycle']],
  ['NodeClaim: disruption conditions', ['reconcilers/nodeclaim/disruption.ts'], ['core:nodeclaim/disruption']],
  ['NodeClaim: consistency', ['reconcilers/nodeclaim/consistency.ts'], ['core:nodeclaim/consistency']],
  ['NodeClaim: expiration', ['reconcilers/nodeclaim/expiration.ts'], ['core:nodeclaim/expiration']],
  ['NodeClaim: garbage collection', ['reconcilers/nodeclaim/garbage-collection.ts'], ['core:nodeclaim/garbagecollection']],
  ['NodeClaim and Node: hydration', ['reconcilers/nodeclaim/hydration.ts'], ['core:nodeclaim/hydration', 'core:node/hydration']],
  ['NodeClaim: pod events', ['reconcilers/nodeclaim/pod-events.ts'], ['core:nodeclaim/podevents']],
  ['NodeClaim: tagging', ['reconcilers/cloud/tagging.ts'], ['aws:nodeclaim/tagging']],
  ['Node: termination, eviction', ['reconcilers/node/termination.ts', 'reconcilers/node/drain.ts', 'reconcilers/node/eviction-queue.ts', 'reconcilers/node/pod-protection.ts'], ['core:node/termination']],
  ['Node: health', ['reconcilers/node/health.ts'], ['core:node/health']],
  ['NodePool: readiness, validation', ['reconcilers/nodepool/status.ts'], ['core:nodepool/readiness', 'core:nodepool/validation']],
  ['NodePool: counter', ['reconcilers/nodepool/counter.ts'], ['core:nodepool/counter']],
  ['NodePool: hash', ['reconcilers/nodepool/hash.ts'], ['core:nodepool/hash']],
  ['NodePool: registration health', ['registration-health', 'registration-health-reporter', 'registration-health-reset'].map((name) => `reconcilers/nodepool/${name}.ts`), ['core:nodepool/registrationhealth', 'core:pkg/state/nodepoolhealth']],
  ['NodePool: static capacity', ['reconcilers/static', 'src/disruption/scale-down.ts'], ['core:static']],
  ['NodeOverlay', ['reconcilers/nodeoverlay', 'src/cloud/overlay'], ['core:nodeoverlay', 'core:pkg/apis/v1alpha1/nodeoverlay_validation.go', 'core:pkg/cloudprovider/overlay']],
  ['CapacityBuffer', ['reconcilers/capacitybuffer', 'src/cluster/virtual-pods.ts'], ['core:capacitybuffer', 'core:provisioning/buffers.go', 'core:pkg/state/virtualpods']],
  ['EC2NodeClass: status, validation', ['reconcilers/ec2nodeclass/status.ts', 'src/cloud/aws/validation'], ['controller', 'events', 'ami', 'subnet', 'securitygroup', 'placementgroup', 'instanceprofile', 'capacityreservation', 'validation'].map((name) => `aws:nodeclass/${name}.go`)],
  ['EC2NodeClass: hash', ['reconcilers/ec2nodeclass/hash.ts'], ['aws:nodeclass/hash']],
  ['Interruption', ['reconcilers/interruption', 'src/cloud/aws/interruption/message.ts'], ['aws:interruption']],
  ['Instances that no claim knows', ['reconcilers/cloud/instance-garbage-collection.ts'], ['aws:nodeclaim/garbagecollection']],
  ['Capacity reservations', ['reconcilers/cloud/capacity-reservations.ts'], ['aws:capacityreservation']],
  ['Capacity of nodes that have joined', ['reconcilers/cloud/discovered-capacity.ts'], ['aws:providers/instancetype/capacity']],
  ['Refresh of types, prices, images, version', ['reconcilers/cloud/refresh.ts'], ['aws:providers/instancetype/controller.go', 'aws:providers/pricing', 'aws:providers/ssm/invalidation', 'aws:providers/version']],
  ['Zonal shifts', ['reconcilers/cloud/zonal-shift.ts'], ['aws:arczonalshift']],
  ['Metrics of pods', ['reconcilers/metrics/pod-metrics.ts'], ['core:metrics/pod']],
  ['Metrics of nodes', ['reconcilers/metrics/node-metrics.ts', 'reconcilers/metrics/amount-samples.ts', 'reconcilers/metrics/snake-case.ts'], ['core:metrics/node']],
  ['Metrics of pools', ['reconcilers/metrics/nodepool-metrics.ts'], ['core:metrics/nodepool']],
];

if (spawnSync('go', ['version']).error) {
  console.log('SKIPPED: Karpenter was NOT counted: go not found');
  process.exit(0);
}

/** Comments go, and what is in strings stays. */
function withoutComments(text) {
  return text.replace(/\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`/g, (found) => (/^\/[/*]/.test(found) ? '' : found));
}

const withoutImports = { ts: (text) => text.replace(/^import [\s\S]*?;$/gm, ''), go: (text) => text.replace(/^package .*$/m, '').replace(/^import (?:\([\s\S]*?^\)|".*"|\w+ ".*")/gm, '') };

/** Lines with code, and characters of code, neither comments, imports nor indentation among them. */
function count(files) {
  const lines = files.flatMap((file) => withoutImports[file.endsWith('.go') ? 'go' : 'ts'](withoutComments(readFileSync(file, 'utf8'))).split('\n').map((line) => line.trim()).filter((line) => line !== ''));
  return { lines: lines.length, characters: lines.join('').length };
}

function filesOf(path) {
  if (!existsSync(path)) throw new Error(`there is no ${path}: bring tools/lines.mjs up to date`);
  const all = statSync(path).isDirectory() ? readdirSync(path, { recursive: true }).map((name) => join(path, name)) : [path];
  return all.filter((file) => /\.(go|ts)$/.test(file) && !/(_test\.go|\.test\.ts|zz_generated.*)$/.test(file));
}

const work = mkdtempSync(join(tmpdir(), 'lines-'));
const rows = [];
try {
  writeFileSync(join(work, 'go.mod'), 'module lines\n');
  const folders = Object.fromEntries(Object.entries(MODULES).map(([name, module]) => [name, JSON.parse(execFileSync('go', ['mod', 'download', '-json', `${module}@${VERSION}`], { cwd: work, encoding: 'utf8' })).Dir]));
  const theirFile = (path) => {
    const [name, rest] = path.split(':');
    return join(folders[name], rest.startsWith('pkg/') ? rest : join('pkg/controllers', rest));
  };
  for (const [what, ours, theirs] of PAIRS) rows.push({ what, ours: count(ours.flatMap((path) => filesOf(join(root, path)))), theirs: count(theirs.flatMap((path) => filesOf(theirFile(path)))) });
} finally {
  rmSync(work, { recursive: true, force: true });
}

const sum = (side, what) => rows.reduce((total, row) => total + row[side][what], 0);
rows.push({ what: 'all of these', ours: { lines: sum('ours', 'lines'), characters: sum('ours', 'characters') }, theirs: { lines: sum('theirs', 'lines'), characters: sum('theirs', 'characters') } });
const number = (value) => value.toLocaleString('en-US');
const table = ['| controller | lines | Karpenter | times as many | characters | Karpenter | times as many |', '| --- | --: | --: | --: | --: | --: | --: |', ...rows.map(({ what, ours, theirs }) =>
  `| ${[what, number(ours.lines), number(theirs.lines), (theirs.lines / ours.lines).toFixed(1), number(ours.characters), number(theirs.characters), (theirs.characters / ours.characters).toFixed(1)].join(' | ')} |`)].join('\n');
console.log(table);
if (process.argv.includes('--write-docs')) {
  const page = join(root, 'docs/performance.md');
  writeFileSync(page, readFileSync(page, 'utf8').replace(/(<!-- lines -->\n)[\s\S]*?(<!-- \/lines -->)/, (_, open, close) => `${open}${table}\n${close}`));
}
