import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { manifestsCommand } from '../../src/cli/manifests-command.js';
import type { OperatorInterface } from '../../src/operator/index.js';
import { ROOT } from '../support/sandbox-process.js';

/** A compiled project, as `new operator` lays it out. */
const MODULE = `
import { Condition, Field, Metrics, RBAC, Reconciler, Resource, ResourceKind, met, reconcilers, s, unmet } from '${ROOT}dist/src/operator/index.js';
class Spec {}
Field(s.string().optional())(Spec.prototype, 'colour');
class Thing extends Resource {}
ResourceKind({ group: 'example.com', version: 'v1', kind: 'Thing', scope: 'Cluster', spec: () => Spec, status: () => s.object({ at: s.string().optional() }) })(Thing);
class ThingReconciler {
  constructor(metrics) { metrics.counter({ name: 'things_painted_total', help: 'Things.', labelNames: ['colour'] }); }
  paint(thing) { return thing.spec.colour ? met() : unmet('NoColour'); }
}
Condition('Painted')(ThingReconciler.prototype, 'paint', {});
RBAC({ groups: [''], resources: ['secrets'], verbs: ['get'], why: 'reads the paint' })(ThingReconciler);
Reconciler({ for: Thing, name: 'things' })(ThingReconciler);
import { inject } from '${ROOT}node_modules/inversify/lib/index.js';
inject(Metrics)(ThingReconciler, undefined, 0);
export const modules = [reconcilers(ThingReconciler)];
`;

describe('karpenter-ts manifests --against', () => {
  const folder = mkdtempSync(join(tmpdir(), 'karpenter-ts-gate-'));
  const said: string[] = [];
  let versions = 0;
  const git = (...args: readonly string[]): string => execFileSync('git', ['-C', folder, '-c', 'user.name=test', '-c', 'user.email=test@example.com', ...args], { encoding: 'utf8' });
  /** Another version of the module, under a name of its own: modules are loaded once. */
  const version = (edit: (text: string) => string): void => {
    versions += 1;
    writeFileSync(join(folder, `dist/module${versions}.mjs`), edit(MODULE));
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'thing-operator', type: 'module', 'karpenter-ts': { module: `dist/module${versions}.mjs`, main: 'dist/main.js' } }));
  };
  const manifests = (flags: { against?: string; allow?: readonly string[]; snapshot?: string }): Promise<number> => {
    said.length = 0;
    return manifestsCommand(folder, { out: 'crds', check: false, allow: [], ...flags }, (line) => said.push(...line.split('\n')));
  };

  before(async () => {
    mkdirSync(join(folder, 'dist'));
    version((text) => text);
    expect(await manifests({})).to.equal(0);
    git('init', '--quiet', '--initial-branch', 'main');
    git('add', 'config');
    git('commit', '--quiet', '-m', 'one');
    git('tag', 'v1.0.0');
    expect(await manifests({ snapshot: join(folder, 'snapshot.yaml') })).to.equal(0);
    version((text) => text.replaceAll("'colour')", "'color')").replace("met()", "met('Done')").replace("'NoColour'", "'NoColor'").replace('things_painted_total', 'things_painted').replace("verbs: ['get']", "verbs: ['get', 'list']"));
  });
  after(() => rmSync(folder, { recursive: true }));

  const EXPECTED = [
    'things.example.com/v1/spec.colour: field-removed',
    'ClusterRole/thing-operator/core/secrets/list: permission-added',
    'conditions/things.example.com/Painted/NoColour: reason-removed',
    'conditions/things.example.com/Painted/Painted: reason-removed',
    'metrics/things_painted_total: metric-removed',
  ];
  const breaks = (): string[] => said.filter((line) => /^\S+: [a-z-]+$/.test(line));

  for (const [what, against] of [['a git revision', () => 'v1.0.0'], ['a snapshot', () => join(folder, 'snapshot.yaml')]] as const) {
    it(`tells what breaks the users of ${what}, whom, and what would be accepted`, async () => {
      expect(await manifests({ against: against() })).to.equal(1);
      expect(breaks()).to.deep.equal(EXPECTED);
      expect(said.slice(0, 5)).to.deep.equal([
        'things.example.com/v1/spec.colour: field-removed',
        '  before    string',
        '  after     renamed to spec.color?',
        '  breaks    manifests that set the field (it is refused or dropped) and clients that read it',
        '  accepted  the field, said to be deprecated, beside color; without it with a new version of the API',
      ]);
      expect(said).to.include('  after     renamed to NoColor?').and.include('  after     renamed to things_painted?');
      expect(said.at(-1)).to.equal(`5 changes break those who use ${against()}; what is meant is let through by --allow "RULE:PATH=REASON"`);
    });
  }

  it('looks at a folder of another version', async () => {
    const other = join(folder, 'other');
    execFileSync('sh', ['-c', `mkdir ${other} && git -C ${folder} archive v1.0.0 | tar -x -C ${other}`]);
    expect(await manifests({ against: other })).to.equal(1);
    expect(breaks()).to.deep.equal(EXPECTED);
  });

  it('lets through what is meant, with its reason, and says which permission of that is not needed any more', async () => {
    const allow = ['field-removed:things.example.com/v1/spec.*=nobody used it', 'permission-added:ClusterRole/*=lists the paint', 'reason-removed:conditions/*=new words', 'metric-removed:metrics/things_painted_total=renamed'];
    expect(await manifests({ against: 'v1.0.0', allow: [...allow, 'type-changed:*=for once'] })).to.equal(0);
    expect(said).to.include('allowed: field-removed things.example.com/v1/spec.*, because nobody used it');
    expect(said).to.include('allowed: type-changed *, which breaks nothing any more: the --allow can go');
    expect(await manifests({ against: 'v1.0.0', allow: allow.slice(1) })).to.equal(1);
    expect(breaks()).to.deep.equal(EXPECTED.slice(0, 1));
  });

  const refusals: readonly [flags: { against: string; allow?: readonly string[] }, message: RegExp][] = [
    [{ against: 'v1.0.1' }, /--against v1\.0\.1: no such file, folder or git revision\. Did you mean "v1\.0\.0"\?/],
    [{ against: 'package.json' }, /--against package\.json: no CustomResourceDefinition, ClusterRole, Role or OperatorInterface there$/],
    [{ against: 'v1.0.0', allow: ['field-remove:x=y'] }, /there is no rule "field-remove"\. Did you mean "field-removed"\?/],
    [{ against: 'v1.0.0', allow: ['field-removed'] }, /which path\? Write --allow "field-removed:PATH=REASON"/],
    [{ against: 'v1.0.0', allow: ['field-removed:x'] }, /why\? Write --allow "field-removed:x=REASON"/],
  ];
  for (const [flags, message] of refusals) {
    it(`refuses ${Object.values(flags).flat().join(' ')}`, async () => {
      const error = await manifests(flags).then(() => undefined, (refused: Error & { exitCode?: number }) => refused);
      expect(error?.message).to.match(message);
      expect(error?.exitCode).to.equal(2);
    });
  }
});

describe("Karpenter's interface", () => {
  it('has the metrics and conditions that upstream has, in the file that the next version is held against', () => {
    const { conditions, metrics } = parse(readFileSync(join(ROOT, 'config/interface.yaml'), 'utf8')) as OperatorInterface;
    expect(metrics.map(({ name }) => name)).to.include.members(['karpenter_nodes_allocatable', 'karpenter_pods_state', 'karpenter_nodepools_usage', 'karpenter_voluntary_disruption_decisions_total', 'workqueue_depth', 'operator_nodeclaim_status_condition_count']);
    expect(metrics.find(({ name }) => name === 'karpenter_nodeclaims_created_total')).to.deep.include({ type: 'counter', labels: ['reason', 'nodepool', 'min_values_relaxed'] });
    expect(conditions.map(({ of, type }) => `${of} ${type}`)).to.include.members(['nodeclaims.karpenter.sh Launched', 'nodeclaims.karpenter.sh Drifted', 'ec2nodeclasses.karpenter.k8s.aws SubnetsReady', 'nodepools.karpenter.sh NodeClassReady']);
  });
});
