import { isIPv6 } from 'node:net';
import type { EndpointAddress, EndpointSubset } from 'kubernetes-types/core/v1.js';
import type { Endpoint, EndpointPort } from 'kubernetes-types/discovery/v1.js';
import { keyOfObject } from '../../../operator/kube/object.js';
import type { Endpoints } from '../model/kinds.js';
import type { Component, ComponentContext } from '../shell/component.js';
import { workerOf } from '../shell/component.js';
import type { KeyedWorker } from '../shell/keyed-worker.js';
import { EndpointSlices, type WantedSlice } from './endpoint-slices.js';
import { isSelecting } from './endpoints-plan.js';

const NAME = 'endpointslice-mirroring-controller';
const MANAGER = 'endpointslicemirroring-controller.k8s.io';
const SKIP_LABEL = 'endpointslice.kubernetes.io/skip-mirror';
const LEADER_ANNOTATION = 'control-plane.alpha.kubernetes.io/leader';
/** About the Endpoints themselves, not about what is behind the service. */
const OWN_ANNOTATIONS = ['kubectl.kubernetes.io/last-applied-configuration', 'endpoints.kubernetes.io/last-change-trigger-time'];
/** Addresses of a subset that are mirrored, at most. */
const LARGEST_SUBSET = 1_000;

const endpointOf = ({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint => ({
  addresses: [ip], conditions: { ready }, ...(hostname ? { hostname } : {}), ...(nodeName ? { nodeName } : {}), ...(targetRef ? { targetRef } : {}),
});

/** What Endpoints say, as slices have it: one for each subset and family of addresses. */
export function mirrorsOf(subsets: readonly EndpointSubset[]): WantedSlice[] {
  return subsets.flatMap(({ addresses = [], notReadyAddresses = [], ports = [] }) => {
    const all = [...addresses.map((address) => endpointOf(address, true)), ...notReadyAddresses.map((address) => endpointOf(address, false))].slice(0, LARGEST_SUBSET);
    const slicePorts = ports.map(({ name = '', port, protocol = 'TCP', appProtocol }): EndpointPort => ({ name, port, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }));
    return (['IPv4', 'IPv6'] as const).map((addressType) => ({ addressType, ports: slicePorts, endpoints: all.filter((endpoint) => isIPv6(endpoint.addresses[0] ?? '') === (addressType === 'IPv6')) })).filter(({ endpoints }) => endpoints.length > 0);
  });
}

/** Mirrors Endpoints that somebody wrote, for a service without a selector, into EndpointSlices: those are what proxies read. */
export class EndpointSliceMirroringController implements Component {
  readonly #worker: KeyedWorker;
  readonly #slices: EndpointSlices;

  constructor(private readonly ctx: ComponentContext) {
    this.#slices = new EndpointSlices(ctx, MANAGER);
    this.#worker = workerOf(ctx, NAME, (key) => this.#sync(key));
  }

  start(): void {
    const { endpoints, services } = this.ctx.informers;
    for (const informer of [endpoints, services]) {
      informer.on(({ object }) => this.#worker.enqueue(keyOfObject(object)));
      for (const object of informer.list()) this.#worker.enqueue(keyOfObject(object));
    }
    this.#slices.onChange((service) => this.#worker.enqueue(service));
  }

  stop(): void {
    this.#worker.stop();
  }

  async #sync(key: string): Promise<undefined> {
    const { services, endpoints } = this.ctx.informers;
    const [service, written] = [services.get(key), endpoints.get(key)];
    const mirrored = service && !isSelecting(service) && written && isMirrored(written);
    const annotations = Object.fromEntries(Object.entries(written?.metadata.annotations ?? {}).filter(([annotation]) => !OWN_ANNOTATIONS.includes(annotation)));
    await this.#slices.sync(key, mirrored ? mirrorsOf(written.subsets ?? []) : [], written, { annotations });
    return undefined;
  }
}

const isMirrored = ({ metadata }: Endpoints): boolean => !metadata.deletionTimestamp && metadata.labels[SKIP_LABEL] !== 'true' && metadata.annotations[LEADER_ANNOTATION] === undefined;
