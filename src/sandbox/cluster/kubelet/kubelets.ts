import { keyOfObject } from '../../../operator/kube/object.js';
import type { Machines, SandboxInstance } from '../../aws/instance.js';
import type { Pod } from '../model/kinds.js';
import type { ClusterIdentity } from '../sandbox-cluster.js';
import type { Component, ComponentContext } from '../shell/component.js';
import { ConditionsMet } from './conditions-met.js';
import { Heartbeats } from './heartbeats.js';
import { Kubelet } from './kubelet.js';
import type { KubeletEndpoint } from './kubelet-server.js';
import type { PodWorker } from './pod-worker.js';

export interface KubeletsOptions {
  machines: Machines;
  identities: readonly ClusterIdentity[];
  bootDelay: (() => number) | undefined;
  /** Where the API server is to look for them, if it does. */
  endpoint: KubeletEndpoint | undefined;
  /** Whether a process outside runs the pod of this key (`namespace/name`). */
  isForeign(key: string): boolean;
  /** The machine that has been up for long: the given boot delay is not for it. */
  systemInstanceId: string;
}

/** One kubelet for each machine that runs. */
export class Kubelets implements Component {
  /** By instance id. */
  readonly #kubelets = new Map<string, Kubelet>();
  /** By node name: the machine that answers to it now. */
  readonly #byNode = new Map<string, Kubelet>();
  readonly #met = new ConditionsMet();
  readonly #heartbeats: Heartbeats;
  #addresses = 0;
  #unsubscribe: () => void = () => undefined;

  constructor(
    private readonly ctx: ComponentContext,
    private readonly options: KubeletsOptions,
  ) {
    this.#heartbeats = new Heartbeats(ctx.clock);
  }

  start(): void {
    const { pods, secrets, configMaps, claims, volumes, attachments } = this.ctx.informers;
    pods.on(({ type, object }) => {
      const kubelet = this.#byNode.get(object.spec.nodeName ?? '');
      if (type === 'deleted') kubelet?.onPodGone(object);
      else kubelet?.onPod(object);
    });
    for (const informer of [secrets, configMaps, claims, volumes, attachments]) informer.on(() => this.#met.changed());
    this.#unsubscribe = this.options.machines.subscribe((machine) => this.#onMachine(machine));
  }

  stop(): void {
    this.#unsubscribe();
    for (const kubelet of this.#kubelets.values()) {
      kubelet.stop();
      for (const worker of kubelet.workers.values()) worker.abandon();
    }
    this.#heartbeats.stop();
  }

  consoleLog(instanceId: string): readonly string[] {
    return this.#kubelets.get(instanceId)?.console ?? [];
  }

  /** What runs a pod, if anything does. */
  workerOf(pod: Pod): PodWorker | undefined {
    return this.#byNode.get(pod.spec.nodeName ?? '')?.workers.get(pod.metadata.uid);
  }

  #onMachine(machine: SandboxInstance): void {
    const known = this.#kubelets.get(machine.instanceId);
    if (machine.state === 'running' && !known) {
      const { ctx, options: { identities, bootDelay, endpoint } } = this;
      const kubelet = new Kubelet(machine, {
        ctx, identities, endpoint, bootDelay: machine.instanceId === this.options.systemInstanceId ? undefined : bootDelay, met: this.#met, heartbeats: this.#heartbeats,
        newPodIp: () => this.#newPodIp(machine.privateIp),
        isForeign: (pod) => this.options.isForeign(keyOfObject(pod)),
      });
      this.#kubelets.set(machine.instanceId, kubelet);
      this.#byNode.set(machine.privateDnsName, kubelet);
      void kubelet.start();
    } else if (known && machine.state !== 'running' && machine.state !== 'pending' && this.#byNode.get(machine.privateDnsName) === known) {
      this.#byNode.delete(machine.privateDnsName);
      void known.shutDown();
    }
    if (machine.state === 'stopped') this.#kubelets.delete(machine.instanceId);
  }

  /** Addresses of the VPC beyond those of machines: the upper half of the machine's /16, one after the other. */
  #newPodIp(hostIp: string): string {
    const [first, second] = hostIp.split('.');
    const number = this.#addresses;
    this.#addresses += 1;
    return `${first}.${second}.${128 + (Math.floor(number / 250) % 128)}.${4 + (number % 250)}`;
  }
}
