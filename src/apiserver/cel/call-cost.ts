import { exactly, plus, product, type Range, scaled, times } from './cost-range.js';
import type { Kind } from './declared-type.js';

/** What a function is given: sizes are those of CEL's `size()`, 1 for numbers and the like. */
export interface Operand {
  kind: Kind;
  size: Range;
  /** Of a list: what its items are. */
  element?: Operand;
}

export interface CallCost {
  /** Without that of the arguments. */
  cost: Range;
  /** Of a text, list or map that is the result. */
  size?: Range;
}

/** To read a text once, for each character. */
const TRAVERSAL = 0.1;
/** A part of a regular expression is taken to be four characters long. */
const REGEX = 0.25;
/** The longest expression of the named formats, as kube-apiserver reckons. */
const FORMAT_REGEX_LENGTH = 128;
/** To ask the authorizer. */
const AUTHORIZATION = 350_000;
const ONE = exactly(1);
/** Bytes of an IPv4 and of an IPv6 address. */
const ADDRESS: Range = { min: 4, max: 16 };

const traversal = ({ size }: Operand): Range => scaled(size, TRAVERSAL);
const isText = ({ kind }: Operand): boolean => kind === 'string' || kind === 'bytes';
const regexCost = (text: Operand, pattern: Range): Range => times(scaled(plus(text.size, ONE), TRAVERSAL), scaled(pattern, REGEX));

/** What a call costs by kube-apiserver's rules, which are part of its API: they decide what rules a CRD may have. Operators are called by their signs. */
export function callCost(name: string, target: Operand | undefined, args: readonly Operand[]): CallCost {
  const [first, second] = args;
  if (target) return methodCost(name, target, first, second);
  switch (name) {
    // Of sets: each item of one may have to be compared with each of the other, for equivalence both ways.
    case 'contains':
    case 'intersects':
      return { cost: plus(times(first!.size, second!.size), ONE) };
    case 'equivalent':
      return { cost: plus(scaled(times(first!.size, second!.size), 2), ONE) };
    case 'in':
      return { cost: second?.kind === 'list' ? second.size : ONE };
    case '+':
      return additionCost(first!, second!);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return { cost: isText(first!) || isText(second!) ? comparisonCost(first!, second!) : ONE };
    case '==':
    case '!=':
      return { cost: comparisonCost(first!, second!) };
    case 'url':
      return { cost: traversal(first!), size: first!.size };
    case 'bytes':
      return isText(first!) ? { cost: traversal(first!), size: { min: first!.size.min, max: first!.size.max * 4 } } : { cost: ONE };
    case 'string':
      return first!.kind === 'bytes' ? { cost: traversal(first!), size: { min: Math.floor(first!.size.min / 4), max: first!.size.max } } : { cost: ONE };
    case 'ip':
    case 'cidr':
    case 'isIP':
    case 'isCIDR':
    case 'quantity':
    case 'isQuantity':
      return { cost: first ? traversal(first) : ONE };
    default:
      return { cost: ONE };
  }
}

function methodCost(name: string, target: Operand, first: Operand | undefined, second: Operand | undefined): CallCost {
  switch (name) {
    case 'check':
      return { cost: exactly(AUTHORIZATION) };
    case 'startsWith':
    case 'endsWith':
      return { cost: first ? traversal(first) : ONE };
    case 'matches':
      return { cost: regexCost(target, first!.size) };
    case 'contains':
      return { cost: times(traversal(target), traversal(first!)) };
    case 'isSorted':
    case 'sum':
    case 'min':
    case 'max':
    case 'indexOf':
    case 'lastIndexOf': {
      if (target.kind !== 'list') return { cost: traversal(target) };
      const { element } = target;
      return { cost: times(target.size, element && isText(element) ? plus(ONE, traversal(element)) : ONE) };
    }
    case 'lowerAscii':
    case 'upperAscii':
    case 'substring':
    case 'trim':
      return { cost: traversal(target), size: target.size };
    case 'replace':
      return { cost: scaled(target.size, 2 * TRAVERSAL), size: second ? replacedSize(target.size, first!.size, second.size) : target.size };
    case 'split':
      return { cost: scaled(target.size, 2 * TRAVERSAL), size: { min: 0, max: target.size.max } };
    case 'join': {
      const separators = { min: Math.max(target.size.min - 1, 0), max: Math.max(target.size.max - 1, 0) };
      const size = plus(target.element ? times(target.size, target.element.size) : exactly(0), first ? times(first.size, separators) : exactly(0));
      return { cost: scaled(size, TRAVERSAL), size };
    }
    case 'find':
    case 'findAll':
      return { cost: regexCost(target, first!.size), size: { min: 0, max: target.size.max } };
    case 'isCanonical':
      return { cost: first ? scaled(first.size, 2 * TRAVERSAL) : ONE };
    case 'containsIP':
    case 'containsCIDR': {
      const compared = scaled(plus(ADDRESS, ADDRESS), TRAVERSAL);
      const parsed = first?.kind === 'string' ? traversal(first) : exactly(0);
      return { cost: name === 'containsIP' ? plus(compared, parsed) : plus(compared, scaled(ADDRESS, TRAVERSAL), ONE, parsed) };
    }
    case 'validate':
      return { cost: scaled(traversal(first!), FORMAT_REGEX_LENGTH * REGEX) };
    default:
      return { cost: ONE };
  }
}

function additionCost(one: Operand, other: Operand): CallCost {
  const size = plus(one.size, other.size);
  if (one.kind === 'list') return { cost: ONE, size };
  return isText(one) || isText(other) ? { cost: scaled(size, TRAVERSAL), size } : { cost: ONE };
}

/** Comparing ends with the shorter of the two. */
function comparisonCost({ size: one }: Operand, { size: other }: Operand): Range {
  const max = Math.min(one.max, other.max);
  return scaled({ min: max > 0 ? 1 : 0, max }, TRAVERSAL);
}

/** From replacing the longest parts by the shortest to the opposite. */
function replacedSize(text: Range, replaced: Range, replacement: Range): Range {
  const size = (length: number, part: number, put: number, keepsLength: boolean): number => {
    // An empty part is found around every character.
    if (part === 0) return product(length + 1, put) + length;
    return keepsLength ? length : product(Math.ceil(length / part), put);
  };
  return { min: size(text.min, replaced.max, replacement.min, replaced.max <= replacement.min), max: size(text.max, replaced.min, replacement.max, replacement.max <= replaced.min) };
}
