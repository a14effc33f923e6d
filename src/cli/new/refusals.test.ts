import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { EC2NodeClass, NodeClaim, NodePool } from '../../api/index.js';
import { TestBed } from '../../operator/testing/index.js';
import { pluralOf } from '../../operator/index.js';
import { requireProject } from '../project/project.js';
import { exampleObjects } from './known-kinds.js';
import { camel, kebab } from './names.js';
import { newKind } from './new-kind.js';
import { newOperator } from './new-operator.js';
import { newReconciler } from './new-reconciler.js';

const KIND = { version: 'v1alpha1', namespaced: true, reconciler: true, force: false };

describe('karpenter-ts new', () => {
  let parent: string;
  let folder: string;
  beforeEach(async () => {
    parent = mkdtempSync(join(tmpdir(), 'karpenter-ts-new-'));
    folder = join(parent, 'site-operator');
    await newOperator(parent, 'site-operator', KIND, () => undefined);
  });
  afterEach(() => rmSync(parent, { recursive: true }));

  const operator = (name: string, flags: { kind?: string | false; force?: boolean } = {}): Promise<void> => newOperator(parent, name, { ...KIND, ...flags }, () => undefined);
  const kind = async (name: string, flags: { group?: string; version?: string; force?: boolean } = {}): Promise<void> => newKind(await requireProject(folder), name, { ...KIND, ...flags }, () => undefined);
  const reconciler = async (name: string, target: string): Promise<void> => newReconciler(await requireProject(folder), name, { for: target, force: false }, () => undefined);

  const refusals: readonly [what: string, attempt: () => Promise<void>, message: string | RegExp][] = [
    ['an operator that no DNS label can name', () => operator('My_Operator'), 'the name of the operator is "My_Operator"; it must be a DNS label of at most 40 lower-case letters, digits and dashes that begins with a letter, such as "website-operator". Did you mean "my-operator"?'],
    ['an operator with a path', () => operator('../elsewhere'), /the name of the operator is "\.\.\/elsewhere"/],
    ['an operator whose kind would be one of Kubernetes', () => operator('pod-operator'), 'the kind "Pod" is there already; "karpenter-ts new reconciler NAME --for Pod" adds a reconciler for it'],
    ['a kind in lower case', () => kind('cost-report'), 'the kind is "cost-report"; it must be CamelCase of letters and digits, such as "CostReport". Did you mean "CostReport"?'],
    ['a kind that hides a class of the framework', () => kind('Operator'), 'the kind "Operator" would hide what JavaScript or karpenter-ts/operator has under this name; take another, such as "MyOperator"'],
    ['a kind that hides a class of JavaScript', () => kind('Map'), /the kind "Map" would hide/],
    ['a group without a dot', () => kind('Report', { group: 'finops' }), '--group is "finops"; it must be a DNS subdomain with a dot, such as "finops.example.com". Did you mean "finops.example.com"?'],
    ['a group of Kubernetes', () => kind('Report', { group: 'finops.k8s.io' }), /groups under k8s\.io and kubernetes\.io are Kubernetes' own/],
    ['a version that is none', () => kind('Report', { version: '1' }), '--version is "1"; it must be a version of Kubernetes, such as "v1", "v1beta1" or "v1alpha1"'],
    ['a reconciler in CamelCase', () => reconciler('NodeLabeler', 'Node'), /the name of the reconciler is "NodeLabeler".*Did you mean "node-labeler"\?/],
    ['a reconciler of a kind that is misspelled', () => reconciler('marker', 'Deploymnet'), /^--for names no kind: "Deploymnet"\. Did you mean "Deployment"\? It can be Site, Node, .*; "karpenter-ts new kind Deploymnet" makes a new one$/],
    ['a reconciler that is called like its kind', () => reconciler('node', 'Node'), /would be a class Node, as its kind is; take another name, such as "node-reconciler"/],
  ];
  for (const [what, attempt, message] of refusals) {
    it(`refuses ${what}`, async () => {
      const before = readdirSync(parent, { recursive: true });
      const error = await attempt().then(() => undefined, (refused: Error & { exitCode?: number }) => refused);
      if (typeof message === 'string') expect(error?.message).to.equal(message);
      else expect(error?.message).to.match(message);
      expect(error?.exitCode).to.equal(2);
      expect(readdirSync(parent, { recursive: true })).to.deep.equal(before);
    });
  }

  it('writes over nothing that differs, unless it is forced to', async () => {
    const path = join(folder, 'src/site.ts');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, 'mine');
    const error = await kind('Site').then(() => undefined, (refused: Error) => refused);
    expect(error?.message).to.equal(`nothing was written: ${path} is there already and differs from what would be written; --force writes over it`);
    expect(readFileSync(path, 'utf8')).to.equal('mine');
    await kind('Site', { force: true });
    expect(readFileSync(path, 'utf8')).to.equal(text);
  });

  it('says what to add by hand where the marks of a module are gone', async () => {
    const path = join(folder, 'src/module.ts');
    writeFileSync(path, readFileSync(path, 'utf8').replace('// karpenter-ts new: classes', ''));
    const error = await kind('Report').then(() => undefined, (refused: Error) => refused);
    expect(error?.message).to.include(`${path} has no line "// karpenter-ts new: classes"`).and.include("import { ReportReconciler } from './report-reconciler.js';");
    expect(readdirSync(join(folder, 'src'))).to.not.include('report.ts');
  });

  it('needs a project to add to', async () => {
    const error = await requireProject(parent).then(() => undefined, (refused: Error) => refused);
    expect(error?.message).to.match(/is in no project of karpenter-ts: .*"karpenter-ts new operator NAME" makes a project/);
  });

  it('takes over the group of the project, and leaves kinds and reconcilers out when asked to', async () => {
    await kind('Report', { group: 'finops.example.org' });
    rmSync(join(folder, 'src/site.ts'));
    await newKind(await requireProject(folder), 'Budget', { ...KIND, reconciler: false }, () => undefined);
    expect(readFileSync(join(folder, 'src/budget.ts'), 'utf8')).to.include("group: 'finops.example.org'");
    expect(readdirSync(join(folder, 'src'))).to.not.include('budget-reconciler.ts');
    expect(readFileSync(join(folder, 'src/module.ts'), 'utf8')).to.include("import { Budget } from './budget.js';");
    await operator('bare-operator', { kind: false });
    expect(readdirSync(join(parent, 'bare-operator/src')).sort()).to.deep.equal(['main.ts', 'module.ts']);
  });

  it('spells names as files and variables are spelled', () => {
    expect(['CostReport', 'HTTPRoute', 'EC2NodeClass', 'V2'].map(kebab)).to.deep.equal(['cost-report', 'http-route', 'ec2-node-class', 'v2']);
    expect(['CostReport', 'HTTPRoute', 'Class'].map(camel)).to.deep.equal(['costReport', 'httpRoute', 'classObject']);
  });

  it('has an example of every kind that a reconciler may be for, as API servers take it', async () => {
    const bed = await TestBed.of([], { kinds: [NodePool, NodeClaim, EC2NodeClass] });
    try {
      for (const { apiVersion, ...object } of await exampleObjects()) {
        const [version = '', group = ''] = apiVersion.split('/').reverse();
        const plural = pluralOf(object.kind);
        const namespaced = !/^(Node.*|EC2.*|Namespace|PersistentVolume)$/.test(object.kind);
        const created = await bed.api.client.create({ group, version, kind: object.kind, plural, namespaced }, { apiVersion, ...object }, namespaced ? { namespace: 'default' } : {});
        expect(created.metadata.name, object.kind).to.equal('example');
      }
    } finally {
      await bed.close();
    }
  });
});
