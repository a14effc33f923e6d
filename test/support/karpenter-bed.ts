import { ContainerModule } from 'inversify';
import { CapacityBuffer, EC2NodeClass, NodeClaim, NodeOverlay, NodePool } from '../../src/api/index.js';
import type { NodeClaimSpec, NodePoolSpec, Taint } from '../../src/api/index.js';
import { CloudProvider } from '../../src/cloud/index.js';
import { CSINode, DaemonSet, Metrics, Namespace, Node, PersistentVolume, PersistentVolumeClaim, Pod, PodDisruptionBudget, Singleton, StorageClass, VolumeAttachment, reconcilers, token } from '../../src/operator/index.js';
import type { ReconcilerClass } from '../../src/operator/index.js';
import { testBed } from '../../src/operator/testing/index.js';
import type { TestBed, TestBedOptions } from '../../src/operator/testing/index.js';
import { services } from '../../reconcilers/module.js';
import { DEFAULT_SETTINGS } from '../../reconcilers/settings.js';
import type { Settings } from '../../reconcilers/settings.js';
import { FakeCloud } from './fake-cloud.js';

/** Every kind that the cluster state follows has a store, whichever reconcilers a test picks. */
@Singleton({ name: 'test.reads', every: '1000h', reads: [EC2NodeClass, NodeClaim, NodePool, Node, Pod, DaemonSet, CSINode, Namespace, PersistentVolume, PersistentVolumeClaim, PodDisruptionBudget, StorageClass, VolumeAttachment] })
class ReadsEverything {
  tick(): void {}
}

/** What becomes the `CloudProvider`, once overlays are put on it. */
export const UndecoratedCloud = token<CloudProvider>('test.CloudProvider');

const REFERENCE = { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'default' };

/** Chosen reconcilers on a fake cloud, an API server in this process, and a clock that the test moves. */
export class KarpenterBed {
  constructor(readonly bed: TestBed, readonly cloud: FakeCloud) {}

  get api(): TestBed['api'] {
    return this.bed.api;
  }

  /** A node class that is Ready, as its reconciler would leave it. */
  async readyNodeClass(name = 'default'): Promise<EC2NodeClass> {
    await this.api.create(EC2NodeClass, { metadata: { name }, spec: { amiSelectorTerms: [{ alias: 'al2023@latest' }], role: 'node', subnetSelectorTerms: [{ tags: { team: 'x' } }], securityGroupSelectorTerms: [{ tags: { team: 'x' } }] } });
    return this.api.patch(EC2NodeClass, name, { status: { conditions: [this.condition('Ready', 'True')] } });
  }

  /** A NodePool that is Ready, as its reconcilers would leave it. */
  async readyPool(spec: Partial<Omit<NodePoolSpec, 'template'>> & { template?: Partial<NodePoolSpec['template']['spec']> } = {}, name = 'default'): Promise<NodePool> {
    const { template, ...others } = spec;
    await this.api.create(NodePool, { metadata: { name }, spec: { template: { spec: { nodeClassRef: REFERENCE, requirements: [], ...template } }, ...others } });
    return this.api.patch(NodePool, name, { status: { conditions: [this.condition('ValidationSucceeded', 'True'), this.condition('NodeClassReady', 'True'), this.condition('Ready', 'True')] } });
  }

  /** A claim as the provisioner makes it. */
  async claim(spec: Partial<NodeClaimSpec> = {}, { name = 'claim', labels = {}, annotations = {}, pool }: { name?: string; labels?: Record<string, string>; annotations?: Record<string, string>; pool?: NodePool } = {}): Promise<NodeClaim> {
    const owner = pool && { apiVersion: pool.apiVersion, kind: pool.kind, name: pool.metadata.name, uid: pool.metadata.uid, blockOwnerDeletion: true };
    return this.api.create(NodeClaim, {
      metadata: { name, labels: { 'karpenter.sh/nodepool': 'default', ...labels }, annotations, ...(owner ? { ownerReferences: [owner] } : {}) },
      spec: { nodeClassRef: REFERENCE, requirements: [], ...spec },
    });
  }

  /** The Node that a claim's machine registers, as the kubelet does it. */
  async join(claim: string, { ready = true, taints = [{ key: 'karpenter.sh/unregistered', effect: 'NoExecute' }], name = `node-of-${claim}`, labels = {} }: { ready?: boolean; taints?: Taint[]; name?: string; labels?: Record<string, string> } = {}): Promise<Node> {
    const { status } = await this.api.get(NodeClaim, claim);
    await this.api.create(Node, { metadata: { name, labels }, spec: { providerID: status.providerID as string, taints } });
    const node = await this.api.patch(Node, name, { status: { capacity: status.capacity ?? {}, allocatable: status.allocatable ?? {} } as never });
    return ready ? this.ready(name) : node;
  }

  /** Says that a node's kubelet is ready, or what it is instead. */
  ready(node: string, status: 'True' | 'False' | 'Unknown' = 'True'): Promise<Node> {
    return this.api.patch(Node, node, { status: { conditions: [{ type: 'Ready', status, reason: 'KubeletReady', message: '', lastTransitionTime: this.time(), lastHeartbeatTime: this.time() }] } as never });
  }

  /** A claim with its instance and its node, initialized; needs NodeClaimLifecycle in the bed. */
  async initialized(spec: Partial<NodeClaimSpec> = {}, options: Parameters<KarpenterBed['claim']>[1] = {}): Promise<{ claim: NodeClaim; node: Node }> {
    const { metadata: { name } } = await this.claim(spec, options);
    await this.bed.settle();
    const joined = await this.join(name);
    await this.bed.advance('2s');
    return { claim: await this.api.get(NodeClaim, name), node: await this.api.get(Node, joined.metadata.name) };
  }

  /** A DaemonSet, as the owner of pods: the garbage collector is at work here, too. */
  async daemonSet(name = 'daemons'): Promise<{ ownerReferences: NonNullable<Pod['metadata']['ownerReferences']> }> {
    const { metadata: { uid } } = await this.api.create(DaemonSet, {
      metadata: { name },
      spec: { selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image: 'image' }] } } },
    });
    return { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name, uid, controller: true }] };
  }

  /** A pod with one container; bound if it has a node. */
  async pod(name: string, { node, cpu = '100m', unschedulable = !node, ...rest }: { node?: string; cpu?: string; unschedulable?: boolean; annotations?: Record<string, string>; labels?: Record<string, string>; ownerReferences?: NonNullable<Pod['metadata']['ownerReferences']>; spec?: Partial<Pod['spec']> } = {}): Promise<Pod> {
    const { annotations = {}, labels = {}, ownerReferences, spec = {} } = rest;
    await this.api.create(Pod, {
      metadata: { name, annotations, labels, ...(ownerReferences ? { ownerReferences } : {}) },
      spec: { containers: [{ name: 'main', image: 'image', resources: { requests: { cpu } } }], ...(node ? { nodeName: node } : {}), ...spec },
    });
    const scheduled = unschedulable
      ? { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '', lastTransitionTime: this.time() }
      : { type: 'PodScheduled', status: 'True', lastTransitionTime: this.time() };
    return this.api.patch(Pod, name, { status: { phase: node ? 'Running' : 'Pending', conditions: [scheduled, ...(node ? [{ type: 'Ready', status: 'True', lastTransitionTime: this.time() }] : [])] } as never });
  }

  /** The conditions of an object as `Type=Status Reason`, in their order. */
  async conditions(kind: typeof CapacityBuffer | typeof NodeClaim | typeof NodeOverlay | typeof NodePool, name: string): Promise<string[]> {
    const { status } = await this.api.get<CapacityBuffer | NodeClaim | NodeOverlay | NodePool>(kind, name);
    return (status.conditions ?? []).map(({ type, status: value, reason, message }) => `${type}=${value} ${reason}${message ? `: ${message}` : ''}`);
  }

  /** The events about an object, without those that only tell of condition transitions. */
  async events(about: Parameters<TestBed['events']>[0]): Promise<string[]> {
    return (await this.bed.events(about)).filter((event) => !event.includes('Status condition transitioned') && !event.includes(' Finalized: '));
  }

  /** The lines that Prometheus would read, those of one metric. */
  async metric(name: string): Promise<string[]> {
    const text = await this.bed.operator.container.get(Metrics).registry.metrics();
    return text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  }

  /** Now, as Kubernetes writes it. */
  time(): string {
    return `${new Date(this.bed.clock.now()).toISOString().slice(0, 19)}Z`;
  }

  private condition(type: string, status: 'True' | 'False' | 'Unknown') {
    return { type, status, reason: type, message: '', lastTransitionTime: this.time(), observedGeneration: 1 };
  }
}

export interface KarpenterBedOptions extends Pick<TestBedOptions, 'findings' | 'intercept' | 'operator'> {
  settings?: Partial<Settings>;
  modules?: readonly ContainerModule[];
  /** Makes the bed. Default: `testBed`. */
  make?: typeof testBed;
}

/** A bed with these reconcilers and nothing else at work. */
export async function karpenterBed(classes: readonly ReconcilerClass[], { settings = {}, modules = [], make = testBed, ...options }: KarpenterBedOptions = {}): Promise<KarpenterBed> {
  const clock = { now: (): number => 0 };
  const cloud = new FakeCloud({ now: () => clock.now() });
  const provider = new ContainerModule(({ bind }) => {
    bind<CloudProvider>(UndecoratedCloud).toConstantValue(cloud);
    bind(CloudProvider).toResolvedValue((given: CloudProvider) => given, [UndecoratedCloud]).inSingletonScope();
  });
  const bed = await make(services({ ...DEFAULT_SETTINGS, ...settings }), provider, reconcilers(ReadsEverything, ...classes), ...modules, { ...options, kinds: [CapacityBuffer, EC2NodeClass, NodeClaim, NodeOverlay, NodePool] });
  clock.now = () => bed.clock.now();
  return new KarpenterBed(bed, cloud);
}
