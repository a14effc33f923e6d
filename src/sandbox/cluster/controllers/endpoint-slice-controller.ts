import type { Endpoint } from 'kubernetes-types/discovery/v1.js';
import type { Pod, Service } from '../model/kinds.js';
import type { Component, ComponentContext } from '../shell/component.js';
import { BY_NAMESPACE } from '../shell/informers.js';
import { EndpointSlices, type WantedSlice } from './endpoint-slices.js';
import { endpointGroups, isSelecting, serves } from './endpoints-plan.js';
import { serviceWorker } from './service-worker.js';

const MANAGER = 'endpointslice-controller.k8s.io';
/** Endpoints of one slice, at most. */
const LARGEST_SLICE = 100;
const ZONE_LABEL = 'topology.kubernetes.io/zone';

/** Keeps the EndpointSlices of every service with a selector. */
export class EndpointSliceController implements Component {
  readonly #services: ReturnType<typeof serviceWorker>;
  readonly #slices: EndpointSlices;

  constructor(private readonly ctx: ComponentContext) {
    this.#slices = new EndpointSlices(ctx, MANAGER);
    this.#services = serviceWorker(ctx, 'endpointslice-controller', (key) => this.#sync(key));
  }

  start(): void {
    this.#services.start();
    this.#slices.onChange((service) => this.#services.worker.enqueue(service));
  }

  stop(): void {
    this.#services.stop();
  }

  async #sync(key: string): Promise<undefined> {
    const service = this.ctx.informers.services.get(key);
    // Slices of services that are gone go with them.
    if (!service || service.metadata.deletionTimestamp || !isSelecting(service)) return undefined;
    await this.#slices.sync(key, this.#wanted(service), service, service.spec.clusterIP === 'None' ? { labels: { 'service.kubernetes.io/headless': '' } } : {});
    return undefined;
  }

  /** One slice at least: it says that there is nothing. */
  #wanted(service: Service): WantedSlice[] {
    const { informers } = this.ctx;
    const slices = endpointGroups(service, informers.pods.find(BY_NAMESPACE, service.metadata.namespace)).flatMap(({ ports, pods }) =>
      Array.from({ length: Math.ceil(pods.length / LARGEST_SLICE) }, (_slice, index) => ({ addressType: 'IPv4' as const, ports, endpoints: pods.slice(index * LARGEST_SLICE, (index + 1) * LARGEST_SLICE).map((pod) => this.#endpointOf(service, pod)) })));
    return slices.length > 0 ? slices : [{ addressType: 'IPv4', ports: [], endpoints: [] }];
  }

  #endpointOf(service: Service, pod: Pod): Endpoint {
    const { metadata, spec, status } = pod;
    const zone = this.ctx.informers.nodes.get(spec.nodeName ?? '')?.metadata.labels[ZONE_LABEL];
    const serving = serves(service, pod);
    const terminating = metadata.deletionTimestamp !== undefined;
    return {
      addresses: [status.podIP!],
      conditions: { ready: service.spec.publishNotReadyAddresses === true || (serving && !terminating), serving, terminating },
      ...(spec.hostname && spec.subdomain === service.metadata.name ? { hostname: spec.hostname } : {}),
      targetRef: { kind: 'Pod', namespace: metadata.namespace!, name: metadata.name, uid: metadata.uid },
      ...(spec.nodeName ? { nodeName: spec.nodeName } : {}),
      ...(zone ? { zone } : {}),
    };
  }
}
