import type { NodeClaim } from '../../src/api/nodeclaim.js';
import type { NodePool } from '../../src/api/nodepool.js';
import type { CloudInstance, CloudProvider, LaunchOptions, RepairPolicy } from '../../src/cloud/provider.js';
import type { InstanceType } from '../../src/cloud/instance-type.js';
import type { Clock } from '../../src/operator/clock.js';
import type { PodRules } from '../../src/scheduling/pod-validation.js';

const GIB = 2 ** 30;

/** A machine shape sold on demand and as spot in two zones. */
export function fakeInstanceType(name: string, cpus: number, price: number): InstanceType {
  const offering = (zone: string, capacityType: string) => ({
    requirements: [
      { key: 'topology.kubernetes.io/zone', operator: 'In' as const, values: [zone] },
      { key: 'karpenter.sh/capacity-type', operator: 'In' as const, values: [capacityType] },
    ],
    price: capacityType === 'spot' ? price * 0.4 : price,
    available: true,
  });
  return {
    name,
    requirements: [
      { key: 'node.kubernetes.io/instance-type', operator: 'In', values: [name] },
      { key: 'kubernetes.io/arch', operator: 'In', values: ['amd64'] },
      { key: 'kubernetes.io/os', operator: 'In', values: ['linux'] },
      { key: 'topology.kubernetes.io/zone', operator: 'In', values: ['zone-a', 'zone-b'] },
      { key: 'karpenter.sh/capacity-type', operator: 'In', values: ['spot', 'on-demand'] },
    ],
    offerings: ['zone-a', 'zone-b'].flatMap((zone) => [offering(zone, 'on-demand'), offering(zone, 'spot')]),
    capacity: { cpu: cpus * 1_000, memory: cpus * 4 * GIB, pods: 110, 'ephemeral-storage': 20 * GIB },
    overhead: { cpu: 100, memory: GIB / 4 },
  };
}

/** A cloud in memory. Everything that it is asked to do is on record, and every answer can be changed. */
export class FakeCloud implements CloudProvider {
  readonly name = 'fake';
  readonly instances = new Map<string, CloudInstance>();
  /** Client tokens of launches that were asked for, in order. */
  readonly launches: string[] = [];
  /** Provider ids of terminations that were asked for, in order. */
  readonly terminations: string[] = [];
  instanceTypes: readonly InstanceType[] = [fakeInstanceType('small', 2, 0.1), fakeInstanceType('large', 8, 0.4)];
  /** Thrown by launches while set. */
  launchError: Error | undefined;
  /** Called before each launch is answered. */
  beforeLaunch: () => Promise<void> = () => Promise.resolve();
  /** How often `delete` says `terminating` before an instance is gone. */
  terminatingAnswers = 0;
  /** What `isDrifted` says of a claim. */
  driftReason: (claim: NodeClaim) => string | undefined = () => undefined;
  podRules: PodRules = {};
  policies: readonly RepairPolicy[] = [];
  private readonly tokens = new Map<string, string>();
  private readonly asked = new Map<string, number>();

  constructor(private readonly clock: Pick<Clock, 'now'>) {}

  async create(claim: NodeClaim, { clientToken }: LaunchOptions): Promise<CloudInstance> {
    this.launches.push(clientToken);
    await this.beforeLaunch();
    if (this.launchError) throw this.launchError;
    const known = this.instances.get(this.tokens.get(clientToken) ?? '');
    if (known) return known;
    const wanted = (key: string): string | undefined => claim.spec.requirements.find((requirement) => requirement.key === key)?.values?.[0];
    const type = this.instanceTypes.find(({ name }) => name === wanted('node.kubernetes.io/instance-type')) ?? this.instanceTypes[0];
    const zone = wanted('topology.kubernetes.io/zone') ?? 'zone-a';
    if (!type) throw new Error('the fake cloud has no instance types');
    const providerID = `aws:///${zone}/i-${String(this.tokens.size + 1).padStart(17, '0')}`;
    const { cpu = 0, memory = 0, pods = 0 } = type.capacity;
    const instance: CloudInstance = {
      providerID,
      imageID: 'ami-1',
      labels: { 'node.kubernetes.io/instance-type': type.name, 'topology.kubernetes.io/zone': zone, 'karpenter.sh/capacity-type': 'on-demand', 'kubernetes.io/arch': 'amd64', 'kubernetes.io/os': 'linux' },
      annotations: {},
      capacity: { cpu: `${cpu}m`, memory: `${memory}`, pods: `${pods}` },
      allocatable: { cpu: `${cpu - (type.overhead.cpu ?? 0)}m`, memory: `${memory - (type.overhead.memory ?? 0)}`, pods: `${pods}` },
      creationTimestamp: new Date(this.clock.now()).toISOString(),
    };
    this.tokens.set(clientToken, providerID);
    this.instances.set(providerID, instance);
    return instance;
  }

  delete(claim: NodeClaim): Promise<'terminating' | 'gone'> {
    return this.terminate(claim.status.providerID ?? '');
  }

  async terminate(providerID: string): Promise<'terminating' | 'gone'> {
    this.terminations.push(providerID);
    const instance = this.instances.get(providerID);
    if (!instance) return 'gone';
    const asked = (this.asked.get(providerID) ?? 0) + 1;
    this.asked.set(providerID, asked);
    instance.deletionTimestamp ??= new Date(this.clock.now()).toISOString();
    if (asked <= this.terminatingAnswers) return 'terminating';
    this.instances.delete(providerID);
    return 'gone';
  }

  async get(providerID: string): Promise<CloudInstance | undefined> {
    return this.instances.get(providerID);
  }

  async list(): Promise<CloudInstance[]> {
    return [...this.instances.values()];
  }

  async getInstanceTypes(_pool: NodePool): Promise<readonly InstanceType[]> {
    return this.instanceTypes;
  }

  async isDrifted(claim: NodeClaim): Promise<string | undefined> {
    return this.driftReason(claim);
  }

  repairPolicies(): readonly RepairPolicy[] {
    return this.policies;
  }
}
