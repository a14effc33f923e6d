import { expect } from 'chai';
import { Container } from 'inversify';
import { CapacityBuffer, NodeClaim, NodePool, VerticalPodAutoscaler } from 'karpenter-ts/api';
import type { CapacityBufferSpec } from 'karpenter-ts/api';
import { CustomResourceDefinition, Deployment, Event, Node, Pod, PodTemplate, ReconcilerToken, ReplicaSet, StatefulSet, compile } from 'karpenter-ts/operator';
import type { ObjectInput, ReconcilerClass } from 'karpenter-ts/operator';
import { core } from '../module.js';
import { DEFAULT_SETTINGS } from '../settings.js';
import { karpenterBed } from '../../test/support/karpenter-bed.js';
import type { KarpenterBed } from '../../test/support/karpenter-bed.js';
import { Disruption } from '../disruption/disruption.js';
import { DisruptionQueue } from '../disruption/disruption-queue.js';
import { NodeTermination } from '../node/termination.js';
import { NodeClaimDisruption } from '../nodeclaim/disruption.js';
import { NodeClaimLifecycle } from '../nodeclaim/lifecycle.js';
import { Provisioner } from '../provisioning/provisioner.js';
import { CapacityBufferStatusReconciler } from './status.js';

const RESOLVED = 'ReadyForProvisioning=True Resolved: Pod template resolved successfully';

describe('a capacity buffer', () => {
  let karpenter: KarpenterBed;

  const start = async (reconcilers: Parameters<typeof karpenterBed>[0], pool: Parameters<KarpenterBed['readyPool']>[0] = {}): Promise<void> => {
    karpenter = await karpenterBed([NodeClaimLifecycle, Provisioner, ...reconcilers], { settings: { featureGates: { ...DEFAULT_SETTINGS.featureGates, capacityBuffer: true } } });
    await karpenter.readyNodeClass();
    await karpenter.readyPool({ template: { requirements: [{ key: 'node.kubernetes.io/instance-type', operator: 'In', values: ['small'] }] }, disruption: { consolidateAfter: '0s', budgets: [{ nodes: '100%' }] }, ...pool });
    await karpenter.bed.settle();
  };
  const template = (cpu = '1500m', name = 'chunk'): Promise<PodTemplate> => karpenter.api.create(PodTemplate, {
    metadata: { name }, template: { spec: { containers: [{ name: 'main', image: 'image', resources: { requests: { cpu } } }] } },
  });
  const buffer = (spec: CapacityBufferSpec = { replicas: 1 }, name = 'spare'): Promise<CapacityBuffer> => karpenter.api.create(CapacityBuffer, {
    metadata: { name }, spec: spec.scalableRef ? spec : { podTemplateRef: { name: 'chunk' }, ...spec },
  });
  const deployment = (replicas: number): Promise<Deployment> => karpenter.api.create(Deployment, {
    metadata: { name: 'web' },
    spec: { replicas, selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'image', resources: { limits: { cpu: '300m' } } }] } } },
  });
  const conditions = (): Promise<string[]> => karpenter.conditions(CapacityBuffer, 'spare');
  const claims = async (): Promise<string[]> => (await karpenter.api.list(NodeClaim)).filter(({ metadata }) => !metadata.deletionTimestamp).map(({ metadata }) => metadata.name);
  /** Has every machine that has not joined yet do so. */
  const joinAll = async (): Promise<string[]> => {
    const known = new Set((await karpenter.api.list(Node)).map(({ metadata }) => metadata.name));
    const joined: string[] = [];
    for (const name of await claims()) if (!known.has(`node-of-${name}`)) joined.push((await karpenter.join(name)).metadata.name);
    await karpenter.bed.advance('12s');
    return joined;
  };

  afterEach(() => karpenter.bed.close());

  describe('that is resolved', () => {
    it('by a PodTemplate says which generation of it, and how many', async () => {
      await start([CapacityBufferStatusReconciler]);
      await template();
      await buffer({ replicas: 3, limits: { cpu: 4 } });
      await karpenter.bed.settle();
      const { status } = await karpenter.api.get(CapacityBuffer, 'spare');
      expect(status).to.deep.include({ podTemplateRef: { name: 'chunk' }, podTemplateGeneration: 1, replicas: 2, provisioningStrategy: 'buffer.x-k8s.io/active-capacity' });
      expect(await conditions()).to.include(RESOLVED);
    });

    it('by a workload follows its replicas, and has no PodTemplate', async () => {
      await start([CapacityBufferStatusReconciler]);
      await deployment(10);
      await buffer({ scalableRef: { apiGroup: 'apps', kind: 'Deployment', name: 'web' }, percentage: 25 });
      await karpenter.bed.settle();
      const status = async () => (await karpenter.api.get(CapacityBuffer, 'spare')).status;
      expect((await status()).replicas).to.equal(3);
      expect(await status()).to.not.have.any.keys('podTemplateRef', 'podTemplateGeneration');
      await karpenter.api.patch(Deployment, 'web', { spec: { replicas: 40 } });
      await karpenter.bed.settle();
      expect((await status()).replicas).to.equal(10);
    });

    for (const [kind, type] of Object.entries({ StatefulSet, ReplicaSet })) {
      it(`by a ${kind} follows its replicas at once`, async () => {
        await start([CapacityBufferStatusReconciler]);
        await karpenter.api.create(type as typeof StatefulSet, {
          metadata: { name: 'db' },
          spec: { replicas: 4, serviceName: 'db', selector: { matchLabels: { app: 'db' } }, template: { metadata: { labels: { app: 'db' } }, spec: { containers: [{ name: 'main', image: 'image' }] } } },
        } as never);
        await buffer({ scalableRef: { kind, name: 'db' }, percentage: 50 });
        await karpenter.bed.settle();
        await karpenter.api.patch(type as typeof StatefulSet, 'db', { spec: { replicas: 8 } });
        await karpenter.bed.settle();
        expect((await karpenter.api.get(CapacityBuffer, 'spare')).status.replicas).to.equal(4);
      });
    }

    it('as soon as what it refers to is there, and no longer once it is gone', async () => {
      await start([CapacityBufferStatusReconciler]);
      await buffer();
      await karpenter.bed.advance('12s');
      expect(await conditions()).to.deep.equal([
        'ReadyForProvisioning=False PodTemplateNotFound: PodTemplate default/chunk not found',
        'Provisioning=False NotReadyForProvisioning: Buffer is not ReadyForProvisioning',
      ]);
      await template();
      await karpenter.bed.settle();
      expect(await conditions()).to.include(RESOLVED);
      await karpenter.api.delete(PodTemplate, 'chunk');
      await karpenter.bed.settle();
      expect((await conditions()).join()).to.include('ReadyForProvisioning=False PodTemplateNotFound');
    });

    it('says by events when its conditions change, and by metrics what they are', async () => {
      await start([CapacityBufferStatusReconciler]);
      const spare = await buffer();
      await karpenter.bed.settle();
      await template();
      await karpenter.bed.advance('2s');
      const events = await karpenter.bed.events(spare);
      expect(events).to.include('Normal ReadyForProvisioning: Status condition transitioned, Type: ReadyForProvisioning, Status: False -> True, Reason: Resolved, Message: Pod template resolved successfully');
      expect(events.join()).to.include('Type: Provisioning, Status: Unknown -> False, Reason: RequiresNewCapacity');
      expect((await karpenter.metric('operator_capacitybuffer_status_condition_count')).join()).to.match(/name="spare",type="ReadyForProvisioning",status="True",reason="Resolved"} 1/);
    });
  });

  describe('whose room is planned', () => {
    it('gets a node, and nobody hears of pods that do not exist', async () => {
      await start([CapacityBufferStatusReconciler]);
      await template();
      await buffer();
      await karpenter.bed.advance('1s');
      expect(await claims()).to.have.length(1);
      expect(await conditions()).to.deep.equal([RESOLVED, 'Provisioning=False RequiresNewCapacity: 1/1 virtual pods required new capacity']);
      await joinAll();
      expect(await conditions()).to.deep.equal([RESOLVED, 'Provisioning=True FitsExistingCapacity: All 1 virtual pods fit on existing capacity']);
      expect(await claims()).to.have.length(1);
      expect((await karpenter.api.list(Event)).filter(({ involvedObject }) => involvedObject?.kind === 'Pod')).to.deep.equal([]);
      expect(await karpenter.api.list(Pod)).to.deep.equal([]);
    });

    it('is planned a second after it is known what it consists of', async () => {
      await start([CapacityBufferStatusReconciler]);
      await karpenter.bed.advance('15s');
      await buffer();
      await karpenter.bed.advance('2s');
      await template();
      await karpenter.bed.advance('1s');
      expect(await claims()).to.have.length(1);
    });

    it('gets another when pods take it', async () => {
      await start([CapacityBufferStatusReconciler]);
      await template();
      await buffer();
      await karpenter.bed.advance('2s');
      const [first = ''] = await joinAll();
      const pod = await karpenter.pod('arrived', { cpu: '1' });
      await karpenter.bed.advance('1s');
      expect(await karpenter.events(pod), 'the pod goes where the room was').to.deep.equal([`Normal Nominated: Pod should schedule on: nodeclaim/${first.replace('node-of-', '')}, node/${first}`]);
      expect(await claims()).to.have.length(2);
      expect(await conditions()).to.include('Provisioning=False RequiresNewCapacity: 1/1 virtual pods required new capacity');
    });

    it('leaves the limits of a pool to real pods, and says how much is missing', async () => {
      await start([CapacityBufferStatusReconciler], { limits: { cpu: '4' } });
      await template('1900m');
      await buffer({ replicas: 2 });
      const pod = await karpenter.pod('real', { cpu: '1' });
      await karpenter.bed.advance('1s');
      expect(await claims()).to.have.length(2);
      expect(await karpenter.events(pod)).to.have.length(1).and.satisfy(([event]: string[]) => event?.includes('Nominated'));
      expect(await conditions()).to.include('Provisioning=False RequiresNewCapacity: 1/2 virtual pods required new capacity, 1 failed');
      expect(await karpenter.metric('karpenter_scheduler_unschedulable_pods_count')).to.deep.equal(['karpenter_scheduler_unschedulable_pods_count{controller="provisioner"} 0']);
    });

    it('asks for what a pod of the workload would: limits where requests are missing', async () => {
      await start([CapacityBufferStatusReconciler]);
      await deployment(2);
      await buffer({ scalableRef: { kind: 'Deployment', name: 'web' }, percentage: 100 });
      await karpenter.bed.advance('2s');
      expect((await karpenter.api.list(NodeClaim)).map(({ spec }) => spec.resources?.requests)).to.have.deep.members([{ cpu: '600m', pods: '2' }]);
    });

    it('stays known where it is, and said to be missing where it is not, while no pool can launch', async () => {
      await start([CapacityBufferStatusReconciler]);
      await template();
      await buffer();
      await karpenter.bed.advance('2s');
      await joinAll();
      await karpenter.api.patch(NodePool, 'default', { status: { conditions: [] } });
      await karpenter.api.patch(CapacityBuffer, 'spare', { spec: { replicas: 2 } });
      await karpenter.bed.advance('2s');
      expect(await conditions()).to.include('Provisioning=False RequiresNewCapacity: 0/2 virtual pods required new capacity, 1 failed');
      expect(await claims()).to.have.length(1);
    });

    it('asks for what a VerticalPodAutoscaler will make of the next pods, one of which still fits', async () => {
      await start([CapacityBufferStatusReconciler]);
      await deployment(2);
      await buffer({ scalableRef: { kind: 'Deployment', name: 'web' }, percentage: 100 });
      await karpenter.api.create(CustomResourceDefinition, {
        metadata: { name: 'verticalpodautoscalers.autoscaling.k8s.io', annotations: { 'api-approved.kubernetes.io': 'unapproved, for a test' } },
        spec: {
          group: 'autoscaling.k8s.io', scope: 'Namespaced', names: { plural: 'verticalpodautoscalers', kind: 'VerticalPodAutoscaler', singular: 'verticalpodautoscaler', listKind: 'VerticalPodAutoscalerList' },
          versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } }],
        },
      } as unknown as ObjectInput<CustomResourceDefinition>);
      await karpenter.bed.advance('11s');
      await karpenter.api.create(VerticalPodAutoscaler, {
        metadata: { name: 'web' }, spec: { targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } },
        status: { recommendation: { containerRecommendations: [{ containerName: 'main', target: { cpu: '1500m', memory: '256Mi' } }] } },
      });
      await karpenter.bed.advance('1s');
      expect((await karpenter.api.list(NodeClaim)).map(({ spec }) => spec.resources?.requests)).to.have.deep.members([{ cpu: '600m', pods: '2' }, { cpu: '1500m', memory: '256Mi', pods: '1' }]);
    });

    it('of none needs nothing', async () => {
      await start([CapacityBufferStatusReconciler]);
      await template();
      await buffer({ replicas: 0 });
      await karpenter.bed.advance('12s');
      expect(await claims()).to.deep.equal([]);
      expect(await conditions()).to.include('Provisioning=False BufferEmpty: Buffer has zero desired replicas');
    });

    it('is nothing to look at without the gate', async () => {
      karpenter = await karpenterBed([NodeClaimLifecycle, Provisioner]);
      await karpenter.readyNodeClass();
      await karpenter.readyPool();
      await template();
      await buffer();
      await karpenter.bed.advance('1m');
      expect(await claims()).to.deep.equal([]);
      expect((await karpenter.api.get(CapacityBuffer, 'spare')).status).to.deep.equal({});
      const kindsWith = async (capacityBuffer: boolean): Promise<string[]> => {
        const container = new Container();
        await container.loadAsync(...core({ ...DEFAULT_SETTINGS, featureGates: { ...DEFAULT_SETTINGS.featureGates, capacityBuffer } }));
        return compile(container.getAll<ReconcilerClass>(ReconcilerToken)).kinds.map(({ kind }) => kind);
      };
      expect(await kindsWith(false)).to.not.include('CapacityBuffer');
      expect(await kindsWith(true)).to.include('CapacityBuffer');
    });
  });

  describe('on its nodes', () => {
    const EVERYTHING = [CapacityBufferStatusReconciler, NodeClaimDisruption, Disruption, DisruptionQueue, NodeTermination];
    const provisioned = async (): Promise<string> => {
      await start(EVERYTHING);
      await template();
      await buffer();
      await karpenter.bed.advance('2s');
      return (await joinAll())[0] ?? '';
    };

    it('keeps them, though they are empty, until it is gone', async () => {
      const node = await provisioned();
      await karpenter.bed.advance('10m');
      expect(await claims()).to.have.length(1);
      expect(await karpenter.events(await karpenter.api.get(Node, node))).to.include(`Normal Unconsolidatable: Node "${node}" has buffer pods`);
      await karpenter.api.delete(CapacityBuffer, 'spare');
      await karpenter.bed.advance('40s');
      expect(await claims()).to.deep.equal([]);
    });

    it('keeps them across a restart', async () => {
      await provisioned();
      await karpenter.bed.advance('1m');
      await karpenter.bed.stop();
      await karpenter.bed.advance('2m');
      expect(await claims()).to.have.length(1);
    });

    it('has a drifted one replaced before it goes', async () => {
      const node = await provisioned();
      const old = node.replace('node-of-', '');
      karpenter.cloud.driftReason = ({ metadata }) => (metadata.name === old ? 'AMIDrift' : undefined);
      await karpenter.bed.advance('5m10s');
      expect(await claims(), 'the old one stays until the new one is there').to.have.length(2);
      await joinAll();
      expect(await claims()).to.have.length(1).and.not.include(old);
      expect((await karpenter.bed.events(await karpenter.api.get(CapacityBuffer, 'spare'))).filter((event) => event.includes('True -> False'))).to.deep.equal([]);
    });
  });
});
