import type { Namespace, Pod, Toleration, TopologySpreadConstraint } from 'kubernetes-types/core/v1.js';
import { HOSTNAME_LABEL } from '../api/labels.js';
import type { Requirement } from '../api/requirement.js';
import type { Resources } from '../api/resources.js';
import { hostPorts } from './host-ports.js';
import type { HostPort } from './host-ports.js';
import { podConstraints, relax } from './pod-constraints.js';
import type { PodConstraints } from './pod-constraints.js';
import { podRequests } from './pod-requests.js';
import type { RequirementSet, RequirementSets } from './requirement-set.js';
import type { Labels } from './selector.js';
import { addSelectorKeys, affinityTerm, jointTerms, spreadTerm } from './topology-term.js';
import type { TopologyTerm } from './topology-term.js';
import type { ValueSet } from './value-set.js';

/** Requirements on a node, with those on its hostname kept apart: they decide about single nodes. */
export interface NodeRequirements {
  readonly requirements: RequirementSet;
  readonly hostname: ValueSet | undefined;
}

/** Which nodes a pod's spread constraints are about, if they honour affinity or taints. */
export interface NodeFilter {
  /** One for each required node affinity term: a node must meet one of them. */
  readonly anyTerm: readonly NodeRequirements[];
  readonly tolerations: readonly Toleration[];
}

/** What decides where a pod can go; equal for all replicas of one workload. */
export interface PodShape {
  readonly namespace: string;
  readonly requests: Resources;
  readonly ports: readonly HostPort[];
  /** Alternatives of what its volumes ask of the node. At least one. */
  readonly volumes: readonly (readonly Requirement[])[];
  /** Whether a disruption moves it, which keeps it off some nodes. */
  readonly moved: boolean;
}

/** Pods that scheduling cannot tell apart, at one stage of giving up their preferences. */
export class PodClass {
  readonly node: NodeRequirements;
  /** Without preferences: what bounds the domains of topologies. */
  readonly strict: NodeRequirements;
  /** Which nodes take part in its spreading: the same at every stage, since Kubernetes knows of none. */
  readonly nodeFilter: NodeFilter;
  readonly volumes: readonly NodeRequirements[];
  readonly terms: readonly TopologyTerm[];
  /** The class before any preference was given up. */
  readonly origin: PodClass;
  private next: PodClass | undefined | null = null;

  constructor(
    readonly id: number,
    readonly shape: PodShape,
    /** Those that some selector of the run looks at. */
    readonly labels: Labels,
    private readonly constraints: PodConstraints,
    private readonly classes: PodClasses,
    origin?: PodClass,
  ) {
    this.origin = origin ?? this;
    const { nodeSelector, required, preferred } = constraints;
    const { context: { sets, preferences, namespaces } } = classes;
    const base = [...nodeSelector, ...(required[0] ?? [])];
    this.strict = split(sets, base);
    this.node = preferences && preferred[0] ? split(sets, [...base, ...preferred[0]]) : this.strict;
    this.nodeFilter = origin?.nodeFilter ?? {
      anyTerm: required.length > 0 ? required.map((term) => split(sets, [...nodeSelector, ...term])) : [this.strict],
      tolerations: constraints.tolerations,
    };
    this.volumes = shape.volumes.map((alternative) => split(sets, alternative));
    const spreads = preferences ? constraints.spreads : constraints.spreads.filter(({ whenUnsatisfiable }) => whenUnsatisfiable !== 'ScheduleAnyway');
    const toTerms = (kind: 'pod affinity' | 'pod anti-affinity', list: PodConstraints['affinity']): TopologyTerm[] =>
      list.map((term) => affinityTerm(kind, term, shape.namespace, labels, namespaces));
    this.terms = [
      ...spreads.map((constraint) => spreadTerm(constraint, shape.namespace, labels)),
      ...jointTerms(toTerms('pod affinity', constraints.affinity)),
      ...toTerms('pod affinity', preferences ? constraints.preferredAffinity : []),
      ...toTerms('pod anti-affinity', preferences ? [...constraints.antiAffinity, ...constraints.preferredAntiAffinity] : constraints.antiAffinity),
    ];
    this.repelling = toTerms('pod anti-affinity', constraints.antiAffinity);
  }

  /** Required anti-affinity, which also keeps others away. */
  readonly repelling: readonly TopologyTerm[];

  get tolerations(): readonly Toleration[] {
    return this.constraints.tolerations;
  }

  /** The class with the next preference given up; undefined when only hard constraints are left. */
  relaxed(): PodClass | undefined {
    if (this.next === null) {
      const constraints = relax(this.constraints, this.classes.context.softTaints);
      this.next = constraints && this.classes.make(this.shape, this.labels, constraints, this.origin);
    }
    return this.next;
  }
}

function split(sets: RequirementSets, requirements: readonly Requirement[]): NodeRequirements {
  const all = sets.of(requirements);
  const hostname = all.get(sets.vocabulary.key(HOSTNAME_LABEL));
  return hostname === undefined ? { requirements: all, hostname } : { requirements: sets.make(all.sets.filter((set) => set !== hostname)), hostname };
}

/** What classes are made with. */
export interface ClassContext {
  readonly sets: RequirementSets;
  readonly namespaces: readonly Namespace[];
  /** Whether preferences bind until they are given up. */
  readonly preferences: boolean;
  /** Whether some pool has PreferNoSchedule taints. */
  readonly softTaints: boolean;
}

/** What was looked up for a pod. */
export interface PodFacts {
  readonly volumes: readonly (readonly Requirement[])[];
  readonly moved: boolean;
  readonly spreads: readonly TopologySpreadConstraint[];
}

/** What pods of one specification have in common, before it is known which of their labels matter. */
interface PodDraft {
  readonly shape: PodShape;
  readonly constraints: PodConstraints;
  readonly id: number;
}

/** Groups pods into {@link PodClass}es. */
export class PodClasses {
  private readonly drafts = new Map<string, PodDraft>();
  private readonly byKey = new Map<string, PodClass>();
  private count = 0;

  constructor(readonly context: ClassContext) {}

  make(shape: PodShape, labels: Labels, constraints: PodConstraints, origin?: PodClass): PodClass {
    this.count += 1;
    return new PodClass(this.count, shape, labels, constraints, this, origin);
  }

  /** The classes of the pods, in their order. `selectorKeys`: label keys that selectors from elsewhere look at. */
  group(inputs: readonly { readonly pod: Pod; readonly draft: PodDraft }[], selectorKeys: Iterable<string>): PodClass[] {
    const keys = new Set(selectorKeys);
    for (const { constraints } of this.drafts.values()) collectKeys(constraints, keys);
    const relevant = [...keys].sort();
    return inputs.map(({ pod, draft }) => this.classOf(draft, pod.metadata?.labels ?? {}, relevant));
  }

  private classOf(draft: PodDraft, all: Labels, relevant: readonly string[]): PodClass {
    const labels: Record<string, string> = {};
    let key = `${draft.id}`;
    for (const name of relevant) {
      const value = all[name];
      if (value === undefined) continue;
      labels[name] = value;
      key += `\0${name}=${value}`;
    }
    let found = this.byKey.get(key);
    if (found === undefined) {
      found = this.make(draft.shape, labels, draft.constraints);
      this.byKey.set(key, found);
    }
    return found;
  }

  /** Reads a pod. Throws an InvalidQuantity when its requests are none. */
  draft(pod: Pod, { volumes, moved, spreads }: PodFacts): PodDraft {
    const { spec, status, metadata } = pod;
    const namespace = metadata?.namespace ?? 'default';
    const resized = status?.containerStatuses?.some(({ resources, allocatedResources }) => resources !== undefined || allocatedResources !== undefined)
      ? [status.containerStatuses, status.initContainerStatuses, status.conditions] : null;
    const key = JSON.stringify([
      namespace, spec?.nodeSelector, spec?.affinity, spec?.tolerations, spreads, spec?.overhead, (spec as { resources?: unknown } | undefined)?.resources,
      spec?.containers?.map(({ resources, ports }) => [resources?.requests, ports]),
      spec?.initContainers?.map((container) => [container.resources?.requests, (container as { restartPolicy?: string }).restartPolicy]),
      volumes, moved, resized,
    ]);
    let draft = this.drafts.get(key);
    if (draft === undefined) {
      const shape: PodShape = { namespace, requests: podRequests(pod), ports: hostPorts(pod), volumes, moved };
      draft = { shape, constraints: podConstraints(pod, spreads), id: this.drafts.size };
      this.drafts.set(key, draft);
    }
    return draft;
  }
}

/** Adds the label keys that a pod's selectors look at. */
function collectKeys({ spreads, affinity, antiAffinity, preferredAffinity, preferredAntiAffinity }: PodConstraints, keys: Set<string>): void {
  addSelectorKeys([...spreads, ...affinity, ...antiAffinity, ...preferredAffinity, ...preferredAntiAffinity], keys);
}
