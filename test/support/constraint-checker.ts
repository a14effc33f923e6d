import type { Container, Pod, PodAffinityTerm, Taint, Toleration, TopologySpreadConstraint } from 'kubernetes-types/core/v1.js';
import type { LabelSelector } from 'kubernetes-types/meta/v1.js';
import { quantityMilli, quantityValue } from '../../src/api/quantity.js';
import type { Quantity } from '../../src/api/quantity.js';
import type { Requirement } from '../../src/api/requirement.js';
import type { InstanceType, Offering } from '../../src/cloud/instance-type.js';
import type { Decision, NewNode, Snapshot, SnapshotNode, SolveOptions } from '../../src/scheduling/index.js';

// Says which hard constraints a decision breaks. Written from Kubernetes' and Karpenter's rules alone: it shares no code with the solver but the parsing of quantities.

const HOSTNAME = 'kubernetes.io/hostname';
const RESERVATION_ID = 'karpenter.k8s.aws/capacity-reservation-id';

/** Lists of what has the same key. */
function grouped<T, K>(list: Iterable<T>, keyOf: (each: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const each of list) {
    const key = keyOf(each);
    if (!groups.get(key)?.push(each)) groups.set(key, [each]);
  }
  return groups;
}

type Labels = Readonly<Record<string, string>>;
type Amounts = Record<string, number>;
/** Alternatives, each with all that must hold. */
type Terms = readonly (readonly Requirement[])[];
/** Labels of a machine as it may turn out: those that are certain, and for others all that is required of their value. */
interface Outlook { readonly labels: Labels; readonly open: Readonly<Record<string, readonly Requirement[]>> }

const OLDER_NAMES: Labels = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone', 'topology.ebs.csi.aws.com/zone': 'topology.kubernetes.io/zone', 'beta.kubernetes.io/arch': 'kubernetes.io/arch',
  'beta.kubernetes.io/os': 'kubernetes.io/os', 'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type', 'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
};
/** The name that a label has today. */
const today = (key: string): string => OLDER_NAMES[key] ?? key;
const integer = (text: string | undefined): number => (text !== undefined && /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN);

/** Whether a label's value, or its absence, satisfies a requirement. */
function meets({ operator, values = [] }: Requirement, value: string | undefined): boolean {
  const [number, bound] = [integer(value), integer(values[0])];
  switch (operator) {
    case 'In': return value !== undefined && values.includes(value);
    case 'NotIn': return value === undefined || !values.includes(value);
    case 'Exists': return value !== undefined;
    case 'DoesNotExist': return value === undefined;
    default: return { Gt: number > bound, Lt: number < bound, Gte: number >= bound, Lte: number <= bound }[operator];
  }
}

/** What a label may be: values that stand for all others (those that somebody names, the integers beside them, and one that nobody names); undefined for its absence. */
function possible({ labels, open }: Outlook, key: string, asked: readonly Requirement[] = []): (string | undefined)[] {
  const requirements = open[key];
  if (key in labels || requirements === undefined) return [labels[key]];
  const named = [...requirements, ...asked].flatMap(({ values = [] }) => values).flatMap((value) => (Number.isNaN(integer(value)) ? [value] : [value, `${integer(value) - 1}`, `${integer(value) + 1}`]));
  const values = [...new Set([...named, '0', 'nobody-named-this'])].filter((value) => requirements.every((each) => meets(each, value)));
  return values.length > 0 ? values : [undefined];
}

const alwaysMeets = (outlook: Outlook, asked: Requirement): boolean => possible(outlook, today(asked.key), [asked]).every((value) => meets(asked, value));
export const mayMeet = (outlook: Outlook, asked: Requirement): boolean => possible(outlook, today(asked.key), [asked]).some((value) => meets(asked, value));
const satisfies = (outlook: Outlook, terms: Terms): boolean => terms.some((term) => term.every((each) => alwaysMeets(outlook, each)));
export const selects = (selector: LabelSelector | undefined, labels: Labels = {}): boolean => selector !== undefined
  && Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value)
  && (selector.matchExpressions ?? []).every((expression) => meets(expression as Requirement, labels[expression.key]));

function tolerates({ key, operator = 'Equal', value = '', effect }: Toleration, taint: Taint): boolean {
  if ((effect && effect !== taint.effect) || (key && key !== taint.key)) return false;
  if (operator === 'Exists' || !key) return operator === 'Exists';
  return operator === 'Equal' ? value === (taint.value ?? '') : meets({ key, operator: operator as 'Gt' | 'Lt', values: [value] }, taint.value);
}

/** The first taint that keeps a pod off; preferences do not. */
export const hardTaint = (taints: readonly Taint[], tolerations: readonly Toleration[] = []): Taint | undefined =>
  taints.find((taint) => taint.effect !== 'PreferNoSchedule' && !tolerations.some((toleration) => tolerates(toleration, taint)));

const nameOf = ({ metadata }: Pod): string => `${metadata?.namespace}/${metadata?.name}`;
export const namespaceOf = ({ metadata }: Pod): string => metadata?.namespace ?? 'default';
/** Asks once and remembers. */
function memo<K extends object, V>(answer: (key: K) => V): (key: K) => V {
  const known = new WeakMap<K, V>();
  return (key) => known.get(key) ?? known.set(key, answer(key)).get(key) as V;
}

/** What tells apart pods that ask different things of labels and taints. */
const wishOf = memo(({ spec }: Pod) => JSON.stringify([spec?.nodeSelector, spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution, spec?.tolerations]));

const allIn = (labels: Labels = {}): Requirement[] => Object.entries(labels).map(([key, value]) => ({ key, operator: 'In', values: [value] }));
/** Node selector and required affinity. */
export function termsOf({ spec }: Pod): Terms {
  const selector = allIn(spec?.nodeSelector);
  const terms = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [{ matchExpressions: [] }];
  return terms.filter(({ matchExpressions }) => matchExpressions).map(({ matchExpressions }) => [...selector, ...matchExpressions as Requirement[]]);
}

type AnyContainer = Container & { restartPolicy?: string; resources?: { requests?: Record<string, Quantity> } };
const parse = (list: Record<string, Quantity> = {}): Amounts => Object.fromEntries(Object.entries(list).map(([name, amount]) => [name, name === 'cpu' ? quantityMilli(amount) : quantityValue(amount)]));
const combine = (how: (a: number, b: number) => number) => (a: Amounts, b: Amounts): Amounts => Object.fromEntries(Object.keys({ ...a, ...b }).map((name) => [name, how(a[name] ?? 0, b[name] ?? 0)]));
const [plus, most] = [combine((a, b) => a + b), combine(Math.max)];

/** The larger of what runs in the end (containers, sidecars) and each step on the way (an init container beside earlier sidecars), or the pod's own amounts; and overhead. */
function requestsOf({ spec }: Pod): Amounts {
  let [sidecars, steps, total] = [{}, {}, (spec?.containers ?? []).map(({ resources }: AnyContainer) => parse(resources?.requests)).reduce(plus, {})] as [Amounts, Amounts, Amounts];
  for (const { resources, restartPolicy } of (spec?.initContainers ?? []) as AnyContainer[]) {
    steps = most(steps, plus(sidecars, parse(resources?.requests)));
    if (restartPolicy === 'Always') [sidecars, total] = [plus(sidecars, parse(resources?.requests)), plus(total, parse(resources?.requests))];
  }
  return plus({ ...most(total, steps), ...parse((spec as AnyContainer | undefined)?.resources?.requests) }, { ...parse(spec?.overhead as Record<string, Quantity> | undefined), pods: 1 });
}

/** What the scheduler sets aside for pods. */
function sumOf(pods: readonly Pod[]): Amounts {
  const total: Amounts = {};
  for (const own of pods.map(requestsOf)) for (const name in own) total[name] = (total[name] ?? 0) + (own[name] as number);
  return total;
}

/** A port that newcomers cannot have beside each other or others. */
function portClash(newcomers: readonly Pod[], others: readonly Pod[]): string | undefined {
  const wanted = [...others, ...newcomers].flatMap((pod, place) => (pod.spec?.containers ?? []).flatMap(({ ports = [] }) => ports).filter(({ hostPort }) => hostPort)
    .map(({ hostPort, hostIP, protocol = 'TCP' }) => ({ place, ip: !hostIP || hostIP === '::' ? '0.0.0.0' : hostIP, port: `${hostPort}/${protocol}` })));
  return wanted.find(({ place, ip, port }) => place >= others.length
    && wanted.some((other) => other.place < place && other.port === port && (other.ip === ip || other.ip === '0.0.0.0' || ip === '0.0.0.0')))?.port;
}

const CSI_NAMES: Labels = { 'kubernetes.io/aws-ebs': 'ebs.csi.aws.com', 'kubernetes.io/gce-pd': 'pd.csi.storage.gke.io', 'kubernetes.io/azure-disk': 'disk.csi.azure.com' };
/** The claims of a pod: where each can be, and what attaches it. */
function volumesOf(pod: Pod, lookup: Snapshot['lookup']): { id: string; driver: string | undefined; places: Terms }[] {
  return (pod.spec?.volumes ?? []).flatMap((volume) => {
    const name = volume.persistentVolumeClaim?.claimName ?? (volume.ephemeral && `${pod.metadata?.name}-${volume.name}`);
    if (name === undefined) return [];
    const claim = lookup.persistentVolumeClaim(namespaceOf(pod), name)?.spec ?? volume.ephemeral?.volumeClaimTemplate?.spec;
    const bound = claim?.volumeName ? lookup.persistentVolume(claim.volumeName)?.spec : undefined;
    const storage = claim?.storageClassName ? lookup.storageClass(claim.storageClassName) : undefined;
    const places: Terms = (bound ? bound.nodeAffinity?.required?.nodeSelectorTerms.map(({ matchExpressions = [] }) => matchExpressions as Requirement[])
      : storage?.allowedTopologies?.map(({ matchLabelExpressions = [] }) => matchLabelExpressions.map(({ key, values }): Requirement => ({ key, operator: 'In', values })))) ?? [[]];
    const driver = bound?.csi?.driver ?? (bound?.awsElasticBlockStore ? 'ebs.csi.aws.com' : storage && (CSI_NAMES[storage.provisioner] ?? storage.provisioner));
    return [{ id: `${namespaceOf(pod)}/${name}`, driver, places: places.map((term) => term.filter(({ key }) => !(bound?.local ?? bound?.hostPath) || key !== HOSTNAME)) }];
  });
}

/** A way in which a machine may come. `daemons` run there and are still to come; `plain`: its type has the same room whichever way it is bought. */
interface Shape extends Outlook { readonly type: string; readonly room: Amounts; readonly daemons: readonly Pod[]; readonly plain: boolean; readonly answers: Map<string, boolean> }
/** A machine as the decision leaves it, with what it puts there and what stays there. */
interface Machine { readonly name: string; readonly shapes: readonly Shape[]; readonly taints: readonly Taint[]; readonly pods: readonly Pod[]; readonly residents: readonly Pod[]; readonly existing?: SnapshotNode }
/** Capacity less what the system and huge pages take, with what the offering has instead of the type. */
function roomOf({ capacity, overhead }: InstanceType, { capacityOverride, overheadOverride }: Offering): Amounts {
  const taken: Amounts = { ...overhead, ...overheadOverride };
  const has = Object.entries<number>({ ...capacity, ...capacityOverride });
  const pages = has.reduce((sum, [name, amount]) => sum + (name.startsWith('hugepages-') ? amount : 0), 0);
  return Object.fromEntries(has.map(([name, amount]) => [name, name === 'memory' ? Math.max(0, amount - (taken[name] ?? 0) - pages) : amount - (taken[name] ?? 0)]));
}

/** The labels that requirements leave certain and open; undefined when nothing meets them all. */
function outlookOf(requirements: readonly Requirement[], labels: Record<string, string>): Outlook | undefined {
  const open = Object.fromEntries(grouped(requirements, ({ key }) => today(key)));
  for (const { key, operator, values = [] } of requirements) if (operator === 'In' && values.length === 1) labels[today(key)] ??= values[0] as string;
  const outlook = { labels, open };
  return Object.entries(open).every(([key, all]) => possible(outlook, key).some((value) => all.every((each) => meets(each, value)))) ? outlook : undefined;
}

const daemonsOn = ({ daemonSetPods }: Snapshot, outlook: Outlook, taints: readonly Taint[]): Pod[] => daemonSetPods.filter((daemon) => daemon.spec?.resourceClaims === undefined
  && hardTaint(taints, daemon.spec?.tolerations) === undefined && termsOf(daemon).some((term) => term.every((each) => each.key === HOSTNAME || mayMeet(outlook, each))));

function shapesOf({ pool: { nodePool }, requirements }: NewNode, type: InstanceType, snapshot: Snapshot): Shape[] {
  const { metadata, spec: { requirements: own, taints = [], nodeClassRef: { group, kind, name } } } = nodePool.spec.template;
  const extra = { [HOSTNAME]: 'a name that nobody knows', 'karpenter.sh/nodepool': nodePool.metadata.name, [`${group}/${kind.toLowerCase()}`]: name, 'karpenter.sh/registered': 'true', 'karpenter.sh/initialized': 'true' };
  const plain = type.offerings.every(({ capacityOverride, overheadOverride }) => !capacityOverride && !overheadOverride);
  return type.offerings.filter(({ available }) => available).flatMap((offering) => {
    const outlook = outlookOf([...own, ...requirements.toList(), ...type.requirements, ...offering.requirements], { ...metadata?.labels, ...extra });
    return outlook ? [{ ...outlook, type: type.name, room: roomOf(type, offering), plain, answers: new Map(), daemons: daemonsOn(snapshot, outlook, taints) }] : [];
  });
}

function existingShape({ name, labels, available, taints, daemonRequests }: SnapshotNode, snapshot: Snapshot): Shape {
  const outlook: Outlook = { labels: { [HOSTNAME]: name, ...labels }, open: {} };
  const expected = sumOf(daemonsOn(snapshot, outlook, taints));
  const room = Object.fromEntries(Object.entries(available).map(([resource, amount]) => [resource, amount - Math.max(0, (expected[resource] ?? 0) - (daemonRequests[resource] ?? 0))]));
  return { ...outlook, type: 'it is', room, daemons: [], plain: true, answers: new Map() };
}

/** Every machine that there is once the decision is carried out. */
function machinesOf(snapshot: Snapshot, { existingNodes, newNodes }: Decision, pods: ReadonlySet<Pod>, { withoutNodes }: SolveOptions): Machine[] {
  const placed = new Map(existingNodes.map(({ node, pods: added }) => [node.name, added]));
  const seen = new Map<string, Map<InstanceType, Shape[]>>();
  return [
    ...snapshot.nodes.filter(({ name }) => !withoutNodes?.has(name)).map((node) => ({
      name: node.name, taints: node.taints, pods: placed.get(node.name) ?? [], residents: node.pods.filter((pod) => !pods.has(pod)), existing: node, shapes: [existingShape(node, snapshot)],
    })),
    ...newNodes.map((node, index) => {
      const key = JSON.stringify([node.pool.nodePool.metadata.name, node.requirements.toList()]);
      const known = seen.get(key) ?? new Map<InstanceType, Shape[]>();
      seen.set(key, known);
      for (const type of node.instanceTypes) if (!known.has(type)) known.set(type, shapesOf(node, type, snapshot));
      return { name: `new-${index}`, pods: node.pods, residents: [], taints: node.pool.nodePool.spec.template.spec.taints ?? [], shapes: node.instanceTypes.flatMap((type) => known.get(type) ?? []) };
    }),
  ];
}

/** Whether a shape has the labels that a pod wants. */
function wanted(shape: Shape, pod: Pod): boolean {
  const wish = wishOf(pod);
  return shape.answers.get(wish) ?? shape.answers.set(wish, satisfies(shape, termsOf(pod))).get(wish) as boolean;
}

/** Whether a shape has room for pods beside its daemons. */
const carries = ({ room, daemons }: Shape, requests: Amounts): boolean =>
  Object.entries(daemons.length > 0 ? plus(requests, sumOf(daemons)) : requests).every(([name, amount]) => !(name in requests) || amount <= (room[name] ?? 0));

/** What is wrong with a machine by itself. */
function checkMachine({ name, shapes, taints, pods, residents, existing }: Machine, { lookup }: Snapshot): Iterable<string> {
  if (pods.length === 0) return existing ? [] : [`${name} is launched for nothing`];
  const [requests, wishes] = [sumOf(pods), [...new Map(pods.map((pod) => [wishOf(pod), pod])).values()]];
  const volumes = pods.flatMap((pod) => volumesOf(pod, lookup).map((volume) => ({ ...volume, pod })));
  const ported = pods.filter(({ spec }) => spec?.containers.some(({ ports }) => ports));
  const problems = new Set<string>(shapes.length === 0 ? [`${name} cannot be launched as anything`] : []);
  const carrying = new Set(shapes.filter((shape) => carries(shape, requests)));
  const types = new Set([...carrying].map(({ type }) => type));
  for (const shape of shapes) {
    // A type that comes with different rooms is bought where it has enough.
    if (!carrying.has(shape) && (shape.plain || !types.has(shape.type))) problems.add(`${name} as ${shape.type} cannot carry ${JSON.stringify(requests)}`);
    for (const pod of wishes) if (!wanted(shape, pod)) problems.add(`${nameOf(pod)} does not want ${name} as ${shape.type}`);
    for (const { pod, places, id } of volumes) if (!satisfies(shape, places)) problems.add(`${nameOf(pod)} cannot have ${id} on ${name} as ${shape.type}`);
    const port = ported.length > 0 && portClash(ported, [...residents, ...shape.daemons]);
    if (port) problems.add(`${name} as ${shape.type} has ${port} twice`);
  }
  for (const pod of wishes) if (hardTaint(taints, pod.spec?.tolerations)) problems.add(`${nameOf(pod)} does not tolerate ${hardTaint(taints, pod.spec?.tolerations)?.key} of ${name}`);
  const attached = [...volumes, ...residents.flatMap((pod) => volumesOf(pod, lookup))];
  for (const [driver, limit] of Object.entries(existing?.volumeLimits ?? {})) {
    const ids = new Set(attached.filter((volume) => volume.driver === driver).map(({ id }) => id));
    if (ids.size > limit && volumes.some((volume) => volume.driver === driver)) problems.add(`${name} attaches ${ids.size} volumes of ${driver}, not ${limit}`);
  }
  return problems;
}

interface Place { readonly pod: Pod; readonly machine: Machine; readonly isNew: boolean }
/** Pods in some namespaces, undefined for all, that a selector selects. */
interface Reach { readonly namespaces: ReadonlySet<string> | undefined; readonly selector: LabelSelector | undefined }
const isGoing = ({ metadata }: Pod): boolean => metadata?.deletionTimestamp !== undefined;
/** The selector with the pod's own values of label keys. */
export function folded({ labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] }: { labelSelector?: LabelSelector; matchLabelKeys?: string[]; mismatchLabelKeys?: string[] }, { metadata }: Pod): LabelSelector | undefined {
  const add = (operator: string) => (key: string) => (metadata?.labels?.[key] === undefined ? [] : [{ key, operator, values: [metadata.labels[key]] }]);
  return labelSelector && { ...labelSelector, matchExpressions: [...(labelSelector.matchExpressions ?? []), ...matchLabelKeys.flatMap(add('In')), ...mismatchLabelKeys.flatMap(add('NotIn'))] };
}

const domainsByKey = memo((_: Machine) => new Map<string, string[]>());
/** Values that a machine's label may have in the end. */
function domainsOf(machine: Machine, key: string): string[] {
  const known = domainsByKey(machine);
  if (!known.has(key)) known.set(key, key === HOSTNAME ? [machine.existing?.labels[HOSTNAME] ?? machine.name] : [...new Set(machine.shapes.flatMap((shape) => possible(shape, today(key))))].filter((value) => value !== undefined));
  return known.get(key) as string[];
}

/**
 * What must hold of pods' relations in the end, in whichever order they came. Kubernetes judges a spread or an affinity only when its own pod
 * comes, so for those it is what follows from every order: counts never fall, and whoever came last found the rule kept.
 */
function checkTopology(machines: readonly Machine[], snapshot: Snapshot, { defaultSpread = [], selectorOf }: SolveOptions): Iterable<string> {
  const problems = new Set<string>();
  const places = machines.flatMap((machine) => [...machine.pods.map((pod): Place => ({ pod, machine, isNew: true })), ...machine.residents.map((pod): Place => ({ pod, machine, isNew: false }))]);
  const crowds = [...grouped(places, ({ pod }) => JSON.stringify([namespaceOf(pod), pod.metadata?.labels])).values()];
  const reached = (reaches: readonly Reach[]): Place[] => crowds.filter(([first]) => reaches.every(({ namespaces, selector }) =>
    (!namespaces || namespaces.has(namespaceOf((first as Place).pod))) && selects(selector, (first as Place).pod.metadata?.labels as Labels))).flat();
  /** Calls `check` once for pods of which the same is asked, with all of them. */
  const each = <T>(read: (pod: Pod) => readonly T[], name: (asked: T, pod: Pod) => unknown, check: (asked: T, owner: Pod, owners: Place[]) => void): void => {
    const groups = grouped(places.flatMap((place) => read(place.pod).map((asked) => ({ asked, place }))), ({ asked, place }) => JSON.stringify([namespaceOf(place.pod), asked, name(asked, place.pod)]));
    for (const group of groups.values()) check(group[0]?.asked as T, group[0]?.place.pod as Pod, group.map(({ place }) => place));
  };
  const reach = (term: PodAffinityTerm, owner: Pod): Reach => {
    const { namespaces = [], namespaceSelector } = term;
    const isEverywhere = namespaceSelector !== undefined && !namespaceSelector.matchExpressions?.length && Object.keys(namespaceSelector.matchLabels ?? {}).length === 0;
    const selected = namespaceSelector === undefined ? [] : snapshot.namespaces.filter(({ metadata }) => selects(namespaceSelector, metadata?.labels)).map(({ metadata }) => metadata?.name ?? '');
    return { namespaces: isEverywhere ? undefined : new Set(namespaces.length > 0 || namespaceSelector ? [...namespaces, ...selected] : [namespaceOf(owner)]), selector: folded(term, owner) };
  };
  /** Domains that are there, or that some pool could open, as far as they concern a pod. */
  const eligible = (key: string, owner: Pod, takesPart: (machine: Machine) => boolean, honor: { affinity: boolean; taints: boolean }): string[] => {
    const found = new Set(machines.filter(takesPart).flatMap((machine) => domainsOf(machine, key)));
    for (const { nodePool: { spec: { template } }, instanceTypes } of snapshot.pools) {
      if (honor.taints && hardTaint(template.spec.taints ?? [], owner.spec?.tolerations)) continue;
      const own = [...template.spec.requirements, ...allIn(template.metadata?.labels)];
      for (const requirements of instanceTypes.length > 0 ? instanceTypes.map((type) => type.requirements) : [[]]) {
        const here = [...own, ...requirements].filter((one) => today(one.key) === today(key));
        for (const value of here.flatMap(({ operator, values = [] }) => (operator === 'In' ? values : []))) if (here.every((one) => meets(one, value))) found.add(value);
      }
    }
    return [...found].filter((value) => !honor.affinity || termsOf(owner).some((term) => term.every((one) => today(one.key) !== today(key) || meets(one, value))));
  };
  /** Whoever of the owners came last into a domain found the others there, and the emptiest domain no fuller than it is now. */
  const checkSpread = ({ topologyKey, maxSkew, minDomains = 1, nodeAffinityPolicy, nodeTaintsPolicy, ...keys }: TopologySpreadConstraint, owner: Pod, owners: readonly Place[]): void => {
    const honor = { affinity: nodeAffinityPolicy !== 'Ignore', taints: nodeTaintsPolicy === 'Honor' };
    const takesPart = memo(({ shapes, taints }: Machine) => (!honor.affinity || shapes.every((shape) => wanted(shape, owner))) && !(honor.taints && hardTaint(taints, owner.spec?.tolerations)));
    const own = new Set(owners);
    const [certain, mine] = [new Map<string, number>(), new Map<string, number>()];
    for (const place of reached([{ namespaces: new Set([namespaceOf(owner)]), selector: folded(keys, owner) }])) {
      const [domain, ...others] = domainsOf(place.machine, topologyKey);
      if (domain === undefined || others.length > 0 || isGoing(place.pod) || !takesPart(place.machine)) continue;
      certain.set(domain, (certain.get(domain) ?? 0) + 1);
      if (own.has(place) || !place.isNew) mine.set(domain, (mine.get(domain) ?? 0) + 1);
    }
    const domains = topologyKey === HOSTNAME ? [] : eligible(topologyKey, owner, takesPart, honor);
    const fewest = domains.length < minDomains ? 0 : Math.min(...domains.map((domain) => certain.get(domain) ?? 0));
    for (const { pod, machine, isNew } of owners) {
      const here = domainsOf(machine, topologyKey);
      if (isNew && here.length !== 1) problems.add(`${nameOf(pod)} is spread over ${topologyKey} and may be in ${here.length} domains`);
      for (const domain of isNew ? here : []) {
        const skew = (mine.get(domain) ?? 0) - fewest;
        if (skew > maxSkew) problems.add(`${domain} has ${skew} pods like ${nameOf(owner)} more than the emptiest ${topologyKey}: at most ${maxSkew}`);
      }
    }
  };
  /** Pods that want company: all but those of one domain, which the first of them may have opened for itself. */
  const checkCompany = (key: string, reaches: readonly Reach[], owner: Pod, owners: readonly Place[]): void => {
    const all = reached(reaches).filter(({ pod, isNew }) => isNew || !isGoing(pod));
    const own = new Set(owners);
    const [company, hosts] = [all.filter((place) => !own.has(place)), new Set(all.filter((place) => !own.has(place)).map(({ machine }) => machine))];
    const certain = new Set(company.map(({ machine }) => domainsOf(machine, key)).filter(({ length }) => length === 1).flat());
    const founders = new Map<string, Pod>();
    for (const { pod, machine } of owners) {
      const here = domainsOf(machine, key);
      if (here.length === 0) problems.add(`${nameOf(pod)} wants company in ${key}, which ${machine.name} has not`);
      if (!hosts.has(machine) && here.some((domain) => !certain.has(domain))) founders.set(here.length === 1 ? here.join() : machine.name, pod);
    }
    const allowed = (machine: Machine): boolean => key === HOSTNAME || termsOf(owner).some((term) => term.every((one) => today(one.key) !== today(key) || domainsOf(machine, key).some((value) => meets(one, value))));
    const mayFound = all.some(({ pod }) => pod === owner) && !company.some(({ isNew, machine }) => !isNew && allowed(machine));
    if (founders.size > (mayFound ? 1 : 0)) problems.add(`${[...founders.values()].map(nameOf).join(', ')} may be without company in ${key} ${[...founders.keys()].join(', ')}`);
  };
  /** Pods that keep others away: no two of them may come to share a domain, unless both were there before. */
  const checkDistance = (key: string, others: Reach, owners: readonly Place[]): void => {
    const occupied = grouped(reached([others]).flatMap((place) => domainsOf(place.machine, key).map((domain) => ({ domain, place }))), ({ domain }) => domain);
    for (const { pod, machine, isNew } of owners) {
      for (const domain of domainsOf(machine, key)) {
        const other = occupied.get(domain)?.find(({ place }) => place.pod !== pod && (place.isNew || (isNew && !isGoing(place.pod))));
        if (other) problems.add(`${nameOf(pod)} may share ${key} ${domain} with ${nameOf(other.place.pod)}`);
      }
    }
  };
  const spreadsOf = (pod: Pod): TopologySpreadConstraint[] => {
    const own = pod.spec?.topologySpreadConstraints ?? [];
    const labelSelector = own.length === 0 ? selectorOf?.(pod) : undefined;
    return [...own, ...(labelSelector ? defaultSpread.map((one) => ({ ...one, labelSelector })) : [])].filter(({ whenUnsatisfiable }) => whenUnsatisfiable === 'DoNotSchedule');
  };
  const termsFor = (kind: 'podAffinity' | 'podAntiAffinity') => ({ spec }: Pod): PodAffinityTerm[] => spec?.affinity?.[kind]?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  each(spreadsOf, (one, pod) => [folded(one, pod), wishOf(pod)], checkSpread);
  each((pod) => [termsFor('podAffinity')(pod)], (all, pod) => [all.map((one) => [folded(one, pod), selects(folded(one, pod), pod.metadata?.labels)]), wishOf(pod)], (all, owner, owners) => all.forEach(({ topologyKey }) => checkCompany(topologyKey, all.map((one) => reach(one, owner)), owner, owners.filter(({ isNew }) => isNew))));
  each(termsFor('podAntiAffinity'), folded, (one, owner, owners) => checkDistance(one.topologyKey, reach(one, owner), owners));
  return problems;
}

/** Limits as if each node became the largest that it may be, and the variety of types that pools ask for. */
function checkPools({ newNodes }: Decision, snapshot: Snapshot, { withoutNodes, minValuesPolicy }: SolveOptions): string[] {
  return snapshot.pools.flatMap(({ nodePool: { metadata: { name }, spec } }) => {
    const nodes = newNodes.filter(({ pool }) => pool.nodePool.metadata.name === name);
    const there = snapshot.nodes.filter((node) => node.nodePool === name && !node.markedForDeletion && !withoutNodes?.has(node.name));
    const limits = Object.entries(spec.limits ?? {}).flatMap(([resource, limit]) => {
      const used = there.reduce((total, { capacity }) => total + (resource === 'nodes' ? 1 : capacity[resource] ?? 0), 0);
      const added = nodes.reduce((total, { instanceTypes }) => total + (resource === 'nodes' ? 1 : Math.max(...instanceTypes.map(({ capacity }) => capacity[resource] ?? 0))), 0);
      return added > 0 && used + added > (resource === 'cpu' ? quantityMilli(limit) : quantityValue(limit)) ? [`${name} may use ${used + added} ${resource} of ${limit}`] : [];
    });
    const variety = nodes.flatMap(({ instanceTypes, requirements }) => spec.template.spec.requirements.flatMap(({ key, minValues = 0 }) => {
      const values = new Set(instanceTypes.flatMap((type) => type.requirements.filter((each) => today(each.key) === today(key) && each.operator === 'In').flatMap((each) => each.values ?? [])));
      const kept = Math.max(0, ...requirements.toList().filter((each) => each.key === today(key)).map((each) => each.minValues ?? 0));
      return minValuesPolicy !== 'BestEffort' && Math.min(values.size, kept) < minValues ? [`a node of ${name} has ${values.size} values of ${key}, and asks for ${kept}, instead of ${minValues}`] : [];
    }));
    return [...limits, ...variety];
  });
}

/** No more nodes on a reservation than it has instances, whichever of its reservations each node takes. */
function checkReservations({ newNodes }: Decision, { pools }: Snapshot, { reservationIDLabel = RESERVATION_ID }: SolveOptions): string[] {
  const left = new Map<string, number>();
  for (const { requirements, reservationCapacity } of pools.flatMap(({ instanceTypes }) => instanceTypes.flatMap(({ offerings }) => offerings))) {
    const id = requirements.find(({ key }) => key === reservationIDLabel)?.values?.[0];
    if (id !== undefined && reservationCapacity !== undefined) left.set(id, Math.min(reservationCapacity, left.get(id) ?? reservationCapacity));
  }
  const pinned = newNodes.map(({ requirements }) => requirements.toList()).filter((list) => list.some(({ key, operator, values }) => key === 'karpenter.sh/capacity-type' && operator === 'In' && values?.join() === 'reserved'));
  for (const id of pinned.flat().filter(({ key }) => key === reservationIDLabel).flatMap(({ values = [] }) => values)) left.set(id, (left.get(id) ?? 0) - 1);
  return [...left].filter(([, count]) => count < 0).map(([id, count]) => `reservation ${id} has ${-count} nodes too many`);
}

/** Every pod has one place or one verdict; none goes where the options or its gates forbid. */
function checkBooks(pods: readonly Pod[], { newNodes, existingNodes, unschedulable, unfinished }: Decision, { withoutNodes, closedNodes, movedPods }: SolveOptions): string[] {
  const placed = [...newNodes, ...existingNodes].flatMap((node) => node.pods);
  const [asked, seen] = [new Set(pods), grouped([...placed, ...unschedulable.map(({ pod }) => pod), ...unfinished], (pod) => pod)];
  return [
    ...pods.filter((pod) => seen.get(pod)?.length !== 1).map((pod) => `${nameOf(pod)} is in the decision ${seen.get(pod)?.length ?? 0} times`),
    ...placed.filter((pod) => !asked.has(pod) || (pod.spec as { schedulingGates?: unknown[] }).schedulingGates?.length || pod.spec?.resourceClaims).map((pod) => `${nameOf(pod)} was not to be placed`),
    ...existingNodes.flatMap(({ node, pods: added }) => added.filter((pod) => node.markedForDeletion || withoutNodes?.has(node.name) || (closedNodes?.has(node.name) && movedPods?.has(pod)))
      .map((pod) => `${nameOf(pod)} may not go to ${node.name}`)),
  ];
}

/** Everything that is wrong with a decision about the pods; empty when every hard constraint holds, however the new nodes turn out. */
export function brokenConstraints(snapshot: Snapshot, pods: readonly Pod[], decision: Decision, options: SolveOptions = {}): string[] {
  const machines = machinesOf(snapshot, decision, new Set(pods), options);
  return [
    ...checkBooks(pods, decision, options), ...machines.flatMap((machine) => [...checkMachine(machine, snapshot)]), ...checkTopology(machines, snapshot, options),
    ...checkPools(decision, snapshot, options), ...checkReservations(decision, snapshot, options),
  ];
}
