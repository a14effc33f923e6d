/**
 * What decorators record. Nothing is collected anywhere else: importing a file only fills its own classes' lists, in a map that
 * several loaded copies of this package share, so that a host sees what a plugin's copy recorded.
 */

/** One recorded decorator. */
export interface DecoratorRecord<Name extends string = string, Data = unknown> {
  readonly decorator: Name;
  /** The decorated method or property; undefined on a class. */
  readonly member: string | undefined;
  /** Static members cannot be reconciled; compile() says so. */
  readonly isStatic: boolean;
  readonly data: Data;
}

type ClassRecords = WeakMap<object, DecoratorRecord[]>;

const SHARED = Symbol.for('karpenter-ts/operator/1');
const shared = globalThis as { [SHARED]?: ClassRecords };
const recordsByOwner: ClassRecords = (shared[SHARED] ??= new WeakMap());

// Standard decorators know their class only by its metadata object, which Node does not provide yet.
const mutableSymbol = Symbol as { metadata?: symbol };
mutableSymbol.metadata ??= Symbol.for('Symbol.metadata');
const METADATA = mutableSymbol.metadata;

function add(owner: object, record: DecoratorRecord): void {
  const records = recordsByOwner.get(owner);
  if (!records) recordsByOwner.set(owner, [record]);
  // Class decorators are applied bottom-up; readers want them as written.
  else if (record.member === undefined) records.unshift(record);
  else records.push(record);
}

interface StandardContext {
  readonly kind: string;
  readonly name?: string | symbol;
  readonly static?: boolean;
  readonly metadata?: object;
}

const isStandard = (place: unknown): place is StandardContext => typeof place === 'object' && place !== null && 'kind' in place;

/** Records on the member's class. Takes the arguments of a legacy or of a standard decorator. */
export function recordMember(decorator: string, data: unknown, target: unknown, place: unknown): void {
  if (isStandard(place)) {
    if (!place.metadata) throw new TypeError(`@${decorator}: load karpenter-ts/operator before the classes it decorates`);
    add(place.metadata, { decorator, member: String(place.name), isStatic: place.static === true, data });
  } else {
    const isStatic = typeof target === 'function';
    add(isStatic ? target : (target as object).constructor, { decorator, member: String(place), isStatic, data });
  }
}

/** Records on a class. */
export function recordClass(decorator: string, data: unknown, target: object): void {
  add(target, { decorator, member: undefined, isStatic: false, data });
}

/** What was recorded on exactly this class, not on those it extends. */
function ownRecords(type: object): DecoratorRecord[] {
  const metadata = Object.hasOwn(type, METADATA) ? (type as Record<symbol, object>)[METADATA] : undefined;
  return [...(recordsByOwner.get(type) ?? []), ...((metadata && recordsByOwner.get(metadata)) ?? [])];
}

/** Own records of one decorator on the class itself. Never inherited: a subclass declares itself. */
export const classRecords = <Data>(type: object, decorator: string): readonly Data[] =>
  ownRecords(type).filter((record) => record.member === undefined && record.decorator === decorator).map((record) => record.data as Data);

/**
 * Records on the class's members, base class first. A method that is overridden keeps the decorators of the base class, unless it
 * is decorated anew with the same decorator.
 */
export function memberRecords(type: object): readonly DecoratorRecord[] {
  const chain: object[] = [];
  for (let current: unknown = type; typeof current === 'function' && current !== Function.prototype; current = Object.getPrototypeOf(current)) chain.unshift(current);
  let merged: DecoratorRecord[] = [];
  for (const current of chain) {
    const own = ownRecords(current).filter((record) => record.member !== undefined);
    const again = (record: DecoratorRecord): boolean => own.some(({ decorator, member }) => decorator === record.decorator && member === record.member);
    merged = [...merged.filter((record) => !again(record)), ...own];
  }
  return merged;
}
