import { normalizeLabel, normalizeLabelValues, WELL_KNOWN_LABELS } from './labels.js';
import type { Requirement, RequirementOperator } from './requirement.js';

/** Go's parse of a base-10 integer: sign and leading zeros accepted, nothing else. */
const INTEGER = /^[+-]?\d+$/;
const MAX_INT = Number.MAX_SAFE_INTEGER;

/**
 * What one label key may be: a finite set of values, or everything but a set, within optional integer bounds (karpenter-core §4.3).
 * Immutable.
 */
export class LabelSet {
  private constructor(
    /** True when `values` are the excluded ones. */
    readonly complement: boolean,
    readonly values: ReadonlySet<string>,
    /** Lowest allowed integer. */
    readonly gte: number | undefined,
    /** Highest allowed integer. */
    readonly lte: number | undefined,
    /** How many different values must stay possible. */
    readonly minValues: number | undefined,
    /** Whether the label must be there although the operator alone does not say so: `Exists` and `NotIn` at once, or an `In` that lost all values. */
    private readonly mustExist = false,
  ) {}

  static readonly any = new LabelSet(true, new Set(), undefined, undefined, undefined);
  static readonly none = new LabelSet(false, new Set(), undefined, undefined, undefined);

  static of(operator: RequirementOperator, values: readonly string[] = [], minValues?: number): LabelSet {
    const bound = Number(values[0]);
    switch (operator) {
      case 'In':
        return new LabelSet(false, new Set(values), undefined, undefined, minValues);
      case 'NotIn':
        return new LabelSet(true, new Set(values), undefined, undefined, minValues);
      case 'Exists':
        return new LabelSet(true, new Set(), undefined, undefined, minValues);
      case 'DoesNotExist':
        return new LabelSet(false, new Set(), undefined, undefined, minValues);
      case 'Gt':
        return bound >= MAX_INT ? LabelSet.none : new LabelSet(true, new Set(), bound + 1, undefined, minValues);
      case 'Lt':
        return new LabelSet(true, new Set(), undefined, bound - 1, minValues);
      case 'Gte':
        return new LabelSet(true, new Set(), bound, undefined, minValues);
      case 'Lte':
        return new LabelSet(true, new Set(), undefined, bound, minValues);
    }
  }

  /** The operator that describes the set: bounds alone read as Exists. */
  get operator(): 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' {
    if (this.complement) return this.values.size > 0 ? 'NotIn' : 'Exists';
    return this.values.size > 0 ? 'In' : 'DoesNotExist';
  }

  /** Whether nodes without the label satisfy the set. */
  get allowsAbsence(): boolean {
    return !this.mustExist && (this.operator === 'NotIn' || this.operator === 'DoesNotExist');
  }

  /** Whether neither a value nor the absence of the label satisfies the set. */
  get isImpossible(): boolean {
    return this.operator === 'DoesNotExist' && this.mustExist;
  }

  has(value: string): boolean {
    return this.values.has(value) !== this.complement && withinBounds(value, this.gte, this.lte);
  }

  intersect(other: LabelSet): LabelSet {
    const gte = larger(this.gte, other.gte);
    const lte = smaller(this.lte, other.lte);
    const minValues = larger(this.minValues, other.minValues);
    const mustExist = !this.allowsAbsence || !other.allowsAbsence;
    if (gte !== undefined && lte !== undefined && gte > lte) return new LabelSet(false, new Set(), undefined, undefined, minValues, mustExist);
    if (this.complement && other.complement) {
      const excluded = [...this.values, ...other.values].filter((value) => withinBounds(value, gte, lte));
      return new LabelSet(true, new Set(excluded), gte, lte, minValues, mustExist);
    }
    const [finite, filter] = this.complement ? [other, this] : [this, other];
    const kept = [...finite.values].filter((value) => filter.values.has(value) !== filter.complement && withinBounds(value, gte, lte));
    return new LabelSet(false, new Set(kept), undefined, undefined, minValues, mustExist);
  }

  intersects(other: LabelSet): boolean {
    const gte = larger(this.gte, other.gte);
    const lte = smaller(this.lte, other.lte);
    if (gte !== undefined && lte !== undefined && gte > lte) return false;
    if (this.complement && other.complement) return true;
    const [finite, filter] = this.complement || (!other.complement && other.values.size < this.values.size) ? [other, this] : [this, other];
    for (const value of finite.values) if (filter.values.has(value) !== filter.complement && withinBounds(value, gte, lte)) return true;
    return false;
  }

  /** Whether a node can satisfy both, be it without the label. */
  agrees(other: LabelSet): boolean {
    return this.intersects(other) || (this.allowsAbsence && other.allowsAbsence);
  }

  withMinValues(minValues: number | undefined): LabelSet {
    return new LabelSet(this.complement, this.values, this.gte, this.lte, minValues, this.mustExist);
  }

  /** The set in a manifest's notation; two entries when it has both bounds. */
  toRequirements(key: string): Requirement[] {
    const minValues = this.minValues === undefined ? {} : { minValues: this.minValues };
    const bounds: Requirement[] = [];
    if (this.gte !== undefined) bounds.push({ key, operator: 'Gte', values: [String(this.gte)], ...minValues });
    if (this.lte !== undefined) bounds.push({ key, operator: 'Lte', values: [String(this.lte)], ...minValues });
    if (this.values.size === 0) return bounds.length > 0 ? bounds : [{ key, operator: this.operator, ...minValues }];
    return [...bounds, { key, operator: this.operator, values: [...this.values].sort(), ...minValues }];
  }

  /** `key In [a b]`, as Karpenter prints it: at most five values. */
  describe(key: string): string {
    const values = [...this.values].sort();
    const shown = values.length > 5 ? `${values.slice(0, 5).join(' ')} and ${values.length - 5} others` : values.join(' ');
    return [
      `${key} ${this.operator}`,
      values.length > 0 ? ` [${shown}]` : '',
      this.gte === undefined ? '' : ` >=${this.gte}`,
      this.lte === undefined ? '' : ` <=${this.lte}`,
      this.minValues === undefined ? '' : ` minValues ${this.minValues}`,
    ].join('');
  }
}

const larger = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? b : b === undefined ? a : Math.max(a, b);
const smaller = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? b : b === undefined ? a : Math.min(a, b);

function withinBounds(value: string, gte: number | undefined, lte: number | undefined): boolean {
  if (gte === undefined && lte === undefined) return true;
  if (!INTEGER.test(value)) return false;
  const number = Number(value);
  return (gte === undefined || number >= gte) && (lte === undefined || number <= lte);
}

const frozenSets = new WeakMap<Requirement, LabelSet>();

/** Frozen requirements are shared by thousands of instance types: they are parsed once. */
function labelSetOf(requirement: Requirement): LabelSet {
  const known = frozenSets.get(requirement);
  if (known) return known;
  const set = LabelSet.of(requirement.operator, normalizeLabelValues(normalizeLabel(requirement.key), requirement.values ?? []), requirement.minValues);
  if (Object.isFrozen(requirement)) frozenSets.set(requirement, set);
  return set;
}

/** Requirements on node labels: one {@link LabelSet} a key. Keys and values are normalised to their current names. Immutable. */
export class Requirements implements Iterable<[string, LabelSet]> {
  private constructor(private readonly sets: ReadonlyMap<string, LabelSet>) {}

  static readonly empty = new Requirements(new Map());

  /** All of the given requirements at once: several on one key intersect. */
  static of(...requirements: readonly Requirement[]): Requirements {
    const sets = new Map<string, LabelSet>();
    for (const requirement of requirements) {
      const name = normalizeLabel(requirement.key);
      const set = labelSetOf(requirement);
      sets.set(name, sets.get(name)?.intersect(set) ?? set);
    }
    return new Requirements(sets);
  }

  /** Exactly these labels. */
  static fromLabels(labels: Readonly<Record<string, string>>): Requirements {
    return new Requirements(new Map(Object.entries(labels).map(([key, value]) => {
      const name = normalizeLabel(key);
      return [name, LabelSet.of('In', normalizeLabelValues(name, [value]))];
    })));
  }

  /** What is possible for a key; anything, when nothing is required of it. */
  get(key: string): LabelSet {
    return this.sets.get(normalizeLabel(key)) ?? LabelSet.any;
  }

  has(key: string): boolean {
    return this.sets.has(normalizeLabel(key));
  }

  keys(): Iterable<string> {
    return this.sets.keys();
  }

  [Symbol.iterator](): Iterator<[string, LabelSet]> {
    return this.sets[Symbol.iterator]();
  }

  /** Both at once, key by key. */
  intersect(other: Requirements): Requirements {
    const sets = new Map(this.sets);
    for (const [key, set] of other) sets.set(key, sets.get(key)?.intersect(set) ?? set);
    return new Requirements(sets);
  }

  /** With one key replaced. */
  with(key: string, set: LabelSet): Requirements {
    return new Requirements(new Map(this.sets).set(normalizeLabel(key), set));
  }

  without(...keys: readonly string[]): Requirements {
    const sets = new Map(this.sets);
    for (const key of keys) sets.delete(normalizeLabel(key));
    return new Requirements(sets);
  }

  /**
   * Why something with these requirements cannot satisfy `wanted`; undefined when it can. A wanted key that is not defined here
   * is an error unless it is in `allowUndefined` or its absence satisfies.
   */
  incompatibility(wanted: Requirements, allowUndefined: ReadonlySet<string> = new Set()): string | undefined {
    for (const [key, set] of wanted) if (set.isImpossible) return `no value of label "${key}" meets all that is asked of it`;
    const key = this.undefinedKey(wanted, allowUndefined);
    return key === undefined ? this.conflict(wanted) : `label "${key}" does not have known values${this.typoHint(key, allowUndefined)}`;
  }

  /** {@link incompatibility} with every well-known label allowed to be undefined, as for nodes that do not exist yet. */
  compatible(wanted: Requirements, allowUndefined: ReadonlySet<string> = WELL_KNOWN_LABELS): boolean {
    return this.undefinedKey(wanted, allowUndefined) === undefined && this.intersects(wanted);
  }

  private undefinedKey(wanted: Requirements, allowUndefined: ReadonlySet<string>): string | undefined {
    for (const [key, set] of wanted) if (!this.sets.has(key) && !set.allowsAbsence && (set.isImpossible || !allowUndefined.has(key))) return key;
    return undefined;
  }

  /** The first key on which both cannot hold; keys that only one side names do not matter. */
  conflict(other: Requirements): string | undefined {
    const key = this.conflictingKey(other);
    return key === undefined ? undefined : `key ${key}, ${other.get(key).describe(key)} not in ${this.get(key).describe(key)}`;
  }

  intersects(other: Requirements): boolean {
    return this.conflictingKey(other) === undefined;
  }

  private conflictingKey(other: Requirements): string | undefined {
    const [fewer, more] = other.sets.size < this.sets.size ? [other, this] : [this, other];
    for (const [key, set] of fewer.sets) {
      const against = more.sets.get(key);
      if (against === undefined || set.agrees(against)) continue;
      return key;
    }
    return undefined;
  }

  /** In a manifest's notation, sorted by key. */
  toList(): Requirement[] {
    return [...this.sets].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([key, set]) => set.toRequirements(key));
  }

  /** The labels of keys that have exactly one possible value. */
  toLabels(): Record<string, string> {
    const labels: Record<string, string> = {};
    for (const [key, set] of this.sets) {
      if (set.complement || set.values.size !== 1) continue;
      for (const value of set.values) labels[key] = value;
    }
    return labels;
  }

  toString(): string {
    return [...this.sets].map(([key, set]) => set.describe(key)).sort().join(', ');
  }

  private typoHint(key: string, allowed: ReadonlySet<string>): string {
    const suffix = (name: string): string => name.slice(name.lastIndexOf('/') + 1);
    for (const known of [...allowed, ...this.sets.keys()]) {
      if (known.includes(key) || suffix(known) === suffix(key)) return ` (typo of "${known}"?)`;
    }
    return '';
  }
}
