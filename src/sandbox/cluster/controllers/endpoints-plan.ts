import type { EndpointPort as SlicePort } from 'kubernetes-types/discovery/v1.js';
import type { ServicePort } from 'kubernetes-types/core/v1.js';
import type { Pod, Service } from '../model/kinds.js';
import { isReady, isTerminal } from '../model/pods.js';
import { selects } from '../model/selectors.js';

/** Pods behind a service that all serve its ports by the same numbers. */
export interface EndpointGroup {
  readonly ports: readonly SlicePort[];
  readonly pods: readonly Pod[];
}

/** Whether a controller finds out what is behind a service; without a selector, or outside of the cluster, whoever made it says so. */
export const isSelecting = ({ spec }: Service): boolean => spec.type !== 'ExternalName' && Object.keys(spec.selector ?? {}).length > 0;

/** Whether a service's selector takes a pod in. */
export const isBehind = ({ spec, metadata }: Service, pod: Pod): boolean =>
  metadata.namespace === pod.metadata.namespace && selects({ matchLabels: spec.selector ?? {} }, pod.metadata.labels);

/** The pods behind a service that have an address and have not ended, by the ports that the service's targets are in them. */
export function endpointGroups(service: Service, pods: readonly Pod[]): EndpointGroup[] {
  const groups = new Map<string, { ports: SlicePort[]; pods: Pod[] }>();
  for (const pod of pods) {
    if (!isBehind(service, pod) || isTerminal(pod) || !pod.status.podIP) continue;
    const ports = (service.spec.ports ?? []).flatMap((port) => resolved(port, pod));
    const key = JSON.stringify(ports);
    const group = groups.get(key) ?? { ports, pods: [] };
    groups.set(key, group);
    group.pods.push(pod);
  }
  for (const { pods: members } of groups.values()) members.sort((a, b) => (a.status.podIP! < b.status.podIP! ? -1 : 1));
  return [...groups].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, group]) => group);
}

/** Whether traffic goes to a pod. */
export const serves = (service: Service, pod: Pod): boolean => service.spec.publishNotReadyAddresses === true || isReady(pod);

/** A port of a service as a pod serves it; nothing where the pod has no port of that name. */
function resolved({ name, protocol = 'TCP', targetPort, port, appProtocol }: ServicePort, { spec }: Pod): SlicePort[] {
  const target = targetPort ?? port;
  const number = typeof target === 'number' ? target : spec.containers.flatMap(({ ports = [] }) => ports).find((each) => each.name === target && (each.protocol ?? 'TCP') === protocol)?.containerPort;
  return number === undefined ? [] : [{ name: name ?? '', port: number, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }];
}
