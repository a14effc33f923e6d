import type { EndpointAddress, EndpointSubset } from 'kubernetes-types/core/v1.js';
import { keyOfObject } from '../../../operator/kube/object.js';
import type { Pod } from '../model/kinds.js';
import type { Component, ComponentContext } from '../shell/component.js';
import { BY_NAMESPACE } from '../shell/informers.js';
import { endpointGroups, isSelecting, serves } from './endpoints-plan.js';
import { serviceWorker } from './service-worker.js';

const MANAGED_BY = { 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' };

const addressOf = ({ metadata, spec, status }: Pod): EndpointAddress => ({
  ip: status.podIP!,
  nodeName: spec.nodeName!,
  targetRef: { kind: 'Pod', namespace: metadata.namespace!, name: metadata.name, uid: metadata.uid },
});

/** Keeps the Endpoints of every service with a selector. */
export class EndpointsController implements Component {
  readonly #services: ReturnType<typeof serviceWorker>;

  constructor(private readonly ctx: ComponentContext) {
    this.#services = serviceWorker(ctx, 'endpoints-controller', (key) => this.#sync(key));
  }

  start(): void {
    this.#services.start();
    this.ctx.informers.endpoints.on(({ object }) => this.#services.worker.enqueue(keyOfObject(object)));
  }

  stop(): void {
    this.#services.stop();
  }

  async #sync(key: string): Promise<undefined> {
    const { informers, writer } = this.ctx;
    const [service, existing] = [informers.services.get(key), informers.endpoints.get(key)];
    if (!service || service.metadata.deletionTimestamp) {
      if (existing && Object.entries(MANAGED_BY).every(([label, value]) => existing.metadata.labels[label] === value)) await writer.delete(informers.endpoints, existing);
      return undefined;
    }
    if (!isSelecting(service)) return undefined;
    const subsets = endpointGroups(service, informers.pods.find(BY_NAMESPACE, service.metadata.namespace)).flatMap(({ pods, ports }): EndpointSubset[] => {
      // Pods on their way out get no more traffic.
      const staying = pods.filter(({ metadata }) => !metadata.deletionTimestamp);
      const [addresses, notReadyAddresses] = [staying.filter((pod) => serves(service, pod)), staying.filter((pod) => !serves(service, pod))].map((part) => part.map(addressOf));
      return staying.length === 0 ? [] : [{ ...(addresses!.length > 0 ? { addresses } : {}), ...(notReadyAddresses!.length > 0 ? { notReadyAddresses } : {}), ...(ports.length > 0 ? { ports: ports.map(({ name, ...port }) => ({ ...(name ? { name } : {}), ...port })) } : {}) } as EndpointSubset];
    });
    const labels = { ...service.metadata.labels, ...MANAGED_BY, ...(service.spec.clusterIP === 'None' ? { 'service.kubernetes.io/headless': '' } : {}) };
    if (!existing) await writer.create(informers.endpoints, { metadata: { name: service.metadata.name, namespace: service.metadata.namespace, labels }, subsets });
    else if (JSON.stringify(existing.subsets ?? []) !== JSON.stringify(subsets)) await writer.patch(informers.endpoints, existing, { metadata: { labels, uid: existing.metadata.uid }, subsets });
    return undefined;
  }
}
