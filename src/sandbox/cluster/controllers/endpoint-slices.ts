import type { Endpoint, EndpointPort } from 'kubernetes-types/discovery/v1.js';
import type { EndpointSlice } from '../model/kinds.js';
import { controllerReference } from '../model/pods.js';
import type { KubeObject } from '../../../operator/kube/object.js';
import type { ComponentContext } from '../shell/component.js';
import { BY_SERVICE, SERVICE_NAME_LABEL } from '../shell/informers.js';

const MANAGED_BY_LABEL = 'endpointslice.kubernetes.io/managed-by';

/** What a slice is to say. */
export interface WantedSlice {
  readonly addressType: 'IPv4' | 'IPv6';
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

/** The slices of services that one controller keeps, by the name that it signs them with. */
export class EndpointSlices {
  constructor(private readonly ctx: ComponentContext, private readonly manager: string) {}

  /** Hears of the service, as `namespace/name`, of each slice that changes. */
  onChange(listener: (service: string) => void): void {
    this.ctx.informers.endpointSlices.on(({ object }) => {
      const { namespace, labels } = object.metadata;
      if (this.isOwn(object)) listener(`${namespace}/${labels[SERVICE_NAME_LABEL]}`);
    });
  }

  /** Makes the slices of a service those that are wanted. New ones belong to the owner, which has the service's name, and have its labels and these. */
  async sync(service: string, wanted: readonly WantedSlice[], owner?: KubeObject, { labels, annotations }: { labels?: Record<string, string>; annotations?: Record<string, string> } = {}): Promise<void> {
    const { informers: { endpointSlices }, writer } = this.ctx;
    const left = endpointSlices.find(BY_SERVICE, service).filter((slice) => this.isOwn(slice) && !slice.metadata.deletionTimestamp);
    for (const slice of wanted) {
      const at = left.findIndex(({ addressType, ports }) => addressType === slice.addressType && JSON.stringify(ports ?? []) === JSON.stringify(slice.ports));
      const [existing] = at < 0 ? [] : left.splice(at, 1);
      if (existing) {
        if (JSON.stringify(existing.endpoints ?? []) !== JSON.stringify(slice.endpoints)) await writer.patch(endpointSlices, existing, { metadata: { uid: existing.metadata.uid }, endpoints: slice.endpoints });
      } else if (owner) {
        const { name, namespace } = owner.metadata;
        const metadata = { generateName: `${name}-`, namespace, ownerReferences: [controllerReference(owner)], labels: { ...owner.metadata.labels, [SERVICE_NAME_LABEL]: name, [MANAGED_BY_LABEL]: this.manager, ...labels }, ...(annotations ? { annotations } : {}) };
        await writer.create(endpointSlices, { metadata, ...slice });
      }
    }
    for (const slice of left) await writer.delete(endpointSlices, slice);
  }

  private isOwn({ metadata }: EndpointSlice): boolean {
    return metadata.labels[MANAGED_BY_LABEL] === this.manager;
  }
}
