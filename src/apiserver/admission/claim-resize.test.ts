import { expect } from 'chai';
import { TestCluster } from '../testing/test-cluster.js';

const CLAIMS = '/api/v1/namespaces/default/persistentvolumeclaims';
const CLASSES = '/apis/storage.k8s.io/v1/storageclasses';

describe('Resizing claims', () => {
  let cluster: TestCluster;
  beforeEach(async () => {
    cluster = new TestCluster();
    await cluster.ok('POST', CLASSES, { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: 'grows' }, provisioner: 'ebs.csi.aws.com', allowVolumeExpansion: true });
    await cluster.ok('POST', CLASSES, { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: 'stays' }, provisioner: 'ebs.csi.aws.com' });
  });
  afterEach(() => cluster.server.close());
  const grown = async (storageClassName: string, phase: string): Promise<unknown> => {
    await cluster.ok('POST', CLAIMS, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'c' }, spec: { storageClassName, volumeName: 'v', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } });
    await cluster.patch(`${CLAIMS}/c/status`, 'merge', { status: { phase } });
    const { status, body } = await cluster.patch(`${CLAIMS}/c`, 'merge', { spec: { resources: { requests: { storage: '2Gi' } } } });
    return status === 200 ? status : [status, body.message];
  };
  const refused = (why: string): unknown => [403, `persistentvolumeclaims "c" is forbidden: ${why}`];

  it('is for bound ones whose class allows it', async () => {
    expect(await grown('grows', 'Bound')).to.equal(200);
  });

  it('is refused by classes that do not, and before there is a volume', async () => {
    expect(await grown('stays', 'Bound')).to.deep.equal(refused('only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize'));
    await cluster.patch(`${CLAIMS}/c`, 'merge', { metadata: { finalizers: [] } });
    await cluster.ok('DELETE', `${CLAIMS}/c`);
    expect(await grown('grows', 'Pending')).to.deep.equal([422, 'PersistentVolumeClaim "c" is invalid: spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims']);
  });
});
