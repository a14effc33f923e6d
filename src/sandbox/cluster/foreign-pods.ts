import { keyOfObject } from '../../operator/kube/object.js';
import { isAlreadyExists } from '../../operator/kube/errors.js';
import { NAMESPACE } from './model/kinds.js';
import type { ForeignPod, LogSource } from './sandbox-cluster.js';
import type { Component, ComponentContext } from './shell/component.js';
import { workerOf } from './shell/component.js';
import type { KeyedWorker } from './shell/keyed-worker.js';

/** Processes outside the cluster that show as pods of the system node. */
export class ForeignPods implements Component {
  readonly #pods = new Map<string, ForeignPod>();
  readonly #worker: KeyedWorker;

  constructor(
    private readonly ctx: ComponentContext,
    private readonly nodeName: string,
  ) {
    this.#worker = workerOf(ctx, 'foreign-pods', (key) => this.#sync(key));
  }

  start(): void {
    this.ctx.informers.pods.on(({ type, object }) => {
      if (type === 'deleted' && this.#pods.has(keyOfObject(object))) this.#worker.enqueue(keyOfObject(object));
    });
  }

  stop(): void {
    this.#worker.stop();
  }

  has(key: string): boolean {
    return this.#pods.has(key);
  }

  log(namespace: string, name: string): LogSource | undefined {
    return this.#pods.get(`${namespace}/${name}`)?.log;
  }

  /** Where a pod's port listens: in this process. */
  portOf(namespace: string, name: string, port: number): { host: string; port: number } | undefined {
    const listening = Object.values(this.#pods.get(`${namespace}/${name}`)?.ports ?? {}).find(({ containerPort }) => containerPort === port)?.listening();
    return listening === undefined ? undefined : { host: '127.0.0.1', port: listening };
  }

  async add(pod: ForeignPod): Promise<() => Promise<void>> {
    const key = `${pod.namespace}/${pod.name}`;
    this.#pods.set(key, pod);
    // A namespace may be too young for pods: it has no service account yet.
    await this.#sync(key).catch(() => this.#worker.enqueue(key));
    return async () => {
      this.#pods.delete(key);
      const { informers, writer } = this.ctx;
      const shown = informers.pods.get(key);
      if (shown) await writer.delete(informers.pods, shown, { gracePeriodSeconds: 0 });
    };
  }

  async #sync(key: string): Promise<undefined> {
    const { informers, writer } = this.ctx;
    const pod = this.#pods.get(key);
    if (!pod || informers.pods.get(key)) return undefined;
    const { namespace, name, labels, container, image, ports = {} } = pod;
    await writer.client.create(NAMESPACE, { metadata: { name: namespace } }).catch((error: unknown) => {
      if (!isAlreadyExists(error)) throw error;
    });
    await writer.create(informers.pods, {
      metadata: { name, namespace, labels },
      spec: {
        nodeName: this.nodeName,
        hostNetwork: true,
        priorityClassName: 'system-cluster-critical',
        tolerations: [{ operator: 'Exists' }],
        terminationGracePeriodSeconds: 1,
        containers: [{ name: container, image, ports: Object.entries(ports).map(([port, { containerPort }]) => ({ name: port, containerPort })) }],
      },
    }).catch((error: unknown) => {
      // Left over from an earlier life of the cluster's data directory.
      if (!isAlreadyExists(error)) throw error;
    });
    return undefined;
  }
}
