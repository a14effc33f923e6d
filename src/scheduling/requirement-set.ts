import { HOSTNAME_LABEL, normalizeLabel } from '../api/labels.js';
import { Requirements } from '../api/requirements.js';
import type { Requirement } from '../api/requirement.js';
import { ValueSets } from './value-set.js';
import type { ValueSet } from './value-set.js';
import { Vocabulary } from './vocabulary.js';
import type { KeyVocabulary } from './vocabulary.js';

/** Two sets of requirements of which what is cannot meet what is wanted. */
export interface Conflict {
  readonly has: RequirementSet;
  readonly wants: RequirementSet;
}

/** Requirements on node labels, interned: one object for each different set, so that identity is equality. Made by {@link RequirementSets}. */
export class RequirementSet {
  private readonly byKey = new Map<KeyVocabulary, ValueSet>();
  /** There are thousands of sets, and most of them never meet another one. */
  private merges: Map<RequirementSet, RequirementSet> | undefined;
  private compatibility: Map<RequirementSet, boolean> | undefined;
  private asRequirements: Requirements | undefined;
  /** Sets that bind at least this many values. */
  readonly withMinValues: readonly ValueSet[];

  constructor(
    readonly id: number,
    private readonly pool: RequirementSets,
    /** Ascending by key: in the same order whichever keys were met first. */
    readonly sets: readonly ValueSet[],
  ) {
    for (const set of sets) this.byKey.set(set.key, set);
    this.withMinValues = sets.filter((set) => set.minValues !== undefined);
  }

  get(key: KeyVocabulary): ValueSet | undefined {
    return this.byKey.get(key);
  }

  /** Both at once, key by key. */
  merge(other: RequirementSet): RequirementSet {
    if (other === this || other.sets.length === 0) return this;
    let merged = this.merges?.get(other);
    if (merged === undefined) {
      const byKey = new Map(this.byKey);
      for (const set of other.sets) byKey.set(set.key, byKey.get(set.key)?.intersect(set) ?? set);
      merged = this.pool.make(byKey.values());
      (this.merges ??= new Map()).set(other, merged);
    }
    return merged;
  }

  /** With one key narrowed to a set. */
  narrow(set: ValueSet): RequirementSet {
    return this.merge(this.pool.make([set]));
  }

  /** With one key replaced. */
  replace(set: ValueSet): RequirementSet {
    return this.pool.make(new Map(this.byKey).set(set.key, set).values());
  }

  /**
   * Whether a node with these requirements can meet `wanted`. Keys that only `wanted` names must be well known, or its absence must
   * satisfy.
   */
  admits(wanted: RequirementSet): boolean {
    let compatible = this.compatibility?.get(wanted);
    if (compatible === undefined) {
      compatible = wanted.sets.every((set) => this.byKey.get(set.key)?.admits(set) ?? (set.allowsAbsence || (this.pool.wellKnown.has(set.key.key) && !set.isImpossible)));
      (this.compatibility ??= new Map()).set(wanted, compatible);
    }
    return compatible;
  }

  /** Why a node with exactly these labels cannot meet the set; undefined when it can. */
  conflictOfLabels(labels: Readonly<Record<string, string>>, hostname: string): ValueSet | undefined {
    for (const set of this.sets) {
      const label = labels[set.key.key] ?? (set.key.key === HOSTNAME_LABEL ? hostname : undefined);
      if (label === undefined ? !set.allowsAbsence : !set.hasText(label)) return set;
    }
    return undefined;
  }

  /** Why {@link admits} says no. */
  describeConflict(wanted: RequirementSet): string | undefined {
    return this.toRequirements().incompatibility(wanted.toRequirements(), this.pool.wellKnown);
  }

  toRequirements(): Requirements {
    return (this.asRequirements ??= this.sets.reduce((requirements, set) => requirements.with(set.key.key, set.toLabelSet()), Requirements.empty));
  }
}

/** Makes {@link RequirementSet}s, each different one once, over one vocabulary. */
export class RequirementSets {
  readonly vocabulary = new Vocabulary();
  readonly values = new ValueSets();
  private readonly made = new Map<string, RequirementSet>();
  /** By frozen list: those of instance types and offerings, which are shared by the thousand. */
  private readonly read = new WeakMap<readonly Requirement[], RequirementSet>();
  readonly empty: RequirementSet;

  constructor(readonly wellKnown: ReadonlySet<string>) {
    this.empty = this.make([]);
  }

  /** How many different sets there are. */
  get size(): number {
    return this.made.size + this.values.size;
  }

  make(sets: Iterable<ValueSet>): RequirementSet {
    const sorted = [...sets].sort((a, b) => (a.key.key < b.key.key ? -1 : 1));
    const name = sorted.map((set) => set.id).join(' ');
    let made = this.made.get(name);
    if (made === undefined) {
      made = new RequirementSet(this.made.size, this, sorted);
      this.made.set(name, made);
    }
    return made;
  }

  of(requirements: readonly Requirement[]): RequirementSet {
    const known = this.read.get(requirements);
    if (known) return known;
    const byKey = new Map<KeyVocabulary, ValueSet>();
    for (const requirement of requirements) {
      const set = this.values.of(this.vocabulary.key(normalizeLabel(requirement.key)), requirement);
      byKey.set(set.key, byKey.get(set.key)?.intersect(set) ?? set);
    }
    const made = this.make(byKey.values());
    if (Object.isFrozen(requirements)) this.read.set(requirements, made);
    return made;
  }

  from(requirements: Requirements): RequirementSet {
    return this.make([...requirements].map(([key, set]) => this.values.fromLabelSet(this.vocabulary.key(key), set)));
  }
}
