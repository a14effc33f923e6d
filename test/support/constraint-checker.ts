import type { LabelSelector } from 'kubernetes-types/meta/v1.js';
import type { NodeSelectorTerm, Pod, PodAffinityTerm, Taint, Toleration } from 'kubernetes-types/core/v1.js';
import { quantityMilli, quantityValue } from '../../src/api/quantity.js';
import type { InstanceType } from '../../src/cloud/instance-type.js';
import type { Requirement } from '../../src/api/requirement.js';
import type { Decision, Snapshot } from '../../src/scheduling/index.js';

// Says which hard constraints a decision breaks. Written from Kubernetes' rules alone: it shares no code with the solver but the parsing of quantities.

type Labels = Record<string, string>;

/** A machine as it may turn out: the labels that are certain, and what it carries. */
interface Machine {
  readonly name: string;
  /** Every way in which it may come; an existing node has one. */
  readonly shapes: readonly { readonly labels: Labels; readonly room: Record<string, number>; readonly what: string }[];
  readonly taints: readonly Taint[];
  readonly pods: readonly Pod[];
  /** Pods that are there already. */
  readonly residents: readonly Pod[];
  readonly hostname: string;
}

const nameOf = ({ metadata }: Pod): string => `${metadata?.namespace}/${metadata?.name}`;

const matches = (selector: LabelSelector | undefined, labels: Labels): boolean => selector !== undefined
  && Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value)
  && (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => meets({ key, operator: operator as Requirement['operator'], values }, labels));

function meets({ key, operator, values = [] }: Requirement, labels: Labels): boolean {
  const value = labels[key];
  const bound = Number(values[0]);
  switch (operator) {
    case 'In': return value !== undefined && values.includes(value);
    case 'NotIn': return value === undefined || !values.includes(value);
    case 'Exists': return value !== undefined;
    case 'DoesNotExist': return value === undefined;
    case 'Gt': return value !== undefined && Number(value) > bound;
    case 'Lt': return value !== undefined && Number(value) < bound;
    case 'Gte': return value !== undefined && Number(value) >= bound;
    case 'Lte': return value !== undefined && Number(value) <= bound;
  }
}

const tolerated = (taint: Taint, tolerations: readonly Toleration[] = []): boolean => taint.effect === 'PreferNoSchedule' || tolerations.some((toleration) =>
  (!toleration.effect || toleration.effect === taint.effect) && (toleration.operator === 'Exists'
    ? !toleration.key || toleration.key === taint.key : toleration.key === taint.key && (toleration.value ?? '') === (taint.value ?? '')));

/** Plain requests of containers; the workloads of the tests have no init containers or overhead. */
function requestsOf(pods: readonly Pod[]): Record<string, number> {
  const total: Record<string, number> = { pods: pods.length };
  for (const { spec } of pods) {
    for (const { resources } of spec?.containers ?? []) {
      for (const [name, amount] of Object.entries(resources?.requests ?? {})) {
        total[name] = (total[name] ?? 0) + (name === 'cpu' ? quantityMilli(amount) : quantityValue(amount));
      }
    }
  }
  return total;
}

/** Labels of a machine of a type bought by an offering, for a node with the requirements. */
function shapesOf(type: InstanceType, requirements: readonly Requirement[], extra: Labels): Machine['shapes'] {
  const room = Object.fromEntries(Object.entries(type.capacity).map(([name, amount]) => [name, amount - (type.overhead[name] ?? 0)]));
  return type.offerings.filter(({ available }) => available).flatMap((offering) => {
    const labels: Labels = { ...extra };
    for (const list of [requirements, type.requirements, offering.requirements]) {
      for (const { key, operator, values = [] } of list) if (operator === 'In' && values.length === 1) labels[key] = values[0] as string;
    }
    const possible = requirements.every((requirement) => !(requirement.key in labels) || meets(requirement, labels));
    return possible ? [{ labels, room, what: `${type.name} in ${labels['topology.kubernetes.io/zone']}` }] : [];
  });
}

function machinesOf(snapshot: Snapshot, decision: Decision): Machine[] {
  const placed = new Map(decision.existingNodes.map(({ node, pods }) => [node.name, pods]));
  const existing = snapshot.nodes.map((node) => ({
    name: node.name, taints: node.taints as Taint[], pods: placed.get(node.name) ?? [], residents: node.pods, hostname: node.labels['kubernetes.io/hostname'] ?? node.name,
    shapes: [{ labels: { 'kubernetes.io/hostname': node.name, ...node.labels }, room: { ...node.available }, what: node.name }],
  }));
  const added = decision.newNodes.map(({ pool, pods, requirements, instanceTypes }, index) => {
    const name = `new-${index}`;
    const template = pool.nodePool.spec.template;
    const extra = { ...template.metadata?.labels, 'karpenter.sh/nodepool': pool.nodePool.metadata.name, 'kubernetes.io/hostname': name };
    return {
      name, pods, residents: [], hostname: name, taints: (template.spec.taints ?? []) as Taint[],
      shapes: instanceTypes.flatMap((type) => shapesOf(type, requirements.toList(), extra)),
    };
  });
  return [...existing, ...added];
}

const termHolds = (term: NodeSelectorTerm, labels: Labels): boolean => (term.matchExpressions ?? []).every((expression) => meets(expression as Requirement, labels));

function checkNode({ name, shapes, taints, pods, residents }: Machine): string[] {
  if (pods.length === 0) return [];
  const problems: string[] = [];
  if (shapes.length === 0) problems.push(`${name} cannot be launched as anything`);
  const requests = requestsOf(pods);
  for (const { labels, room, what } of shapes) {
    for (const [resource, amount] of Object.entries(requests)) {
      if (amount > (room[resource] ?? 0)) problems.push(`${name} as ${what} has ${room[resource]} ${resource} for ${amount}`);
    }
    for (const pod of pods) {
      const terms = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
      const selected = Object.entries(pod.spec?.nodeSelector ?? {}).every(([key, value]) => labels[key] === value);
      if (!selected || (terms && !terms.some((term) => termHolds(term, labels)))) problems.push(`${nameOf(pod)} does not want ${name} as ${what}`);
    }
  }
  for (const pod of pods) {
    const taint = taints.find((each) => !tolerated(each, pod.spec?.tolerations));
    if (taint) problems.push(`${nameOf(pod)} does not tolerate ${taint.key} of ${name}`);
  }
  const ports = [...pods, ...residents].flatMap((pod) => (pod.spec?.containers ?? []).flatMap(({ ports: list = [] }) =>
    list.filter(({ hostPort }) => hostPort).map(({ hostPort, protocol = 'TCP' }) => `${hostPort}/${protocol}`)));
  if (new Set(ports).size < ports.length) problems.push(`${name} has a host port twice`);
  return problems;
}

/** The domains that a machine may be in. */
const domainsOf = ({ shapes, hostname }: Machine, key: string): Set<string> =>
  new Set(key === 'kubernetes.io/hostname' ? [hostname] : shapes.flatMap(({ labels }) => labels[key] ?? []));

const selects = (term: PodAffinityTerm, owner: Pod, other: Pod): boolean =>
  (term.namespaces ?? [owner.metadata?.namespace]).includes(other.metadata?.namespace ?? '') && matches(term.labelSelector, (other.metadata?.labels ?? {}) as Labels);

function checkAffinity(machines: readonly Machine[]): string[] {
  const problems: string[] = [];
  const all = machines.flatMap((machine) => [...machine.pods, ...machine.residents].map((pod) => ({ pod, machine })));
  for (const { pod, machine } of all) {
    for (const term of pod.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) {
      const own = domainsOf(machine, term.topologyKey);
      for (const other of all) {
        if (other.pod === pod || (machine.residents.includes(pod) && other.machine.residents.includes(other.pod)) || !selects(term, pod, other.pod)) continue;
        const shared = [...domainsOf(other.machine, term.topologyKey)].filter((domain) => own.has(domain));
        if (shared.length > 0) problems.push(`${nameOf(pod)} may share ${term.topologyKey} ${shared.join()} with ${nameOf(other.pod)}`);
      }
    }
    if (machine.residents.includes(pod)) continue;
    for (const term of pod.spec?.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) {
      const others = all.filter((other) => other.pod !== pod && selects(term, pod, other.pod));
      const occupied = new Set(others.flatMap((other) => [...domainsOf(other.machine, term.topologyKey)]));
      const first = others.length === 0 && selects(term, pod, pod);
      if (!first && [...domainsOf(machine, term.topologyKey)].some((domain) => !occupied.has(domain))) problems.push(`${nameOf(pod)} may be without company in ${term.topologyKey}`);
    }
  }
  return problems;
}

/** Skew of workloads whose pods all have the same one hard constraint on themselves, over the domains that have or could have pods. */
function checkSpread(machines: readonly Machine[], snapshot: Snapshot): string[] {
  const problems = new Set<string>();
  const all = machines.flatMap((machine) => [...machine.pods, ...machine.residents].map((pod) => ({ pod, machine })));
  for (const { pod, machine } of all) {
    if (machine.residents.includes(pod)) continue;
    for (const constraint of pod.spec?.topologySpreadConstraints ?? []) {
      const { topologyKey, maxSkew, labelSelector, whenUnsatisfiable } = constraint;
      const group = all.filter((other) => matches(labelSelector, (other.pod.metadata?.labels ?? {}) as Labels));
      const alike = group.every((other) => JSON.stringify(other.pod.spec?.topologySpreadConstraints) === JSON.stringify(pod.spec?.topologySpreadConstraints)
        && other.pod.spec?.nodeSelector === undefined && other.pod.spec?.affinity === undefined);
      if (whenUnsatisfiable !== 'DoNotSchedule' || !alike || pod.spec?.topologySpreadConstraints?.length !== 1) continue;
      const counts = new Map<string, number>();
      const possible = topologyKey === 'kubernetes.io/hostname' ? [] : snapshot.pools.flatMap(({ instanceTypes }) =>
        instanceTypes.flatMap(({ requirements }) => requirements.filter(({ key }) => key === topologyKey).flatMap(({ values = [] }) => values)));
      for (const domain of possible) counts.set(domain, 0);
      for (const other of group) {
        const [domain, ...ambiguous] = domainsOf(other.machine, topologyKey);
        if (domain === undefined || ambiguous.length > 0) problems.add(`${nameOf(other.pod)} is spread over ${topologyKey} and may be in ${ambiguous.length + 1} domains`);
        else counts.set(domain, (counts.get(domain) ?? 0) + 1);
      }
      const least = topologyKey === 'kubernetes.io/hostname' ? 0 : Math.min(...counts.values());
      const most = Math.max(...counts.values());
      if (most - least > maxSkew) problems.add(`skew ${most - least} over ${topologyKey} of the pods like ${nameOf(pod)}: at most ${maxSkew}`);
    }
  }
  return [...problems];
}

function checkPools(decision: Decision, snapshot: Snapshot): string[] {
  return snapshot.pools.flatMap(({ nodePool: { metadata: { name }, spec } }) => {
    const nodes = decision.newNodes.filter(({ pool }) => pool.nodePool.metadata.name === name);
    const limits = Object.entries(spec.limits ?? {}).flatMap(([resource, limit]) => {
      const used = snapshot.nodes.filter((node) => node.nodePool === name).reduce((total, { capacity }) => total + (capacity[resource] ?? 0), 0);
      const added = nodes.reduce((total, { instanceTypes }) => total + (resource === 'nodes' ? 1 : Math.max(...instanceTypes.map(({ capacity }) => capacity[resource] ?? 0))), 0);
      const allowed = resource === 'cpu' ? quantityMilli(limit) : quantityValue(limit);
      return added > 0 && used + added > allowed ? [`${name} may use ${used + added} ${resource} of ${allowed}`] : [];
    });
    const variety = nodes.flatMap(({ instanceTypes }) => spec.template.spec.requirements.flatMap(({ key, minValues = 0 }) => {
      const values = new Set(instanceTypes.flatMap(({ requirements }) => requirements.filter((each) => each.key === key).flatMap(({ values: list = [] }) => list)));
      return values.size < minValues ? [`a node of ${name} has ${values.size} values of ${key} instead of ${minValues}`] : [];
    }));
    return [...limits, ...variety];
  });
}

/** Everything that is wrong with a decision about the pods; empty when every hard constraint holds. */
export function brokenConstraints(snapshot: Snapshot, pods: readonly Pod[], decision: Decision): string[] {
  const machines = machinesOf(snapshot, decision);
  const seen = new Map<Pod, number>();
  for (const pod of [...machines.flatMap((machine) => machine.pods), ...decision.unschedulable.map(({ pod: each }) => each), ...decision.unfinished]) seen.set(pod, (seen.get(pod) ?? 0) + 1);
  return [
    ...pods.filter((pod) => seen.get(pod) !== 1).map((pod) => `${nameOf(pod)} is in the decision ${seen.get(pod) ?? 0} times`),
    ...machines.flatMap(checkNode),
    ...checkAffinity(machines),
    ...checkSpread(machines, snapshot),
    ...checkPools(decision, snapshot),
  ];
}
