import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configMap, settled, TestCluster } from './testing/test-cluster.js';

const MAPS = '/api/v1/namespaces/default/configmaps';
const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

const crd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'things.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Cluster',
    names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } }],
  },
};

describe('The API server', () => {
  it('ends every watch when it closes', async () => {
    const cluster = new TestCluster();
    const watch = await cluster.watch(`${MAPS}?watch=1`);
    await watch.seen();
    await cluster.server.close();
    await settled();
    expect(watch.ended).to.equal(true);
  });

  it('comes back from its data directory with everything but the past', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'apiserver-'));
    try {
      const before = new TestCluster({ dataDir });
      await before.ok('POST', CRDS, crd);
      await before.ok('POST', '/apis/example.com/v1/things', { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 't' }, size: 3 });
      const owner = await before.ok('POST', MAPS, configMap('owner'));
      const child = configMap('child');
      await before.ok('POST', MAPS, { ...child, metadata: { name: 'child', ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid }] } });
      await before.ok('DELETE', '/api/v1/namespaces/kube-node-lease');
      await settled();
      const { token } = (await before.ok('POST', '/api/v1/namespaces/default/serviceaccounts/default/token', {}))['status'] as { token: string };
      const { revision } = before.server.storage;
      await before.server.close();

      const after = new TestCluster({ dataDir });
      expect(after.server.storage.revision).to.be.at.least(revision);
      expect(await after.ok('GET', '/apis/example.com/v1/things/t')).to.deep.include({ size: 3 });
      // Tokens outlive a restart: the key is kept.
      expect((await after.ok('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token } }))['status']).to.deep.include({ authenticated: true });
      // A client that watched before must list again.
      const watch = await after.watch(`${MAPS}?watch=1&resourceVersion=${owner.metadata.resourceVersion}`);
      expect(await watch.seen()).to.deep.equal(['ERROR 410']);
      // Controllers know what they did not see being made.
      await after.ok('DELETE', `${MAPS}/owner`);
      await settled();
      expect((await after.request('GET', `${MAPS}/child`)).status).to.equal(404);
      await after.server.close();
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  });
});
