import { createApiServer } from '../../../apiserver/index.js';
import { KubeClient } from '../../../operator/kube/client.js';
import { handlerTransport } from '../../../operator/kube/handler-transport.js';
import { seededRandom } from '../../../operator/random.js';
import { VirtualClock } from '../../../operator/testing/virtual-clock.js';
import type { Machines, SandboxInstance } from '../../aws/instance.js';
import { createCluster } from '../cluster.js';
import { POD } from '../model/kinds.js';
import type { Pod } from '../model/kinds.js';
import type { SandboxCluster } from '../sandbox-cluster.js';

/** The cluster that machines' user data names. */
const IDENTITY = { name: 'my-cluster', endpoint: 'https://my-cluster.example' };

/** Machines that a test turns on and off. */
export class FakeMachines implements Machines {
  readonly #machines = new Map<string, SandboxInstance>();
  readonly #listeners = new Set<(machine: SandboxInstance) => void>();

  constructor(private readonly clock: VirtualClock) {}

  list(): SandboxInstance[] {
    return [...this.#machines.values()];
  }

  subscribe(listener: (machine: SandboxInstance) => void): () => void {
    this.#listeners.add(listener);
    for (const machine of this.#machines.values()) listener(machine);
    return () => this.#listeners.delete(listener);
  }

  set(machine: Partial<SandboxInstance> & { instanceId: string }): void {
    const number = this.#machines.size + 20;
    const known = this.#machines.get(machine.instanceId) ?? {
      instanceType: 'm5.large', availabilityZone: 'us-west-2b', privateIp: `10.0.1.${number}`, privateDnsName: `ip-10-0-1-${number}.us-west-2.compute.internal`, imageId: 'ami-1',
      userData: `#!/bin/bash\n/etc/eks/bootstrap.sh my-cluster --kubelet-extra-args '--node-labels=pool=a --register-with-taints=dedicated=a:NoSchedule --max-pods=29'\n`,
      lifecycle: 'spot', instanceProfile: undefined, launchTime: this.clock.now(), state: 'running', tags: {}, pricePerHour: 0.1,
      shape: { vcpus: 2, memoryMiB: 8_192, architecture: 'amd64', gpus: 0, gpuManufacturer: '', maxEnis: 3, ipv4PerEni: 10, localNvmeGB: 0 },
    } as const;
    const next = { ...known, ...machine };
    this.#machines.set(machine.instanceId, next);
    for (const listener of this.#listeners) listener(next);
  }
}

/** Pods that tolerate, and select, what the machines of tests are by default. */
export const deployment = (replicas: number, podSpec: object = {}) => ({
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    replicas, selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        nodeSelector: { pool: 'a' }, tolerations: [{ key: 'dedicated', operator: 'Exists' }],
        containers: [{ name: 'web', image: 'web:1', resources: { requests: { cpu: '100m', memory: '128Mi' } }, ports: [{ containerPort: 80 }] }],
        ...podSpec,
      },
    },
  },
});

/** A cluster on an API server of its own, in virtual time, and what tests ask of it. */
export class ClusterBed {
  readonly clock = new VirtualClock();
  readonly machines = new FakeMachines(this.clock);
  /** What its components complained of. */
  readonly reports: string[] = [];
  readonly client: KubeClient;
  readonly cluster: SandboxCluster;
  private readonly server;

  private constructor() {
    const { clock, machines, reports } = this;
    const random = seededRandom(7);
    this.server = createApiServer({ clock, random });
    const transport = handlerTransport(this.server);
    this.client = new KubeClient(transport, { clock, random });
    this.cluster = createCluster({ transport, clock, random, machines, identities: [IDENTITY], region: 'us-west-2', zoneIds: { 'us-west-2b': 'usw2-az2' }, report: (message) => reports.push(message) });
  }

  static async start(): Promise<ClusterBed> {
    const bed = new ClusterBed();
    await bed.cluster.start();
    return bed;
  }

  async stop(): Promise<void> {
    await this.cluster.stop();
    await this.server.close();
  }

  async pods(): Promise<Pod[]> {
    return (await this.client.list<Pod>(POD, { namespace: 'default' })).items;
  }

  /** Lets time pass until so many pods run and are ready. */
  async running(count: number): Promise<void> {
    const isReady = ({ status }: Pod): boolean => status.phase === 'Running' && status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') === true;
    await this.clock.advanceUntil(async () => (await this.pods()).filter(isReady).length === count, { limit: '5m' });
  }
}
