import { expect } from 'chai';
import type { KubeObject } from '../../../operator/kube/object.js';
import type { KubeClient } from '../../../operator/kube/client.js';
import type { VirtualClock } from '../../../operator/testing/virtual-clock.js';
import { DEPLOYMENT, ENDPOINT_SLICE, ENDPOINTS, EVENT, JOB, PERSISTENT_VOLUME, PERSISTENT_VOLUME_CLAIM, POD, REPLICA_SET, REPLICATION_CONTROLLER, SERVICE } from '../model/kinds.js';
import type { EndpointSlice, Job, PersistentVolumeClaim, Pod, ReplicaSet, ReplicationController } from '../model/kinds.js';
import { ClusterBed, deployment } from '../testing/cluster-bed.js';

describe('The controllers of a sandbox cluster', () => {
  let bed: ClusterBed;
  let clock: VirtualClock;
  let client: KubeClient;
  beforeEach(async () => {
    bed = await ClusterBed.start();
    ({ clock, client } = bed);
  });
  afterEach(() => bed.stop());

  it('keeps the pods of a ReplicationController, and adopts those that it selects', async () => {
    const { template } = deployment(1).spec;
    const own = { app: 'old' };
    await client.create(POD, { metadata: { name: 'orphan', namespace: 'default', labels: own }, spec: template.spec });
    await client.create(REPLICATION_CONTROLLER, { metadata: { name: 'old', namespace: 'default' }, spec: { replicas: 2, selector: own, template: { ...template, metadata: { labels: own } } } });
    await clock.advanceUntil(async () => (await bed.pods()).length === 2, { limit: '10s' });
    expect((await bed.pods()).map(({ metadata }) => metadata.ownerReferences?.map(({ kind, name }) => `${kind}/${name}`))).to.deep.equal([['ReplicationController/old'], ['ReplicationController/old']]);
    const status = async (): Promise<ReplicationController['status']> => (await client.get<ReplicationController>(REPLICATION_CONTROLLER, { name: 'old', namespace: 'default' })).status;
    await clock.advanceUntil(async () => (await status()).replicas === 2, { limit: '10s' });
    await client.mergePatch(REPLICATION_CONTROLLER, { name: 'old', namespace: 'default' }, { spec: { replicas: 1 } });
    await clock.advanceUntil(async () => (await status()).replicas === 1, { limit: '10s' });
  });

  it('takes a deployment whose ReplicaSets were left behind up where it was', async () => {
    const key = { name: 'web', namespace: 'default' };
    const sets = async (): Promise<ReplicaSet[]> => (await client.list<ReplicaSet>(REPLICA_SET, { namespace: 'default' })).items;
    await client.create(DEPLOYMENT, deployment(1));
    await clock.advanceUntil(async () => (await sets()).length === 1, { limit: '5s' });
    await client.delete(DEPLOYMENT, { ...key, propagationPolicy: 'Orphan' });
    await clock.advanceUntil(async () => (await sets())[0]?.metadata.ownerReferences === undefined, { limit: '5s' });
    await client.create(DEPLOYMENT, deployment(2));
    await clock.advanceUntil(async () => (await sets())[0]?.spec.replicas === 2, { limit: '5s' });
    expect((await sets()).map(({ metadata }) => metadata.ownerReferences?.map(({ name }) => name))).to.deep.equal([['web']]);
  });

  it('takes a gated pod for ready when others say so, and reports on changes of its spec', async () => {
    bed.machines.set({ instanceId: 'i-1' });
    const target = { name: 'gated', namespace: 'default' };
    const { nodeSelector, tolerations, containers } = deployment(1).spec.template.spec;
    await client.create(POD, { metadata: target, spec: { nodeSelector, tolerations, containers, readinessGates: [{ conditionType: 'example.com/lb' }] } });
    await clock.advanceUntil(async () => (await bed.pods())[0]?.status.phase === 'Running', { limit: '2m' });
    const ready = async (): Promise<string | undefined> => (await client.get<Pod>(POD, target)).status.conditions?.find(({ type }) => type === 'Ready')?.status;
    const open = async (status: string): Promise<void> => {
      const { status: { conditions = [] } } = await client.get<Pod>(POD, target);
      await client.mergePatch(POD, target, { status: { conditions: [...conditions.filter(({ type }) => type !== 'example.com/lb'), { type: 'example.com/lb', status }] } }, { subresource: 'status' });
    };
    expect(await ready()).to.equal('False');
    await open('True');
    await clock.advanceUntil(async () => (await ready()) === 'True', { limit: '5s' });
    await open('False');
    await clock.advanceUntil(async () => (await ready()) === 'False', { limit: '5s' });
    await client.mergePatch(POD, target, { spec: { activeDeadlineSeconds: 5_000 } });
    await clock.advanceUntil(async () => ((await client.get<Pod>(POD, target)).status as { observedGeneration?: number }).observedGeneration === 2, { limit: '5s' });
  });

  it('says of a bound claim which attributes its volume has', async () => {
    const common = { storageClassName: '', accessModes: ['ReadWriteOnce'], volumeAttributesClassName: 'gold' };
    await client.create(PERSISTENT_VOLUME, { metadata: { name: 'disk' }, spec: { ...common, capacity: { storage: '1Gi' }, csi: { driver: 'disk.example.com', volumeHandle: 'a' } } });
    await client.create(PERSISTENT_VOLUME_CLAIM, { metadata: { name: 'data', namespace: 'default' }, spec: { ...common, resources: { requests: { storage: '1Gi' } } } });
    const status = async (): Promise<PersistentVolumeClaim['status']> => (await client.get<PersistentVolumeClaim>(PERSISTENT_VOLUME_CLAIM, { name: 'data', namespace: 'default' })).status;
    await clock.advanceUntil(async () => (await status()).phase === 'Bound', { limit: '10s' });
    expect(await status()).to.include({ currentVolumeAttributesClassName: 'gold' });
  });

  it('tells once of pods that a quota refuses, and tries again less and less often', async () => {
    const key = { name: 'web', namespace: 'default' };
    await client.create({ group: '', version: 'v1', kind: 'ResourceQuota', plural: 'resourcequotas', namespaced: true }, { metadata: { name: 'one', namespace: 'default' }, spec: { hard: { pods: '1' } } });
    await clock.advance('1s');
    await client.create(REPLICA_SET, { metadata: key, spec: { replicas: 3, selector: { matchLabels: { app: 'web' } }, template: deployment(1).spec.template } });
    const conditions = async (): Promise<unknown> => (await client.get<ReplicaSet>(REPLICA_SET, key)).status.conditions;
    await clock.advanceUntil(async () => (await conditions()) !== undefined, { limit: '5s' });
    const told = await conditions();
    await clock.advance('30s');
    expect(await conditions()).to.deep.equal(told);
    expect((await client.list<KubeObject & { reason: string; count?: number }>(EVENT, { namespace: 'default' })).items.filter(({ reason }) => reason === 'FailedCreate').reduce((sum, { count = 1 }) => sum + count, 0)).to.be.within(2, 20);
  });

  it('mirrors Endpoints that somebody wrote into slices, as long as there are any', async () => {
    const key = { name: 'outside', namespace: 'default' };
    const slices = async (): Promise<unknown[]> => (await client.list<EndpointSlice>(ENDPOINT_SLICE, { namespace: 'default', labelSelector: 'kubernetes.io/service-name=outside' })).items.map(({ addressType, ports, endpoints }) => [addressType, ports, endpoints]);
    await client.create(SERVICE, { metadata: key, spec: { ports: [{ port: 80 }] } });
    await client.create(ENDPOINTS, { metadata: key, subsets: [{ ports: [{ port: 8080 }], addresses: [{ ip: '10.1.2.3' }], notReadyAddresses: [{ ip: 'fd00::1' }] }] });
    const ports = [{ name: '', port: 8080, protocol: 'TCP' }];
    await clock.advanceUntil(async () => (await slices()).length === 2, { limit: '10s' });
    expect(await slices()).to.have.deep.members([['IPv4', ports, [{ addresses: ['10.1.2.3'], conditions: { ready: true } }]], ['IPv6', ports, [{ addresses: ['fd00::1'], conditions: { ready: false } }]]]);
    await client.mergePatch(ENDPOINTS, key, { subsets: [{ ports: [{ port: 8080 }], addresses: [{ ip: '10.2.3.4' }] }] });
    await clock.advanceUntil(async () => (await slices()).length === 1, { limit: '10s' });
    expect(await slices()).to.deep.equal([['IPv4', ports, [{ addresses: ['10.2.3.4'], conditions: { ready: true } }]]]);
    await client.delete(ENDPOINTS, key);
    await clock.advanceUntil(async () => (await slices()).length === 0, { limit: '10s' });
  });

  it('leaves Jobs alone that another controller runs', async () => {
    const spec = { managedBy: 'example.com/queue', template: { spec: { restartPolicy: 'Never', containers: [{ name: 'work', image: 'busybox:1' }] } } };
    await client.create(JOB, { metadata: { name: 'foreign', namespace: 'default' }, spec });
    await clock.advance('5s');
    expect((await client.get<Job>(JOB, { name: 'foreign', namespace: 'default' })).status ?? {}).to.deep.equal({});
    expect(await bed.pods()).to.have.length(0);
  });
});
