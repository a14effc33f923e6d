import type { Endpoint, EndpointPort } from 'kubernetes-types/discovery/v1.js';
import type { EndpointSlice, Pod, Service } from '../model/kinds.js';
import { controllerReference } from '../model/pods.js';
import type { Component, ComponentContext } from '../shell/component.js';
import { BY_NAMESPACE, BY_SERVICE, SERVICE_NAME_LABEL } from '../shell/informers.js';
import { endpointGroups, isSelecting, serves } from './endpoints-plan.js';
import { serviceWorker } from './service-worker.js';

/** Says which controller keeps an endpoint slice. */
export const MANAGED_BY_LABEL = 'endpointslice.kubernetes.io/managed-by';
const MANAGER = 'endpointslice-controller.k8s.io';
/** Endpoints of one slice, at most. */
const LARGEST_SLICE = 100;
const ZONE_LABEL = 'topology.kubernetes.io/zone';

interface Slice {
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

/** Keeps the EndpointSlices of every service with a selector. */
export class EndpointSliceController implements Component {
  readonly #services: ReturnType<typeof serviceWorker>;

  constructor(private readonly ctx: ComponentContext) {
    this.#services = serviceWorker(ctx, 'endpointslice-controller', (key) => this.#sync(key));
  }

  start(): void {
    this.#services.start();
    this.ctx.informers.endpointSlices.on(({ object: { metadata } }) => {
      if (metadata.labels[MANAGED_BY_LABEL] === MANAGER) this.#services.worker.enqueue(`${metadata.namespace}/${metadata.labels[SERVICE_NAME_LABEL]}`);
    });
  }

  stop(): void {
    this.#services.stop();
  }

  async #sync(key: string): Promise<undefined> {
    const { informers, writer } = this.ctx;
    const service = informers.services.get(key);
    // Slices of services that are gone go with them.
    if (!service || service.metadata.deletionTimestamp || !isSelecting(service)) return undefined;
    const existing = informers.endpointSlices.find(BY_SERVICE, key).filter(({ metadata }) => metadata.labels[MANAGED_BY_LABEL] === MANAGER && !metadata.deletionTimestamp);
    const left = [...existing];
    for (const wanted of this.#wanted(service)) {
      const at = left.findIndex(({ ports }) => JSON.stringify(ports ?? []) === JSON.stringify(wanted.ports));
      const [slice] = at < 0 ? [] : left.splice(at, 1);
      if (!slice) await this.#create(service, wanted);
      else if (JSON.stringify(slice.endpoints ?? []) !== JSON.stringify(wanted.endpoints)) await writer.patch(informers.endpointSlices, slice, { metadata: { uid: slice.metadata.uid }, endpoints: wanted.endpoints });
    }
    for (const slice of left) await writer.delete(informers.endpointSlices, slice);
    return undefined;
  }

  /** One slice at least: it says that there is nothing. */
  #wanted(service: Service): Slice[] {
    const { informers } = this.ctx;
    const slices = endpointGroups(service, informers.pods.find(BY_NAMESPACE, service.metadata.namespace)).flatMap(({ ports, pods }) =>
      Array.from({ length: Math.ceil(pods.length / LARGEST_SLICE) }, (_slice, index) => ({ ports, endpoints: pods.slice(index * LARGEST_SLICE, (index + 1) * LARGEST_SLICE).map((pod) => this.#endpointOf(service, pod)) })));
    return slices.length > 0 ? slices : [{ ports: [], endpoints: [] }];
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

  async #create(service: Service, { ports, endpoints }: Slice): Promise<EndpointSlice> {
    const { informers, writer } = this.ctx;
    const { name, namespace, labels } = service.metadata;
    return writer.create(informers.endpointSlices, {
      metadata: {
        generateName: `${name}-`, namespace, ownerReferences: [controllerReference(service)],
        labels: { ...labels, [SERVICE_NAME_LABEL]: name, [MANAGED_BY_LABEL]: MANAGER, ...(service.spec.clusterIP === 'None' ? { 'service.kubernetes.io/headless': '' } : {}) },
      },
      addressType: 'IPv4', ports, endpoints,
    });
  }
}
