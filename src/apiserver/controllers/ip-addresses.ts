import type { Service } from 'kubernetes-types/core/v1.js';
import { timestamp } from '../clock.js';
import type { ApiObject } from '../contracts.js';
import { trackUpdate } from '../patch/managed-fields.js';
import type { RestContext } from '../rest/context.js';
import { canonicalIp, ipFamily } from '../schema/ip-address.js';
import { WorkQueue } from './work-queue.js';

const GROUP = 'networking.k8s.io';
const IP_ADDRESSES = `ipaddresses.${GROUP}`;
const MANAGER = 'ipaddress.kubernetes.io/managed-by';
const ALLOCATOR = 'ipallocator.k8s.io';

interface ParentReference {
  readonly resource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

const parentOf = (object: ApiObject): ParentReference => (object['spec'] as { parentRef?: ParentReference } | undefined)?.parentRef ?? {};
const keyOf = ({ namespace = '', name = '' }: { namespace?: string; name?: string }): string => `${namespace}/${name}`;

/** Keeps an IPAddress for every cluster address that a service has. */
export function startIpAddresses(ctx: RestContext): { close(): void } {
  const { storage, clock, random } = ctx;
  const definition = ctx.registry.lookup(GROUP, 'v1', 'ipaddresses');
  if (!definition) return { close: () => undefined };
  const isOurs = ({ metadata }: ApiObject): boolean => metadata.labels?.[MANAGER] === ALLOCATOR;

  const make = (address: string, namespace: string, service: string): void => {
    const object: ApiObject = {
      apiVersion: `${GROUP}/v1`, kind: 'IPAddress',
      metadata: { name: address, uid: random.uuid(), creationTimestamp: timestamp(clock.now()), labels: { 'ipaddress.kubernetes.io/ip-family': ipFamily(address) === 6 ? 'IPv6' : 'IPv4', [MANAGER]: ALLOCATOR } },
      spec: { parentRef: { resource: 'services', namespace, name: service } },
    };
    trackUpdate(ctx, definition, undefined, object, '', { fieldManager: 'kube-apiserver' });
    storage.create(IP_ADDRESSES, object);
  };
  /** Which addresses there are objects of, by service. */
  const made = new Map<string, Set<string>>();
  const queue = new WorkQueue<string>(clock, (key) => {
    const [namespace = '', name = ''] = key.split('/');
    const service = storage.get('services', namespace, name) as Service | undefined;
    const wanted = new Set((service?.spec?.clusterIPs ?? []).filter((address) => address !== '' && address !== 'None').map(canonicalIp));
    for (const address of made.get(key) ?? []) if (!wanted.has(address) && storage.get(IP_ADDRESSES, '', address)) storage.delete(IP_ADDRESSES, '', address);
    for (const address of wanted) if (!storage.get(IP_ADDRESSES, '', address)) make(address, namespace, name);
    if (wanted.size > 0) made.set(key, wanted);
    else made.delete(key);
  });

  for (const object of storage.list(IP_ADDRESSES)) {
    const key = keyOf(parentOf(object));
    if (!isOurs(object)) continue;
    made.set(key, new Set([...(made.get(key) ?? []), object.metadata.name!]));
    queue.add(key);
  }
  for (const { metadata } of storage.list('services')) queue.add(keyOf(metadata));
  const unsubscribe = storage.subscribe(({ type, resource, object }) => {
    if (resource === 'services') queue.add(keyOf(object.metadata));
    else if (resource === IP_ADDRESSES && type === 'DELETED' && isOurs(object)) queue.add(keyOf(parentOf(object)));
  });
  return {
    close() {
      unsubscribe();
      queue.close();
    },
  };
}
