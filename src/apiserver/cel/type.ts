/** A type as CEL's checker sees it. Those of objects and other opaque things are told apart by their names. */
export interface CelType {
  readonly name: string;
  readonly parameters: readonly CelType[];
  readonly kind: 'plain' | 'nullable' | 'parameter' | 'dyn' | 'error' | 'null' | 'struct';
  /** Of an object, by the names that expressions write. Lazy where a type contains itself. */
  readonly fields?: ReadonlyMap<string, CelType>;
}

const type = (name: string, kind: CelType['kind'], parameters: readonly CelType[] = []): CelType => ({ name, kind, parameters });

export const DYN = type('dyn', 'dyn');
/** Of what is wrong already, so that nothing more need be said about it. */
export const ERROR = type('!error!', 'error');
export const NULL = type('null', 'null');
export const BOOL = type('bool', 'plain');
export const INT = type('int', 'plain');
export const UINT = type('uint', 'plain');
export const DOUBLE = type('double', 'plain');
export const STRING = type('string', 'plain');
export const BYTES = type('bytes', 'plain');

const PLAIN = new Map([DYN, NULL, BOOL, INT, UINT, DOUBLE, STRING, BYTES].map((each) => [each.name, each]));

export const listOf = (element: CelType): CelType => type('list', 'plain', [element]);
export const mapOf = (key: CelType, value: CelType): CelType => type('map', 'plain', [key, value]);
export const optionalOf = (value: CelType): CelType => type('optional_type', 'nullable', [value]);
export const typeOf = (of: CelType): CelType => type('type', 'plain', [of]);
export const structOf = (name: string, fields: ReadonlyMap<string, CelType>): CelType => ({ ...type(name, 'struct'), fields });
export const parameter = (name: string): CelType => type(name, 'parameter');

/** What an optional holds; undefined of what is none. */
export const heldBy = ({ name, parameters }: CelType): CelType | undefined => (name === 'optional_type' ? parameters[0] : undefined);

export const isDynOrError = ({ kind }: CelType): boolean => kind === 'dyn' || kind === 'error';

/** The type as it is written in messages. */
export const typeText = ({ name, parameters }: CelType): string => (parameters.length === 0 ? name : `${name}(${parameters.map(typeText).join(', ')})`);

export const sameType = (one: CelType, other: CelType): boolean =>
  one === other || (one.name === other.name && one.kind === other.kind && one.parameters.length === other.parameters.length && one.parameters.every((each, index) => sameType(each, other.parameters[index]!)));

/** Reads a type such as `map(string, list(A))`; single capitals are type parameters. */
export function readType(text: string): CelType {
  const [, name = '', inner] = /^([\w.]+)(?:\((.*)\))?$/.exec(text.trim())!;
  const known = PLAIN.get(name);
  if (known) return known;
  if (/^[A-Z]$/.test(name)) return parameter(name);
  const parameters = inner === undefined ? [] : splitTypes(inner).map(readType);
  return type(name, ['list', 'map', 'type'].includes(name) ? 'plain' : 'nullable', parameters);
}

/** The parts of a list of types: commas within brackets are not between them. */
export function splitTypes(text: string): string[] {
  const parts = text.match(/(?:[^,()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))+/g) ?? [];
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

/** What stands for type parameters, found out while an expression is checked. */
export class Substitutions {
  private constructor(private known: ReadonlyMap<string, CelType>) {}

  static readonly none = (): Substitutions => new Substitutions(new Map());

  /** Whether a value of one type may stand where the other is wanted, for each of two lists; what that says of type parameters is kept if so. */
  assign(given: readonly CelType[], wanted: readonly CelType[]): boolean {
    const trial = new Map(this.known);
    if (!assignableLists(trial, given, wanted)) return false;
    this.known = trial;
    return true;
  }

  /** The type with all that is known put in; with `rest`, type parameters that nothing is known of are dyn. */
  resolve(of: CelType, rest: 'keep' | 'dyn' = 'keep'): CelType {
    const known = of.kind === 'parameter' ? this.known.get(of.name) : undefined;
    if (known) return this.resolve(known, rest);
    if (of.kind === 'parameter') return rest === 'dyn' ? DYN : of;
    return of.parameters.length === 0 ? of : { ...of, parameters: of.parameters.map((each) => this.resolve(each, rest)) };
  }
}

type Known = Map<string, CelType>;

const assignableLists = (known: Known, given: readonly CelType[], wanted: readonly CelType[]): boolean => given.length === wanted.length && given.every((each, index) => assignable(known, each, wanted[index]!));

function assignable(known: Known, given: CelType, wanted: CelType): boolean {
  if (wanted.kind === 'parameter') {
    const fit = substitute(known, given, wanted);
    if (fit !== 'free') return fit === 'fits';
  }
  if (given.kind === 'parameter') return substitute(known, wanted, given) === 'fits';
  if (isDynOrError(given) || isDynOrError(wanted)) return true;
  if (given.kind === 'null') return isNullable(wanted);
  if (wanted.kind === 'null') return isNullable(given);
  if (given.name === 'type') return wanted.name === 'type';
  return given.name === wanted.name && assignableLists(known, given.parameters, wanted.parameters);
}

const isNullable = ({ kind }: CelType): boolean => kind === 'nullable' || kind === 'struct' || kind === 'null';

/** Whether a type can be what a type parameter stands for; `free`: nothing stands for that, and this cannot. */
function substitute(known: Known, candidate: CelType, param: CelType): 'fits' | 'differs' | 'free' {
  if (sameType(candidate, param)) return 'fits';
  const before = known.get(param.name);
  if (before) {
    if (candidate.kind === before.kind && sameType(candidate, before)) return 'fits';
    if (!assignable(known, candidate, before)) return 'differs';
    const general = lessSpecific(candidate, before) ? candidate : before;
    if (!occursIn(known, param, general)) known.set(param.name, general);
    return 'fits';
  }
  if (occursIn(known, param, candidate)) return 'free';
  known.set(param.name, candidate);
  return 'fits';
}

/** Whether the first type takes all that the second does. */
export function lessSpecific(one: CelType, other: CelType): boolean {
  if (one.kind === 'dyn' || one.kind === 'parameter') return true;
  if (other.kind === 'dyn' || other.kind === 'parameter') return false;
  return one.name === other.name && (one.name === 'type' || (one.parameters.length === other.parameters.length && one.parameters.every((each, index) => lessSpecific(each, other.parameters[index]!))));
}

function occursIn(known: Known, param: CelType, within: CelType): boolean {
  if (sameType(param, within)) return true;
  if (within.kind !== 'parameter') return within.parameters.some((each) => occursIn(known, param, each));
  const meant = known.get(within.name);
  return meant !== undefined && occursIn(known, param, meant);
}
