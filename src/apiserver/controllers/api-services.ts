import { timestamp } from '../clock.js';
import type { ApiObject } from '../contracts.js';
import { apiVersionOf } from '../group-version.js';
import { trackUpdate } from '../patch/managed-fields.js';
import type { RestContext } from '../rest/context.js';
import { WorkQueue } from './work-queue.js';

const GROUP = 'apiregistration.k8s.io';
const API_SERVICES = `apiservices.${GROUP}`;
/** Says of an APIService that a server made it: for what is built in once, when it starts, and for CRDs as long as they are served. */
const MANAGED = 'kube-aggregator.kubernetes.io/automanaged';

/** How far in front the groups stand in discovery: kube-apiserver's numbers. */
const GROUP_PRIORITIES: Readonly<Record<string, number>> = {
  '': 18_000, apps: 17_800, 'events.k8s.io': 17_750, 'authentication.k8s.io': 17_700, 'authorization.k8s.io': 17_600, autoscaling: 17_500, batch: 17_400, 'certificates.k8s.io': 17_300, 'networking.k8s.io': 17_200, policy: 17_100,
  'rbac.authorization.k8s.io': 17_000, 'storage.k8s.io': 16_800, 'admissionregistration.k8s.io': 16_700, 'apiextensions.k8s.io': 16_700, 'scheduling.k8s.io': 16_600, 'coordination.k8s.io': 16_500, 'node.k8s.io': 16_300,
  'discovery.k8s.io': 16_200, 'resource.k8s.io': 16_200, 'flowcontrol.apiserver.k8s.io': 16_100, 'metrics.k8s.io': 100,
};
const VERSION_PRIORITIES: Readonly<Record<string, number>> = { v1: 1, 'autoscaling/v2': 30, 'resource.k8s.io/v1': 21, 'flowcontrol.apiserver.k8s.io/v1': 21, 'metrics.k8s.io/v1beta1': 100 };
const VERSION_PRIORITY = 15;
const CUSTOM = { groupPriorityMinimum: 1000, versionPriority: 100 };

interface Served {
  readonly group: string;
  readonly version: string;
  readonly custom: boolean;
}

/** Keeps an APIService for every version of a group that is served, as the aggregator of kube-apiserver does for what it serves itself. */
export function startApiServices(ctx: RestContext): { close(): void } {
  const { storage, registry, clock, random } = ctx;
  const definition = registry.lookup(GROUP, 'v1', 'apiservices');
  if (!definition) return { close: () => undefined };
  const served = (): Map<string, Served> => new Map(registry.list().filter(({ group }) => group !== GROUP).map(({ group, version, custom }) => [`${version}.${group}`, { group, version, custom }]));

  const make = (name: string, { group, version, custom }: Served): void => {
    const priorities = custom ? CUSTOM : { groupPriorityMinimum: GROUP_PRIORITIES[group] ?? CUSTOM.groupPriorityMinimum, versionPriority: VERSION_PRIORITIES[apiVersionOf({ group, version })] ?? VERSION_PRIORITY };
    const now = timestamp(clock.now());
    const object: ApiObject = {
      apiVersion: `${GROUP}/v1`, kind: 'APIService',
      metadata: { name, uid: random.uuid(), creationTimestamp: now, labels: { [MANAGED]: custom ? 'true' : 'onstart' } },
      spec: { ...(group && { group }), version, ...priorities },
    };
    trackUpdate(ctx, definition, undefined, object, '', { fieldManager: 'kube-apiserver' });
    object['status'] = { conditions: [{ type: 'Available', status: 'True', lastTransitionTime: now, reason: 'Local', message: 'Local APIServices are always available' }] };
    storage.create(API_SERVICES, object);
  };
  const sync = (): void => {
    const wanted = served();
    for (const [name, version] of wanted) if (version.custom && !storage.get(API_SERVICES, '', name)) make(name, version);
    for (const { metadata: { name = '', labels } } of storage.list(API_SERVICES)) if (labels?.[MANAGED] === 'true' && !wanted.has(name)) storage.delete(API_SERVICES, '', name);
  };
  for (const [name, version] of served()) if (!version.custom && !storage.get(API_SERVICES, '', name)) make(name, version);

  const queue = new WorkQueue<'sync'>(clock, sync);
  const unsubscribe = [
    registry.onChange(() => queue.add('sync')),
    storage.subscribe(({ type, resource }) => {
      if (resource === API_SERVICES && type === 'DELETED') queue.add('sync');
    }),
  ];
  queue.add('sync');
  return {
    close() {
      for (const each of unsubscribe) each();
      queue.close();
    },
  };
}
