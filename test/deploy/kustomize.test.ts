import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { kustomize, only } from '../support/manifests.js';
import type { DeploymentSpec } from '../support/manifests.js';
import { ROOT, SandboxProcess, hasKubectl } from '../support/sandbox-process.js';

describe('config/', function config() {
  this.timeout(60_000);
  before(function skipWithout() {
    if (hasKubectl) return;
    console.warn('NOT RUN: kubectl is not on the path; the kustomize tree is not rendered');
    this.skip();
  });

  const trees: readonly [folder: string, kinds: Record<string, number>][] = [
    ['crd', { CustomResourceDefinition: 5 }],
    ['rbac', { ServiceAccount: 1, ClusterRole: 2, ClusterRoleBinding: 1, Role: 3, RoleBinding: 3 }],
    ['manager', { Namespace: 1, ConfigMap: 1, Service: 1, Deployment: 1, PodDisruptionBudget: 1 }],
    ['prometheus', { ServiceMonitor: 1, PrometheusRule: 1, ConfigMap: 1 }],
    ['samples', { NodePool: 1, EC2NodeClass: 1, NodeOverlay: 2, PodTemplate: 1, CapacityBuffer: 2 }],
  ];
  const count = (folder: string): Record<string, number> => {
    const kinds = kustomize(folder).map(({ kind }) => kind);
    return Object.fromEntries(kinds.map((kind) => [kind, kinds.filter((other) => other === kind).length]));
  };
  for (const [folder, kinds] of trees) {
    it(`${folder} has its kinds`, () => {
      expect(count(`config/${folder}`)).to.deep.equal(kinds);
    });
  }

  it('default is CRDs, roles, the controller, and what Prometheus and Grafana read', () => {
    const all: Record<string, number> = {};
    for (const [, kinds] of trees.filter(([folder]) => folder !== 'samples')) for (const [kind, number] of Object.entries(kinds)) all[kind] = (all[kind] ?? 0) + number;
    expect(count('config/default')).to.deep.equal(all);
  });

  it('default has patches for a role of IRSA, for one replica and for explanations', () => {
    const folder = mkdtempSync(join(tmpdir(), 'kustomize-'));
    try {
      for (const part of ['config', 'crds']) cpSync(join(ROOT, part), join(folder, part), { recursive: true });
      const path = join(folder, 'config/default/kustomization.yaml');
      writeFileSync(path, readFileSync(path, 'utf8').replaceAll(/^#(?=- |  |images|components)/gm, ''));
      const manifests = kustomize(join(folder, 'config/default'));
      expect(only(manifests, 'ServiceAccount').metadata.annotations).to.have.key('eks.amazonaws.com/role-arn');
      const { replicas, template } = only(manifests, 'Deployment').spec as DeploymentSpec;
      expect(replicas).to.equal(1);
      expect(template.spec.containers[0].env).to.deep.include({ name: 'DISABLE_LEADER_ELECTION', value: 'true' });
      expect(template.spec.containers[0].env).to.deep.include({ name: 'DEBUG_PORT', value: '8000' });
      expect(manifests.map(({ metadata: { name } }) => name)).to.include.members(['karpenter-explain', 'karpenter-explainer']);
      expect(template.spec.containers[0].image).to.match(/\/karpenter-ts:0\.1\.0$/);
      expect(only(manifests, 'PrometheusRule').metadata.name).to.equal('karpenter-alerts');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('is installed by kubectl apply -k config/default, and changes nothing the second time', async () => {
    const sandbox = new SandboxProcess();
    try {
      await sandbox.start('--no-operator');
      await sandbox.kubectl('apply', '-k', 'config/default');
      const again = (await sandbox.kubectl('apply', '-k', 'config/default')).trim().split('\n');
      // kubectl replaces the selectors of PodDisruptionBudgets whether they differ or not.
      expect(again.filter((line) => !line.endsWith(' unchanged') && !line.startsWith('poddisruptionbudget'))).to.deep.equal([]);
      expect(again.length).to.equal(23);
    } finally {
      await sandbox.stop();
    }
  });
});
