import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { manifestsCommand } from '../../src/cli/manifests-command.js';
import { newOperator } from '../../src/cli/new/new-operator.js';
import { linkDependencies } from '../support/installed-package.js';
import { kustomize, manifestsIn, only } from '../support/manifests.js';
import type { DeploymentSpec, Manifest } from '../support/manifests.js';
import { hasKubectl } from '../support/sandbox-process.js';

const HELM = process.env['HELM'] ?? 'helm';
const hasHelm = spawnSync(HELM, ['version']).status === 0;

const RULES = `
export class WebsiteRules {
  @Validates(Website)
  polite({ spec: { message } }: Website): AdmissionVerdict {
    return message === message.toUpperCase() ? [{ field: 'spec.message', value: message, message: 'must not be shouted' }] : undefined;
  }
}
`;

/** With everything that a project may have: a kind, a role, a webhook. */
if (hasKubectl && hasHelm) describe('A new operator, by kustomize and by Helm', deployed);
else console.warn('NOT RUN: helm or kubectl is not on the path; `make test-charts` builds Helm with Go and renders the chart of a new operator');

function deployed(this: Mocha.Suite): void {
  this.timeout(60_000);
  const parent = mkdtempSync(join(tmpdir(), 'karpenter-ts-deploy-'));
  const folder = join(parent, 'website-operator');
  let applied: Manifest[];

  const helm = (...flags: readonly string[]): Manifest[] => {
    const { status, stdout, stderr } = spawnSync(HELM, ['template', 'website-operator', 'charts/website-operator', '--namespace', 'website-operator', '--include-crds', ...flags], { cwd: folder, encoding: 'utf8' });
    expect(status, stderr).to.equal(0);
    return manifestsIn(stdout);
  };

  before(async () => {
    await newOperator(parent, 'website-operator', { version: 'v1alpha1', namespaced: true, force: false }, () => undefined);
    const path = join(folder, 'src/website-reconciler.ts');
    writeFileSync(path, readFileSync(path, 'utf8').replace('met }', 'Validates, met }').replace('type { Outcome', 'type { AdmissionVerdict, Outcome') + RULES);
    const module = join(folder, 'src/module.ts');
    writeFileSync(module, readFileSync(module, 'utf8').replaceAll(/\bWebsiteReconciler( }|,)/g, 'WebsiteReconciler, WebsiteRules$1'));
    linkDependencies(folder);
    const { status, stdout } = spawnSync(process.execPath, [join(folder, 'node_modules/typescript/bin/tsc'), '-p', folder], { encoding: 'utf8' });
    expect(status, stdout).to.equal(0);
    expect(await manifestsCommand(folder, { out: '', check: false, allow: [] }, () => undefined)).to.equal(0);
    applied = kustomize(join(folder, 'config/default'));
  });
  after(() => rmSync(parent, { recursive: true }));

  it('is the same objects', () => {
    const names = (manifests: readonly Manifest[]): string[] => manifests.map(({ kind, metadata: { name } }) => `${kind} ${name}`).filter((name) => !/^(Namespace|PodDisruptionBudget) /.test(name)).sort();
    expect(names(helm())).to.deep.equal(names(applied));
  });

  it('may do the same', () => {
    const rules = (manifests: readonly Manifest[]): object[] => manifests.filter(({ kind }) => kind.endsWith('Role')).map(({ kind, metadata: { name }, ...role }) => ({ kind, name, rules: (role as { rules?: object }).rules }))
      .sort((a, b) => (`${a.kind} ${a.name}` < `${b.kind} ${b.name}` ? -1 : 1));
    expect(rules(helm())).to.deep.equal(rules(applied));
  });

  it('runs the same container, with the image and the environment that values say', () => {
    const container = (manifests: readonly Manifest[]) => (only(manifests, 'Deployment').spec as DeploymentSpec).template.spec.containers[0];
    const { image: _image, imagePullPolicy: _policy, ...ours } = container(helm()) as unknown as Record<string, unknown>;
    const { image: _other, ...theirs } = container(applied) as unknown as Record<string, unknown>;
    expect(ours).to.deep.equal(theirs);
    expect(container(helm('--set', 'image.repository=registry.example.com/website', '--set', 'env[0].name=A', '--set', 'env[0].value=b'))).to.deep.include({ image: 'registry.example.com/website:0.1.0' });
  });

  it('is asked about its objects where it is, whatever the namespace', () => {
    const target = (manifests: readonly Manifest[]) => (only(manifests, 'ValidatingWebhookConfiguration') as unknown as { webhooks: [{ clientConfig: { service: object } }] }).webhooks[0].clientConfig.service;
    const service = { namespace: 'website-operator', name: 'website-operator', path: '/validate-website-example-com-v1alpha1-website', port: 8443 };
    expect(target(applied)).to.deep.equal(service);
    expect(target(helm('--namespace', 'elsewhere'))).to.deep.equal({ ...service, namespace: 'elsewhere' });
    expect(only(applied, 'Service').spec).to.have.nested.property('ports[1].port', 8443);
  });
}
