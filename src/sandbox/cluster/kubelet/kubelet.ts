import { kubeTime, microTime } from '../../../operator/kube/time.js';
import { sleep } from '../../../operator/clock.js';
import type { Timer } from '../../../operator/clock.js';
import { isAlreadyExists, isNotFound } from '../../../operator/kube/errors.js';
import { addResources, fits, formatResource, subtractResources } from '../../../api/resources.js';
import type { Resources } from '../../../api/resources.js';
import type { SandboxInstance } from '../../aws/instance.js';
import { EBS_DRIVER } from '../controllers/volume-plan.js';
import type { Node, Pod } from '../model/kinds.js';
import { isTerminal, podRequests } from '../model/pods.js';
import { withCondition } from '../model/set-condition.js';
import type { ClusterIdentity } from '../sandbox-cluster.js';
import type { ComponentContext } from '../shell/component.js';
import { drawBootDelay } from './boot-delay.js';
import type { ConditionsMet } from './conditions-met.js';
import type { Heartbeats } from './heartbeats.js';
import { deviceResources, nodeResources } from './node-capacity.js';
import { checkOwnLabels, formatNodeResources, nodeConditions, nodeObject, READY, SHUTTING_DOWN } from './node-object.js';
import { PodWorker } from './pod-worker.js';
import type { PodHost } from './pod-worker.js';
import { BootFailure } from './user-data/boot-config.js';
import type { BootConfig, ImageFamily } from './user-data/boot-config.js';
import { parseUserData, sniffFamily } from './user-data/parse-user-data.js';
import { messageOf } from '../shell/message-of.js';

const REGISTER_RETRY = 5_000;
const LEASE_PERIOD = 10_000;
const LEASE_SECONDS = 40;
const STATUS_PERIOD = 300_000;
const LEASE_NAMESPACE = 'kube-node-lease';
/** From the kubelet's start until the network plugin's daemon is up. */
const NETWORK_TIME = { least: 4_000, spread: 4_000 };
/** From Ready until device plugins and CSI drivers have registered. */
const PLUGIN_TIME = 3_000;
/** Volumes that a machine can attach beside its own disks and interfaces. */
const ATTACHABLE_VOLUMES = 25;

/** What the kubelets of a cluster share. */
export interface KubeletOptions {
  ctx: ComponentContext;
  identities: readonly ClusterIdentity[];
  bootDelay: (() => number) | undefined;
  met: ConditionsMet;
  heartbeats: Heartbeats;
  newPodIp(): string;
  isForeign(pod: Pod): boolean;
}

/** A machine's kubelet, from power-on to power-off. */
export class Kubelet implements PodHost {
  readonly console: string[] = [];
  readonly images = new Set<string>();
  readonly workers = new Map<string, PodWorker>();
  readonly #life = new AbortController();
  #allocatable: Resources = {};
  #registered = false;
  #ready = false;
  #statusTimer: Timer | undefined;

  constructor(
    readonly machine: SandboxInstance,
    private readonly options: KubeletOptions,
  ) {}

  get ctx(): ComponentContext {
    return this.options.ctx;
  }

  get nodeName(): string {
    return this.machine.privateDnsName;
  }

  get hostIp(): string {
    return this.machine.privateIp;
  }

  get met(): ConditionsMet {
    return this.options.met;
  }

  newPodIp(): string {
    return this.options.newPodIp();
  }

  isForeign(pod: Pod): boolean {
    return this.options.isForeign(pod);
  }

  /** Boots and joins. What keeps it from joining is on the console; never rejects. */
  async start(): Promise<void> {
    const family = this.machine.imageFamily ?? sniffFamily(this.machine.userData);
    try {
      const booted = this.machine.launchTime + (this.options.bootDelay?.() ?? drawBootDelay(family, this.ctx.random));
      this.#print(`${family} starts on ${this.machine.instanceType}`);
      await this.#wait(booted - this.ctx.clock.now());
      const config = parseUserData(this.machine.userData, family);
      this.#checkCluster(config);
      checkOwnLabels(config.labels);
      await this.#join(config, family);
    } catch (error) {
      if (this.#life.signal.aborted) return;
      this.#print(messageOf(error));
      if (!(error instanceof BootFailure)) this.ctx.report(`kubelet ${this.nodeName}: ${messageOf(error)}`);
    }
  }

  /** The machine shuts down: a last word to the API server, then silence. The pods end with it. */
  async shutDown(): Promise<void> {
    this.stop();
    for (const worker of this.workers.values()) worker.abandon();
    this.workers.clear();
    if (this.#registered) await this.#postStatus(SHUTTING_DOWN).catch((error: unknown) => this.ctx.report(`kubelet ${this.nodeName}: last status: ${messageOf(error)}`));
  }

  stop(): void {
    this.#life.abort(new Error('the machine is off'));
    this.options.heartbeats.delete(this.nodeName);
    this.#statusTimer?.cancel();
  }

  /** Takes up a pod that is bound to this node, or the newer state of one. */
  onPod(pod: Pod): void {
    const worker = this.workers.get(pod.metadata.uid);
    if (worker) worker.update(pod);
    else if (this.#registered && !this.#life.signal.aborted && !isTerminal(pod)) {
      const added = new PodWorker(this, pod);
      this.workers.set(pod.metadata.uid, added);
      added.start();
    }
  }

  /** A pod's object is gone: so is all that ran of it. */
  onPodGone(pod: Pod): void {
    this.workers.get(pod.metadata.uid)?.abandon();
    this.workers.delete(pod.metadata.uid);
  }

  refuse(pod: Pod): { reason: string; message: string } | undefined {
    const requests = { ...podRequests(pod), pods: 1 };
    const others = [...this.workers.values()].filter((worker) => worker.pod !== pod && !worker.run.failure && !isTerminal(worker.pod));
    const used = addResources(...others.map((worker) => ({ ...podRequests(worker.pod), pods: 1 })));
    if (fits(requests, subtractResources(this.#allocatable, used))) return undefined;
    const [name = 'cpu', requested = 0] = Object.entries(requests).find(([resource, amount]) => amount > (this.#allocatable[resource] ?? 0) - (used[resource] ?? 0)) ?? [];
    return {
      reason: `OutOf${name}`,
      message: `Pod was rejected: Node didn't have enough resource: ${name}, requested: ${formatResource(name, requested)}, used: ${formatResource(name, used[name] ?? 0)}, capacity: ${formatResource(name, this.#allocatable[name] ?? 0)}`,
    };
  }

  /** Whether the configuration leads to this cluster. Without an endpoint the image asks EKS for it by name. */
  #checkCluster({ clusterName, endpoint, certificateAuthority }: BootConfig): void {
    const named = this.options.identities.filter(({ name }) => name === clusterName);
    if (named.length === 0) {
      throw new BootFailure(endpoint === undefined
        ? `aws eks describe-cluster: ResourceNotFoundException: No cluster found for name: ${clusterName}.`
        : `kubelet: Unable to register node with API server: Unauthorized: a token for cluster "${clusterName}" is none of this cluster`);
    }
    if (endpoint === undefined) return;
    const reached = named.find((identity) => sameEndpoint(identity.endpoint, endpoint));
    if (!reached) throw new BootFailure(`kubelet: Unable to register node with API server: Post "${endpoint}/api/v1/nodes": dial tcp: no such host`);
    if (certificateAuthority && reached.certificateAuthority && certificateAuthority !== reached.certificateAuthority) {
      throw new BootFailure(`kubelet: Unable to register node with API server: Post "${endpoint}/api/v1/nodes": tls: failed to verify certificate: x509: certificate signed by unknown authority`);
    }
  }

  async #join(config: BootConfig, family: ImageFamily): Promise<void> {
    const { informers, writer, events, clock, random } = this.ctx;
    const resources = nodeResources(this.machine, config, family);
    this.#allocatable = resources.allocatable;
    const wanted = nodeObject(this.machine, config, family, resources, clock.now());
    const node = await this.#register(wanted);
    this.#registered = true;
    this.#print(`kubelet: Successfully registered node ${this.nodeName}`);
    events.record('kubelet', node, 'Normal', 'Starting', 'Starting kubelet.');
    for (const reason of ['NodeHasSufficientMemory', 'NodeHasNoDiskPressure', 'NodeHasSufficientPID']) {
      events.record('kubelet', node, 'Normal', reason, `Node ${this.nodeName} status is now: ${reason}`);
    }
    await this.#createLease(node);
    this.options.heartbeats.set(this.nodeName, LEASE_PERIOD, () => this.#background(this.#beat()));
    for (const pod of informers.pods.find('node', this.nodeName)) this.onPod(pod);

    await this.#wait(NETWORK_TIME.least + random.next() * NETWORK_TIME.spread);
    await this.#postStatus(READY);
    this.#ready = true;
    events.record('kubelet', node, 'Normal', 'NodeReady', `Node ${this.nodeName} status is now: NodeReady`);
    this.#keepReporting();
    await this.#wait(PLUGIN_TIME);
    await this.#createCsiNode(node);
    const devices = deviceResources(this.machine);
    if (Object.keys(devices).length > 0) {
      this.#allocatable = { ...this.#allocatable, ...devices };
      await writer.patch(informers.nodes, node, { status: { capacity: formatNodeResources(devices), allocatable: formatNodeResources(devices) } }, { subresource: 'status' });
    }
  }

  /**
   * Registers. A Node that bears the name already is taken over if it is this machine's (the kubelet was restarted): labels follow,
   * taints stay. One of a former machine with the same address must go first.
   */
  async #register(wanted: ReturnType<typeof nodeObject>): Promise<Node> {
    const { informers, writer } = this.ctx;
    for (;;) {
      try {
        const created = await writer.create(informers.nodes, wanted);
        // Servers that keep status apart from creation get it separately.
        return created.status.capacity ? created : await writer.patch<Node>(informers.nodes, created, { status: wanted.status }, { subresource: 'status' });
      } catch (error) {
        if (!isAlreadyExists(error)) throw error;
      }
      const existing = informers.nodes.get(this.nodeName);
      if (existing?.spec.providerID === wanted.spec.providerID) {
        await writer.patch<Node>(informers.nodes, existing, { metadata: { labels: wanted.metadata.labels } });
        return writer.patch<Node>(informers.nodes, existing, { status: wanted.status }, { subresource: 'status' });
      }
      this.#print(`kubelet: Unable to register node with API server: nodes "${this.nodeName}" already exists`);
      await this.#wait(REGISTER_RETRY);
    }
  }

  async #createLease({ metadata: { name, uid } }: Node): Promise<void> {
    const lease = {
      metadata: { name, namespace: LEASE_NAMESPACE, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }] },
      spec: { holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime: microTime(this.ctx.clock.now()) },
    };
    try {
      await this.ctx.writer.create(this.ctx.informers.leases, lease);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      await this.#renewLease();
    }
  }

  /** Renews the lease; a node that others took for lost comes back. */
  async #beat(): Promise<void> {
    await this.#renewLease();
    const ready = this.ctx.informers.nodes.get(this.nodeName)?.status.conditions?.find(({ type }) => type === 'Ready');
    if (this.#ready && ready?.status !== 'True') await this.#postStatus(READY);
  }

  async #renewLease(): Promise<void> {
    const { informers, writer } = this.ctx;
    const node = informers.nodes.get(this.nodeName);
    const lease = informers.leases.get(`${LEASE_NAMESPACE}/${this.nodeName}`);
    if (lease) await writer.patch(informers.leases, lease, { spec: { renewTime: microTime(this.ctx.clock.now()) } });
    else if (node) await this.#createLease(node);
  }

  async #createCsiNode({ metadata: { name, uid } }: Node): Promise<void> {
    const { informers, writer } = this.ctx;
    const driver = { name: EBS_DRIVER, nodeID: this.machine.instanceId, topologyKeys: ['topology.kubernetes.io/zone'], allocatable: { count: ATTACHABLE_VOLUMES } };
    try {
      await writer.create(informers.csiNodes, { metadata: { name, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }] }, spec: { drivers: [driver] } });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }

  async #postStatus(ready: { status: 'True' | 'False'; reason: string; message: string }): Promise<void> {
    const { informers, writer, clock } = this.ctx;
    const node = informers.nodes.get(this.nodeName);
    if (!node) return;
    let { conditions } = node.status;
    for (const condition of nodeConditions(ready, clock.now())) conditions = withCondition(conditions, condition, clock.now());
    await writer.patchStatus(informers.nodes, node, { conditions });
  }

  /** Posts the status every few minutes, changed or not. */
  #keepReporting(): void {
    const { clock } = this.ctx;
    this.#statusTimer = clock.schedule(STATUS_PERIOD, () => {
      this.#background(this.#postStatus(READY));
      this.#keepReporting();
    });
  }

  /** Heartbeats that fail are missed, not fatal; a Node that was deleted has none. */
  #background(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (!isNotFound(error) && !this.#life.signal.aborted) this.ctx.report(`kubelet ${this.nodeName}: ${messageOf(error)}`);
    });
  }

  #wait(delay: number): Promise<void> {
    return sleep(this.ctx.clock, delay, this.#life.signal);
  }

  #print(line: string): void {
    this.console.push(`${kubeTime(this.ctx.clock.now())} ${line}`);
  }
}

const sameEndpoint = (a: string, b: string): boolean => a.replace(/\/+$/, '').toLowerCase() === b.replace(/\/+$/, '').toLowerCase();

