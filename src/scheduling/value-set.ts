import { normalizeLabelValues } from '../api/labels.js';
import type { Requirement } from '../api/requirement.js';
import { LabelSet } from '../api/requirements.js';
import { andBits, bitsOf, eachBit, emptyBits, hasBit, isEmpty, membersOf, orBits, setBit, withoutBits } from './bits.js';
import type { Bits } from './bits.js';
import type { KeyVocabulary } from './vocabulary.js';

/**
 * What one label key may be: {@link LabelSet} with values as bits. Made by a {@link ValueSets} only, which gives equal sets the same
 * object, so that identity is equality and results of operations can be remembered.
 */
export class ValueSet {
  private intersections: Map<ValueSet, ValueSet> | undefined;
  private overlaps: Map<ValueSet, boolean> | undefined;

  constructor(
    readonly id: number,
    readonly key: KeyVocabulary,
    private readonly pool: ValueSets,
    /** Whether `bits` are the excluded values. */
    readonly complement: boolean,
    readonly bits: Bits,
    readonly gte: number | undefined,
    readonly lte: number | undefined,
    readonly minValues: number | undefined,
    /** Whether the label must be there although the values alone do not say so: when it may be all but some of them, or none at all. */
    private readonly mustExist: boolean,
  ) {
    this.hasValues = !isEmpty(bits);
    this.allowsAbsence = !mustExist && (complement ? this.hasValues : !this.hasValues);
    const members = complement ? [] : membersOf(bits);
    this.single = members.length === 1 ? members[0] : undefined;
  }

  readonly hasValues: boolean;
  /** Whether nodes without the label satisfy the set: NotIn and DoesNotExist alone. */
  readonly allowsAbsence: boolean;
  /** The one value that is possible; undefined when there are none or several. */
  readonly single: number | undefined;

  /** Whether nothing is possible at all. */
  get isNone(): boolean {
    return !this.complement && !this.hasValues;
  }

  /** Whether not even a node without the label satisfies the set. */
  get isImpossible(): boolean {
    return this.isNone && this.mustExist;
  }

  private inBounds(value: number): boolean {
    if (this.gte === undefined && this.lte === undefined) return true;
    const integer = this.key.integers[value] as number;
    return !Number.isNaN(integer) && (this.gte === undefined || integer >= this.gte) && (this.lte === undefined || integer <= this.lte);
  }

  has(value: number): boolean {
    return hasBit(this.bits, value) !== this.complement && this.inBounds(value);
  }

  hasText(text: string): boolean {
    const value = this.key.find(text);
    if (value !== undefined) return this.has(value);
    return this.complement && LabelSet.of('Exists').intersect(this.bounds()).has(text);
  }

  private bounds(): LabelSet {
    let bounds = LabelSet.any;
    if (this.gte !== undefined) bounds = bounds.intersect(LabelSet.of('Gte', [String(this.gte)]));
    if (this.lte !== undefined) bounds = bounds.intersect(LabelSet.of('Lte', [String(this.lte)]));
    return bounds;
  }

  /** The members among `universe`. */
  among(universe: Bits): Bits {
    const kept = this.complement ? withoutBits(universe, this.bits) : andBits(universe, this.bits);
    return this.gte === undefined && this.lte === undefined ? kept : this.filterBounds(kept);
  }

  private filterBounds(bits: Bits): Bits {
    const kept = emptyBits(bits.length * 32);
    eachBit(bits, (value) => {
      if (this.inBounds(value)) setBit(kept, value);
    });
    return kept;
  }

  intersect(other: ValueSet): ValueSet {
    if (other === this) return this;
    let result = this.intersections?.get(other);
    if (result === undefined) {
      result = this.computeIntersection(other);
      (this.intersections ??= new Map()).set(other, result);
    }
    return result;
  }

  private computeIntersection(other: ValueSet): ValueSet {
    const gte = this.gte === undefined ? other.gte : other.gte === undefined ? this.gte : Math.max(this.gte, other.gte);
    const lte = this.lte === undefined ? other.lte : other.lte === undefined ? this.lte : Math.min(this.lte, other.lte);
    const minValues = this.minValues === undefined ? other.minValues : Math.max(this.minValues, other.minValues ?? 0);
    const mustExist = !this.allowsAbsence || !other.allowsAbsence;
    if (gte !== undefined && lte !== undefined && gte > lte) return this.pool.make(this.key, false, emptyBits(0), undefined, undefined, minValues, mustExist);
    const bounds = this.pool.make(this.key, true, emptyBits(0), gte, lte, undefined);
    if (this.complement && other.complement) {
      return this.pool.make(this.key, true, bounds.among(orBits(this.bits, other.bits)), gte, lte, minValues, mustExist);
    }
    const [finite, filter] = this.complement ? [other, this] : [this, other];
    return this.pool.make(this.key, false, bounds.among(filter.among(finite.bits)), undefined, undefined, minValues, mustExist);
  }

  intersects(other: ValueSet): boolean {
    if (other === this) return !this.isNone;
    let overlap = this.overlaps?.get(other);
    if (overlap === undefined) {
      const both = this.computeIntersection(other);
      overlap = !both.isNone;
      (this.overlaps ??= new Map()).set(other, overlap);
    }
    return overlap;
  }

  /** Whether something that may be `this` can meet `wanted`: they overlap, or both are met by the label's absence. */
  admits(wanted: ValueSet): boolean {
    return (this.allowsAbsence && wanted.allowsAbsence) || this.intersects(wanted);
  }

  withMinValues(minValues: number | undefined): ValueSet {
    return this.pool.make(this.key, this.complement, this.bits, this.gte, this.lte, minValues, this.mustExist);
  }

  /** The possible or excluded values, sorted. */
  names(): string[] {
    return membersOf(this.bits).map((value) => this.key.values[value] as string).sort();
  }

  toLabelSet(): LabelSet {
    const values = this.names();
    const operator = this.complement ? (this.hasValues ? 'NotIn' : 'Exists') : this.hasValues ? 'In' : 'DoesNotExist';
    const set = LabelSet.of(operator, values);
    const isBounded = this.gte !== undefined || this.lte !== undefined;
    return (isBounded || this.mustExist ? set.intersect(this.bounds()) : set).withMinValues(this.minValues);
  }
}

/** Makes {@link ValueSet}s, each different set once. */
export class ValueSets {
  private readonly made = new Map<string, ValueSet>();
  /** By frozen requirement, which instance types share. */
  private readonly read = new WeakMap<Requirement, ValueSet>();

  get size(): number {
    return this.made.size;
  }

  make(key: KeyVocabulary, complement: boolean, bits: Bits, gte: number | undefined, lte: number | undefined, minValues: number | undefined, mustExist = false): ValueSet {
    let length = bits.length;
    while (length > 0 && bits[length - 1] === 0) length -= 1;
    const trimmed = bits.subarray(0, length);
    const demands = mustExist && complement === length > 0;
    const name = `${key.id}${demands ? '+' : ''}${complement ? '!' : '='}${trimmed.join(',')};${gte ?? ''};${lte ?? ''};${minValues ?? ''}`;
    let set = this.made.get(name);
    if (set === undefined) {
      set = new ValueSet(this.made.size, key, this, complement, trimmed, gte, lte, minValues, demands);
      this.made.set(name, set);
    }
    return set;
  }

  any(key: KeyVocabulary): ValueSet {
    return this.make(key, true, emptyBits(0), undefined, undefined, undefined);
  }

  one(key: KeyVocabulary, value: number): ValueSet {
    return this.make(key, false, bitsOf([value]), undefined, undefined, undefined);
  }

  /** What a requirement on the key says. */
  of(key: KeyVocabulary, requirement: Requirement): ValueSet {
    let set = this.read.get(requirement);
    if (set === undefined) {
      set = this.fromLabelSet(key, LabelSet.of(requirement.operator, normalizeLabelValues(key.key, requirement.values ?? []), requirement.minValues));
      if (Object.isFrozen(requirement)) this.read.set(requirement, set);
    }
    return set;
  }

  fromLabelSet(key: KeyVocabulary, set: LabelSet): ValueSet {
    return this.make(key, set.complement, bitsOf([...set.values].map((value) => key.number(value))), set.gte, set.lte, set.minValues, !set.allowsAbsence);
  }
}
