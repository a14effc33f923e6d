import { readFile, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { Disruption } from '../../reconcilers/disruption/disruption.js';
import { DisruptionQueue } from '../../reconcilers/disruption/disruption-queue.js';
import { EC2NodeClassStatusReconciler } from '../../reconcilers/ec2nodeclass/status.js';
import { EvictionQueue } from '../../reconcilers/node/eviction-queue.js';
import { NodeTermination } from '../../reconcilers/node/termination.js';
import { NodeClaimDisruption } from '../../reconcilers/nodeclaim/disruption.js';
import { NodeClaimLifecycle } from '../../reconcilers/nodeclaim/lifecycle.js';
import { NodePoolCounter } from '../../reconcilers/nodepool/counter.js';
import { Provisioner } from '../../reconcilers/provisioning/provisioner.js';
import { EC2NodeClass, NodeClaim, NodePool } from '../../src/api/index.js';
import type { EC2NodeClassSpec } from '../../src/api/index.js';
import { TOKENS } from '../../src/cloud/aws/index.js';
import { InsufficientCapacity } from '../../src/cloud/index.js';
import { Condition, Field, Node, PodDisruptionBudget, Reconciler, Resource, ResourceKind, Terminal, explanationText, met, reconcilers, s } from '../../src/operator/index.js';
import type { ExplainTarget, Outcome, ReconcilerClass } from '../../src/operator/index.js';
import { testBed } from '../../src/operator/testing/index.js';
import type { TestBed } from '../../src/operator/testing/index.js';
import { AwsBed } from '../support/aws-bed.js';
import { karpenterBed } from '../support/karpenter-bed.js';
import type { KarpenterBed } from '../support/karpenter-bed.js';

const FOLDER = 'test/explain/golden';

/** `UPDATE_GOLDEN=1` writes what is said now. Versions and generated names depend on how much else a server has to do. */
async function expectExplanation(bed: TestBed, golden: string, target: ExplainTarget): Promise<void> {
  const text = explanationText(await bed.operator.explain(target)).replaceAll(/(?<= at )\d+|(?<= → )\d+$/gm, 'N').replaceAll(/\bdefault-[a-z0-9]{5}\b/g, 'default-xxxxx');
  const path = `${FOLDER}/${golden}.txt`;
  if (process.env['UPDATE_GOLDEN']) await writeFile(path, text);
  expect(text).to.equal(await readFile(path, 'utf8'));
}

/** Without chance, no jitter depends on who else drew a number. */
const steady = <T extends TestBed>(bed: T): T => {
  Object.assign(bed.random, { next: () => 0.5 });
  return bed;
};

const NOTHING = [{ tags: { nobody: 'has-this' } }];
const SPEC: Partial<EC2NodeClassSpec> = {
  subnetSelectorTerms: [{ tags: { 'karpenter.sh/discovery': 'my-cluster', tier: 'private' } }],
  securityGroupSelectorTerms: [{ tags: { 'kubernetes.io/cluster/my-cluster': 'owned' } }],
  amiSelectorTerms: [{ alias: 'al2023@latest' }],
  role: 'KarpenterNodeRole-my-cluster',
};

describe('What explain says of a node class', () => {
  let aws: AwsBed;
  beforeEach(async () => {
    aws = await AwsBed.of([EC2NodeClassStatusReconciler]);
    steady(aws.bed);
  });
  afterEach(() => aws.close());

  const create = async (spec: Partial<EC2NodeClassSpec> = {}): Promise<void> => {
    await aws.bed.start();
    await aws.bed.api.create(EC2NodeClass, { metadata: { name: 'default' }, spec: { ...SPEC, ...spec } } as never);
    await aws.bed.advance('1s');
  };
  const says = (golden: string): Promise<void> => expectExplanation(aws.bed, golden, { kind: 'ec2nodeclass', name: 'default' });

  it('that is fine', async () => {
    await create();
    await aws.bed.advance('3m');
    await says('ready');
  });

  it('whose selectors match no subnet', async () => {
    await create({ subnetSelectorTerms: NOTHING });
    await aws.bed.advance('3m');
    await says('subnets-not-found');
  });

  it('whose image is missing', async () => {
    await create({ amiFamily: 'AL2023', amiSelectorTerms: NOTHING });
    await aws.bed.advance('30s');
    await says('ami-missing');
  });

  it('whose role is missing, so that it has no instance profile', async () => {
    await create({ role: 'nobody-made-this-role' });
    await aws.bed.advance('30s');
    await says('instance-profile-missing');
  });

  it('while AWS throttles', async () => {
    const throttled = Object.assign(new Error('Request limit exceeded.'), { name: 'RequestLimitExceeded' });
    aws.bed.override(TOKENS.Subnets, { list: () => Promise.reject(throttled) });
    await create();
    await aws.bed.advance('2m');
    await says('throttled');
  });

  it('whose run does not end', async () => {
    aws.bed.override(TOKENS.Amis, { list: () => new Promise(() => undefined) });
    await create();
    await aws.bed.advance('20s');
    await says('at-work');
  });

  it('that claims still use when it is deleted', async () => {
    await create();
    await aws.bed.api.create(NodeClaim, { metadata: { name: 'user' }, spec: { nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'default' }, requirements: [] } } as never);
    await aws.bed.api.delete(EC2NodeClass, 'default');
    await aws.bed.advance('2m');
    await says('finalizer-held');
  });
});

describe('What explain says of', () => {
  let world: KarpenterBed;
  afterEach(() => world.bed.close());

  const build = async (...classes: ReconcilerClass[]): Promise<void> => {
    world = await karpenterBed([NodeClaimLifecycle, ...classes]);
    steady(world.bed);
    await world.readyNodeClass();
    await world.bed.settle();
  };
  const says = (golden: string, kind: string, name: string): Promise<void> => expectExplanation(world.bed, golden, { kind, name });

  it('a claim that no zone has capacity for', async () => {
    await build();
    world.cloud.launchError = new InsufficientCapacity('all requested instance types were unavailable during launch: InsufficientInstanceCapacity in zone-a, zone-b');
    await world.readyPool();
    await world.claim();
    await world.bed.advance('5s');
    await says('no-capacity', 'nodeclaim', 'claim');
  });

  it('a claim whose node never registers', async () => {
    await build();
    await world.readyPool();
    await world.claim();
    await world.bed.advance('4m');
    await says('node-never-registers', 'nodeclaim', 'claim');
  });

  it('a claim whose launch fails again and again', async () => {
    await build();
    world.cloud.launchError = new Error('UnauthorizedOperation: You are not authorized to perform ec2:CreateFleet');
    await world.readyPool();
    await world.claim();
    await world.bed.advance('2m');
    await says('launch-fails', 'nodeclaim', 'claim');
  });

  it('a claim whose node keeps a startup taint', async () => {
    await build();
    await world.readyPool();
    await world.claim({ startupTaints: [{ key: 'example.com/agent', effect: 'NoExecute' }] });
    await world.bed.settle();
    await world.join('claim', { taints: [{ key: 'karpenter.sh/unregistered', effect: 'NoExecute' }, { key: 'example.com/agent', effect: 'NoExecute' }] });
    await world.bed.advance('7m');
    await says('startup-taint-stays', 'nodeclaim', 'claim');
  });

  describe('a node', () => {
    it('that a disruption budget keeps from being drained, and of the pod on it', async () => {
      await build(NodeTermination, EvictionQueue);
      await world.readyPool();
      const { node } = await world.initialized({}, { labels: { 'karpenter.k8s.aws/ec2nodeclass': 'default' } });
      await world.api.create(PodDisruptionBudget, { metadata: { name: 'guard' }, spec: { minAvailable: 1, selector: { matchLabels: { app: 'guarded' } } } });
      await world.api.patch(PodDisruptionBudget, 'guard', { status: { disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1, observedGeneration: 1 } as never });
      await world.pod('resident', { node: node.metadata.name, labels: { app: 'guarded' } });
      await world.bed.advance('1s');
      await world.api.delete(Node, node.metadata.name);
      await world.bed.advance('90s');
      await says('drain-blocked', 'node', node.metadata.name);
      await says('eviction-refused', 'pod', 'resident');
    });

    it('that is not worth removing', async () => {
      await build(NodeClaimDisruption, Disruption, DisruptionQueue, NodeTermination);
      await world.readyPool({ disruption: { consolidateAfter: '0s', consolidationPolicy: 'WhenEmptyOrUnderutilized', budgets: [{ nodes: '100%' }] }, template: { requirements: [{ key: 'karpenter.sh/capacity-type', operator: 'In', values: ['on-demand'] }] } });
      const { node } = await world.initialized({}, { labels: { 'karpenter.k8s.aws/ec2nodeclass': 'default' } });
      await world.pod('resident', { node: node.metadata.name, cpu: '1500m' });
      await world.bed.advance('1m');
      await says('unconsolidatable', 'node', node.metadata.name);
    });
  });

  describe('a pod', () => {
    it('whose pool has reached its limits, and of the pool', async () => {
      await build(Provisioner, NodePoolCounter);
      await world.readyPool({ limits: { cpu: '2' } });
      await world.pod('first', { cpu: '1500m' });
      await world.bed.advance('3s');
      const [claim] = await world.api.list(NodeClaim);
      await world.join(claim?.metadata.name ?? '');
      await world.bed.advance('2s');
      await world.pod('second', { cpu: '1500m' });
      await world.bed.advance('3s');
      await says('limits-reached', 'pod', 'second');
      await world.api.patch(NodePool, 'default', { status: { resources: { cpu: '2' } } as never });
      await world.bed.settle();
      await says('limits-of-the-pool', 'nodepool', 'default');
    });

    it('that waits for its machine', async () => {
      await build(Provisioner);
      await world.readyPool();
      await world.pod('waiting');
      await world.bed.advance('5s');
      await says('waits-for-claim', 'pod', 'waiting');
    });

    it('that kube-scheduler has not spoken of', async () => {
      await build(Provisioner);
      await world.pod('new', { unschedulable: false });
      await world.bed.advance('1s');
      await says('not-unschedulable', 'pod', 'new');
    });
  });
});

class CakeSpec {
  @Field(s.string().describe('What it tastes of'))
  declare flavour: string;
}

class CakeStatus {
  @Field(s.int().optional().describe('How many pieces are left'))
  declare pieces?: number;
}

@ResourceKind({ group: 'toys.example.com', version: 'v1', kind: 'Cake', scope: 'Cluster', spec: () => CakeSpec, status: () => CakeStatus })
class Cake extends Resource<CakeSpec, CakeStatus, 'Baked' | 'Iced' | 'Sold'> {}

@Reconciler({ for: Cake, name: 'baker', root: 'Ready' })
class Baker {
  @Condition('Baked')
  bake(cake: Cake): Outcome {
    if (cake.spec.flavour === 'mud') throw new Terminal('nobody bakes with mud', 'NoSuchFlavour');
    return met();
  }

  @Condition('Iced', { dependsOn: ['Baked'] }) ice(): Outcome { return met(); }
  @Condition('Sold', { dependsOn: ['Iced'] }) sell(): Outcome { return met(); }
}

describe('What explain says', () => {
  let bed: TestBed;
  afterEach(() => bed.close());
  const bake = async (flavour: string): Promise<void> => {
    await bed.api.create(Cake, { metadata: { name: 'a' }, spec: { flavour } });
    await bed.advance('10s');
  };

  it('of what has failed for good, and of what waits for it', async () => {
    bed = steady(await testBed(reconcilers(Baker)));
    await bake('mud');
    await expectExplanation(bed, 'terminal', { kind: 'cake', name: 'a' });
  });

  it('on a replica that stands by', async () => {
    bed = steady(await testBed(reconcilers(Baker), { operator: { leaderElection: { identity: 'replica-b_1', namespace: 'kube-system' } } }));
    const at = new Date(bed.clock.now()).toISOString().replace('Z', '000Z');
    await bed.api.client.create({ group: 'coordination.k8s.io', version: 'v1', kind: 'Lease', plural: 'leases', namespaced: true }, {
      metadata: { name: 'test-leader-election', namespace: 'kube-system' }, spec: { holderIdentity: 'replica-a_1', leaseDurationSeconds: 3600, acquireTime: at, renewTime: at, leaseTransitions: 0 },
    });
    await bake('lemon');
    await expectExplanation(bed, 'standby', { kind: 'cake', name: 'a' });
  });

  it('of a singleton', async () => {
    const world = await karpenterBed([NodeClaimLifecycle, Provisioner]);
    bed = steady(world.bed);
    await world.readyNodeClass();
    await world.readyPool();
    await world.pod('waiting');
    await bed.advance('15s');
    await expectExplanation(bed, 'singleton', { kind: 'singleton', name: 'provisioner' });
  });
});
