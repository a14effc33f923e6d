import { kubeTime } from '../../../operator/kube/time.js';
import { sleep } from '../../../operator/clock.js';
import type { Timer } from '../../../operator/clock.js';
import { isNotFound } from '../../../operator/kube/errors.js';
import { addResources, fits, formatResource, subtractResources } from '../../../api/resources.js';
import type { Resources } from '../../../api/resources.js';
import type { SandboxInstance } from '../../aws/instance.js';
import type { Pod } from '../model/kinds.js';
import { isTerminal, podRequests } from '../model/pods.js';
import type { ClusterIdentity } from '../sandbox-cluster.js';
import type { ComponentContext } from '../shell/component.js';
import { drawBootDelay } from './boot-delay.js';
import type { ConditionsMet } from './conditions-met.js';
import type { Heartbeats } from './heartbeats.js';
import type { KubeletEndpoint } from './kubelet-server.js';
import { deviceResources, nodeResources } from './node-capacity.js';
import { checkOwnLabels, formatNodeResources, nodeObject, READY, SHUTTING_DOWN } from './node-object.js';
import { NodeReporter } from './node-reporter.js';
import { PodWorker } from './pod-worker.js';
import type { PodHost } from './pod-worker.js';
import { BootFailure } from './user-data/boot-config.js';
import type { BootConfig, ImageFamily } from './user-data/boot-config.js';
import { parseUserData, sniffFamily } from './user-data/parse-user-data.js';
import { messageOf } from '../shell/message-of.js';

const LEASE_PERIOD = 10_000;
const STATUS_PERIOD = 300_000;
/** From the kubelet's start until the network plugin's daemon is up. */
const NETWORK_TIME = { least: 4_000, spread: 4_000 };
/** From Ready until device plugins and CSI drivers have registered. */
const PLUGIN_TIME = 3_000;

/** What the kubelets of a cluster share. */
export interface KubeletOptions {
  ctx: ComponentContext;
  identities: readonly ClusterIdentity[];
  bootDelay: (() => number) | undefined;
  endpoint: KubeletEndpoint | undefined;
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
  readonly #reporter: NodeReporter;
  #allocatable: Resources = {};
  #registered = false;
  #ready = false;
  #statusTimer: Timer | undefined;

  constructor(
    readonly machine: SandboxInstance,
    private readonly options: KubeletOptions,
  ) {
    this.#reporter = new NodeReporter(options.ctx, machine, (line) => this.#print(line), (delay) => this.#wait(delay));
  }

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
    if (this.#registered) await this.#reporter.post(SHUTTING_DOWN).catch((error: unknown) => this.ctx.report(`kubelet ${this.nodeName}: last status: ${messageOf(error)}`));
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
    const wanted = nodeObject(this.machine, config, family, resources, clock.now(), this.options.endpoint);
    const node = await this.#reporter.register(wanted);
    this.#registered = true;
    this.#print(`kubelet: Successfully registered node ${this.nodeName}`);
    events.record('kubelet', node, 'Normal', 'Starting', 'Starting kubelet.');
    for (const reason of ['NodeHasSufficientMemory', 'NodeHasNoDiskPressure', 'NodeHasSufficientPID']) {
      events.record('kubelet', node, 'Normal', reason, `Node ${this.nodeName} status is now: ${reason}`);
    }
    events.record('kubelet', node, 'Normal', 'NodeAllocatableEnforced', 'Updated Node Allocatable limit across pods');
    this.#background(this.#reporter.beat(false));
    this.options.heartbeats.set(this.nodeName, LEASE_PERIOD, () => this.#background(this.#reporter.beat(this.#ready)));
    for (const pod of informers.pods.find('node', this.nodeName)) this.onPod(pod);

    await this.#wait(NETWORK_TIME.least + random.next() * NETWORK_TIME.spread);
    await this.#reporter.post(READY);
    this.#ready = true;
    events.record('kubelet', node, 'Normal', 'NodeReady', `Node ${this.nodeName} status is now: NodeReady`);
    this.#keepReporting();
    await this.#wait(PLUGIN_TIME);
    await this.#reporter.registerDriver(node);
    const devices = deviceResources(this.machine);
    if (Object.keys(devices).length > 0) {
      this.#allocatable = { ...this.#allocatable, ...devices };
      await writer.patch(informers.nodes, node, { status: { capacity: formatNodeResources(devices), allocatable: formatNodeResources(devices) } }, { subresource: 'status' });
    }
  }

  /** Posts the status every few minutes, changed or not. */
  #keepReporting(): void {
    const { clock } = this.ctx;
    this.#statusTimer = clock.schedule(STATUS_PERIOD, () => {
      this.#background(this.#reporter.post(READY));
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

