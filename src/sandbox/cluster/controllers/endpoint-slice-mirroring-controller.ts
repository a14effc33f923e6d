import { isIPv6 } from 'node:net';
import type { EndpointAddress, EndpointSubset } from 'kubernetes-types/core/v1.js';
import type { Endpoint, EndpointPort } from 'kubernetes-types/discovery/v1.js';
import { keyOfObject } from '../../../operator/kube/object.js';
import type { Endpoints, EndpointSlice } from '../model/kinds.js';
import { controllerReference } from '../model/pods.js';
import type { Component, ComponentContext } from '../shell/component.js';
import { workerOf } from '../shell/component.js';
import { BY_SERVICE, SERVICE_NAME_LABEL } from '../shell/informers.js';
import type { KeyedWorker } from '../shell/keyed-worker.js';
import { MANAGED_BY_LABEL } from './endpoint-slice-controller.js';
import { isSelecting } from './endpoints-plan.js';

const NAME = 'endpointslice-mirroring-controller';
const MANAGER = 'endpointslicemirroring-controller.k8s.io';
const SKIP_LABEL = 'endpointslice.kubernetes.io/skip-mirror';
const LEADER_ANNOTATION = 'control-plane.alpha.kubernetes.io/leader';
/** About the Endpoints themselves, not about what is behind the service. */
const OWN_ANNOTATIONS = ['kubectl.kubernetes.io/last-applied-configuration', 'endpoints.kubernetes.io/last-change-trigger-time'];
/** Addresses of a subset that are mirrored, at most. */
const LARGEST_SUBSET = 1_000;

interface Mirror {
  readonly addressType: 'IPv4' | 'IPv6';
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

const endpointOf = ({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint => ({
  addresses: [ip], conditions: { ready }, ...(hostname ? { hostname } : {}), ...(nodeName ? { nodeName } : {}), ...(targetRef ? { targetRef } : {}),
});

/** What Endpoints say, as slices have it: one for each subset and family of addresses. */
export function mirrorsOf(subsets: readonly EndpointSubset[]): Mirror[] {
  return subsets.flatMap(({ addresses = [], notReadyAddresses = [], ports = [] }) => {
    const all = [...addresses.map((address) => endpointOf(address, true)), ...notReadyAddresses.map((address) => endpointOf(address, false))].slice(0, LARGEST_SUBSET);
    const slicePorts = ports.map(({ name = '', port, protocol = 'TCP', appProtocol }): EndpointPort => ({ name, port, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }));
    return (['IPv4', 'IPv6'] as const).map((addressType) => ({ addressType, ports: slicePorts, endpoints: all.filter((endpoint) => isIPv6(endpoint.addresses[0] ?? '') === (addressType === 'IPv6')) })).filter(({ endpoints }) => endpoints.length > 0);
  });
}

/** Mirrors Endpoints that somebody wrote, for a service without a selector, into EndpointSlices: those are what proxies read. */
export class EndpointSliceMirroringController implements Component {
  readonly #worker: KeyedWorker;

  constructor(private readonly ctx: ComponentContext) {
    this.#worker = workerOf(ctx, NAME, (key) => this.#sync(key));
  }

  start(): void {
    const { endpoints, services, endpointSlices } = this.ctx.informers;
    for (const informer of [endpoints, services]) {
      informer.on(({ object }) => this.#worker.enqueue(keyOfObject(object)));
      for (const object of informer.list()) this.#worker.enqueue(keyOfObject(object));
    }
    endpointSlices.on(({ object: { metadata } }) => {
      if (metadata.labels[MANAGED_BY_LABEL] === MANAGER) this.#worker.enqueue(`${metadata.namespace}/${metadata.labels[SERVICE_NAME_LABEL]}`);
    });
  }

  stop(): void {
    this.#worker.stop();
  }

  async #sync(key: string): Promise<undefined> {
    const { informers, writer } = this.ctx;
    const [service, endpoints] = [informers.services.get(key), informers.endpoints.get(key)];
    const left = informers.endpointSlices.find(BY_SERVICE, key).filter(({ metadata }) => metadata.labels[MANAGED_BY_LABEL] === MANAGER && !metadata.deletionTimestamp);
    if (service && !isSelecting(service) && endpoints && isMirrored(endpoints)) {
      for (const wanted of mirrorsOf(endpoints.subsets ?? [])) {
        const at = left.findIndex(({ addressType, ports }) => addressType === wanted.addressType && JSON.stringify(ports ?? []) === JSON.stringify(wanted.ports));
        const [slice] = at < 0 ? [] : left.splice(at, 1);
        if (!slice) await this.#create(endpoints, wanted);
        else if (JSON.stringify(slice.endpoints ?? []) !== JSON.stringify(wanted.endpoints)) await writer.patch(informers.endpointSlices, slice, { metadata: { uid: slice.metadata.uid }, endpoints: wanted.endpoints });
      }
    }
    for (const slice of left) await writer.delete(informers.endpointSlices, slice);
    return undefined;
  }

  async #create(owner: Endpoints, mirror: Mirror): Promise<EndpointSlice> {
    const { informers, writer } = this.ctx;
    const { name, namespace, labels, annotations } = owner.metadata;
    return writer.create(informers.endpointSlices, {
      metadata: {
        generateName: `${name}-`, namespace, ownerReferences: [controllerReference(owner)], labels: { ...labels, [SERVICE_NAME_LABEL]: name, [MANAGED_BY_LABEL]: MANAGER },
        annotations: Object.fromEntries(Object.entries(annotations).filter(([annotation]) => !OWN_ANNOTATIONS.includes(annotation))),
      },
      ...mirror,
    });
  }
}

const isMirrored = ({ metadata }: Endpoints): boolean => !metadata.deletionTimestamp && metadata.labels[SKIP_LABEL] !== 'true' && metadata.annotations[LEADER_ANNOTATION] === undefined;
