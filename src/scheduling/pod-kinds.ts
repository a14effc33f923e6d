import { hostRulesOf } from './host-rules.js';
import type { HostRules } from './host-rules.js';
import type { PodClass } from './pod-class.js';
import type { PodValues } from './pod-values.js';
import { resourceVector } from './resource-vector.js';
import type { ResourceVector } from './resource-vector.js';
import type { Run } from './run.js';

/** What packing sees of a class. */
export interface PodKind {
  /** Equal for classes that are the same to packing. */
  readonly name: string;
  readonly vector: ResourceVector;
  readonly hosts: HostRules;
  /** USD an hour. */
  readonly value: number;
}

/** Tells kinds of pods: many classes are the same to packing. */
export class PodKinds {
  private readonly known = new Map<PodClass, PodKind>();

  constructor(private readonly run: Run, private readonly values: PodValues) {}

  of(podClass: PodClass): PodKind {
    let kind = this.known.get(podClass);
    if (kind === undefined) {
      const { topology, resources } = this.run;
      const vector = resourceVector(podClass.shape.requests, resources);
      const hosts = hostRulesOf(topology.of(podClass));
      const rules = [...hosts.restricting.map(({ group, counted }) => `${topology.numberOf(group)}${counted ? '+' : '-'}`), ...hosts.counting.map((group) => topology.numberOf(group))];
      kind = { name: [podClass.node.requirements.id, ...vector.indexes, ...vector.amounts, ...rules].join(), vector, hosts, value: this.values.of(podClass.origin) };
      this.known.set(podClass, kind);
    }
    return kind;
  }
}
