import type { ApiObject } from '../contracts.js';
import type { AdmissionPlugin, AdmissionRequest, RestContext } from '../rest/context.js';
import { compareQuantities, parseQuantity, type Quantity } from '../schema/quantity.js';
import { forbidden } from '../status.js';

type Amounts = Record<string, string>;

interface LimitRangeItem {
  type: string;
  max?: Amounts;
  min?: Amounts;
  default?: Amounts;
  defaultRequest?: Amounts;
  maxLimitRequestRatio?: Amounts;
}

interface Container {
  name: string;
  resources?: { limits?: Amounts; requests?: Amounts };
}

interface PodSpec {
  containers?: Container[];
  initContainers?: Container[];
}

const PLUGIN_ANNOTATION = 'kubernetes.io/limit-ranger';

/** Gives containers the default requests and limits of their namespace's LimitRanges, and refuses what is out of their bounds. */
export function limitRanger({ storage }: Pick<RestContext, 'storage'>): AdmissionPlugin {
  const itemsOf = ({ namespace, operation, subresource, definition }: AdmissionRequest): LimitRangeItem[] => {
    if (operation === 'DELETE' || subresource !== '' || !['pods', 'persistentvolumeclaims'].includes(definition.storageResource)) return [];
    return storage.list('limitranges', namespace).flatMap((range) => ((range['spec'] as { limits?: LimitRangeItem[] } | undefined)?.limits ?? []));
  };
  return {
    mutate(request) {
      if (request.definition.storageResource !== 'pods' || request.operation !== 'CREATE') return;
      for (const item of itemsOf(request)) if (item.type === 'Container') setDefaults(request.object!, item);
    },
    validate(request) {
      const items = itemsOf(request);
      if (items.length === 0) return;
      const problems = request.definition.storageResource === 'pods' ? (request.operation === 'CREATE' ? podProblems(request.object!, items) : []) : claimProblems(request.object!, items);
      if (problems.length > 0) throw forbidden(request.definition, request.name, problems.length === 1 ? problems[0]! : `[${problems.join(', ')}]`);
    },
  };
}

const specOf = (object: ApiObject): PodSpec => (object['spec'] ?? {}) as PodSpec;

function setDefaults(pod: ApiObject, item: LimitRangeItem): void {
  const notes: string[] = [];
  const fill = (containers: Container[] | undefined, kind: string): void => {
    for (const container of containers ?? []) {
      container.resources ??= {};
      for (const [list, defaults] of [['requests', item.defaultRequest], ['limits', item.default]] as const) {
        const missing = Object.entries(defaults ?? {}).filter(([resource]) => container.resources![list]?.[resource] === undefined);
        if (missing.length === 0) continue;
        container.resources[list] = { ...container.resources[list], ...Object.fromEntries(missing) };
        notes.push(`${missing.map(([resource]) => resource).sort().join(', ')} ${list === 'requests' ? 'request' : 'limit'} for ${kind} ${container.name}`);
      }
    }
  };
  fill(specOf(pod).containers, 'container');
  fill(specOf(pod).initContainers, 'init container');
  if (notes.length > 0) pod.metadata.annotations = { ...pod.metadata.annotations, [PLUGIN_ANNOTATION]: `LimitRanger plugin set: ${notes.join('; ')}` };
}

function podProblems(pod: ApiObject, items: readonly LimitRangeItem[]): string[] {
  const { containers = [], initContainers = [] } = specOf(pod);
  return items.flatMap((item) => {
    if (item.type === 'Container') return [...containers, ...initContainers].flatMap(({ resources = {} }) => problems(resources, item));
    if (item.type === 'Pod') return problems(podTotals(containers, initContainers), item);
    return [];
  });
}

function claimProblems(claim: ApiObject, items: readonly LimitRangeItem[]): string[] {
  const { resources = {} } = (claim['spec'] ?? {}) as { resources?: { requests?: Amounts } };
  return items.filter(({ type }) => type === 'PersistentVolumeClaim').flatMap(({ min = {}, max = {}, type }) => problems({ requests: resources.requests ?? {} }, { type, min, max }));
}

function problems({ requests = {}, limits }: { requests?: Amounts; limits?: Amounts }, { type, min = {}, max = {}, maxLimitRequestRatio = {} }: LimitRangeItem): string[] {
  const found: string[] = [];
  // Claims have requests only; their maximum bounds those.
  const upper = type === 'PersistentVolumeClaim' ? requests : (limits ?? {});
  for (const [resource, least] of Object.entries(min)) {
    const asked = requests[resource];
    if (asked === undefined && upper[resource] === undefined) found.push(`minimum ${resource} usage per ${type} is ${least}.  No request is specified`);
    else if (asked !== undefined && less(asked, least)) found.push(`minimum ${resource} usage per ${type} is ${least}, but request is ${asked}`);
    const limit = limits?.[resource];
    if (limit !== undefined && less(limit, least)) found.push(`minimum ${resource} usage per ${type} is ${least}, but limit is ${limit}`);
  }
  for (const [resource, most] of Object.entries(max)) {
    const limit = upper[resource];
    const asked = requests[resource];
    if (limit === undefined) found.push(`maximum ${resource} usage per ${type} is ${most}.  No limit is specified`);
    else if (less(most, limit)) found.push(`maximum ${resource} usage per ${type} is ${most}, but ${upper === requests ? 'request' : 'limit'} is ${limit}`);
    if (upper !== requests && asked !== undefined && less(most, asked)) found.push(`maximum ${resource} usage per ${type} is ${most}, but request is ${asked}`);
  }
  for (const [resource, ratio] of Object.entries(maxLimitRequestRatio)) {
    const limit = limits?.[resource];
    const asked = requests[resource];
    if (limit === undefined || asked === undefined || nano(asked) === 0n) found.push(`${resource} max limit to request ratio per ${type} is ${ratio}, but no request is specified or request is 0`);
    else if (nano(limit) * 1_000_000_000n > nano(ratio) * nano(asked)) {
      found.push(`${resource} max limit to request ratio per ${type} is ${ratio}, but provided ratio is ${(Number(nano(limit)) / Number(nano(asked))).toFixed(6)}`);
    }
  }
  return found;
}

/** What a pod's containers need together: all at once, or one init container after another. */
function podTotals(containers: readonly Container[], initContainers: readonly Container[]): { requests: Amounts; limits: Amounts } {
  const total = (list: 'requests' | 'limits'): Amounts => {
    const amounts = new Map<string, bigint>();
    for (const { resources } of containers) for (const [resource, amount] of Object.entries(resources?.[list] ?? {})) amounts.set(resource, (amounts.get(resource) ?? 0n) + nano(amount));
    for (const { resources } of initContainers) {
      for (const [resource, amount] of Object.entries(resources?.[list] ?? {})) if (nano(amount) > (amounts.get(resource) ?? 0n)) amounts.set(resource, nano(amount));
    }
    return Object.fromEntries([...amounts].map(([resource, amount]) => [resource, `${amount}n`]));
  };
  return { requests: total('requests'), limits: total('limits') };
}

const quantity = (text: string): Quantity => parseQuantity(text) ?? parseQuantity('0')!;
const nano = (text: string): bigint => quantity(text).nano;
const less = (left: string, right: string): boolean => compareQuantities(quantity(left), quantity(right)) < 0;

