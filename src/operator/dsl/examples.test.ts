// The examples of the framework's design, against the real thing: an operator, an API server, and time that the test moves.
import { expect } from 'chai';
import { ContainerModule, inject, multiInject, optional } from 'inversify';
import { Subject } from 'rxjs';
import {
  Batch, Catches, Column, Condition, Deadline, Field, Finalizer, Node, OnEvent, RBAC, Reconciler, Resource, ResourceKind, Singleton, Step, Validation,
  Watches, When, changed, compile, done, held, index, keyOf, met, onDelete, reconcilers, released, s, token, unmet, waiting,
} from '../index.js';
import type {
  Duration, EventSource, Key, MapContext, ObjectInput, Outcome, Release, StepContext, TickContext,
} from '../index.js';
import { testBed } from '../testing/index.js';
import type { TestBed } from '../testing/index.js';

interface Taint { key: string; effect: 'NoSchedule' | 'NoExecute' }
const UNREGISTERED: Taint = { key: 'karpenter.sh/unregistered', effect: 'NoExecute' };

class NodeClaimSpec {
  @Field(s.object({ group: s.string(), kind: s.string(), name: s.string() }))
  declare nodeClassRef: { group: string; kind: string; name: string };
  @Field(s.array(s.object({ key: s.string(), effect: s.enum('NoSchedule', 'NoExecute') })).default([]))
  declare startupTaints: Taint[];
}
class NodeClaimStatus {
  @Field(s.string().optional()) declare providerID?: string;
  @Field(s.string().optional()) declare nodeName?: string;
  @Field(s.record(s.quantity()).optional()) declare capacity?: Record<string, string | number>;
}
@ResourceKind({ group: 'karpenter.example.com', version: 'v1', kind: 'NodeClaim', scope: 'Cluster', spec: () => NodeClaimSpec, status: () => NodeClaimStatus })
class NodeClaim extends Resource<NodeClaimSpec, NodeClaimStatus, 'Launched' | 'Registered' | 'Initialized' | 'InstanceTerminating'> {}

const claimByProviderID = index(NodeClaim, 'providerID', (claim) => [claim.status.providerID]);
const nodeByProviderID = index(Node, 'providerID', (node) => [node.spec.providerID]);
const claimByNodeClass = index(NodeClaim, 'nodeClass', (claim) => [claim.spec.nodeClassRef.name]);

class InsufficientCapacity extends Error {
  readonly reason = 'InsufficientCapacityError';
}
interface Instance { providerID: string; labels: Record<string, string>; capacity: Record<string, string> }
interface CloudProvider {
  create(claim: NodeClaim, options: { clientToken: string; signal: AbortSignal }): Promise<Instance>;
  terminate(providerID: string): Promise<'gone' | 'terminating'>;
}
const CloudProvider = token<CloudProvider>('examples.CloudProvider');
interface RegistrationHook { ready(claim: NodeClaim): Promise<true | string> }
const RegistrationHook = token<RegistrationHook>('examples.RegistrationHook');

/** (a) Drives a NodeClaim from nothing to an initialized Node, and back to nothing. */
@Reconciler({
  for: NodeClaim, name: 'nodeclaim.lifecycle', root: 'Ready', jitter: 0,
  concurrency: { perCpu: 100, min: 1000, max: 5000 }, backoff: { base: '1s', max: '1m', jitter: 0.2 }, rate: { qps: 100, burst: 1000 },
})
class NodeClaimLifecycle {
  constructor(
    @inject(CloudProvider) private readonly cloud: CloudProvider,
    @multiInject(RegistrationHook) @optional() private readonly hooks: RegistrationHook[] = [],
  ) {}

  @When()
  managed(claim: NodeClaim): boolean {
    return claim.spec.nodeClassRef.group === 'karpenter.k8s.aws';
  }

  @Watches(Node, { when: changed((n) => n.spec, (n) => n.metadata.labels, (n) => n.status.allocatable), priority: 10 })
  claimsOf(node: Node, map: MapContext): Key<NodeClaim>[] {
    return map.keys({ index: claimByProviderID, value: node.spec.providerID });
  }

  @Condition('Launched', { latch: true, failedReason: 'LaunchFailed' })
  async launch(claim: NodeClaim, ctx: StepContext<NodeClaim>): Promise<Outcome> {
    const instance = await ctx.once('instance', () => this.cloud.create(claim, { clientToken: ctx.idempotencyKey, signal: ctx.signal }));
    Object.assign(claim.metadata.labels, { ...instance.labels, ...claim.metadata.labels });
    claim.status.providerID = instance.providerID;
    claim.status.capacity = instance.capacity;
    return met();
  }

  @Condition('Registered', { dependsOn: ['Launched'], latch: true })
  async register(claim: NodeClaim, ctx: StepContext<NodeClaim>): Promise<Outcome> {
    const [node, second] = this.nodesOf(claim, ctx);
    if (!node) return waiting('NodeNotFound', 'Node not registered with cluster');
    if (second) return unmet('MultipleNodesFound', 'Invariant violated, matched multiple nodes');
    for (const hook of this.hooks) {
      const verdict = await hook.ready(claim);
      if (verdict !== true) return waiting('RegistrationHookPending', verdict).recheck('5s');
    }
    await ctx.patch(node, (draft) => {
      Object.assign(draft.metadata.labels, claim.metadata.labels, { 'karpenter.sh/registered': 'true' });
      draft.spec.taints = (draft.spec.taints ?? []).filter((taint) => taint.key !== UNREGISTERED.key);
    });
    claim.status.nodeName = node.metadata.name;
    return met();
  }

  @Condition('Initialized', { dependsOn: ['Registered'], latch: true })
  initialize(claim: NodeClaim, ctx: StepContext<NodeClaim>): Outcome {
    const [node] = this.nodesOf(claim, ctx);
    const blocking = node?.spec.taints?.find((taint) => claim.spec.startupTaints.some((startup) => startup.key === taint.key));
    if (blocking) return waiting('StartupTaintsExist', `StartupTaint "${blocking.key}" still exists`);
    const missing = Object.keys(claim.status.capacity ?? {}).find((resource) => !node?.status.allocatable?.[resource]);
    if (missing) return waiting('ResourceNotRegistered', `Resource "${missing}" was requested but not registered`);
    return met();
  }

  @Deadline('Launched', '5m')
  @Deadline('Registered', '15m')
  async giveUp(claim: NodeClaim, ctx: StepContext<NodeClaim>): Promise<Outcome> {
    await ctx.delete(claim);
    return done();
  }

  @Catches(InsufficientCapacity)
  async abandon(error: InsufficientCapacity, claim: NodeClaim, ctx: StepContext<NodeClaim>): Promise<Outcome> {
    ctx.events.warning(error.reason, error.message);
    await ctx.delete(claim);
    return done();
  }

  @Finalizer('karpenter.sh/termination')
  async terminate(claim: NodeClaim, ctx: StepContext<NodeClaim>): Promise<Release> {
    const nodes = ctx.condition('Registered')?.status === 'True' ? this.nodesOf(claim, ctx) : [];
    for (const node of nodes) if (!node.metadata.deletionTimestamp) await ctx.delete(node);
    if (nodes.length > 0) return held('waiting for nodes to drain and terminate');
    if (!claim.status.providerID) return released();
    const state = await this.cloud.terminate(claim.status.providerID);
    ctx.mark('InstanceTerminating', met());
    return state === 'gone' ? released() : held('instance is terminating', '5s');
  }

  private nodesOf(claim: NodeClaim, ctx: StepContext<NodeClaim>): readonly Node[] {
    return ctx.cache.list(Node, { index: nodeByProviderID, value: claim.status.providerID });
  }
}

class FakeCloud implements CloudProvider {
  readonly launched = new Map<string, Instance>();
  failure: Error | undefined;
  terminating = false;
  async create(_claim: NodeClaim, { clientToken }: { clientToken: string }): Promise<Instance> {
    if (this.failure) throw this.failure;
    const instance = this.launched.get(clientToken) ?? { providerID: `fake:///${this.launched.size}`, labels: { zone: 'a' }, capacity: { cpu: '2' } };
    this.launched.set(clientToken, instance);
    return instance;
  }
  async terminate(): Promise<'gone' | 'terminating'> {
    return this.terminating ? 'terminating' : 'gone';
  }
}

const claimNamed = (name: string, group = 'karpenter.k8s.aws', nodeClass = 'default'): ObjectInput<NodeClaim> =>
  ({ metadata: { name }, spec: { nodeClassRef: { group, kind: 'EC2NodeClass', name: nodeClass }, startupTaints: [{ key: 'example.com/starting', effect: 'NoSchedule' }] } });

let bed: TestBed;
afterEach(async () => bed?.close());

const conditionsOf = (object: { status: { conditions?: { type: string; status: string; reason: string }[] } } | undefined): Record<string, string> =>
  Object.fromEntries((object?.status.conditions ?? []).map(({ type, status, reason }) => [type, `${status}/${reason}`]));

describe('example (a): the life of a NodeClaim', () => {
  let cloud: FakeCloud;
  beforeEach(async () => {
    cloud = new FakeCloud();
    bed = await testBed(reconcilers(NodeClaimLifecycle), new ContainerModule(({ bind }) => {
      bind<CloudProvider>(CloudProvider).toConstantValue(cloud);
    }));
  });
  const claim = (): Promise<NodeClaim | undefined> => bed.api.find(NodeClaim, 'a');
  const join = (): Promise<Node> => bed.api.create(Node, { metadata: { name: 'n' }, spec: { providerID: 'fake:///0', taints: [UNREGISTERED, { key: 'example.com/starting', effect: 'NoSchedule' }] } });

  it('leads from launch over registration to initialization', async () => {
    await bed.api.create(NodeClaim, claimNamed('a'));
    await bed.settle();
    expect(conditionsOf(await claim())).to.deep.equal({
      Launched: 'True/Launched', Registered: 'Unknown/NodeNotFound', Initialized: 'Unknown/DependenciesNotReady', Ready: 'Unknown/ReconcilingDependents',
    });
    await join();
    await bed.settle();
    const node = await bed.api.get(Node, 'n');
    expect(node.metadata.labels).to.include({ zone: 'a', 'karpenter.sh/registered': 'true' });
    expect(node.spec.taints?.map(({ key }) => key)).to.include('example.com/starting').and.not.to.include(UNREGISTERED.key);
    expect(conditionsOf(await claim())).to.include({ Registered: 'True/Registered', Initialized: 'Unknown/StartupTaintsExist' });
    await bed.api.patch(Node, 'n', { spec: { taints: [] }, status: { allocatable: { cpu: '2' } } });
    await bed.settle();
    expect(conditionsOf(await claim())).to.include({ Initialized: 'True/Initialized', Ready: 'True/Ready' });
    expect(cloud.launched.size).to.equal(1);
  });

  it('ends with the node, then the instance, then the claim', async () => {
    await bed.api.create(NodeClaim, claimNamed('a'));
    await bed.settle();
    await join();
    await bed.settle();
    cloud.terminating = true;
    await bed.api.delete(NodeClaim, 'a');
    await bed.settle();
    expect(await bed.api.find(Node, 'n')).to.equal(undefined);
    expect(conditionsOf(await claim())).to.include({ InstanceTerminating: 'True/InstanceTerminating' });
    cloud.terminating = false;
    await bed.advance('5s');
    expect(await claim()).to.equal(undefined);
  });

  it('ends at once when there is no capacity, with an event', async () => {
    cloud.failure = new InsufficientCapacity('no capacity anywhere');
    const created = await bed.api.create(NodeClaim, claimNamed('a'));
    await bed.settle();
    expect(await claim()).to.equal(undefined);
    expect(await bed.events(created)).to.include('Warning InsufficientCapacityError: no capacity anywhere');
  });

  it('shows other launch errors on the condition and goes on trying, until the deadline and the last backoff are over', async () => {
    cloud.failure = new Error('the cloud is down');
    await bed.api.create(NodeClaim, claimNamed('a'));
    await bed.settle();
    expect(conditionsOf(await claim())).to.include({ Launched: 'Unknown/LaunchFailed' });
    await bed.advance('4m');
    expect(await claim()).not.to.equal(undefined);
    await bed.advance('2m15s');
    expect(await claim()).to.equal(undefined);
  });

  it('ends after fifteen minutes without a node, to the second', async () => {
    await bed.api.create(NodeClaim, claimNamed('a'));
    await bed.settle();
    await bed.advance('14m58s');
    expect((await claim())?.metadata.deletionTimestamp).to.equal(undefined);
    await bed.advance('2s');
    expect(await claim()).to.equal(undefined);
  });

  it('leaves the claims of other providers alone', async () => {
    await bed.api.create(NodeClaim, claimNamed('a', 'karpenter.azure.com'));
    await bed.settle();
    expect((await claim())?.metadata.finalizers).to.equal(undefined);
    expect(cloud.launched.size).to.equal(0);
  });
});

class EC2NodeClassSpec {
  @Field(s.string()) declare role: string;
}
class EC2NodeClassStatus {
  @Field(s.array(s.object({ id: s.string(), zone: s.string() })).optional()) declare subnets?: { id: string; zone: string }[];
  @Field(s.string().optional()) declare instanceProfile?: string;
}
@ResourceKind({ group: 'karpenter.k8s.example.com', version: 'v1', kind: 'EC2NodeClass', scope: 'Cluster', spec: () => EC2NodeClassSpec, status: () => EC2NodeClassStatus })
class EC2NodeClass extends Resource<EC2NodeClassSpec, EC2NodeClassStatus, 'SubnetsReady' | 'InstanceProfileReady' | 'ValidationSucceeded'> {}

interface Ec2 { subnets(): Promise<{ id: string; zone: string }[]>; ensureProfile(role: string): Promise<string>; denied(): Promise<string | undefined> }
const Ec2 = token<Ec2>('examples.Ec2');

/** (b) Resolves the selectors of a node class against AWS and says whether nodes can be launched from it. */
@Reconciler({ for: EC2NodeClass, name: 'nodeclass', concurrency: 10, conditions: 'parallel', jitter: 0 })
class EC2NodeClassStatusReconciler {
  constructor(@inject(Ec2) private readonly ec2: Ec2) {}

  @Watches(NodeClaim, { when: onDelete() })
  classOf(claim: NodeClaim): Key<EC2NodeClass>[] {
    return [keyOf(EC2NodeClass, claim.spec.nodeClassRef.name)];
  }

  @Condition('SubnetsReady', { every: '1m' })
  async subnets(nodeClass: EC2NodeClass): Promise<Outcome> {
    const found = await this.ec2.subnets();
    nodeClass.status.subnets = found.sort((a, b) => a.id.localeCompare(b.id));
    return found.length > 0 ? met() : unmet('SubnetsNotFound', 'SubnetSelector did not match any Subnets');
  }

  @Condition('InstanceProfileReady')
  async instanceProfile(nodeClass: EC2NodeClass): Promise<Outcome> {
    nodeClass.status.instanceProfile = await this.ec2.ensureProfile(nodeClass.spec.role);
    return met();
  }

  @Condition('ValidationSucceeded', { dependsOn: ['SubnetsReady', 'InstanceProfileReady'], blocked: 'propagate' })
  async validate(_nodeClass: EC2NodeClass): Promise<Outcome> {
    const denied = await this.ec2.denied();
    return denied ? unmet(`${denied}AuthCheckFailed`, `Controller isn't authorized to call ec2:${denied}`).recheck('10m') : met();
  }

  @Finalizer('karpenter.k8s.aws/termination')
  terminate(nodeClass: EC2NodeClass, ctx: StepContext<EC2NodeClass>): Release {
    const users = ctx.cache.list(NodeClaim, { index: claimByNodeClass, value: nodeClass.metadata.name });
    if (users.length === 0) return released();
    ctx.events.normal('WaitingOnNodeClaimTermination', `${users.length} NodeClaims still use this class`);
    return held('NodeClaims still use this class', '10m');
  }
}

describe('example (b): the readiness of an EC2NodeClass', () => {
  let subnets: { id: string; zone: string }[];
  let denied: string | undefined;
  beforeEach(async () => {
    subnets = [{ id: 'subnet-2', zone: 'b' }, { id: 'subnet-1', zone: 'a' }];
    denied = undefined;
    const ec2: Ec2 = { subnets: async () => [...subnets], ensureProfile: async (role) => `profile-of-${role}`, denied: async () => denied };
    bed = await testBed(reconcilers(EC2NodeClassStatusReconciler), new ContainerModule(({ bind }) => {
      bind<Ec2>(Ec2).toConstantValue(ec2);
    }));
    await bed.api.create(EC2NodeClass, { metadata: { name: 'default' }, spec: { role: 'nodes' } });
    await bed.settle();
  });
  const nodeClass = (): Promise<EC2NodeClass | undefined> => bed.api.find(EC2NodeClass, 'default');

  it('resolves into status and polls for changes in AWS', async () => {
    expect((await nodeClass())?.status).to.deep.include({ subnets: [{ id: 'subnet-1', zone: 'a' }, { id: 'subnet-2', zone: 'b' }], instanceProfile: 'profile-of-nodes' });
    expect(conditionsOf(await nodeClass())).to.include({ ValidationSucceeded: 'True/ValidationSucceeded', Ready: 'True/Ready' });
    subnets = [];
    await bed.advance('1m');
    expect(conditionsOf(await nodeClass())).to.deep.equal({
      InstanceProfileReady: 'True/InstanceProfileReady', SubnetsReady: 'False/SubnetsNotFound', ValidationSucceeded: 'False/DependenciesNotReady', Ready: 'False/UnhealthyDependents',
    });
  });

  it('looks again after ten minutes where permissions were missing', async () => {
    denied = 'RunInstances';
    await bed.advance('1m');
    expect(conditionsOf(await nodeClass())).to.include({ ValidationSucceeded: 'False/RunInstancesAuthCheckFailed' });
    denied = undefined;
    await bed.advance('10m');
    expect(conditionsOf(await nodeClass())).to.include({ ValidationSucceeded: 'True/ValidationSucceeded', Ready: 'True/Ready' });
  });

  it('stays while claims use it, and goes with the last of them', async () => {
    await bed.api.create(NodeClaim, claimNamed('a'));
    await bed.settle();
    await bed.api.delete(EC2NodeClass, 'default');
    await bed.settle();
    const held = await nodeClass();
    expect(held?.metadata.finalizers).to.deep.equal(['karpenter.k8s.aws/termination']);
    expect(await bed.events(held)).to.include('Normal WaitingOnNodeClaimTermination: 1 NodeClaims still use this class');
    await bed.api.delete(NodeClaim, 'a');
    await bed.settle();
    expect(await nodeClass()).to.equal(undefined);
  });
});

class CostReportSpec {
  @Field(s.string().pattern(/^[a-z0-9-]+$/).describe('NodePool to report on'))
  declare nodePool: string;
  @Field(s.duration().default('1h').describe('How often the total is refreshed'))
  declare refreshEvery: Duration;
}
class CostReportStatus {
  @Field(s.number().min(0).optional().describe('USD per hour of all running NodeClaims'))
  declare hourly?: number;
  @Field(s.record(s.number()).describe('USD per hour by instance type'))
  declare byType: Record<string, number>;
}
@ResourceKind({ group: 'finops.example.com', version: 'v1alpha1', kind: 'CostReport', scope: 'Cluster', shortNames: ['cost'], spec: () => CostReportSpec, status: () => CostReportStatus })
@Column({ name: 'Pool', jsonPath: '.spec.nodePool', type: 'string' })
@Column({ name: 'USD/h', jsonPath: '.status.hourly', type: 'number' })
@Validation('self.spec.nodePool == oldSelf.spec.nodePool', 'nodePool is immutable')
class CostReport extends Resource<CostReportSpec, CostReportStatus, 'PricesKnown'> {}

const poolOf = (claim: NodeClaim): string | undefined => claim.metadata.labels['karpenter.sh/nodepool'];
const claimsByPool = index(NodeClaim, 'nodepool', (claim) => [poolOf(claim)]);
const reportsByPool = index(CostReport, 'nodepool', (report) => [report.spec.nodePool]);
interface PriceList { usdPerHour(instanceType: string): number | undefined }
const PriceList = token<PriceList>('finops.PriceList');

/** (c) What a stranger's package would hold. */
@Reconciler({ for: CostReport, name: 'finops.costreport', fairBy: (report) => report.spec.nodePool, jitter: 0 })
@RBAC({ groups: [''], resources: ['configmaps'], verbs: ['get'], why: 'PriceList reads its table from a ConfigMap' })
class CostReporter {
  constructor(@inject(PriceList) private readonly prices: PriceList) {}

  @Watches(NodeClaim, { debounce: '10s', priority: -10 })
  reportsFor(claim: NodeClaim, map: MapContext): Key<CostReport>[] {
    return map.keys({ index: reportsByPool, value: poolOf(claim) });
  }

  @Condition('PricesKnown')
  total(report: CostReport, ctx: StepContext<CostReport>): Outcome {
    const byType: Record<string, number> = {};
    const unknown = new Set<string>();
    for (const claim of ctx.cache.list(NodeClaim, { index: claimsByPool, value: report.spec.nodePool })) {
      const type = claim.metadata.labels['node.kubernetes.io/instance-type'] ?? 'unknown';
      const price = this.prices.usdPerHour(type);
      if (price === undefined) unknown.add(type);
      else byType[type] = (byType[type] ?? 0) + price;
    }
    report.status.byType = byType;
    report.status.hourly = Object.values(byType).reduce((a, b) => a + b, 0);
    return unknown.size > 0 ? waiting('PriceUnknown', [...unknown].sort().join(', ')).recheck('5m') : met().recheck(report.spec.refreshEvery);
  }
}

describe('example (c): a package of somebody else', () => {
  const priced: Record<string, number> = {};
  beforeEach(async () => {
    bed = await testBed(reconcilers(CostReporter), new ContainerModule(({ bind }) => {
      bind<PriceList>(PriceList).toConstantValue({ usdPerHour: (type) => priced[type] });
    }));
    await bed.api.create(CostReport, { metadata: { name: 'r' }, spec: { nodePool: 'default' } as CostReportSpec });
    await bed.settle();
  });
  const report = (): Promise<CostReport> => bed.api.get(CostReport, 'r');

  it('brings its own kind with its schema, default and rule', async () => {
    expect((await report()).spec.refreshEvery).to.equal('1h');
    const refused = await bed.api.patch(CostReport, 'r', { spec: { nodePool: 'other' } }).then(() => undefined, (error: Error) => error);
    expect(refused?.message).to.contain('nodePool is immutable');
  });

  it('reacts to our claims, in its own time', async () => {
    expect((await report()).status).to.deep.include({ hourly: 0, byType: {} });
    const labels = { 'karpenter.sh/nodepool': 'default', 'node.kubernetes.io/instance-type': 'm5.large' };
    await bed.api.create(NodeClaim, { ...claimNamed('a'), metadata: { name: 'a', labels } });
    await bed.settle();
    expect((await report()).status.hourly, 'not before the debounce').to.equal(0);
    await bed.advance('10s');
    expect(conditionsOf(await report())).to.include({ PricesKnown: 'Unknown/PriceUnknown' });
    priced['m5.large'] = 0.096;
    await bed.advance('5m');
    expect((await report()).status).to.deep.include({ hourly: 0.096, byType: { 'm5.large': 0.096 } });
    expect(conditionsOf(await report())).to.include({ Ready: 'True/Ready' });
    priced['m5.large'] = 0.2;
    await bed.advance('1h');
    expect((await report()).status.hourly).to.equal(0.2);
  });
});

/** (d) The smallest useful reconciler: a core kind, no CRD, no conditions. */
@Reconciler({ for: Node, name: 'acme.nodelabeler', root: false })
class NodeLabeler {
  @Step()
  label(node: Node, _ctx: StepContext<Node>): Outcome {
    node.metadata.labels['acme.io/family'] = node.metadata.labels['node.kubernetes.io/instance-type']?.split('.')[0] ?? 'unknown';
    return done();
  }
}

describe('example (d): the smallest reconciler', () => {
  it('labels nodes and leaves their status alone', async () => {
    bed = await testBed(reconcilers(NodeLabeler));
    await bed.api.create(Node, { metadata: { name: 'n', labels: { 'node.kubernetes.io/instance-type': 'c5.large' } }, spec: {} });
    const before = (await bed.api.get(Node, 'n')).status;
    await bed.settle();
    const node = await bed.api.get(Node, 'n');
    expect(node.metadata.labels['acme.io/family']).to.equal('c5');
    expect(node.status).to.deep.equal(before);
  });
});

interface Instances { ids(): Promise<Set<string>>; terminate(id: string): Promise<void> }
const Instances = token<Instances>('examples.Instances');

/** (e) Instances that no NodeClaim knows. */
@Singleton({ name: 'nodeclaim.garbagecollection', every: '2m', reads: [NodeClaim] })
class GarbageCollection {
  constructor(@inject(Instances) private readonly instances: Instances) {}

  async tick(ctx: TickContext): Promise<void> {
    const known = new Set(ctx.cache.list(NodeClaim).map((claim) => claim.status.providerID));
    for (const id of await this.instances.ids()) if (!known.has(id)) await this.instances.terminate(id);
  }
}

/** (e) One pass over a window of triggers: 1s after the last, at most 10s after the first. */
@Singleton({ name: 'provisioner', reads: [NodeClaim] })
class Provisioner {
  static passes = 0;

  @Watches(Node)
  triggers(node: Node): boolean {
    return node.metadata.labels['wanted'] !== undefined;
  }

  @Batch({ idle: '1s', max: '10s' })
  async provision(ctx: TickContext): Promise<void> {
    Provisioner.passes++;
    const wanted = ctx.cache.list(Node).filter((node) => node.metadata.labels['wanted'] !== undefined && !ctx.cache.get(NodeClaim, `for-${node.metadata.name}`));
    for (const node of wanted) await ctx.create(NodeClaim, claimNamed(`for-${node.metadata.name}`));
  }
}

interface Interruption { providerID: string; kind: 'spot' | 'rebalance' }
interface InterruptionQueue extends EventSource<Interruption> {
  pending(providerID: string | undefined): Interruption | undefined;
  acknowledge(message: Interruption): Promise<void>;
}
const Interruptions = token<InterruptionQueue>('examples.Interruptions');

/** (e) A queue as one more source of keys: the message wakes the key, and stays pending until the work is done. */
@Reconciler({ for: NodeClaim, name: 'interruption', root: false })
class InterruptionHandler {
  constructor(@inject(Interruptions) private readonly queue: InterruptionQueue) {}

  @OnEvent(Interruptions)
  claimOf(message: Interruption, map: MapContext): Key<NodeClaim>[] {
    return map.keys({ index: claimByProviderID, value: message.providerID });
  }

  @Step()
  async drain(claim: NodeClaim, ctx: StepContext<NodeClaim>): Promise<Outcome> {
    const message = this.queue.pending(claim.status.providerID);
    if (!message) return done();
    ctx.events.warning('Interrupted', `${message.kind} interruption, draining`);
    await ctx.delete(claim);
    await this.queue.acknowledge(message);
    return done();
  }
}

describe('example (e): singletons, windows and other sources', () => {
  it('a singleton polls, and sees what is in the cache', async () => {
    const ids = new Set(['known', 'lost']);
    bed = await testBed(reconcilers(GarbageCollection), new ContainerModule(({ bind }) => {
      bind<Instances>(Instances).toConstantValue({ ids: async () => new Set(ids), terminate: async (id) => void ids.delete(id) });
    }));
    await bed.api.create(NodeClaim, claimNamed('a'));
    await bed.api.patch(NodeClaim, 'a', { status: { providerID: 'known' } });
    await bed.settle();
    expect([...ids]).to.deep.equal(['known']);
    ids.add('late');
    await bed.advance('119s');
    expect([...ids]).to.include('late');
    await bed.advance('2s');
    expect([...ids]).to.deep.equal(['known']);
  });

  it('a batch makes one pass over many triggers', async () => {
    Provisioner.passes = 0;
    @Singleton({ name: 'claims', every: '1h', reads: [NodeClaim] })
    class Reader { tick(): void {} }
    bed = await testBed(reconcilers(Provisioner, Reader));
    await bed.settle();
    for (const name of ['a', 'b', 'c']) await bed.api.create(Node, { metadata: { name, labels: { wanted: '' } }, spec: {} });
    await bed.settle();
    expect(Provisioner.passes).to.equal(0);
    await bed.advance('1s');
    expect(Provisioner.passes).to.equal(1);
    expect((await bed.api.list(NodeClaim)).map(({ metadata }) => metadata.name)).to.have.members(['for-a', 'for-b', 'for-c']);
  });

  it('an external event wakes the key that it is about', async () => {
    const events = new Subject<Interruption>();
    let pending: Interruption | undefined;
    const queue: InterruptionQueue = {
      events,
      pending: (providerID) => (pending?.providerID === providerID ? pending : undefined),
      acknowledge: async () => { pending = undefined; },
    };
    bed = await testBed(reconcilers(InterruptionHandler), new ContainerModule(({ bind }) => {
      bind<InterruptionQueue>(Interruptions).toConstantValue(queue);
    }));
    const created = await bed.api.create(NodeClaim, claimNamed('a'));
    await bed.api.patch(NodeClaim, 'a', { status: { providerID: 'fake:///0' } });
    await bed.settle();
    pending = { providerID: 'fake:///0', kind: 'spot' };
    events.next(pending);
    await bed.settle();
    expect(await bed.api.find(NodeClaim, 'a')).to.equal(undefined);
    expect(await bed.events(created)).to.include('Warning Interrupted: spot interruption, draining');
    expect(pending).to.equal(undefined);
  });
});

describe('the examples together', () => {
  it('compile into one plan', () => {
    const plan = compile([NodeClaimLifecycle, EC2NodeClassStatusReconciler, CostReporter, NodeLabeler, GarbageCollection, Provisioner, InterruptionHandler]);
    expect(plan.reconcilers.map(({ name, root }) => `${name} ${root?.type ?? '-'}`)).to.deep.equal([
      'nodeclaim.lifecycle Ready', 'nodeclass Ready', 'finops.costreport Ready', 'acme.nodelabeler -', 'interruption -',
    ]);
    expect(plan.informers.map(({ kind }) => kind.kind)).to.have.members(['NodeClaim', 'EC2NodeClass', 'CostReport', 'Node']);
  });
});
