import { expect } from 'chai';
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../model/kinds.js';
import { testNode, testPod } from '../testing/objects.js';
import { allowedZones, defaultClass, matchingVolume, placementOf, provisionedVolume } from './volume-plan.js';

const claim = (spec: Partial<PersistentVolumeClaim['spec']> = {}): PersistentVolumeClaim => ({
  apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: testPod('data').metadata,
  spec: { storageClassName: 'gp3', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10.5Gi' } }, ...spec }, status: {},
});
const volume = (name: string, storage: string, spec: Partial<PersistentVolume['spec']> = {}): PersistentVolume => ({
  apiVersion: 'v1', kind: 'PersistentVolume', metadata: testPod(name).metadata, spec: { capacity: { storage }, accessModes: ['ReadWriteOnce'], storageClassName: 'gp3', ...spec }, status: { phase: 'Available' },
});
const storageClass = (name: string, extra: Partial<StorageClass> = {}, isDefault = false, created = '2024-01-01T00:00:00Z'): StorageClass => ({
  apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', provisioner: 'ebs.csi.aws.com',
  metadata: { ...testPod(name).metadata, creationTimestamp: created, annotations: isDefault ? { 'storageclass.kubernetes.io/is-default-class': 'true' } : {} }, ...extra,
});

describe('A claim', () => {
  it('gets the smallest volume that is large enough and suits it', () => {
    const volumes = [volume('small', '10Gi'), volume('large', '100Gi'), volume('right', '20Gi'), volume('other', '15Gi', { storageClassName: 'io2' }), volume('shared', '15Gi', { accessModes: ['ReadOnlyMany'] })];
    expect(matchingVolume(claim(), volumes)?.metadata.name).to.equal('right');
  });

  it('gets the volume that is reserved for it before any other', () => {
    const reserved = volume('reserved', '500Gi', { claimRef: { namespace: 'default', name: 'data' } });
    expect(matchingVolume(claim(), [volume('right', '20Gi'), reserved])?.metadata.name).to.equal('reserved');
    expect(matchingVolume(claim(), [volume('taken', '20Gi', { claimRef: { namespace: 'default', name: 'other' } })])).to.equal(undefined);
  });

  it('without a class gets the youngest default one', () => {
    const classes = [storageClass('plain'), storageClass('old', {}, true), storageClass('new', {}, true, '2024-06-01T00:00:00Z')];
    expect(defaultClass(classes)?.metadata.name).to.equal('new');
  });
});

describe('A provisioned volume', () => {
  it('is whole gibibytes large and bound to the zone of the selected node', () => {
    const node = testNode('n', { metadata: { labels: { 'topology.kubernetes.io/zone': 'us-west-2b', 'topology.kubernetes.io/region': 'us-west-2' } } });
    const made = provisionedVolume(claim(), storageClass('gp3', { reclaimPolicy: 'Retain', parameters: { 'csi.storage.k8s.io/fstype': 'xfs' } }), placementOf(node) as { zone: string; region: string }, 'vol-1') as PersistentVolume;
    expect(made.spec.capacity).to.deep.equal({ storage: '11Gi' });
    expect(made.spec.csi).to.include({ volumeHandle: 'vol-1', fsType: 'xfs' });
    expect(made.spec.persistentVolumeReclaimPolicy).to.equal('Retain');
    expect(made.spec.nodeAffinity?.required?.nodeSelectorTerms).to.deep.equal([{ matchExpressions: [{ key: 'topology.kubernetes.io/zone', operator: 'In', values: ['us-west-2b'] }] }]);
  });

  it('keeps to the zones that its class allows', () => {
    expect(allowedZones(storageClass('gp3', { allowedTopologies: [{ matchLabelExpressions: [{ key: 'topology.kubernetes.io/zone', values: ['a', 'b'] }] }] }))).to.deep.equal(['a', 'b']);
    expect(allowedZones(storageClass('gp3'))).to.equal(undefined);
  });
});
