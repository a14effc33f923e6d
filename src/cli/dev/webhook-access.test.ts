import { expect } from 'chai';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toYAML } from '../../operator/index.js';
import type { Manifest } from '../manifest-files.js';
import { webhookManifests } from './webhook-access.js';

describe('The webhooks of an operator in dev', () => {
  const folder = mkdtempSync(join(tmpdir(), 'karpenter-ts-webhooks-'));
  after(() => rmSync(folder, { recursive: true }));
  const project = { folder, name: 'shop', module: '', main: '' };
  const service = (name: string, port: number) => ({ namespace: name, name, port, path: '/convert' });
  const crd = (conversion: object): Manifest => ({ file: 'a.yaml', object: { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'a' }, spec: { conversion } } });

  it('are reached on its port, through a Service that leads to this machine', async () => {
    const plain = crd({ strategy: 'None' });
    expect(await webhookManifests(project, [plain], 1234)).to.deep.equal([plain]);
    const converted = await webhookManifests(project, [crd({ strategy: 'Webhook', webhook: { clientConfig: { service: service('shop', 8443) } } })], 1234);
    expect(converted.map(({ object }) => object['spec'])).to.deep.equal([
      { conversion: { strategy: 'Webhook', webhook: { clientConfig: { service: service('shop', 1234) } } } }, { type: 'ExternalName', externalName: 'localhost' },
    ]);
    mkdirSync(join(folder, 'config/webhook'), { recursive: true });
    const hooks = [service('shop', 8443), service('other', 8443)].map((reference) => ({ clientConfig: { service: reference } }));
    writeFileSync(join(folder, 'config/webhook/manifests.yaml'), toYAML({ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration', metadata: { name: 'shop' }, webhooks: hooks }));
    const [configuration, reached] = await webhookManifests(project, [], 1234);
    expect(configuration?.object['webhooks']).to.deep.equal([service('shop', 1234), service('other', 8443)].map((reference) => ({ clientConfig: { service: reference } })));
    expect(reached?.object.metadata).to.deep.equal({ name: 'shop', namespace: 'shop' });
  });
});
